"""Papers as they come out of the press: what can be read off the page, in both languages."""

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.documents.brand import Brand
from chalicelib.documents.paper import (
    MAX_LINES,
    Annex,
    Buyer,
    ColumnKind,
    Label,
    Language,
    Line,
    Paper,
    PaperColumn,
    PaperKind,
    Span,
)
from chalicelib.documents.printer import LOST_LOGO, Sheet, print_safely
from chalicelib.documents.samples import sample_paper
from tests.bench.papers import spent_by
from tests.documents.papers import BRAND, an_invoice, letters_of, pages_of, picture

EN, BN = Language.ENGLISH, Language.BANGLA
PLAIN = Brand("Beta")
BITING = '#read("/etc/passwd") *bold* $x^2$ <label> @ref \\ " `raw` = no'


def pages(paper: Paper, language: Language = EN, brand: Brand = PLAIN, logo: bytes | None = None) -> list[str]:
    content, warning = print_safely(Sheet(paper, brand, language, logo), "")
    assert warning == ""
    return pages_of(content)


def test_an_invoice_in_english_says_all_there_is_to_say() -> None:
    (page,) = pages(an_invoice(), EN, BRAND, picture())
    for text in (
        "Beta Net Ltd. House 7, Road 12 Banani, Dhaka 1213 Phone: +880 9610-000000 Email: billing@beta.test",
        "Tax number: BIN 001234567-0101",
        "Invoice INV-2026-000142",
        "Customer ID: BN-000142 Phone: +880 1711-000000",
        "Issued on 1 November 2026 Due on 10 November 2026 Period 1–30 November 2026 Amounts in BDT",
        "Description Days Price Amount Home 20 Mbps 1–30 November 2026 30 1,200.00 1,200.00",
        "Adjustment 20–31 October 2026 12 -200.00 Discount -100.00",
        "Subtotal 1,200.00 VAT 5% 60.00 Total BDT 1,260.00 Balance before 500.00 Balance after 1,760.00",
        "Helpline 16000, every day",
        "Page 1 / 1",
    ):
        assert text in page
    assert letters_of("রহিমা বেগম · Rahima Begum") in letters_of(page)


def test_an_invoice_in_bangla_is_copied_out_letter_by_letter() -> None:
    (page,) = pages(an_invoice(), BN, BRAND, picture())
    flat = letters_of(page)
    for text in (
        "ফোন: +880 9610-000000",
        "করদাতা নম্বর: BIN 001234567-0101",
        "ইস্যুর তারিখ ১ নভেম্বর ২০২৬ পরিশোধের শেষ তারিখ ১০ নভেম্বর ২০২৬",
        "সময়কাল ১–৩০ নভেম্বর ২০২৬ টাকার একক ৳",
        "সমন্বয় ২০–৩১ অক্টোবর ২০২৬ ১২ -২০০.০০ ছাড় -১০০.০০",
        "উপমোট ১,২০০.০০ ভ্যাট ৫% ৬০.০০ মোট ৳ ১,২৬০.০০",
        "পূর্বের বকেয়া ৫০০.০০ বর্তমান বকেয়া ১,৭৬০.০০",
        "পৃষ্ঠা ১ / ১",
    ):
        assert letters_of(text) in flat
    assert "Total" not in page


@pytest.mark.parametrize("kind", PaperKind)
@pytest.mark.parametrize("language", Language)
def test_every_kind_is_printed_on_one_page_in_each_language(kind: PaperKind, language: Language) -> None:
    (page,) = pages(sample_paper(kind, "BDT", "Beta"), language, BRAND, picture())
    assert len(page) > 200


def test_a_commission_statement_shows_rates_and_what_was_taken_back() -> None:
    (page,) = pages(sample_paper(PaperKind.COMMISSION_STATEMENT, "BDT", "Beta"))
    assert "Payment Home 10 Mbps 2 1,500.00 30% 450.00 Refund Home 10 Mbps 1 -200.00 30% -60.00" in page
    assert "Commission for the period BDT 390.00" in page


def test_two_hundred_lines_have_their_heading_and_number_on_every_page() -> None:
    lines = tuple(Line((f"Home 20 Mbps, line {number}", 30, 1, -number * 100)) for number in range(1, 201))
    found = pages(replace(an_invoice(), lines=lines))
    assert len(found) == 5
    for number, page in enumerate(found, start=1):
        assert "Description Days Price Amount" in page
        assert f"Invoice INV-2026-000142 Page {number} / 5" in page
    assert "Home 20 Mbps, line 200 30 0.01 -200.00" in found[-1]


