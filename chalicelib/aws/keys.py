"""The only builder of keys. Every key begins with its tenant: what a caller may touch can be read off the key alone.

A partition is tenant, kind and, where it could grow hot or large, a shard. Numbers in sort keys are zero-padded so that
they sort; days are ISO dates, instants are microseconds in 16 digits.
"""

import hashlib
from datetime import date
from typing import NamedTuple

SUBSCRIBERS_PER_PARTITION = 10_000
LAST = "\U0010ffff"
"""Sorts behind every character that a key of ours may hold."""


class Key(NamedTuple):
    """Where a row lies: partition and sort key."""

    pk: str
    sk: str


def digest(text: str) -> str:
    """A short stable name for a text that must not stand in a key itself (an e-mail address, a client's key)."""
    return hashlib.sha256(text.encode()).hexdigest()[:40]


# Tenants and people


def tenant(tenant_id: str) -> Key:
    return Key(f"{tenant_id}#tenant", "profile")


def children(tenant_id: str) -> str:
    return f"{tenant_id}#children"


def child(tenant_id: str, code: str) -> Key:
    return Key(children(tenant_id), code)


def tree(operator_id: str) -> str:
    return f"{operator_id}#tree"


def tree_node(operator_id: str, chain: tuple[str, ...]) -> Key:
    """A tenant's place in the tree: the ids from the operator down, so that a sub-tree is one prefix."""
    return Key(tree(operator_id), "/".join(chain) + "/")


def users(tenant_id: str) -> str:
    return f"{tenant_id}#users"


def user(tenant_id: str, user_id: str) -> Key:
    return Key(users(tenant_id), user_id)


def owners(tenant_id: str) -> Key:
    return Key(f"{tenant_id}#owners", "owners")


def email(operator_id: str, address: str) -> Key:
    return Key(f"{operator_id}#emails", digest(address))


def session(tenant_id: str, family_id: str) -> Key:
    return Key(f"{tenant_id}#sessions", family_id)


def sign_in_attempts(operator_id: str, subject: str) -> Key:
    return Key(f"{operator_id}#sign-in", digest(subject))


def access_log(tenant_id: str) -> str:
    return f"{tenant_id}#access-log"


def access(tenant_id: str, at_micros: int, token_id: str) -> Key:
    return Key(access_log(tenant_id), f"{at_micros:016d}#{token_id}")


def audit_log(tenant_id: str) -> str:
    return f"{tenant_id}#audit"


def audit_line(tenant_id: str, at_micros: int, token: str) -> Key:
    return Key(audit_log(tenant_id), f"{at_micros:016d}#{token}")


def audit_of_nobody(operator_id: str) -> Key:
    """Beside all logs: what is asked for in the name of somebody who is not there is written here, over and over."""
    return Key(f"{operator_id}#audit-of-nobody", "last")


def plans(tenant_id: str) -> str:
    return f"{tenant_id}#plans"


def plan(tenant_id: str, code: str) -> Key:
    return Key(plans(tenant_id), code)


def tariffs(child_id: str) -> str:
    return f"{child_id}#tariffs"


def tariff(child_id: str, effective_on: date, recorded_micros: int) -> Key:
    return Key(tariffs(child_id), f"{effective_on}#{recorded_micros:016d}")


def tariff_revision(child_id: str) -> Key:
    """Beside the versions, so that reading them does not meet it."""
    return Key(f"{child_id}#tariff-revision", "revision")


# Requests that are told apart from their repetition


def claim(tenant_id: str, user_id: str, route: str, client_key: str) -> Key:
    name = digest(f"{user_id}\n{route}\n{client_key}")
    return Key(f"{tenant_id}#claims#{name[0]}", name)


def jobs(tenant_id: str) -> str:
    return f"{tenant_id}#jobs"


def job(tenant_id: str, job_id: str) -> Key:
    return Key(jobs(tenant_id), job_id)


