"""Proving one book for one day: everything in it computed again, in one walk, and what is broken doubted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from chalicelib.auth.model import Author
from chalicelib.aws import keys
from chalicelib.aws.log import alarm, measure
from chalicelib.aws.tables import ConditionFailed, Remember, forget, write
from chalicelib.billing.state import read_days, read_state
from chalicelib.core.dates import ONE_DAY, last_ended_day, start_of, to_micros
from chalicelib.funds.limits import read_limits
from chalicelib.ledger.doubts import DISMISSED, LIFTED, Doubt, lift_doubts, raise_doubt, read_doubts
from chalicelib.ledger.journal import RETAIL, book_hash
from chalicelib.ledger.periods import read_events, read_periods
from chalicelib.ledger.statements import read_heads
from chalicelib.proof.chain import Chain
from chalicelib.proof.corrected import CorrectionRuns, prove_corrections
from chalicelib.proof.edges import funds_of_tree, tie_out_edges
from chalicelib.proof.marks import changed_journals, next_marks
from chalicelib.proof.model import FUND, SETTLEMENT, BookProof, Finding, Result, Verdict, judged
from chalicelib.proof.money import Counterparties, Movements, PutInAndEarned
from chalicelib.proof.periods import OpenPeriods, untold_heads
from chalicelib.proof.posted import Runs
from chalicelib.proof.recompute import day_thing
from chalicelib.proof.settlement import prove_days
from chalicelib.proof.store import list_proofs, proof_puts, read_marks, read_proofs
from chalicelib.proof.walk import walk_book
from chalicelib.tenants.hierarchy import TreeNode, children_ids, read_tree
from chalicelib.tenants.model import Tenant

SETTLES_WITHIN = timedelta(hours=12)
"""How long after its end a day may take to be settled before a proof goes on without it."""

OVERLAP_MICROS = 15 * 60 * 1_000_000
"""How far a proof looks back behind the one before: a write that was under way then carries an instant before it."""

SHORT_ENTRIES = 20_000
SHORT_SERVICE_DAYS = 3_000_000
"""What a request may ask of itself: a few seconds of reading and computing."""


def prove_due(chain: Sequence[Tenant], now: datetime) -> BookProof | None:
    """The daily proof of the chain's last tenant for its yesterday, when it is due and not there yet; else None.

    It waits for the day to be settled, half a day at most, and not for a tenant that an alarm has parked.
    """
    tenant = chain[-1]
    day = last_ended_day(now, tenant.timezone)
    if read_proofs([(tenant.tenant_id, day)])[0] is not None or _waits(tenant, day, now):
        return None
    if tenant.tenant_id not in {node.tenant_id for node in here_on(tenant.chain, day)}:
        return None
    return prove_book(chain, day, now)


def here_on(chain: Sequence[str], day: date) -> list[TreeNode]:
    """Of the tenant whose chain that is and everybody below it, who was made before the end of that day where it is.

    The operator was there when anybody was: a reseller may bring a longer past than its installation has.
    """
    nodes = read_tree(chain)
    here = [node for node in nodes if node.created_at < start_of(day + ONE_DAY, node.timezone)]
    if here and nodes[0].depth == 0 and here[0] != nodes[0]:
        return [nodes[0], *here]
    return here


def _waits(tenant: Tenant, day: date, now: datetime) -> bool:
    if tenant.is_operator or tenant.settles_from > day:
        return False
    state = read_state(tenant.tenant_id)
    is_behind = state.last_day is None or state.last_day < day
    return is_behind and not state.parked and now < start_of(day + ONE_DAY, tenant.timezone) + SETTLES_WITHIN


def prove_book(
    chain: Sequence[Tenant],
    day: date,
    now: datetime,
    by: Author | None = None,
    remember: Remember = forget,
) -> BookProof:
    """Prove the book of the chain's last tenant, its settled days up to that one, and keep the proof.

    The daily proof of a day is kept once: a second run finds the first. One that somebody asked for (`by`) is kept beside
    it. What is broken raises an alarm and is doubted from then on; what is sound again is not doubted any more.
    """
    tenant = chain[-1]
    earlier = _newest(tenant.tenant_id)
    doubts = read_doubts(tenant.tenant_id)
    proof = _look(chain, day, now, earlier, doubts)
    if by is not None:
        name = keys.proof(tenant.tenant_id, day, to_micros(now)).sk
        proof = replace(proof, name=name, by="/".join(filter(None, (by.acting_id, by.user_id))))
    puts = proof_puts(proof)
    _doubt(chain, proof, doubts)
    try:
        write(*puts, *remember(proof))
    except ConditionFailed as failure:
        if not failure.failed(puts[0]):
            raise
        kept = read_proofs([(tenant.tenant_id, day)])[0]
        return kept if kept is not None and by is None else proof
    measure("BooksProven", 1)
    return proof


def is_short(tenant: Tenant) -> bool:
    """Whether proving this book fits into a request: a few thousand entries, services and days. Three requests."""
    entries = sum(head.sequence for head in read_heads(tenant.tenant_id))
    last = read_state(tenant.tenant_id).last_day
    newest = read_days([(tenant.tenant_id, last)])[0] if last is not None else None
    services = newest.charged + newest.suspended if newest is not None else 0
    days = (last - tenant.settles_from).days if last is not None else 0
    return entries <= SHORT_ENTRIES and services * (days + 1) <= SHORT_SERVICE_DAYS


def _newest(tenant_id: str) -> BookProof | None:
    """The newest proof there is: what the next one goes on from."""
    found, _ = list_proofs(tenant_id, limit=1)
    return found[0] if found else None


def _look(
    chain: Sequence[Tenant], day: date, now: datetime, earlier: BookProof | None, doubts: Sequence[Doubt]
) -> BookProof:
    """Read what the walk is held against, in the order in which it has to be; walk; and put together what was found."""
    tenant_id = chain[-1].tenant_id
    children = children_ids(tenant_id)
    fund = read_limits([tenant_id]).get(tenant_id)
    before = read_periods(tenant_id)
    heads = {head.journal: head for head in read_heads(tenant_id)}
    periods = read_periods(tenant_id)
    marks = read_marks(earlier) if earlier is not None else {}
    chained = Chain(tenant_id, heads, marks)
    in_open = OpenPeriods(read_events(tenant_id), periods)
    money = PutInAndEarned() if fund is None else Movements(fund)
    # A biller names the percentage tenants below it, whose subscribers it bills; a mode that was changed since is no matter.
    billed = read_tree(chain[-1].chain) if children and RETAIL in heads else []
    named = Counterparties(
        frozenset({*children, *chain[-1].chain[-2:-1]}), frozenset(node.tenant_id for node in billed)
    )
    since = earlier.proven_micros - OVERLAP_MICROS if earlier is not None else 0
    runs, corrected = Runs(since), CorrectionRuns(since)
    entries, lying = walk_book(tenant_id, heads, [chained, in_open, money, named, runs, corrected])
    changed = changed_journals(tenant_id, chained, heads)
    proven = earlier.settled_through if earlier is not None else None
    doubted = frozenset(doubt.doubt_id for doubt in doubts if doubt.state != LIFTED)
    of_runs = [*runs.findings(), *corrected.findings(), *prove_corrections(chain, since, doubted)]
    days = prove_days(chain, day, proven, _doubted_days(doubts), of_runs)
    results = (
        chained.result(lying, changed),
        in_open.result(untold_heads(before, heads.values(), periods)),
        tie_out_edges(tenant_id, [*pairwise(chain[-1].chain[-2:]), *((tenant_id, child) for child in children)]),
        _of_money(chain[-1], money),
        named.result(),
        days.result,
    )
    dismissed = {doubt.doubt_id for doubt in doubts if doubt.state == DISMISSED}
    things = {finding.thing for result in results for finding in result.findings}
    return BookProof(
        tenant_id=tenant_id,
        name=day.isoformat(),
        day=day,
        proven_micros=to_micros(now),
        entries=entries,
        head_hash=book_hash(list(heads.values())),
        results=results,
        settled_through=days.through,
        dismissed=tuple(sorted(dismissed & things)),
        marks=next_marks(heads, marks, changed, dismissed),
    )


def _of_money(tenant: Tenant, money: Movements | PutInAndEarned) -> Result:
    if isinstance(money, Movements):
        return money.result()
    if not tenant.is_operator:
        return judged(FUND, "", [Finding(tenant.tenant_id, f"{tenant.tenant_id}:fund", "is not there")])
    below = [node.tenant_id for node in read_tree(tenant.chain) if node.depth]
    return money.result(*funds_of_tree(tenant.tenant_id, below))


def _doubted_days(doubts: Sequence[Doubt]) -> frozenset[date]:
    """The settled days that are doubted, dismissed or not: what may have become sound again."""
    return frozenset(
        doubt.on for doubt in doubts if doubt.state != LIFTED and doubt.doubt_id == day_thing(doubt.tenant_id, doubt.on)
    )


def _doubt(chain: Sequence[Tenant], proof: BookProof, doubts: Sequence[Doubt]) -> None:
    """Doubt what is broken, in the book it lies in; lift what this proof doubted before and finds sound."""
    for result in proof.results:
        for finding in result.findings:
            if finding.on is not None:
                raise_doubt(
                    Doubt(
                        finding.book,
                        finding.thing,
                        finding.on,
                        result.check,
                        finding.what,
                        proof.tenant_id,
                        proof.day,
                    )
                )
    kept = [doubt for doubt in doubts if doubt.source == proof.tenant_id and doubt.state != LIFTED]
    lift_doubts([doubt for doubt in kept if _is_sound_again(doubt, proof)])
    settled_again = [doubt for doubt in kept if doubt.found_by == SETTLEMENT]
    if settled_again and _verdict(proof, SETTLEMENT) is Verdict.SOUND:
        above = [doubt for tenant in chain[:-1] for doubt in read_doubts(tenant.tenant_id)]
        lift_doubts([one for one in above if one.source == proof.tenant_id and one.state != LIFTED])
    if not proof.is_sound:
        broken = [result.check for result in proof.results if result.verdict is Verdict.BROKEN]
        alarm(
            "A daily proof found something broken.",
            tenant=proof.tenant_id,
            day=proof.day.isoformat(),
            first=proof.first_broken,
            checks=broken,
        )
        measure("BooksBroken", 1)


def _is_sound_again(doubt: Doubt, proof: BookProof) -> bool:
    """Whether the check that doubted it looked at all there is and did not name it."""
    result = next((one for one in proof.results if one.check == doubt.found_by), None)
    if result is None or result.verdict is Verdict.NOT_TOLD:
        return False
    if result.check == SETTLEMENT:
        return result.verdict is Verdict.SOUND
    return result.broken == len(result.findings) and all(one.thing != doubt.doubt_id for one in result.findings)


def _verdict(proof: BookProof, check: str) -> Verdict:
    return next(result.verdict for result in proof.results if result.check == check)
