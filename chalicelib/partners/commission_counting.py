"""Counting a month: the subscribers of a child and of everybody below it, page by page, to the lines of its statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.aws.tables import Operation
from chalicelib.core.dates import start_of, to_micros
from chalicelib.crm.plans import read_plans
from chalicelib.crm.subscriber import Subscriber
from chalicelib.partners.commission import CommissionLine, Named, Payer, Sums, Versions, Window, draw_up, following
from chalicelib.partners.commission_base import base_of
from chalicelib.partners.commission_model import CommissionState, Drawing
from chalicelib.partners.commission_store import put_lines
from chalicelib.retail.account_model import Account
from chalicelib.retail.account_pages import accounts_of_tenant
from chalicelib.retail.find import documents_of
from chalicelib.tenants.hierarchy import read_tree
from chalicelib.tenants.model import Tenant

SUBSCRIBERS_A_PAGE = 100


@dataclass(frozen=True)
class Counting:
    """What is counted: the edge from a parent to a child, in the books of its biller, under all versions of the terms."""

    biller: Tenant
    parent: Tenant
    child: Tenant
    versions: Versions


def window_of(state: CommissionState, drawing: Drawing) -> Window:
    """What belongs to a statement. Where another biller came meanwhile, all of its journal is new."""
    cut_before = state.cut if state.biller_id == drawing.biller_id else 0
    return Window(drawing.month, drawing.cut, state.through, cut_before)


def count_page(counting: Counting, state: CommissionState, drawing: Drawing) -> tuple[Drawing, list[Operation]]:
    """The statement with the next page counted, and the write of its lines."""
    tenants = {node.tenant_id: node.chain for node in read_tree(counting.child.chain)}
    waiting = sorted(one for one in tenants if one >= drawing.tenant_id)
    if not waiting:
        return replace(drawing, is_drawn=True), []
    tenant_id = waiting[0]
    page, after = accounts_of_tenant(
        drawing.biller_id,
        tenant_id,
        limit=SUBSCRIBERS_A_PAGE,
        after=drawing.after if tenant_id == drawing.tenant_id else None,
    )
    plans = _parents_plans(tenants[tenant_id][len(counting.parent.chain) :])
    lines: list[CommissionLine] = []
    sums = drawing.sums
    for subscriber, account in page:
        if _may_have_moved(counting, state, account):
            found, more = _count(counting, window_of(state, drawing), subscriber, account, plans)
            lines += found
            sums = sums.plus(more)
    counted = replace(drawing, tenant_id=tenant_id, after=after, sums=sums, parts=drawing.parts + bool(lines))
    if after is None:
        further = next((one for one in waiting if one > tenant_id), None)
        counted = replace(counted, tenant_id=further or "", is_drawn=further is None)
    written = [put_lines(counting.child.tenant_id, drawing.month, drawing.parts, lines)] if lines else []
    return counted, [*written]


def _count(
    counting: Counting, window: Window, subscriber: Subscriber, account: Account, plans: Mapping[str, str]
) -> tuple[list[CommissionLine], Sums]:
    """What one subscriber comes to. The rate of its account is the biller's word: it holds for the biller's edge alone."""
    own = account.own.commission_bps if counting.parent.tenant_id == account.biller_id else None
    documents = documents_of(account.biller_id, account.tenant_id, account.number)
    who = Named(account.tenant_id, account.number, subscriber.customer_id, subscriber.name)
    return draw_up(who, base_of(documents, Payer(account.subscriber_id, own, plans), counting.versions), window)


def _may_have_moved(counting: Counting, state: CommissionState, account: Account) -> bool:
    """Whether something may be there that the statement before did not count: nothing is dated ahead of its recording."""
    if not account.last_recorded_micros:
        return False
    if state.through is None or state.biller_id != account.biller_id:
        return True
    since = start_of(following(state.through), counting.biller.timezone) - timedelta(days=1)
    return account.last_recorded_micros >= to_micros(since)


def _parents_plans(chain: Sequence[str]) -> dict[str, str]:
    """By its code, what each plan of the last tenant is called by the parent of the first, on whose plan it stands."""
    found: dict[str, str] = {}
    for at, tenant_id in enumerate(chain):
        based = {
            code: plan.based_on.rpartition(".")[2]
            for code, plan in read_plans(tenant_id).items()
            if plan.based_on is not None
        }
        found = based if not at else {code: found[on] for code, on in based.items() if on in found}
    return found