def jobs_by_time(tenant_id: str) -> str:
    return f"{tenant_id}#jobs-by-time"


def job_by_time(tenant_id: str, at_micros: int, job_id: str) -> Key:
    return Key(jobs_by_time(tenant_id), f"{at_micros:016d}#{job_id}")


def job_part(tenant_id: str, job_id: str, part: int) -> Key:
    return Key(f"{tenant_id}#job-parts#{job_id}", f"{part:04d}")


def open_jobs(operator_id: str) -> str:
    return f"{operator_id}#open-jobs"


def open_job(operator_id: str, tenant_id: str, job_id: str) -> Key:
    return Key(open_jobs(operator_id), f"{tenant_id}#{job_id}")


def open_jobs_of(tenant_id: str) -> tuple[str, str]:
    """Between which of them a tenant's own are."""
    return f"{tenant_id}#", f"{tenant_id}#{LAST}"


# Books and funds


def fund(tenant_id: str) -> Key:
    return Key(f"{tenant_id}#fund", "fund")


def journals(tenant_id: str) -> str:
    return f"{tenant_id}#journals"


def journal(tenant_id: str, name: str) -> Key:
    return Key(journals(tenant_id), name)


def entries(tenant_id: str, part: str) -> str:
    """The entries of a book in order of recording; `part` is `fund` (those that move a fund) or `other`."""
    return f"{tenant_id}#entries#{part}"


def entry(tenant_id: str, part: str, recorded_micros: int, journal_name: str, sequence: int) -> Key:
    return Key(entries(tenant_id, part), f"{recorded_micros:016d}#{journal_name}#{sequence:010d}")


def reversal(tenant_id: str, entry_id: str) -> Key:
    return Key(f"{tenant_id}#reversals", entry_id)


def accounts(tenant_id: str) -> str:
    return f"{tenant_id}#accounts"


def account(tenant_id: str, code: str) -> Key:
    return Key(accounts(tenant_id), code)


def attachment(tenant_id: str, attachment_id: str) -> Key:
    return Key(f"{tenant_id}#attachments", attachment_id)


def periods(tenant_id: str) -> Key:
    """How far the periods of a book are closed."""
    return Key(f"{tenant_id}#periods", "periods")


def period_events(tenant_id: str) -> str:
    """What was closed and opened again, in order."""
    return f"{tenant_id}#period-events"


def period_event(tenant_id: str, fence: int) -> Key:
    return Key(period_events(tenant_id), f"{fence:010d}")


def year_ends(tenant_id: str) -> str:
    return f"{tenant_id}#year-ends"


def year_end(tenant_id: str, last_day: date) -> Key:
    return Key(year_ends(tenant_id), last_day.isoformat())


def ledger_settings(tenant_id: str) -> Key:
    return Key(f"{tenant_id}#ledger-settings", "settings")


def posting_rules(tenant_id: str) -> Key:
    """A count that moves with whatever entries by hand are held against: chart, cost centres, settings."""
    return Key(f"{tenant_id}#posting-rules", "revision")


def cost_centres(tenant_id: str) -> str:
    return f"{tenant_id}#cost-centres"


def cost_centre(tenant_id: str, code: str) -> Key:
    return Key(cost_centres(tenant_id), code)


def drafts(tenant_id: str) -> str:
    return f"{tenant_id}#drafts"


def draft(tenant_id: str, draft_id: str) -> Key:
    """A draft's id begins with the instant it was made at."""
    return Key(drafts(tenant_id), draft_id)


def recurring_entries(tenant_id: str) -> str:
    return f"{tenant_id}#recurring"


def recurring_entry(tenant_id: str, recurring_id: str) -> Key:
    return Key(recurring_entries(tenant_id), recurring_id)


def digest_state(tenant_id: str) -> Key:
    """How far the digests of a book are written, and which generation of them holds."""
    return Key(f"{tenant_id}#digest-state", "state")


def book_digests(tenant_id: str, generation: int) -> str:
    return f"{tenant_id}#digests#{generation:04d}"


