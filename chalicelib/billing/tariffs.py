"""Tariffs: setting a new version of what a child pays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.aws import keys
from chalicelib.aws.guards import Guard, no_guard, together
from chalicelib.aws.tables import ConditionFailed, Operation, Put, read, write
from chalicelib.billing.model import RefundPolicy, Tariff, Timing
from chalicelib.billing.pins import guard_day
from chalicelib.billing.price_book import read_price_book, read_tariffs
from chalicelib.billing.state import read_state
from chalicelib.billing.store import TariffRevisionRow, tariff_row
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, FieldError, Invalid, Refusal, Unavailable, invalid_field
from chalicelib.core.proration import DayCount, Span
from chalicelib.crm.model import Plan
from chalicelib.crm.plans import plan_code, read_plans
from chalicelib.tenants.hierarchy import read_tree
from chalicelib.tenants.model import Mode, Tenant

MAX_GUARDED = 90
TRIES = 8
EASTERNMOST = timedelta(hours=14)
"""How far the earliest time zone is ahead of UTC."""


@dataclass(frozen=True)
class TariffTerms:
    """What a parent asks for: everything of a version but when it was recorded. Prices are by the parent's plan."""

    effective_on: date
    timing: Timing
    day_count: DayCount
    refund_policy: RefundPolicy
    tax_bps: int
    prices: tuple[tuple[str, int], ...]
    span: Span = Span.MONTH
    refund_fee_minor: int = 0


Late = Callable[[Tenant, Sequence[Tariff], Tariff, datetime], Sequence[Operation] | None]
"""What a version that begins on a settled day is written along with (`late_tariff.py`), given those there are; None where
its days are open, or where it may not be."""


def set_tariff(
    parent: Tenant, child: Tenant, terms: TariffTerms, now: datetime, late: Late = lambda *_: None
) -> Tariff:
    """Add a version of the child's tariff; the same terms again are the version that is there.

    From a day that is settled already it is taken with what `late` adds to its write; 409 `day-already-pinned` without
    that. 422 for `advance` where no fund pays, a fee
    without its policy, a plan that is not the parent's, named twice, or in use by the child and left without a price.
    """
    _check_terms(child, terms)
    for _ in range(TRIES):
        tariff = _try_to_set(parent, child, terms, now, late)
        if tariff is not None:
            return tariff
    raise Unavailable("busy", "The prices of this reseller are being changed by others; please send it again.")


def _try_to_set(parent: Tenant, child: Tenant, terms: TariffTerms, now: datetime, late: Late) -> Tariff | None:
    """The version, written or found; None when a plan or another version came in between."""
    next_revision = _next_revision(child.tenant_id)
    prices = _check_prices(parent, child, terms)
    versions = read_tariffs(child.tenant_id)
    newest = _newest_of(versions, terms.effective_on)
    tariff = _version(child, terms, prices, newest, now)
    if newest is not None and _same_terms(newest, tariff):
        return newest
    corrected = late(parent, versions, tariff, now)
    guard = (
        _guard_sub_tree(child, terms.effective_on, now) if corrected is None else Guard(tuple(corrected), _no_refusal)
    )
    try:
        # A version is new by its instant: behind the newest of its day, as nobody else adds one at this revision.
        write(Put(tariff_row(tariff)), next_revision, *guard.operations)
    except ConditionFailed as failure:
        guard.refuse(failure)
        return None
    return tariff


def foresee_tariff(parent: Tenant, child: Tenant, terms: TariffTerms, now: datetime) -> tuple[Tariff, list[Tariff]]:
    """The version that `set_tariff` would add, refused as there for what is asked, and those there are. Writes nothing."""
    _check_terms(child, terms)
    prices = _check_prices(parent, child, terms)
    versions = read_tariffs(child.tenant_id)
    return _version(child, terms, prices, _newest_of(versions, terms.effective_on), now), versions


def _check_terms(child: Tenant, terms: TariffTerms) -> None:
    if terms.timing is Timing.ADVANCE and child.mode is Mode.AGGREGATE:
        raise invalid_field("timing", "can be advance only where a fund pays: this reseller is invoiced")
    if terms.refund_fee_minor and terms.refund_policy is not RefundPolicy.UNUSED_DAYS_LESS_FEE:
        raise invalid_field("refund_fee", "is kept under unused_days_less_fee alone")


def _newest_of(versions: Sequence[Tariff], day: date) -> Tariff | None:
    return next((version for version in versions if version.effective_on == day), None)


def _version(child: Tenant, terms: TariffTerms, prices: dict[str, int], newest: Tariff | None, now: datetime) -> Tariff:
    return Tariff(
        child.tenant_id,
        terms.effective_on,
        max(to_micros(now), newest.recorded_micros + 1 if newest else 0),
        terms.timing,
        terms.day_count,
        terms.refund_policy,
        terms.tax_bps,
        prices,
        terms.span,
        terms.refund_fee_minor,
    )


