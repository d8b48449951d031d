"""A report as a file: CSV in the answer itself where it is small, everything else over a link to the store of files."""

from typing import Literal

from chalice.app import Response
from pydantic import Field

from chalicelib.api.blueprint import render_with
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer, InstantOut
from chalicelib.aws import clock, files
from chalicelib.aws.config import config
from chalicelib.core.table import Table

PaperFormat = Literal["csv", "xlsx", "pdf"]

MAX_ANSWERED_BYTES = 5_000_000
"""A function answers 6 MB at most, and what is no text grows by a third on its way."""

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


class PaperAnswer(Answer):
    """A report that was made: an address to fetch it from until `expires_at`, without signing in."""

    url: str = Field(examples=["https://files.example/reports/tk7m2p9qx4abc/r4mw2k8rt6vyx3n5?X-Amz-Signature=9f"])
    file_name: str = Field(examples=["BETA-trial-balance-2026-11-22.xlsx"])
    media_type: str = Field(examples=[MEDIA_TYPES["xlsx"]])
    size_bytes: int = Field(examples=[48213])
    expires_at: InstantOut


def answer_table(call: Call, table: Table, paper_format: PaperFormat) -> Response:
    """The table as a file of that format, named after the caller's tenant, the report and the day.

    CSV below 5 MB is the answer itself (`text/csv`). The rest is kept for a week and answered as JSON with a link that
    works for five minutes. 422 `too-large` for what is too long to be printed, `Unavailable` when it cannot be made.
    """
    content = _rendered(call, table, paper_format)
    file_name = f"{call.tenant.code}-{table.name}-{call.today}.{paper_format}"
    media_type = MEDIA_TYPES[paper_format]
    if paper_format == "csv" and len(content) < MAX_ANSWERED_BYTES:
        headers: dict[str, str | list[str]] = {
            "Content-Type": media_type,
            "Content-Disposition": files.disposition(file_name),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(body=content.decode(), status_code=200, headers=headers)
    path = files.report_file(call.tenant.tenant_id, clock.new_id("r", 16))
    files.store(path, content, media_type)
    link = files.download_link(path, file_name, media_type, clock.now())
    answer = PaperAnswer(
        url=link.url,
        file_name=file_name,
        media_type=media_type,
        size_bytes=len(content),
        expires_at=link.expires_at,
    )
    return render_with(200, answer)


def _rendered(call: Call, table: Table, paper_format: PaperFormat) -> bytes:
    # Kept out of every cold start: few requests write anything down.
    from chalicelib.documents.csv_table import render_csv
    from chalicelib.documents.pdf_table import render_pdf
    from chalicelib.documents.xlsx_table import render_xlsx

    if paper_format == "csv":
        return render_csv(table)
    if paper_format == "xlsx":
        return render_xlsx(table, call.now)
    return render_pdf(table, call.now, call.tenant.timezone, config().library_path)