def book_digest(tenant_id: str, generation: int, number: int) -> Key:
    return Key(book_digests(tenant_id, generation), f"{number:08d}")


def digest_legs(tenant_id: str, generation: int, number: int) -> Key:
    """Beside the digests, so that reading what they add up to does not meet what they are made of."""
    return Key(f"{tenant_id}#digest-legs#{generation:04d}", f"{number:08d}")


# The daily proof


def doubts(tenant_id: str) -> str:
    return f"{tenant_id}#doubts"


def doubt(tenant_id: str, doubt_id: str) -> Key:
    """What a proof doubts: an entry, by its id, or something that is none (a settled day, a head)."""
    return Key(doubts(tenant_id), doubt_id)


def proofs(tenant_id: str) -> str:
    return f"{tenant_id}#proofs"


def proof(tenant_id: str, day: date, asked_at_micros: int | None = None) -> Key:
    """The daily proof of a day, or one that somebody asked for at that instant."""
    return Key(proofs(tenant_id), f"{day}" if asked_at_micros is None else f"{day}#{asked_at_micros:016d}")


def proof_mark(tenant_id: str, name: str, part: int) -> Key:
    """A part of where the journals stood at the proof of that name, which is its sort key."""
    return Key(f"{tenant_id}#proof-marks#{name}", f"{part:04d}")


def installation_proofs(operator_id: str) -> str:
    return f"{operator_id}#installation-proofs"


def installation_proof(operator_id: str, day: date) -> Key:
    return Key(installation_proofs(operator_id), f"{day}")


def installation_proof_part(operator_id: str, day: date, part: int) -> Key:
    return Key(f"{operator_id}#installation-proof-parts#{day}", f"{part:04d}")


# Settlement


def settlements(tenant_id: str) -> str:
    return f"{tenant_id}#settlements"


def settlement_state(tenant_id: str) -> Key:
    return Key(settlements(tenant_id), "state")


def settled_day(tenant_id: str, day: date) -> Key:
    return Key(settlements(tenant_id), f"day#{day}")


def sheet(tenant_id: str, day: date) -> str:
    return f"{tenant_id}#sheet#{day}"


def sheet_part(tenant_id: str, day: date, part: int) -> Key:
    return Key(sheet(tenant_id, day), f"{part:04d}")


def ahead(tenant_id: str, day: date, number: int) -> Key:
    return Key(f"{tenant_id}#ahead", f"{day}#{number:06d}")


# Papers


def brands(tenant_id: str) -> str:
    return f"{tenant_id}#brands"


def brand(tenant_id: str, version: int) -> Key:
    return Key(brands(tenant_id), f"{version:06d}")


def logo(tenant_id: str, logo_id: str) -> Key:
    return Key(f"{tenant_id}#logos", logo_id)


def templates(tenant_id: str, kind: str) -> str:
    return f"{tenant_id}#templates#{kind}"


def template(tenant_id: str, kind: str, version: int) -> Key:
    return Key(templates(tenant_id, kind), f"{version:06d}")


def documents(tenant_id: str) -> str:
    return f"{tenant_id}#documents"


def document(tenant_id: str, document_id: str) -> Key:
    """A document's id begins with a digest of what it is about, so that all of one thing lie together."""
    return Key(documents(tenant_id), document_id)


def late_facts(tenant_id: str) -> str:
    """Facts that were recorded for days that were pinned already, by number."""
    return f"{tenant_id}#late-facts"


def late_fact(tenant_id: str, number: int) -> Key:
    return Key(late_facts(tenant_id), f"{number:010d}")


def corrections(tenant_id: str) -> str:
    return f"{tenant_id}#corrections"


def correction(tenant_id: str, number: int) -> Key:
    """A correction, under the number of the last late fact that it posts."""
    return Key(corrections(tenant_id), f"{number:010d}")


# Subscribers


