"""What each document of a subscriber moves of the base that its tenant's commission is a rate of. Pure.

Money is followed from where it comes in (an advance, or what it pays) to where it goes. Each part of it is worth so much
at so much, and a document counts for what it makes the whole worth more or less. So nothing counts twice, however often it
is moved: an advance that an invoice uses, a payment that is taken back, a credit that is refunded. What money is worth is
said by the terms of the month in which it came in, and what an invoice is worth by those of the month of its issue.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from chalicelib.core.money import round_half_up
from chalicelib.partners.commission import Base, CommissionTerms, Moved, Payer, Taxed, Versions, month_of
from chalicelib.retail.crediting import taken_back
from chalicelib.retail.document_model import Document
from chalicelib.retail.model import DocumentKind
from chalicelib.retail.moves import day_of

Worth = dict[int, int]
"""How much of the base, by rate."""

_NOT_COUNTED = "not counted"
"""Stands among the plans of a document for what is no part of the base: the tax."""


@dataclass
class _Money:
    """Some money of one origin (the local id of a document) under the terms it came in by, and what it counts for now."""

    origin: str
    terms: CommissionTerms | None
    amount_minor: int
    worth: Worth

    def split(self, amount_minor: int) -> "_Money":
        """Take so much away from it, with its share of what it counts for."""
        share = {rate: round_half_up(minor * amount_minor, self.amount_minor) for rate, minor in self.worth.items()}
        self.worth = {rate: minor - share[rate] for rate, minor in self.worth.items()}
        self.amount_minor -= amount_minor
        return _Money(self.origin, self.terms, amount_minor, share)


@dataclass
class _Item:
    """Something that is owed, and the money that pays it. `by_plan` is what it is of, with and without tax.

    One that was counted at its issue has `counted_by`, and money on it counts for nothing, as on all of `is_silent`;
    `uncounted_minor` is what credit notes took back of what it counted for.
    `at_rates` is of money taken back that nothing was opened for: what paying it again is worth.
    """

    total_minor: int
    by_plan: Mapping[Taxed, Mapping[str, int]]
    is_silent: bool = False
    counted_by: CommissionTerms | None = None
    credited_minor: int = 0
    uncounted_minor: int = 0
    at_rates: Worth | None = None
    money: list[_Money] = field(default_factory=list)

    @property
    def paid_minor(self) -> int:
        return sum(one.amount_minor for one in self.money)


def base_of(documents: Iterable[Document], payer: Payer, versions: Versions) -> Iterator[Moved]:
    """What each of a subscriber's documents, in the order in which they were recorded, moves."""
    walk = _Walk(payer, versions)
    for document in documents:
        if document.entry_sequence:
            yield from walk.moved(document)


