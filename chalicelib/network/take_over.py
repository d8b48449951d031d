"""Take over: make subscribers of the PPPoE secrets that a router has and that are not ours.

It is a roster import whose file is the router: checked, numbered once, written as a job. Each subscriber comes with its
access, which may take over the secret of that name, and with a change in the outbox, by which our mark and the wanted
profile get onto the secret. The secret's password is neither read nor touched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from itertools import count
from typing import Any

from chalicelib.aws import clock, keys
from chalicelib.aws.guards import Guard
from chalicelib.aws.tables import ConditionFailed, Operation, Put, Remember, read_many, write
from chalicelib.core.errors import Conflict, FieldError, Invalid, Refusal, invalid_field
from chalicelib.core.json import compact_json
from chalicelib.crm import job as jobs
from chalicelib.crm.csv_file import Fault
from chalicelib.crm.import_beside import Beside
from chalicelib.crm.import_days import Days
from chalicelib.crm.import_file import import_file, take_up
from chalicelib.crm.import_outcome import Checked, ImportResult, Outcome, Progress
from chalicelib.crm.import_roster import ConnectionsGuard, names_taken, write_lines
from chalicelib.crm.job import Job, JobKind, JobStatus
from chalicelib.crm.model import Plan
from chalicelib.crm.outbox import told, wake
from chalicelib.crm.plans import plan_code, read_plans
from chalicelib.crm.roster_file import RosterLine, roster_data, to_roster_line
from chalicelib.crm.subscriber import Line, NewSubscriber, Subscriber
from chalicelib.network.asking import PLAN_SECONDS, ask_router
from chalicelib.network.find import usable
from chalicelib.network.found_secrets import Candidate, FoundSecrets, LeftOut, to_found
from chalicelib.network.model import Access, Method, Router
from chalicelib.network.store import AddressRow, access_row, address_row, counted
from chalicelib.tenants.model import Tenant

ROWS_BESIDE = 3
"""Of each service its access, an address of its own, and what its router has to hear."""


@dataclass(frozen=True)
class AskedTakeOver:
    """What to make of a router's secrets: the plan (id or code) of those in each profile, from which day on, and where
    their subscribers live."""

    plans: Mapping[str, str]
    start_on: date
    zone: str | None = None


@dataclass(frozen=True)
class TakenOver:
    """What became of a router's secrets. `found` is None where an import that was under way went on: no router was asked.

    `candidates` are the ones that can be taken over, `left_out` those that cannot: the first of `left_out_count`. `plans`
    has the code of the plan for a profile of the router.
    """

    result: ImportResult
    found: FoundSecrets | None
    candidates: Sequence[Candidate] = ()
    left_out: Sequence[LeftOut] = ()
    left_out_count: int = 0
    plans: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Coming:
    """What is to be made of the secrets that were found: `candidates` whose names are free, with the lines that are kept
    of them, and those that are `taken`."""

    found: FoundSecrets
    plans: Mapping[str, str]
    candidates: Sequence[Candidate]
    data: Sequence[list[Any]]
    taken: Sequence[LeftOut]

    def checked(self, guard: Guard, start_on: date) -> Checked:
        """The same for the import."""
        return Checked(len(self.data), [], list(self.data), guard, start_on, subscribers=len(self.data))

    def came_to(self, result: ImportResult) -> TakenOver:
        """The same with what became of it."""
        left_out = [*self.found.left_out, *self.taken, *_refused(result)]
        left_out_count = self.found.left_out_count + len(self.taken) + result.fault_count
        return TakenOver(result, self.found, self.candidates, left_out, left_out_count, self.plans)


def take_over(
    tenant: Tenant,
    router: str,
    asked: AskedTakeOver,
    *,
    dry_run: bool,
    connections: ConnectionsGuard,
    days: Days,
    now: datetime,
    remember: Remember,
) -> TakenOver:
    """Make subscribers of all secrets that can be, or only tell of them. An import of the router that is under way is gone
    on with instead, whatever is asked for now.

    `NotFound` for the router; 422 on `plans` and `start_on`, `plan-not-priced`; `Conflict` `fund-too-low`,
    `day-already-pinned`, `router-disabled`, `router-lent`; `Unavailable` `router-did-not-answer`.
    """
    on, lending = usable(tenant.tenant_id, router)
    if lending is not None:
        # Who made what is on it already is not known: under this prefix it may be its owner's.
        raise Conflict("router-lent", "This router is lent to you: what is on it already is its owner's.")
    run = partial(write_taken_over, days)
    if not dry_run and (job := _under_way(tenant, on.router_id)) is not None:
        result = take_up(job, tenant, run, days, now, lambda result: remember(_gone_on_with(result)))
        return _gone_on_with(result)
    plans = read_plans(tenant.tenant_id)
    codes = _plan_codes(tenant.tenant_id, asked.plans, plans)
    for fault in days.faults("start_on", [(1, asked.start_on)]):
        raise invalid_field("start_on", fault.message)
    coming = _judge(tenant.tenant_id, on, codes, asked)
    if not coming.data:
        nothing = coming.came_to(ImportResult(dry_run, 0, 0, 0))
        if operations := remember(nothing):
            write(*operations)
        return nothing
    starts = [(plans[one.plan], asked.start_on) for one in coming.candidates]
    result = import_file(
        JobKind.ROUTER,
        tenant,
        _content(tenant.tenant_id, coming.data),
        dry_run=dry_run,
        check=lambda _: coming.checked(connections(starts), asked.start_on),
        run=run,
        days=days,
        now=now,
        remember=lambda result: remember(coming.came_to(result)),
    )
    return coming.came_to(result)


def write_taken_over(days: Days, job: Job, progress: Progress) -> None:
    """Write the subscribers of a job that are not there yet, with their accesses, and have the router told of them."""
    kept = jobs.kept_lines(job)
    router_id: str = kept[0][-2]
    lines = [to_roster_line(data[:-2]) for data in kept]
    names = {line.number: line.asked.line.username for line in lines}
    addresses: dict[int, str | None] = {line.number: data[-1] for line, data in zip(lines, kept, strict=True)}

    def add(outcome: Outcome) -> None:
        # One for each secret, by its name: the first of what is wrong with it.
        faults = {
            one.line: Fault(one.line, names[one.line], f"its {one.field} {one.message}")
            for one in reversed(outcome.faults)
        }
        progress.add(replace(outcome, faults=tuple(faults.values())))

    write_lines(days, job, lines, add, _beside(job.tenant_id, router_id, addresses))
    wake([router_id])


def _beside(tenant_id: str, router_id: str, addresses: Mapping[int, str | None]) -> Beside:
    def rows(subscriber: Subscriber, line: int) -> list[Operation]:
        service = subscriber.services[0]
        access = Access(
            router_id=router_id,
            tenant_id=tenant_id,
            subscriber=subscriber.number,
            service=service.number,
            method=Method.PPPOE,
            address=addresses[line],
            locks_mac=service.mac is not None,
            adopts=True,
        )
        operations: list[Operation] = [Put(access_row(access)), *told(None, subscriber, clock.now())]
        address = address_row(access)
        if address is not None:
            operations.append(Put(address, AddressRow.pk.does_not_exist() | (AddressRow.owner == address.owner)))
        return operations

    def count_them(services: int) -> Guard:
        operation = counted(router_id, tenant_id, services)

        def explain(failure: ConditionFailed) -> Refusal | None:
            gone = Conflict("router-gone", "The router may not be used any more.")
            return gone if failure.failed(operation) else None

        return Guard((operation,), explain)

    return Beside(router_id, rows, ROWS_BESIDE, _field, count_them)


def _field(operation: Operation) -> str | None:
    return "address" if isinstance(operation.row, AddressRow) else None


def _under_way(tenant: Tenant, router_id: str) -> Job | None:
    """The tenant's import of that router that is not over."""
    for job in jobs.open_jobs_of(tenant.chain[0], tenant.tenant_id, JobKind.ROUTER):
        if jobs.kept_lines(job)[0][-2] == router_id:
            return job
    return None


