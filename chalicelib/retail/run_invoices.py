"""Running invoices: everybody who is due to a biller on a day, some forty invoices a write, each write whole.

A write holds its invoices, their numbers, their entry and how far the run is. So a crash anywhere leaves a run that goes on
where it was, with the same invoices under the same numbers, and of two workers at one run only one gets on.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys
from chalicelib.aws.log import alarm
from chalicelib.aws.queue import send_books
from chalicelib.aws.tables import ConditionFailed, read_many, write
from chalicelib.core.dates import day_at, to_micros
from chalicelib.core.errors import Conflict, Invalid, Unavailable, invalid_field
from chalicelib.crm.subscriber import Subscriber
from chalicelib.retail.account_model import Account
from chalicelib.retail.account_pages import accounts_of_tenant
from chalicelib.retail.account_store import AccountRow, to_account
from chalicelib.retail.billed import billed_tenants
from chalicelib.retail.find import terms_of
from chalicelib.retail.invoice import check_bills, due_of, price_list
from chalicelib.retail.invoice_run import InvoiceRun, RunRow, RunStatus, find_run, put_run, to_run, unfinished_runs
from chalicelib.retail.invoicing import PriceList, may_be_due
from chalicelib.retail.issue import INVOICED_TOGETHER, Drawn, Issuing, Occasion, issuing_reads
from chalicelib.retail.model import DocumentKind, Terms
from chalicelib.retail.ruling import BY_ITSELF
from chalicelib.retail.store import TermsRow
from chalicelib.tenants.model import Mode, Tenant, first_disabled

READ_TOGETHER = 1_000
REFUSED_KEPT = 50
INVOICE = "invoice"
"""What a message of the books queue asks for."""

TRIES = 16

DEFECTS = (LookupError, ValueError, AssertionError)
"""What a subscriber's own data can do to its invoice: it is left out, with an alarm, and everybody else's is issued."""


class RunMovedError(Exception):
    """Another worker got on with the same run; nothing was written."""


def begin_run(biller: Tenant, day: date, now: datetime) -> tuple[InvoiceRun, Terms]:
    """The run of that day, begun if it was not, and the terms it is under.

    422 for a day that has not come where the biller is, or is before its first one; 409 `no-billing-terms`.
    """
    key = keys.retail_run(biller.tenant_id, day.isoformat())
    terms_row, row = read_many([(TermsRow, keys.retail_terms(biller.tenant_id)), (RunRow, key)])
    terms = check_bills(terms_of(biller, terms_row))
    if day > day_at(now, biller.timezone):
        raise invalid_field("date", "must not lie ahead: nobody is invoiced before the day has come", "day-not-begun")
    if day < terms.starts_on:
        raise invalid_field("date", f"must not be before {terms.starts_on}, the first day that is billed")
    if row is not None:
        return to_run(biller.tenant_id, row), terms
    new = InvoiceRun(biller.tenant_id, day, started_micros=to_micros(now))
    try:
        write(put_run(new, new))
    except ConditionFailed:
        return find_run(biller.tenant_id, new.run_id), terms
    return replace(new, revision=1), terms


def carry_on(
    biller: Tenant,
    run: InvoiceRun,
    terms: Terms,
    author: Author,
    now: datetime,
    may_go_on: Callable[[], bool] = lambda: True,
) -> InvoiceRun:
    """Invoice everybody who is due and not invoiced yet, while `may_go_on` says so; how far the run is then.

    A run that is done goes over everybody once more, for who has come since; it writes nothing where nobody has.
    """
    for attempt in range(TRIES):
        clock.back_off(attempt)
        try:
            return _Worker(biller, run, terms, author, now, may_go_on).work()
        except RunMovedError:
            run = find_run(run.biller_id, run.run_id)
    raise Unavailable("busy", "Somebody else is at the same run; look again.")


def ask_run(biller: Tenant, run: InvoiceRun) -> int:
    """Queue a run that takes longer than a request; returns the messages."""
    return send_books([{"do": INVOICE, "chain": biller.chain, "day": run.run_id}])


def carry_on_later(chain: Sequence[Tenant], run_id: str, now: datetime) -> InvoiceRun:
    """Do what such a message asks."""
    run, terms = begin_run(chain[-1], date.fromisoformat(run_id), now)
    return carry_on(chain[-1], run, terms, BY_ITSELF, now)


@dataclass
class _Worker:
    """One worker at a run."""

    biller: Tenant
    run: InvoiceRun
    terms: Terms
    author: Author
    now: datetime
    may_go_on: Callable[[], bool]
    refused: list[tuple[str, str]] = field(default_factory=list)

    def work(self) -> InvoiceRun:
        before = self.run
        if before.status is RunStatus.DONE:
            self.run = replace(before, status=RunStatus.RUNNING, tenant_id="", after=0, finished_micros=None)
        tenants = billed_tenants(self.biller)
        begin = next((at for at, one in enumerate(tenants) if one == self.run.tenant_id), 0)
        for tenant_id in tenants[begin:]:
            if not self._invoice_tenant(tenant_id, self.run.after if tenant_id == self.run.tenant_id else 0):
                return self.run
        if before.status is RunStatus.DONE and self.run.revision == before.revision:
            return before
        done = self._with_refused(replace(self.run, status=RunStatus.DONE, finished_micros=to_micros(self.now)))
        self._write_run(done)
        return self.run

    def _invoice_tenant(self, tenant_id: str, after: int) -> bool:
        """Invoice the subscribers of a tenant behind that number; False when it was told to stop in between."""
        prices = price_list(tenant_id)
        occasion = Occasion(self.terms, tenant_id, self.run.day, self.author)
        for page in _pages(self.terms.biller_id, tenant_id, after):
            drawn: list[Drawn] = []
            for subscriber, account in page:
                one = self._drawn(subscriber, account, prices)
                if one is None:
                    continue
                drawn.append(one)
                if len(drawn) == INVOICED_TOGETHER:
                    self._issue(occasion, drawn, prices)
                    drawn = []
                    if not self.may_go_on():
                        return False
            if drawn:
                self._issue(occasion, drawn, prices)
            if not self.may_go_on():
                return False
        return True

    def _drawn(self, subscriber: Subscriber, account: Account, prices: PriceList) -> Drawn | None:
        """The invoice of a subscriber, if one is due."""
        if not may_be_due(account, subscriber.revision, self.terms, self.run.day):
            return None
        try:
            due = due_of(account, subscriber, self.terms, prices, self.run.day, now=False)
        except DEFECTS as defect:
            who = account.subscriber_id
            alarm("A subscriber could not be invoiced.", tenant=self.terms.biller_id, subscriber=who, why=repr(defect))
            self.refused.append((who, f"{type(defect).__name__}: {defect}"[:200]))
            return None
        return None if due is None else Drawn(subscriber, account, due)

    def _issue(self, occasion: Occasion, drawn: list[Drawn], prices: PriceList) -> None:
        """Issue these invoices in one write; those that somebody else issued meanwhile are left out."""
        biller_id = occasion.terms.biller_id
        last = drawn[-1].subscriber.number
        for attempt in range(TRIES):
            clock.back_off(attempt)
            if attempt:
                drawn = self._drawn_again(drawn, prices)
                if not drawn:
                    return
            issuing = Issuing(occasion, read_many(issuing_reads(biller_id)), self.now, drawn)
            after = self._with_refused(_further(self.run, occasion.tenant_id, last, issuing))
            put = put_run(self.run, after)
            try:
                write(*issuing.operations(), put)
            except ConditionFailed as failure:
                if failure.failed(put):
                    raise RunMovedError from None
                continue
            self._moved_to(after)
            return
        raise Unavailable("busy", "These accounts are moving all the time; the run will be tried again.")

    def _drawn_again(self, drawn: Sequence[Drawn], prices: PriceList) -> list[Drawn]:
        """The same subscribers by their accounts as they are now."""
        wanted = [keys.retail_account(one.before.biller_id, one.before.tenant_id, one.before.number) for one in drawn]
        rows = read_many([(AccountRow, key) for key in wanted])
        again = []
        for one, row in zip(drawn, rows, strict=True):
            account = to_account(one.before.biller_id, one.before.tenant_id, one.before.number, row)
            found = one if account == one.before else self._drawn(one.subscriber, account, prices)
            again += [] if found is None else [found]
        return again

    def _with_refused(self, run: InvoiceRun) -> InvoiceRun:
        if not self.refused:
            return run
        kept = (*run.refused, *self.refused)[:REFUSED_KEPT]
        return replace(run, refused=kept, refused_count=run.refused_count + len(self.refused))

    def _write_run(self, after: InvoiceRun) -> None:
        try:
            write(put_run(self.run, after))
        except ConditionFailed:
            raise RunMovedError from None
        self._moved_to(after)

    def _moved_to(self, after: InvoiceRun) -> None:
        self.refused = []
        self.run = replace(after, revision=self.run.revision + 1)


def _further(run: InvoiceRun, tenant_id: str, after: int, issuing: Issuing) -> InvoiceRun:
    """The run with these documents."""
    invoices, notes = DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE
    return replace(
        run,
        tenant_id=tenant_id,
        after=after,
        invoices=run.invoices + len(issuing.documents[invoices]),
        invoiced_minor=run.invoiced_minor + issuing.total_minor(invoices),
        credit_notes=run.credit_notes + len(issuing.documents[notes]),
        credited_minor=run.credited_minor + issuing.total_minor(notes),
    )


def _pages(biller_id: str, tenant_id: str, after: int) -> Iterator[list[tuple[Subscriber, Account]]]:
    """The subscribers of a tenant behind that number, each with its account, some hundreds at a time, in order."""
    place: str | None = f"{after:010d}"
    while place is not None:
        page, place = accounts_of_tenant(biller_id, tenant_id, limit=READ_TOGETHER, after=place)
        if page:
            yield page


def run_due(chain: Sequence[Tenant], now: datetime, may_go_on: Callable[[], bool] = lambda: True) -> list[InvoiceRun]:
    """Do the runs of a biller that are due: those that were begun and are not done, and today's. How far they are then.

    None for whoever does not bill. A run of today invoices what the days before have missed, too.
    """
    biller = chain[-1]
    if biller.mode is Mode.PERCENTAGE or first_disabled(tuple(chain)) is not None:
        return []
    try:
        _, terms = begin_run(biller, day_at(now, biller.timezone), now)
    except (Conflict, Invalid):
        return []
    return [carry_on(biller, run, terms, BY_ITSELF, now, may_go_on) for run in unfinished_runs(biller.tenant_id)]