class _Walk:
    """A subscriber's money as it goes from document to document."""

    def __init__(self, payer: Payer, versions: Versions) -> None:
        self.payer, self.versions = payer, versions
        self.items: dict[str, _Item] = {}
        self.advance: list[_Money] = []
        self.came_by: dict[str, CommissionTerms | None] = {}
        self.billed_minor = self.billed_net_minor = 0
        self.change: Worth = {}
        self._steps = {
            DocumentKind.INVOICE: self._charge,
            DocumentKind.LATE_FEE: self._charge,
            DocumentKind.RECEIPT: self._receive,
            DocumentKind.CREDIT_NOTE: self._credit,
            DocumentKind.REFUND: self._refund,
            DocumentKind.PAYMENT_REVERSAL: self._take_back,
        }

    def moved(self, document: Document) -> Iterator[Moved]:
        """Go on by one document. A write-off moves nothing: no money came or went, and nothing was credited."""
        self.change = {}
        step = self._steps.get(document.kind)
        if step is not None:
            step(document, self.versions.of(_month(document)))
        for rate, minor in sorted(self.change.items()):
            if minor:
                yield Moved(_month(document), document.entry_sequence, document.kind, rate, minor)

    # Documents

    def _charge(self, document: Document, terms: CommissionTerms | None) -> None:
        by_invoices = self.versions.base_in(_month(document)) is Base.INVOICES
        item = _Item(document.total_minor, _by_plan(document), is_silent=by_invoices)
        self.items[document.local_id] = item
        self.billed_minor += document.total_minor
        self.billed_net_minor += document.net_minor
        if by_invoices and terms is not None and document.kind is DocumentKind.INVOICE:
            item.counted_by = terms
            self._count(self._rated(item, terms, 0, document.total_minor), 1)
        for _, paid in document.allocated:
            for money in _taken(self.advance, paid):
                self._move(money, item)

    def _receive(self, document: Document, terms: CommissionTerms | None) -> None:
        self.came_by[document.local_id] = terms
        for local_id, amount in document.allocated:
            self._move(_Money(document.local_id, terms, amount, {}), self.items[local_id])
        if document.advance_minor:
            self._move(_Money(document.local_id, terms, document.advance_minor, {}), None)

    def _credit(self, document: Document, terms: CommissionTerms | None) -> None:
        about = self.items.get(document.about)
        if about is None:
            self._credit_adjustments(document, terms)
            return
        if about.counted_by is not None:
            self._count(self._credited(document, about, about.counted_by), -1)
        about.credited_minor += document.total_minor
        freed = document.total_minor - sum(part for name, part in document.allocated if name == document.about)
        others = [(name, part) for name, part in document.allocated if name != document.about]
        self._spread(_taken(about.money, freed), others)

    def _credited(self, document: Document, about: _Item, terms: CommissionTerms) -> Worth:
        """What a credit note takes back of an invoice that was counted: what it says itself, in the invoice's plans."""
        minor = document.net_minor if terms.amount is Taxed.BEFORE_TAX else document.total_minor
        plans = {plan: part for plan, part in about.by_plan[terms.amount].items() if plan != _NOT_COUNTED}
        taken = taken_back(plans, about.uncounted_minor, minor)
        about.uncounted_minor += minor
        return self._by_rate(taken, terms)

    def _credit_adjustments(self, document: Document, terms: CommissionTerms | None) -> None:
        """A credit note of a run is about no invoice: it takes back by itself, and what it pays counts as money does."""
        if terms is not None:
            item = _Item(document.total_minor, _by_plan(document))
            self._count(self._rated(item, terms, 0, document.total_minor), -1)
        self._spread([_Money(document.local_id, terms, document.total_minor, {})], list(document.allocated))

    def _refund(self, document: Document, terms: CommissionTerms | None) -> None:
        for money in _taken(self.advance, document.total_minor):
            self._count(money.worth, -1)

    def _take_back(self, document: Document, terms: CommissionTerms | None) -> None:
        """Out of the advance, then off what it had paid. What others have had of it is owed by this document itself: it
        counts no more where it went, and again when it is paid."""
        origin, left = document.about, document.total_minor + document.advance_minor
        gone = _taken(self.advance, -document.advance_minor, origin)
        for local_id, part in document.allocated:
            gone += _taken(self.items[local_id].money, -part, origin)
            left += part
        for money in gone:
            self._count(money.worth, -1)
        if left:
            worth = self._worth_elsewhere(document, left)
            self._count(worth, -1)
            self.items[document.local_id] = _Item(left, {}, at_rates=worth)

    # Money

    def _worth_elsewhere(self, document: Document, left_minor: int) -> Worth:
        """What so much money of a payment counts for where it went, which it does no longer. What was refunded of it counts
        as an advance does, or without tax in the proportion of all that the subscriber was billed."""
        worth: Worth = {}
        for pot in (*(item.money for item in self.items.values()), self.advance):
            for money in [one for one in pot if one.origin == document.about and left_minor]:
                part = money.split(min(left_minor, money.amount_minor))
                pot.append(_Money("", None, part.amount_minor, {}))
                _add(worth, part.worth, 1)
                left_minor -= part.amount_minor
            pot[:] = [one for one in pot if one.amount_minor]
        terms = self.came_by.get(document.about)
        if left_minor and terms is not None and terms.base is Base.PAYMENTS:
            lost = left_minor
            if terms.amount is Taxed.BEFORE_TAX and self.billed_minor:
                lost = round_half_up(left_minor * self.billed_net_minor, self.billed_minor)
            _add(worth, {self.payer.rate(terms): lost}, 1)
        return worth

    def _spread(self, freed: list[_Money], parts: list[tuple[str, int]]) -> None:
        """Money goes on to other documents, and what is left of it to the advance."""
        for local_id, part in parts:
            for money in _taken(freed, part):
                self._move(money, self.items[local_id])
        for money in freed:
            self._move(money, None)

    def _move(self, money: _Money, to: _Item | None) -> None:
        """Money comes to rest there: it counts for what it is worth there, and no longer for what it was."""
        worth = self._worth_ahead(money) if to is None else self._worth_on(money, to)
        self._count(money.worth, -1)
        self._count(worth, 1)
        money.worth = worth
        (self.advance if to is None else to.money).append(money)

    def _worth_ahead(self, money: _Money) -> Worth:
        """What is paid ahead: all of it with the tax in it; without it only when an invoice has said how much that is."""
        terms = money.terms
        if terms is None or terms.base is not Base.PAYMENTS or terms.amount is Taxed.BEFORE_TAX:
            return {}
        return {self.payer.rate(terms): money.amount_minor}

    def _worth_on(self, money: _Money, item: _Item) -> Worth:
        if money.terms is None or item.is_silent:
            return {}
        paid = item.paid_minor
        if item.at_rates is not None:
            rest = item.total_minor - sum(item.at_rates.values())
            shares = {str(rate): minor for rate, minor in item.at_rates.items()} | {_NOT_COUNTED: rest}
            taken = taken_back(shares, paid, money.amount_minor)
            return {int(rate): minor for rate, minor in taken.items() if rate != _NOT_COUNTED}
        return self._rated(item, money.terms, paid, money.amount_minor)

    def _rated(self, item: _Item, terms: CommissionTerms, before_minor: int, amount_minor: int) -> Worth:
        """A part of an item behind so much of it, in the item's own proportion of plans and tax, by rate."""
        return self._by_rate(taken_back(item.by_plan[terms.amount], before_minor, amount_minor), terms)

    def _by_rate(self, by_plan: Mapping[str, int], terms: CommissionTerms) -> Worth:
        worth: Worth = {}
        for plan, minor in by_plan.items():
            if plan != _NOT_COUNTED:
                _add(worth, {self.payer.rate(terms, plan): minor}, 1)
        return worth

    def _count(self, worth: Worth, sign: int) -> None:
        _add(self.change, worth, sign)


