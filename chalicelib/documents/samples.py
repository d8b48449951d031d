"""Papers to look at: one of each kind, of nobody, for a preview before there is anything to print. Pure."""

from datetime import date

from chalicelib.documents.paper import (
    Buyer,
    ColumnKind,
    Fact,
    Label,
    Line,
    Paper,
    PaperColumn,
    PaperKind,
    Span,
    Total,
)

_DESCRIPTION = PaperColumn(Label.DESCRIPTION)
_AMOUNT = PaperColumn(Label.AMOUNT, ColumnKind.MONEY)
_NOVEMBER = Span(date(2026, 11, 1), date(2026, 11, 30))
_BUYER = Buyer("রহিমা বেগম · Rahima Begum", "BN-000142", ("House 12, Road 5", "Mirpur, Dhaka 1216"), "+880 1711-000000")


def sample_paper(kind: PaperKind, currency: str, seller_name: str) -> Paper:
    """A paper of that kind with figures that add up."""
    return _SAMPLES[kind](currency, seller_name)


def _invoice(currency: str, seller_name: str) -> Paper:
    return Paper(
        PaperKind.INVOICE,
        "INV-2026-000142",
        currency,
        seller_name,
        _BUYER,
        date(2026, 11, 1),
        (_DESCRIPTION, PaperColumn(Label.DAYS, ColumnKind.COUNT), PaperColumn(Label.PRICE, ColumnKind.MONEY), _AMOUNT),
        (
            Line(("Home 20 Mbps", 30, 120_000, 120_000), _NOVEMBER),
            Line(("Public IP address", 30, 30_000, 30_000), _NOVEMBER),
            Line((Label.ADJUSTMENT, 12, None, -20_000), Span(date(2026, 10, 20), date(2026, 10, 31))),
            Line((Label.DISCOUNT, None, None, -10_000)),
        ),
        (
            Total(Label.SUBTOTAL, 120_000),
            Total(Label.TAX, 6_000, 500),
            Total(Label.TOTAL, 126_000, strong=True),
        ),
        due_on=date(2026, 11, 10),
        period=_NOVEMBER,
        balance_before_minor=50_000,
        balance_after_minor=176_000,
    )


def _credit_note(currency: str, seller_name: str) -> Paper:
    return Paper(
        PaperKind.CREDIT_NOTE,
        "CN-2026-000007",
        currency,
        seller_name,
        _BUYER,
        date(2026, 11, 12),
        (_DESCRIPTION, _AMOUNT),
        (Line(("Home 20 Mbps", 40_000), Span(date(2026, 11, 21), date(2026, 11, 30))),),
        (Total(Label.TAX, 2_000, 500), Total(Label.TOTAL_CREDITED, 42_000, strong=True)),
        facts=(Fact(Label.OF_INVOICE, "INV-2026-000142"), Fact(Label.REASON, "Moved away")),
        balance_before_minor=176_000,
        balance_after_minor=134_000,
    )


def _receipt(currency: str, seller_name: str) -> Paper:
    return Paper(
        PaperKind.RECEIPT,
        "RC-2026-000311",
        currency,
        seller_name,
        _BUYER,
        date(2026, 11, 9),
        (PaperColumn(Label.OF_INVOICE), PaperColumn(Label.DAY, ColumnKind.DAY), _AMOUNT),
        (
            Line(("INV-2026-000098", date(2026, 10, 1), 50_000)),
            Line(("INV-2026-000142", date(2026, 11, 1), 100_000)),
        ),
        (Total(Label.TOTAL_RECEIVED, 150_000, strong=True),),
        facts=(Fact(Label.METHOD, Label.BANK), Fact(Label.REFERENCE, "TRX 77120")),
        balance_before_minor=176_000,
        balance_after_minor=26_000,
    )


def _statement(currency: str, seller_name: str) -> Paper:
    return Paper(
        PaperKind.STATEMENT,
        "",
        currency,
        seller_name,
        _BUYER,
        date(2026, 11, 30),
        (
            PaperColumn(Label.DAY, ColumnKind.DAY),
            PaperColumn(Label.DOCUMENT),
            PaperColumn(Label.NUMBER),
            PaperColumn(Label.CHARGED, ColumnKind.MONEY),
            PaperColumn(Label.PAID, ColumnKind.MONEY),
            PaperColumn(Label.BALANCE, ColumnKind.MONEY),
        ),
        (
            Line((date(2026, 11, 1), Label.INVOICE, "INV-2026-000142", 126_000, None, 176_000)),
            Line((date(2026, 11, 9), Label.PAYMENT, "RC-2026-000311", None, 150_000, 26_000)),
            Line((date(2026, 11, 12), Label.CREDIT_NOTE, "CN-2026-000007", -42_000, None, -16_000)),
        ),
        (Total(Label.AMOUNT_DUE, 0, strong=True),),
        period=_NOVEMBER,
        balance_before_minor=50_000,
        balance_after_minor=-16_000,
    )


def _commission_statement(currency: str, seller_name: str) -> Paper:
    return Paper(
        PaperKind.COMMISSION_STATEMENT,
        "CS-2026-11",
        currency,
        seller_name,
        Buyer("Beta Net", "BETA", ("Station Road", "Cumilla 3500"), "+880 1819-000000"),
        date(2026, 12, 1),
        (
            _DESCRIPTION,
            PaperColumn(Label.SUBSCRIBERS, ColumnKind.COUNT),
            PaperColumn(Label.BASE, ColumnKind.MONEY),
            PaperColumn(Label.RATE, ColumnKind.RATE),
            PaperColumn(Label.COMMISSION, ColumnKind.MONEY),
        ),
        (
            Line((Label.PAYMENT, 2, 150_000, 3_000, 45_000), "Home 10 Mbps"),
            Line((Label.REFUND, 1, -20_000, 3_000, -6_000), "Home 10 Mbps"),
        ),
        (Total(Label.TOTAL_COMMISSION, 39_000, strong=True),),
        period=_NOVEMBER,
    )


def _payslip(currency: str, seller_name: str) -> Paper:
    return Paper(
        PaperKind.PAYSLIP,
        "PS-2026-11-0004",
        currency,
        seller_name,
        Buyer("Karim Uddin · করিম উদ্দিন", "E-0004"),
        date(2026, 11, 30),
        (_DESCRIPTION, PaperColumn(Label.EARNINGS, ColumnKind.MONEY), PaperColumn(Label.DEDUCTIONS, ColumnKind.MONEY)),
        (
            Line(("Basic pay", 2_500_000, None)),
            Line(("House rent", 1_000_000, None)),
            Line(("Provident fund", None, 250_000)),
        ),
        (
            Total(Label.EARNINGS, 3_500_000),
            Total(Label.DEDUCTIONS, -250_000),
            Total(Label.NET_PAY, 3_250_000, strong=True),
        ),
        period=_NOVEMBER,
        facts=(Fact(Label.POSITION, "Line technician"),),
    )


_SAMPLES = {
    PaperKind.INVOICE: _invoice,
    PaperKind.CREDIT_NOTE: _credit_note,
    PaperKind.RECEIPT: _receipt,
    PaperKind.STATEMENT: _statement,
    PaperKind.COMMISSION_STATEMENT: _commission_statement,
    PaperKind.PAYSLIP: _payslip,
}
