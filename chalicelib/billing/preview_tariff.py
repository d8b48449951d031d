"""What another tariff would do: what a reseller and everybody below it would pay on that edge, by the old terms and the new.

Every tenant of the sub-tree is foreseen for itself, by the rules that settle it, once with the version among the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from chalicelib.billing.corrections import Below, DayChange, total_use
from chalicelib.billing.difference import advance_from
from chalicelib.billing.late_tariff import tariff_changes
from chalicelib.billing.legs import Use
from chalicelib.billing.levels import Levels
from chalicelib.billing.model import Tariff
from chalicelib.billing.outlook import Outlook, prices_by_day, read_outlook
from chalicelib.billing.post_correction import ToPost
from chalicelib.billing.preview import MAX_AHEAD, current_period, figures
from chalicelib.billing.preview_model import Corrected, Figures, FundEffect, LevelEffect, Preview, Refused
from chalicelib.billing.price_book import DayPrices, NotPricedError, PriceBook, read_price_book
from chalicelib.billing.projection import Projected, crowd_of, numbers_in, project
from chalicelib.billing.state import read_days
from chalicelib.billing.tariffs import TariffTerms, foresee_tariff
from chalicelib.core.dates import days_between
from chalicelib.core.errors import Conflict, invalid_field
from chalicelib.core.money import share_of
from chalicelib.funds.lend import with_loans
from chalicelib.tenants.hierarchy import read_chain, read_tree
from chalicelib.tenants.model import Tenant

MAX_TENANTS = 50
"""A reseller and those below it that one preview of a tariff looks at."""

Course = dict[date, Projected]


@dataclass(frozen=True)
class _Node:
    """One tenant of the sub-tree, the edge's level in its chain, and its days by the old version and by the new."""

    outlook: Outlook
    level: int
    new_book: PriceBook

    def courses(self, last: date) -> tuple[Course, Course]:
        outlook = self.outlook
        if last < outlook.first:
            return {}, {}
        events = outlook.read_events(last)
        crowd = crowd_of(outlook.roster, numbers_in(events), outlook.ahead.lines)
        days = list(days_between(outlook.first, last))
        old, new = (
            {one.day: one for one in project(crowd, events, prices_on, days, outlook.ahead)}
            for prices_on in (outlook.prices_on, prices_by_day(self.new_book))
        )
        return old, new


def preview_tariff(chain: Sequence[Tenant], child: Tenant, terms: TariffTerms, now: datetime) -> Preview:
    """What the version would do to the child of the chain's last tenant. Refused as `set_tariff` is for what is asked.

    409 `too-many-resellers-below`; 422 on a day more than a year ahead.
    """
    tariff, versions = foresee_tariff(chain[-1], child, terms, now)
    nodes = _read_nodes((*chain, child), tariff, now)
    own = nodes[0]
    if terms.effective_on > own.outlook.today + MAX_AHEAD:
        raise invalid_field("effective_on", "must lie within a year from today")
    first = max(terms.effective_on, *(node.outlook.first for node in nodes))
    changes, refused = _corrected(nodes, tariff, versions)
    prices = own.new_book.prices_on(first)
    period = current_period(prices, 0, first)
    try:
        courses = [(node, *node.courses(period.last)) for node in nodes]
    except NotPricedError as error:
        raise Conflict("plan-not-priced", f"A day until the period's end cannot be settled: {error}.") from None
    use = total_use(changes, 0) if changes else Use(0, 0)
    level = LevelEffect(
        buyer=child,
        seller=chain[-1],
        terms=prices.edges[0],
        period=period,
        now_minor=0,
        charged_minor=0,
        credited_minor=0,
        first_day=_of_all(courses, first, first),
        next_day=_of_all(courses, *[first + timedelta(days=1)] * 2) if first < period.last else None,
        total=_of_all(courses, terms.effective_on, period.last),
        corrected_minor=use.gross_minor,
        fund=_fund(own.outlook, changes, use),
    )
    full_day, services = _full_day(nodes, first)
    days = [change.day for change in changes]
    corrected = Corrected(len(days), days[0], days[-1]) if days else None
    return Preview("tariff", terms.effective_on, first, (level,), refused, None, corrected, full_day, services)


