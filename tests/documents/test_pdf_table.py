"""A table on paper: its figures can be read off the page, and what prints it can do nothing else."""

import io
import json
import time
from pathlib import Path

import pytest
from pypdf import PdfReader

from chalicelib.core.errors import Invalid, Unavailable
from chalicelib.core.table import Table, TableRow
from chalicelib.documents import pdf_table, printing
from chalicelib.documents.pdf_table import render_pdf, run_press
from tests.documents.tables import BANGLA, BITING, COLUMNS, MADE_AT, ROWS, a_table


def pages_of(table: Table) -> list[str]:
    reader = PdfReader(io.BytesIO(render_pdf(table, MADE_AT, "Asia/Dhaka")))
    return [page.extract_text() for page in reader.pages]


def letters_of(text: str) -> str:
    """Without blanks and without the marks that pypdf leaves where a glyph stands for several letters."""
    return "".join(letter for letter in text if letter.isprintable() and not letter.isspace())


def test_the_page_has_the_owner_the_title_what_was_asked_and_every_figure() -> None:
    (page,) = pages_of(a_table())
    assert letters_of(BANGLA) in letters_of(page)
    for text in ("Trial balance", "2026-11-01", "2026-11-22", "BDT", "Last entry", "Income", "1,234,567.89"):
        assert text in page
    for text in ("2026-02-28", "-0.50", "1,234,567.39", "Page 1 of 1", "Printed 2026-11-22 12:00 Asia/Dhaka"):
        assert text in page


def test_a_text_that_looks_like_a_command_is_printed_as_it_stands() -> None:
    nasty = (BITING, '#import "@preview/x:1.0.0"', "$x^2$ *bold* _it_ `raw` = Heading", "\\ \" ' <label> @ref // no")
    (page,) = pages_of(a_table(tuple(TableRow(("1", text, None, None, 1)) for text in nasty)))
    flat = " ".join(page.split())
    assert all(text in flat for text in nasty)
    assert "root:" not in page


def test_the_heading_and_the_page_number_are_on_every_page() -> None:
    rows = tuple(TableRow((str(number), "Rent", None, number, number * 100)) for number in range(200))
    pages = pages_of(a_table(rows))
    assert len(pages) == 4
    for number, page in enumerate(pages, start=1):
        assert "Last entry" in page
        assert f"Page {number} of 4" in page
    assert "199.00" in pages[-1]


def test_the_page_is_a4_and_lies_across_when_there_are_many_columns() -> None:
    wide = Table("w", "Wide", BANGLA, "BDT", (), COLUMNS + COLUMNS[:2], (TableRow(("1", "a", None, 1, 1, "2", "b")),))
    sizes = []
    for table in (a_table(), wide):
        box = PdfReader(io.BytesIO(render_pdf(table, MADE_AT, "UTC"))).pages[0].mediabox
        sizes.append((round(box.width), round(box.height)))
    assert sizes == [(595, 842), (842, 595)]


def test_the_letters_are_ours_and_not_those_of_the_machine() -> None:
    content = render_pdf(a_table(), MADE_AT, "UTC")
    fonts = PdfReader(io.BytesIO(content)).pages[0]["/Resources"]["/Font"].values()  # type: ignore[index]
    names = {font.get_object()["/BaseFont"].partition("+")[2] for font in fonts}
    assert names == {"NotoSans-Regular", "NotoSans-Bold", "NotoSansBengali-Regular"}


def test_a_table_that_is_too_long_for_paper_is_refused_before_it_is_printed() -> None:
    with pytest.raises(Invalid, match="At most 6,000 rows of this report are printed") as refused:
        render_pdf(a_table(ROWS[1:2] * 6_001), MADE_AT, "UTC")
    assert refused.value.code == "too-large"
    with pytest.raises(Invalid, match=r"At most 1\.5 MB of text are printed"):
        render_pdf(a_table((TableRow(("1", "x" * 1_500_000, None, None, None)),)), MADE_AT, "UTC")


def test_as_much_as_may_be_printed_is_printed() -> None:
    content = render_pdf(a_table((TableRow(("1", BANGLA, None, 1, 1)),) * 6_000), MADE_AT, "UTC")
    assert len(PdfReader(io.BytesIO(content)).pages) > 100


@pytest.mark.parametrize(
    "template,said",
    [
        ('#read("/etc/passwd")', "not found"),
        ('#read("../../../etc/passwd")', "escape"),
        ('#image("/proc/self/environ")', "not found"),
        ('#import "@preview/cetz:0.3.1"', "failed to download package"),
        ('#let x = "a" * 3000000000', "memory"),
    ],
)
def test_a_template_reaches_no_file_no_network_and_no_more_memory_than_it_is_given(template: str, said: str) -> None:
    """Ours does none of this: the walls are there for the day when one does."""
    with pytest.raises(Unavailable) as refused:
        run_press(template, "{}", MADE_AT)
    assert said in str(refused.value.__cause__)


def press_like(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Another program where the press is."""
    (folder / "press.py").write_text(source)
    monkeypatch.setattr(printing, "HERE", folder)


def test_a_template_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_table, "_LIMITS", printing.Limits(cpu_seconds=1))
    started = time.monotonic()
    loops = "#for a in range(9000) { for b in range(9000) { for c in range(9000) { let x = a * b } } }"
    with pytest.raises(Unavailable) as refused:
        run_press(loops, "{}", MADE_AT)
    assert "takes longer than 1 second" in str(refused.value.__cause__)
    assert time.monotonic() - started < 10


def test_the_press_has_no_environment_and_an_empty_folder_that_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobody may see this")
    source = "import json, os; print('%PDF' + json.dumps([dict(os.environ), os.getcwd(), os.listdir('.')]))"
    press_like(tmp_path, monkeypatch, source)
    environment, root, content = json.loads(run_press("", "{}", MADE_AT)[4:])
    assert set(environment) <= {"LC_CTYPE"}, "which Python sets by itself"
    assert content == []
    assert not Path(root).exists()


def test_the_press_is_told_where_the_machine_keeps_its_libraries_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_like(tmp_path, monkeypatch, "import json, os; print('%PDF' + json.dumps(dict(os.environ)))")
    told = json.loads(run_press("", "{}", MADE_AT, "/var/lang/lib")[4:])
    assert told.pop("LD_LIBRARY_PATH") == "/var/lang/lib"
    assert set(told) <= {"LC_CTYPE"}
