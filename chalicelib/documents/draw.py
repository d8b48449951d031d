"""A paper as a template reads it: every text as it is to be seen, in one language and one brand. Pure."""

from datetime import date
from typing import Any

from chalicelib.core.json import compact_json
from chalicelib.core.money import decimals_of
from chalicelib.documents.brand import Brand
from chalicelib.documents.figures import (
    in_digits,
    show_amount,
    show_count,
    show_day,
    show_rate,
    show_short_day,
    show_span,
    sign_of,
)
from chalicelib.documents.labels import label_in
from chalicelib.documents.paper import (
    Cell,
    ColumnKind,
    Label,
    Language,
    Line,
    Paper,
    PaperColumn,
    PaperKind,
    Span,
)

_LONGEST = 46
_BUYERS = {
    PaperKind.RECEIPT: Label.RECEIVED_FROM,
    PaperKind.STATEMENT: Label.STATEMENT_FOR,
    PaperKind.COMMISSION_STATEMENT: Label.STATEMENT_FOR,
    PaperKind.PAYSLIP: Label.EMPLOYEE,
}
_IDS = {PaperKind.COMMISSION_STATEMENT: Label.ID, PaperKind.PAYSLIP: Label.ID}


def draw(paper: Paper, brand: Brand, language: Language) -> str:
    """The JSON that a template finds as `paper`: the same paper, brand and language give the same text."""
    return compact_json(_Pen(paper.currency, language).whole(paper, brand))


def logo_name(brand: Brand) -> str:
    """Under which name a template finds the brand's logo; empty when it has none."""
    return "logo.svg" if brand.logo else ""


class _Pen:
    """Writes in one language and currency."""

    def __init__(self, currency: str, language: Language) -> None:
        self.currency = currency
        self.language = language
        self.decimals = decimals_of(currency)

    def whole(self, paper: Paper, brand: Brand) -> dict[str, Any]:
        annex = paper.annex
        return {
            "kind": paper.kind.value,
            "language": self.language.value,
            "title": self.text(Label(paper.kind.value)),
            "number": paper.number,
            "stamp": self.text(paper.stamp) if paper.stamp else "",
            "labels": {label.value: label_in(self.language, label) for label in Label},
            "digits": [in_digits(str(digit), self.language) for digit in range(10)],
            "colours": {"main": brand.main_colour, "accent": brand.accent_colour},
            "seller": self.seller(brand),
            "buyer": self.buyer(paper),
            "facts": self.facts(paper),
            "columns": self.columns(paper.columns, paper.lines),
            "lines": self.lines(paper.columns, paper.lines),
            "totals": self.totals(paper),
            "balance": self.balance(paper),
            "notes": list(paper.notes),
            "annex": annex
            and {
                "title": self.text(annex.title),
                "columns": self.columns(annex.columns, annex.lines),
                "lines": self.lines(annex.columns, annex.lines),
            },
        }

    def seller(self, brand: Brand) -> dict[str, Any]:
        told = ((Label.PHONE, brand.phone), (Label.EMAIL, brand.email), (Label.TAX_NUMBER, brand.tax_number))
        return {
            "name": brand.name,
            "address": list(brand.address),
            "contact": self.pairs(told),
            "footer": brand.footer,
            "logo": logo_name(brand),
        }

    def buyer(self, paper: Paper) -> dict[str, Any]:
        buyer = paper.buyer
        return {
            "title": self.text(_BUYERS.get(paper.kind, Label.BILL_TO)),
            "name": buyer.name,
            "address": list(buyer.address),
            "contact": self.pairs(((_IDS.get(paper.kind, Label.CUSTOMER_ID), buyer.id), (Label.PHONE, buyer.phone))),
        }

    def facts(self, paper: Paper) -> list[dict[str, str]]:
        told: list[tuple[Label | str, Cell]] = [
            (Label.ISSUED_ON, paper.issued_on),
            (Label.DUE_ON, paper.due_on),
            (Label.PERIOD, paper.period),
            *((fact.label, fact.value) for fact in paper.facts),
            (Label.AMOUNTS_IN, sign_of(paper.currency, self.language)),
        ]
        return self.pairs(told)

    def pairs(self, told: Any) -> list[dict[str, str]]:
        return [
            {"label": self.text(label), "value": self.text(value)} for label, value in told if value not in ("", None)
        ]

    def columns(self, columns: tuple[PaperColumn, ...], lines: tuple[Line, ...]) -> list[dict[str, Any]]:
        texts = [number for number, column in enumerate(columns) if column.kind is ColumnKind.TEXT]
        drawn = []
        for number, column in enumerate(columns):
            title = self.text(column.title)
            longest = max((len(self.text(line.cells[number])) for line in lines), default=0)
            share = min(max(longest, len(title), 8), _LONGEST) if number in texts else 0
            numeric = column.kind in (ColumnKind.MONEY, ColumnKind.COUNT, ColumnKind.RATE)
            drawn.append({"title": title, "numeric": numeric, "kind": column.kind.value, "share": share})
        return drawn

    def lines(self, columns: tuple[PaperColumn, ...], lines: tuple[Line, ...]) -> list[dict[str, Any]]:
        first_text = next((number for number, one in enumerate(columns) if one.kind is ColumnKind.TEXT), 0)
        return [
            {
                "cells": [self.cell(column, cell) for column, cell in zip(columns, line.cells, strict=True)],
                "noted": -1 if line.note is None else first_text,
                "note": self.text(line.note),
            }
            for line in lines
        ]

    def totals(self, paper: Paper) -> list[dict[str, Any]]:
        drawn = []
        for total in paper.totals:
            rate = f" {show_rate(total.rate_bps, self.language)}" if total.rate_bps is not None else ""
            amount = show_amount(total.amount_minor, self.decimals, self.language)
            signed = f"{sign_of(self.currency, self.language)} {amount}" if total.strong else amount
            drawn.append({"label": self.text(total.label) + rate, "amount": signed, "strong": total.strong})
        return drawn

    def balance(self, paper: Paper) -> list[dict[str, Any]]:
        told = ((Label.BALANCE_BEFORE, paper.balance_before_minor), (Label.BALANCE_AFTER, paper.balance_after_minor))
        return [
            {
                "label": self.text(label),
                "amount": show_amount(amount, self.decimals, self.language),
                "strong": False,
            }
            for label, amount in told
            if amount is not None
        ]

    def cell(self, column: PaperColumn, cell: Cell) -> str:
        if isinstance(cell, int):
            if column.kind is ColumnKind.MONEY:
                return show_amount(cell, self.decimals, self.language)
            if column.kind is ColumnKind.RATE:
                return show_rate(cell, self.language)
            return show_count(cell, self.language)
        if isinstance(cell, date):
            return show_short_day(cell, self.language)
        return self.text(cell)

    def text(self, cell: Cell) -> str:
        """A cell that stands for itself."""
        if cell is None:
            return ""
        if isinstance(cell, Label):
            return label_in(self.language, cell)
        if isinstance(cell, Span):
            return show_span(cell, self.language)
        if isinstance(cell, date):
            return show_day(cell, self.language)
        return show_count(cell, self.language) if isinstance(cell, int) else cell