def _read_nodes(chain: tuple[Tenant, ...], tariff: Tariff, now: datetime) -> list[_Node]:
    ids = [tenant.tenant_id for tenant in chain]
    found = read_tree(ids)
    if len(found) > MAX_TENANTS:
        raise Conflict("too-many-resellers-below", f"A preview looks at no more than {MAX_TENANTS} resellers.")
    nodes = []
    for node in found:
        whole = read_chain(node.chain)
        book = read_price_book(whole)
        level = len(node.chain) - len(ids)
        nodes.append(_Node(read_outlook(whole, now, book), level, _with(book, level, tariff)))
    return nodes


def _with(book: PriceBook, level: int, tariff: Tariff) -> PriceBook:
    edge = tuple(sorted((*book.tariffs[level], tariff), key=lambda one: one.version, reverse=True))
    return replace(book, tariffs=(*book.tariffs[:level], edge, *book.tariffs[level + 1 :]))


def _of_all(courses: Sequence[tuple[_Node, Course, Course]], first: date, last: date) -> Figures:
    total = Figures(0, 0)
    for node, old, new in courses:
        since = max(first, node.outlook.first)
        found = figures(old, new, node.level, since, last) if since <= last else None
        if found is not None:
            total = Figures(total.before_minor + found.before_minor, total.after_minor + found.after_minor)
    return total


def _full_day(nodes: Sequence[_Node], day: date) -> tuple[Figures, int]:
    """What all services that were billed on each tenant's newest settled day would cost for that day, and how many."""
    settled = [(node, last) for node in nodes if (last := node.outlook.state.last_day) is not None]
    records = read_days([(node.outlook.tenant.tenant_id, last) for node, last in settled])
    before = after = services = 0
    for (node, _), record in zip(settled, records, strict=True):
        counts = record.counts if record is not None else {}
        services += sum(counts.values())
        before += _cost(node.outlook.prices_on(day), node.level, counts)
        after += _cost(node.new_book.prices_on(day), node.level, counts)
    return Figures(before, after), services


def _cost(prices: DayPrices, level: int, counts: Mapping[str, int]) -> int:
    total = sum(count * prices.by_plan[code][level] for code, count in counts.items() if code in prices.by_plan)
    return total + share_of(total, prices.tax_bps[level])


def _corrected(
    nodes: Sequence[_Node], tariff: Tariff, versions: Sequence[Tariff]
) -> tuple[tuple[DayChange, ...], Refused | None]:
    """What the version changes of settled days, as `late_tariff` would post it; or why it would not be taken."""
    states = [node.outlook.state for node in nodes]
    met = [state for state in states if state.last_day is not None and state.last_day >= tariff.effective_on]
    if not met:
        return (), None
    last = max(state.last_day for state in met if state.last_day is not None)
    in_advance = advance_from((*versions, tariff))
    if in_advance is not None and in_advance <= last:
        why = f"The day {tariff.effective_on} is settled or being settled; it cannot be changed."
        return (), Refused("day-already-pinned", why, None)
    later = min((one.effective_on for one in versions if one.effective_on > tariff.effective_on), default=None)
    through = last if later is None else min(last, later - timedelta(days=1))
    old = nodes[0].outlook.book
    replaced = tuple((day, (old.terms_on(day).versions[0],)) for day in days_between(tariff.effective_on, through))
    below = tuple(Below(one.tenant_id, one.late, one.last_day) for one in met if one.last_day is not None)
    chain_ids = [tenant.tenant_id for tenant in nodes[0].outlook.chain]
    return tariff_changes(chain_ids, tariff, below, tariff.effective_on, through, replaced), None


def _fund(outlook: Outlook, changes: tuple[DayChange, ...], use: Use) -> FundEffect | None:
    standing = outlook.standing
    fund = standing.funds[0]
    if fund is None:
        return None
    modes = ToPost(outlook.chain, changes, "", "", None).modes
    levels = Levels(outlook.book.buyers, modes)
    uses = [use, *[Use(0, 0)] * (len(modes) - 1)]
    loans = replace(standing, levels=levels).loans(uses)
    change = with_loans(levels.changes(uses), loans)[0]
    return FundEffect(fund.balance_minor, fund.balance_minor + change, loans[0])