def _plan_codes(tenant_id: str, asked: Mapping[str, str], plans: Mapping[str, Plan]) -> dict[str, str]:
    codes = {profile: plan_code(tenant_id, text) for profile, text in asked.items()}
    wrong = [number for number, code in enumerate(codes.values()) if code not in plans]
    if wrong:
        errors = tuple(FieldError(f"plans.{number}.plan", "is not one of your plans") for number in wrong)
        raise Invalid("invalid", f"plans: {len(wrong)} profiles name what is not one of your plans.", errors)
    return {profile: code for profile, code in codes.items() if code is not None}


def _judge(tenant_id: str, router: Router, plans: Mapping[str, str], asked: AskedTakeOver) -> _Coming:
    """Those whose username, MAC and address no service has, and why the others are left out."""
    question = {"ask": "secrets", "tenant": tenant_id, "plans": plans}
    found = to_found(ask_router(tenant_id, router, question, PLAN_SECONDS))
    lines = [
        RosterLine(number, NewSubscriber(one.name, None, asked.zone, _line(one, asked.start_on)))
        for number, one in enumerate(found.candidates, 1)
    ]
    faults = names_taken(tenant_id, lines) + _addresses_taken(router.router_id, found.candidates)
    reasons = {fault.line: f"its {fault.field} {fault.message}" for fault in reversed(faults)}
    free = [line for line in lines if line.number not in reasons]
    candidates = [found.candidates[line.number - 1] for line in free]
    return _Coming(
        found=found,
        plans=plans,
        candidates=candidates,
        # As a roster's lines are kept, each with the router and the service's address behind it.
        data=[[*line, router.router_id, one.address] for line, one in zip(roster_data(free), candidates, strict=True)],
        taken=[LeftOut(found.candidates[n - 1].username, reasons[n]) for n in sorted(reasons)],
    )


def _line(one: Candidate, start_on: date) -> Line:
    return Line(plan=one.plan, username=one.username, mac=one.mac, start_on=start_on)


def _addresses_taken(router_id: str, candidates: Sequence[Candidate]) -> list[Fault]:
    wanted = [(number, one.address) for number, one in enumerate(candidates, 1) if one.address is not None]
    rows = read_many([(AddressRow, keys.router_address(router_id, address)) for _, address in wanted])
    return [
        Fault(number, "address", "belongs to another service")
        for (number, _), row in zip(wanted, rows, strict=True)
        if row is not None
    ]


def _content(tenant_id: str, data: Sequence[list[Any]]) -> bytes:
    """What the import is known by. The same secrets can come again, when what was made of them has another name: then it
    is another import, and not the one that is done."""
    for again in count():
        content = compact_json([again, data]).encode()
        job = jobs.look_up_job(tenant_id, jobs.job_id_of(JobKind.ROUTER, content))
        if job is None or job.status is not JobStatus.DONE:
            return content
    raise AssertionError("counting does not end")


def _gone_on_with(result: ImportResult) -> TakenOver:
    return TakenOver(result, None, (), _refused(result), result.fault_count)


def _refused(result: ImportResult) -> list[LeftOut]:
    """Those that somebody took the name of while they were written."""
    return [LeftOut(fault.field, fault.message) for fault in result.faults]