def _month(document: Document) -> date:
    return month_of(day_of(document))


def _add(to: Worth, worth: Worth, sign: int) -> None:
    for rate, minor in worth.items():
        to[rate] = to.get(rate, 0) + sign * minor


def _taken(pot: list[_Money], amount_minor: int, first: str = "") -> list[_Money]:
    """So much out of a pot: what has that origin before the rest, the oldest first."""
    found: list[_Money] = []
    for money in sorted(pot, key=lambda one: one.origin != first) if first else list(pot):
        part = min(amount_minor, money.amount_minor)
        if part:
            found.append(money.split(part))
            amount_minor -= part
    pot[:] = [one for one in pot if one.amount_minor]
    return found


def _by_plan(document: Document) -> dict[Taxed, dict[str, int]]:
    """What a document is of, by plan code: with its tax, and without it."""
    lines: dict[str, int] = {}
    for line in document.lines:
        lines[line.code] = lines.get(line.code, 0) + line.amount_minor
    net = _spread_over(document.net_minor, lines)
    return {
        Taxed.AFTER_TAX: _spread_over(document.total_minor, lines),
        Taxed.BEFORE_TAX: net | {_NOT_COUNTED: document.tax_minor} if document.tax_minor else net,
    }


def _spread_over(amount_minor: int, weights: Mapping[str, int]) -> dict[str, int]:
    """An amount in the proportion of these; all of it to no plan where there is no proportion."""
    total = sum(weights.values())
    if total <= 0:
        return {"": amount_minor}
    found: dict[str, int] = {}
    through = before = 0
    for plan in sorted(weights):
        through += weights[plan]
        share = round_half_up(amount_minor * through, total)
        found[plan] = share - before
        before = share
    return found