def _no_refusal(_: ConditionFailed) -> Refusal | None:
    """What was in the way moved meanwhile: it is read again."""
    return None


def _next_revision(child_id: str) -> Put:
    """Count one change of a child's prices on, while nobody else did since this was read."""
    row = read(TariffRevisionRow, keys.tariff_revision(child_id))
    before = row.revision if row else 0
    unchanged = TariffRevisionRow.revision == before if before else TariffRevisionRow.pk.does_not_exist()
    return Put(TariffRevisionRow.at(keys.tariff_revision(child_id), revision=before + 1), unchanged)


def _guard_sub_tree(child: Tenant, effective_on: date, now: datetime) -> Guard:
    """The version is taken only while its first day is pinned neither for the child nor for anybody below it.

    Their days are priced by this edge too. A day that has ended nowhere on earth is pinned for nobody, so that only a
    version from a past day needs the whole sub-tree in its write.
    """
    own = guard_day(child.tenant_id, effective_on)
    if effective_on >= (now + EASTERNMOST).date():
        return own
    below = [node for node in read_tree(child.chain) if node.tenant_id != child.tenant_id]
    if len(below) > MAX_GUARDED:
        raise Conflict("too-many-resellers-below", "With so many resellers below it, a tariff starts today or later.")
    return together([own, *(guard_day(node.tenant_id, effective_on) for node in below)])


def _same_terms(one: Tariff, other: Tariff) -> bool:
    def terms(tariff: Tariff) -> tuple[object, ...]:
        prices = dict(tariff.prices_minor)
        rules = tariff.timing, tariff.day_count, tariff.span, tariff.refund_policy, tariff.refund_fee_minor
        return rules, tariff.tax_bps, prices

    return terms(one) == terms(other)


def _check_prices(parent: Tenant, child: Tenant, terms: TariffTerms) -> dict[str, int]:
    plans = read_plans(parent.tenant_id)
    prices: dict[str, int] = {}
    errors = []
    for number, (reference, price) in enumerate(terms.prices):
        code = plan_code(parent.tenant_id, reference) or ""
        if code not in plans:
            errors.append(FieldError(f"prices.{number}.plan", "is not one of your plans"))
        elif code in prices:
            errors.append(FieldError(f"prices.{number}.plan", "is named twice"))
        else:
            prices[code] = price
    used = {plan.based_on for plan in read_plans(child.tenant_id).values()}
    for code in sorted(plans.keys() - prices.keys()):
        if plans[code].plan_id in used:
            errors.append(FieldError("prices", f"leaves {code} without a price, which the reseller has a plan on"))
    if errors:
        raise Invalid("invalid", "Some prices are not valid.", tuple(errors))
    return prices


def guard_base(tenant: Tenant, parent_plan_id: str) -> Guard:
    """A plan may stand on a parent's plan that every version of the tenant's tariff prices, now and from now on.

    422 on `based_on` at once when one does not: the version in force on the first day that is not settled, and all later
    ones, count. The guard lets the plan be written only while no version came in between.
    """
    if tenant.mode is Mode.PERCENTAGE:
        return no_guard()
    next_revision = _next_revision(tenant.tenant_id)
    unsettled = read_state(tenant.tenant_id).next_day(tenant.settles_from)
    code = plan_code(tenant.parent_id or "", parent_plan_id)
    versions = read_tariffs(tenant.tenant_id)
    if not versions or any(code not in version.prices_minor for version in versions_from(versions, unsettled)):
        raise invalid_field("based_on", "is not a plan that your tariff has a price for, now and in all later versions")

    def explain(failure: ConditionFailed) -> Refusal | None:
        busy = Unavailable("busy", "Your tariff is being changed at this moment; please send the request again.")
        return busy if failure.failed(next_revision) else None

    return Guard((next_revision,), explain)


def versions_from(versions: Sequence[Tariff], day: date) -> list[Tariff]:
    """The versions that are in force on that day or some later one; `versions` has the one that wins first."""
    kept: list[Tariff] = []
    for version in versions:
        if not kept or version.effective_on < kept[-1].effective_on:
            kept.append(version)
        if version.effective_on <= day:
            break
    return kept


def guard_priced(chain: Sequence[Tenant], plan: Plan, on: date) -> None:
    """422 unless every level of the chain has a price for the plan on that day."""
    if len(chain) > 1 and plan.code not in read_price_book(chain).prices_on(on).by_plan:
        raise invalid_field("plan", f"has no price at some level on {on}", "plan-not-priced")
