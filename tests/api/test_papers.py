"""A report asked for as a file: in the answer, or over a link that brings the same bytes."""

import csv
import io
from datetime import date, timedelta

import pytest
import requests
from chalice.app import Response
from pypdf import PdfReader

from chalicelib.api import papers
from chalicelib.api.call import Call
from chalicelib.api.papers import PaperAnswer, PaperFormat, answer_table
from chalicelib.aws import clock
from chalicelib.core.dates import from_micros, to_micros
from chalicelib.core.errors import Unavailable
from chalicelib.core.table import Table
from chalicelib.documents.csv_table import render_csv
from tests.conftest import SetClock
from tests.documents.tables import MADE_AT, a_table
from tests.documents.workbooks import Workbook
from tests.store_of_files import Store
from tests.world import tenant

pytestmark = pytest.mark.usefixtures("bucket", "the_clock")

OPERATOR = tenant("op", None, date(2020, 1, 1))
ALPHA = tenant("alpha", OPERATOR, date(2026, 11, 1))


def answered(table: Table, paper_format: PaperFormat) -> Response:
    call = Call(MADE_AT, None, None, b"", {}, "", "", 200, tenants=(OPERATOR, ALPHA))
    return answer_table(call, table, paper_format)


def link_of(response: Response) -> PaperAnswer:
    assert response.headers["Content-Type"] == "application/json"
    answer = response.answer
    assert isinstance(answer, PaperAnswer)
    return answer


def test_csv_is_the_answer_itself_with_a_name_to_save_it_under() -> None:
    response = answered(a_table(), "csv")
    assert response.status_code == 200
    assert response.body.encode() == render_csv(a_table())
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = "ALPHA-trial-balance-2026-11-22.csv"
    assert response.headers["Content-Disposition"] == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"


def test_a_workbook_is_kept_for_a_while_under_its_tenant_and_fetched_over_a_link(bucket: Store) -> None:
    link = link_of(answered(a_table(), "xlsx"))
    assert link.file_name == "ALPHA-trial-balance-2026-11-22.xlsx"
    assert link.expires_at == MADE_AT + timedelta(minutes=5)
    fetched = requests.get(link.url, timeout=5)
    assert (fetched.status_code, len(fetched.content)) == (200, link.size_bytes)
    assert Workbook(fetched.content).cells()["E3"] == "1234567.89"
    assert fetched.headers["Content-Type"] == link.media_type
    assert fetched.headers["Content-Disposition"].startswith(f'attachment; filename="{link.file_name}"')
    (key,) = bucket.keys()
    assert key.startswith("reports/alpha/r")


def test_paper_is_fetched_over_a_link_and_says_when_it_was_printed_in_the_tenants_time() -> None:
    link = link_of(answered(a_table(), "pdf"))
    assert (link.media_type, link.file_name) == ("application/pdf", "ALPHA-trial-balance-2026-11-22.pdf")
    (page,) = PdfReader(io.BytesIO(requests.get(link.url, timeout=5).content)).pages
    assert "Printed 2026-11-22 12:00 Asia/Dhaka" in page.extract_text()


def test_csv_that_is_too_large_for_an_answer_comes_over_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(render_csv(a_table()))
    monkeypatch.setattr(papers, "MAX_ANSWERED_BYTES", size + 1)
    assert answered(a_table(), "csv").headers["Content-Type"].startswith("text/csv")
    monkeypatch.setattr(papers, "MAX_ANSWERED_BYTES", size)
    link = link_of(answered(a_table(), "csv"))
    text = requests.get(link.url, timeout=5).content.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[-1] == ["", "Total", "", "12", "1234567.39", "total"]


def test_two_reports_of_the_same_moment_do_not_meet() -> None:
    urls = {link_of(answered(a_table(), "xlsx")).url.partition("?")[0] for _ in range(2)}
    assert len(urls) == 2


def test_a_link_runs_from_when_the_report_was_made_and_not_from_when_it_was_asked_for(the_clock: SetClock) -> None:
    the_clock.at = MADE_AT + timedelta(seconds=20)
    link = link_of(answered(a_table(), "xlsx"))
    assert link.expires_at == from_micros(to_micros(clock.now())) + timedelta(minutes=5)


def test_without_its_bucket_a_report_cannot_be_kept_and_says_so(bucket: Store) -> None:
    bucket.lose_its_bucket()
    with pytest.raises(Unavailable) as refused:
        answered(a_table(), "xlsx")
    assert refused.value.code == "files-away"