def test_an_annex_begins_on_a_page_of_its_own() -> None:
    columns = (PaperColumn(Label.SUBSCRIBER), PaperColumn(Label.AMOUNT, ColumnKind.MONEY))
    annex = Annex(Label.ANNEX, columns, tuple(Line((f"BN-{number:06d}", number)) for number in range(3)))
    first, second = pages(replace(an_invoice(), annex=annex))
    assert "BN-000002" not in first
    assert "Annex Subscriber Amount BN-000000 0.00 BN-000001 0.01 BN-000002 0.02" in second


def test_as_many_lines_as_a_paper_may_have_are_printed() -> None:
    lines = tuple(
        Line((f"Line {number}", 30, 1, 1), Span(date(2026, 11, 1), date(2026, 11, 30))) for number in range(MAX_LINES)
    )
    assert len(pages(replace(an_invoice(), lines=lines))) > 100


def test_a_paper_with_more_lines_or_with_lines_that_do_not_fit_cannot_be_made() -> None:
    paper = an_invoice()
    with pytest.raises(Invalid, match="At most 5,000 lines are printed"):
        replace(paper, lines=paper.lines[:1] * (MAX_LINES + 1))
    with pytest.raises(ValueError, match="a cell for each column"):
        replace(paper, lines=(Line(("Home", 1)),))


def test_a_paper_of_too_much_text_is_refused_before_it_is_printed() -> None:
    with pytest.raises(Invalid, match=r"At most 1\.5 MB of text") as refused:
        pages(replace(an_invoice(), notes=("x" * 1_500_000,)))
    assert refused.value.code == "too-large"


def test_a_text_that_looks_like_a_command_is_printed_as_it_stands() -> None:
    paper = replace(
        an_invoice(), buyer=Buyer(BITING), notes=(BITING,), lines=(Line((BITING, 1, 1, 1), BITING),), number="#x"
    )
    (page,) = pages(paper, EN, replace(BRAND, name=BITING, footer=BITING, logo=None))
    assert page.count(BITING) == 6
    assert "root:" not in page


def test_a_name_without_a_blank_is_broken_and_stays_on_the_page() -> None:
    name = "of_a_user_whose_name_has_no_blank_and_that_goes_on_and_on_and_on_until_nobody_reads_it_any_more_at_all"
    (page,) = pages(replace(an_invoice(), lines=(Line((name, 30, 1, 1)),)))
    assert name in letters_of(page).replace("\u200b", "")
    assert "30 0.01 0.01" in page


def test_a_seller_without_a_brand_prints_its_name_alone() -> None:
    (page,) = pages(an_invoice())
    assert page.startswith("Beta Invoice INV-2026-000142 Bill to")
    assert "Phone: +880 9610" not in page


def test_a_void_invoice_says_so_across_the_page() -> None:
    assert "VOID" in pages(replace(an_invoice(), stamp=Label.VOID))[0]
    assert letters_of("বাতিল") in letters_of(pages(replace(an_invoice(), stamp=Label.VOID), BN)[0])


def test_the_same_paper_gives_the_same_bytes_and_another_brand_gives_others() -> None:
    sheet = Sheet(an_invoice(), BRAND, BN, picture())
    (first, _), (second, _) = print_safely(sheet, ""), print_safely(sheet, "")
    assert first == second
    assert print_safely(replace(sheet, brand=PLAIN), "")[0] != first
    contents = {
        one.content
        for one in (sheet, replace(sheet, brand=PLAIN), replace(sheet, language=EN), replace(sheet, source="x"))
    }
    assert len(contents) == 4


def test_a_logo_is_on_the_page_and_one_that_is_lost_is_warned_of() -> None:
    with_logo, _ = print_safely(Sheet(an_invoice(), BRAND, EN, picture()), "")
    without, warning = print_safely(Sheet(an_invoice(), BRAND, EN, None), "")
    assert b"/Subtype/Image" in with_logo
    assert b"/Subtype/Image" not in without
    assert warning == LOST_LOGO


def test_a_template_that_fails_gives_way_to_the_built_in_one_with_a_warning() -> None:
    sheet = Sheet(an_invoice(), PLAIN, EN, None, '#import "house.typ": *\n#paper.nothing-of-the-kind')
    content, warning = print_safely(sheet, "")
    assert "Total BDT 1,260.00" in pages_of(content)[0]
    assert warning == (
        'The template could not be used (line 2: dictionary does not contain key "nothing-of-the-kind"): '
        "the built-in one was printed."
    )


def test_a_page_takes_its_share_of_the_time_that_a_hundred_milliseconds_are() -> None:
    """The bench measures all of it (`make bench ONLY=papers`); here it is CPU, which a busy machine does not lengthen."""
    spent = min(spent_by(lambda: print_safely(Sheet(an_invoice(), BRAND, BN, picture()), ""))[1] for _ in range(5))
    assert spent < 100