def counters(tenant_id: str) -> Key:
    return Key(f"{tenant_id}#counters", "subscribers")


def subscribers(tenant_id: str, shard: int) -> str:
    return f"{tenant_id}#subscribers#{shard:04d}"


def subscriber(tenant_id: str, number: int) -> Key:
    return Key(subscribers(tenant_id, number // SUBSCRIBERS_PER_PARTITION), f"{number:010d}")


def found(tenant_id: str) -> str:
    return f"{tenant_id}#found"


def found_word(tenant_id: str, word: str, number: int) -> Key:
    """A word that finds a subscriber; several subscribers may share it."""
    return Key(found(tenant_id), f"{word}#{number:010d}")


def found_unique(tenant_id: str, kind: str, word: str) -> Key:
    """A word that finds one subscriber and no other of its tenant: a username, a MAC, a customer id."""
    return Key(found(tenant_id), f"{word}#{kind}")


def events(tenant_id: str) -> str:
    return f"{tenant_id}#events"


def event(tenant_id: str, effective_on: date, recorded_micros: int, order: int) -> Key:
    return Key(events(tenant_id), f"{effective_on}#{recorded_micros:016d}#{order:06d}")


def history(tenant_id: str, subscriber_number: int) -> str:
    return f"{tenant_id}#history#{subscriber_number:010d}"


def history_event(tenant_id: str, subscriber_number: int, effective_on: date, recorded_micros: int, order: int) -> Key:
    return Key(history(tenant_id, subscriber_number), f"{effective_on}#{recorded_micros:016d}#{order:06d}")


# Aggregate invoices: between a child and its parent, under the child


def aggregate_account(child_id: str) -> Key:
    """Where the invoicing of a child stands, and what it owes."""
    return Key(f"{child_id}#aggregate", "account")


def aggregate_covered(child_id: str) -> Key:
    """Which tenants below the child are invoiced through its last invoiced day."""
    return Key(f"{child_id}#aggregate", "covered")


def aggregate_terms(child_id: str) -> str:
    return f"{child_id}#aggregate-terms"


def aggregate_terms_version(child_id: str, revision: int) -> Key:
    return Key(aggregate_terms(child_id), f"{revision:010d}")


def aggregate_documents(child_id: str, kind: str) -> str:
    """The documents of a kind, in order of issue."""
    return f"{child_id}#aggregate-documents#{kind}"


def aggregate_document(child_id: str, kind: str, serial: int) -> Key:
    return Key(aggregate_documents(child_id, kind), f"{serial:010d}")


def aggregate_annex(child_id: str, content_hash: str, part: int) -> Key:
    """A part of an annex, under what it holds: it is never another's."""
    return Key(f"{child_id}#aggregate-annex#{content_hash}", f"{part:04d}")


def aggregate_numbers(parent_id: str, kind: str) -> Key:
    """How a parent's documents of a kind are numbered, and how many there are."""
    return Key(f"{parent_id}#aggregate-numbers", kind)


# Commissions: between a child that earns a percentage and its parent, under the child


def commission_state(child_id: str) -> Key:
    """How far the statements of a child are, and what it is owed."""
    return Key(f"{child_id}#commission", "state")


def commission_terms(child_id: str) -> str:
    return f"{child_id}#commission-terms"


def commission_terms_version(child_id: str, month: date, revision: int) -> Key:
    return Key(commission_terms(child_id), f"{month:%Y-%m}#{revision:010d}")


def commission_statements(child_id: str) -> str:
    return f"{child_id}#commission-statements"


def commission_statement(child_id: str, month: date) -> Key:
    return Key(commission_statements(child_id), f"{month:%Y-%m}")


def commission_lines(child_id: str, month: date, part: int) -> Key:
    """A part of the lines of a statement; it is written while the statement is being made."""
    return Key(f"{child_id}#commission-lines#{month:%Y-%m}", f"{part:06d}")


def commission_payouts(child_id: str) -> str:
    return f"{child_id}#commission-payouts"


def commission_payout(child_id: str, serial: int) -> Key:
    return Key(commission_payouts(child_id), f"{serial:010d}")


# Retail: what a tenant (the biller) invoices to subscribers, its own and those of percentage tenants below it


def retail_terms(biller_id: str) -> Key:
    return Key(f"{biller_id}#retail-terms", "terms")


def retail_accounts(biller_id: str, shard: int) -> str:
    return f"{biller_id}#retail-accounts#{shard:04d}"


def retail_account(biller_id: str, tenant_id: str, number: int) -> Key:
    """The account of a tenant's subscriber with its biller; accounts lie in the order of subscribers."""
    return Key(retail_accounts(biller_id, number // SUBSCRIBERS_PER_PARTITION), f"{tenant_id}.{number:010d}")


def retail_documents(biller_id: str, tenant_id: str, number: int) -> str:
    """Everything that was issued to one subscriber, in order."""
    return f"{biller_id}#retail-documents#{tenant_id}.{number}"


def retail_document(biller_id: str, tenant_id: str, number: int, recorded_micros: int, local_id: str) -> Key:
    """A document; `local_id` is its kind's letter and its serial."""
    return Key(retail_documents(biller_id, tenant_id, number), f"{recorded_micros:016d}#{local_id}")


def retail_numbers(biller_id: str, kind: str) -> Key:
    """How many documents of a kind were issued, for good and in a year."""
    return Key(f"{biller_id}#retail-numbers", kind)


def retail_batches(biller_id: str, kind: str) -> str:
    """Which documents of a kind went to whom, a row for each write, in order of their serials."""
    return f"{biller_id}#retail-batches#{kind}"


def retail_batch(biller_id: str, kind: str, first_serial: int) -> Key:
    return Key(retail_batches(biller_id, kind), f"{first_serial:010d}")


def retail_credited(biller_id: str, local_id: str) -> Key:
    """What was credited of a document, and whether it is void; beside it, since a document never changes."""
    return Key(f"{biller_id}#retail-credited", local_id)


def retail_returns(biller_id: str) -> Key:
    """Accounts that are paid and whose services wait to be enabled again."""
    return Key(f"{biller_id}#retail-returns", "waiting")


def retail_overdue(biller_id: str) -> Key:
    """How far the daily look for overdue accounts is."""
    return Key(f"{biller_id}#retail-overdue", "state")


def retail_runs(biller_id: str) -> str:
    return f"{biller_id}#retail-runs"


def retail_run(biller_id: str, run_id: str) -> Key:
    """An invoice run; its id is its day."""
    return Key(retail_runs(biller_id), run_id)


# Routers: under the tenant whose router it is, also what others have on it. A router's id begins with that tenant's.


def routers(tenant_id: str) -> str:
    return f"{tenant_id}#routers"


def router(router_id: str) -> Key:
    return Key(routers(_owner(router_id)), router_id)


def router_states(tenant_id: str) -> str:
    """What is known of each router from speaking to it, beside what people say of it."""
    return f"{tenant_id}#router-states"


def router_state(router_id: str) -> Key:
    return Key(router_states(_owner(router_id)), router_id)


def router_reading(router_id: str, tenant_id: str) -> Key:
    """That a tenant has a router read as a whole at this moment."""
    return Key(f"{_owner(router_id)}#router-readings", f"{router_id}#{tenant_id}")


def connection_tests(tenant_id: str, minute: int) -> Key:
    """How many connections a tenant has tested in a minute since 1970."""
    return Key(f"{tenant_id}#connection-tests", f"{minute:010d}")


def all_routers(operator_id: str) -> str:
    """Every router of the installation, for the plan of each minute."""
    return f"{operator_id}#all-routers"


def one_of_all_routers(operator_id: str, router_id: str) -> Key:
    return Key(all_routers(operator_id), router_id)


def lent_routers(tenant_id: str) -> str:
    """The routers of others that a tenant may use."""
    return f"{tenant_id}#lent-routers"


def lent_router(tenant_id: str, router_id: str) -> Key:
    return Key(lent_routers(tenant_id), router_id)


def router_lendings(router_id: str) -> str:
    """Whom a router is lent to, by prefix, so that no two have the same."""
    return f"{_owner(router_id)}#router-lendings#{router_id}"


def router_lending(router_id: str, prefix: str) -> Key:
    return Key(router_lendings(router_id), prefix)


def network_terms(tenant_id: str) -> Key:
    return Key(f"{tenant_id}#network-terms", "terms")


def router_accesses(router_id: str) -> str:
    """The services that are on a router."""
    return f"{_owner(router_id)}#accesses#{router_id}"


def router_access(router_id: str, tenant_id: str, service: int) -> Key:
    return Key(router_accesses(router_id), f"{tenant_id}.{service:010d}")


def router_address(router_id: str, address: str) -> Key:
    """Whose service has an address of a router for itself."""
    return Key(f"{_owner(router_id)}#router-addresses#{router_id}", address)


def access_changes(router_id: str) -> str:
    """The outbox of a router: which services changed, by the instant from which that holds."""
    return f"{_owner(router_id)}#access-changes#{router_id}"


def access_change(router_id: str, due_micros: int, tenant_id: str, service: int, token: str) -> Key:
    return Key(access_changes(router_id), f"{due_micros:016d}#{tenant_id}.{service:010d}#{token}")


def due_bound(due_micros: int) -> str:
    """Behind every change of a router that is due at that instant."""
    return f"{due_micros:016d}#{LAST}"


def refused_changes(router_id: str) -> str:
    """What a router refused again and again, by service."""
    return f"{_owner(router_id)}#refused-changes#{router_id}"


def refused_change(router_id: str, tenant_id: str, service: int) -> Key:
    return Key(refused_changes(router_id), f"{tenant_id}.{service:010d}")


def services_of(tenant_id: str) -> tuple[str, str]:
    """The bounds of what a router has of one tenant's services, where that is kept by tenant and service."""
    return f"{tenant_id}.", f"{tenant_id}.{LAST}"


def reconciliations(router_id: str) -> str:
    return f"{_owner(router_id)}#reconciliations#{router_id}"


def reconciliation(router_id: str, asked_micros: int) -> Key:
    return Key(reconciliations(router_id), f"{asked_micros:016d}")


def router_health(router_id: str) -> str:
    return f"{_owner(router_id)}#router-health#{router_id}"


def router_sample(router_id: str, at_micros: int) -> Key:
    return Key(router_health(router_id), f"{at_micros:016d}")


def drift_reports(router_id: str) -> str:
    return f"{_owner(router_id)}#drift#{router_id}"


def drift_report(router_id: str, day: date) -> Key:
    return Key(drift_reports(router_id), f"{day}")


def undelivered_days(tenant_id: str) -> str:
    """Days that a service was paid for and not on its router, by day."""
    return f"{tenant_id}#undelivered-days"


def undelivered_day(tenant_id: str, day: date, service: int) -> Key:
    return Key(undelivered_days(tenant_id), f"{day}#{service:010d}")


def days_to_make_good(tenant_id: str) -> str:
    """Those of them about which nothing was decided yet, by day."""
    return f"{tenant_id}#days-to-make-good"


def day_to_make_good(tenant_id: str, day: date, service: int) -> Key:
    return Key(days_to_make_good(tenant_id), f"{day}#{service:010d}")


def router_silences(tenant_id: str) -> str:
    """Times during which a router of the tenant did not answer, and which were not looked through to their end."""
    return f"{tenant_id}#router-silences"


def router_silence(router_id: str, since_micros: int) -> Key:
    return Key(router_silences(_owner(router_id)), f"{router_id}#{since_micros:016d}")


def _owner(router_id: str) -> str:
    return router_id.rpartition(".")[0]
