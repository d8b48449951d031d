"""Documents: asked for, printed by the worker, kept as they were printed first; crashes, races and second deliveries."""

from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest
import requests

from chalicelib.aws import files
from chalicelib.core.errors import Conflict, Invalid, NotFound, Refusal, Unavailable
from chalicelib.documents import asking, printer, render, worker
from chalicelib.documents.asking import from_message, look_up_document
from chalicelib.documents.document import DocumentStatus, Order, documents_prefix, name_file
from chalicelib.documents.paper import Buyer, Language, Paper, PaperKind
from chalicelib.documents.printing import TemplateFault
from chalicelib.documents.samples import sample_paper
from chalicelib.documents.worker import Source, carry_out, source_of
from chalicelib.tenants.model import Tenant
from tests.conftest import SetClock
from tests.documents.papers import pages_of, picture, send_logo
from tests.journeys.client import Client, Reply
from tests.simulation import MemoryDynamoDB
from tests.store_of_files import Store
from tests.tenants.isp import fields_of, nobody, onboard, owner_of, the_operator

ROUTE = "/v1/documents"
THEIRS = "INV-1"


class Things:
    """Invoices of tenants, and the messages that were sent."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, str], str] = {}
        self.messages: list[Any] = []

    def load(self, tenant: Tenant, of: str) -> Paper:
        if (tenant.code, of) not in self.names:
            raise NotFound("invoice")
        paper = sample_paper(PaperKind.INVOICE, "BDT", tenant.name)
        return replace(paper, number=of, buyer=Buyer(self.names[tenant.code, of]))

    def deliver(self) -> None:
        """Hand each message that waits to the worker, as the queue does."""
        while self.messages:
            carry_out(from_message(self.messages.pop(0)))


@pytest.fixture
def things(engine: MemoryDynamoDB, bucket: Store, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Things:
    """Alpha and Gamma with an invoice each of the same number, and another of Alpha's."""
    operator = the_operator()
    for code in ("ALPHA", "GAMMA"):
        onboard(operator, code)
    kept = Things()
    kept.names = {("ALPHA", THEIRS): "Rahima", ("ALPHA", "INV-2"): "Karim", ("GAMMA", THEIRS): "Salma"}
    monkeypatch.setattr(worker, "SOURCES", {PaperKind.INVOICE: Source(kept.load, "documents:read")})
    monkeypatch.setattr(worker, "OF_RESELLERS", {})
    monkeypatch.setattr(asking, "send_document", lambda message: kept.messages.append(dict(message)))
    return kept


@pytest.fixture
def alpha(things: Things) -> Client:
    return owner_of("ALPHA")


def ask(client: Client, of: str = THEIRS, key: str | None = None, **more: Any) -> Reply:
    return client.post(ROUTE, {"kind": "invoice", "of": of, **more}, key)


def printed(client: Client, asked: Reply) -> list[str]:
    """The pages of a document that is ready."""
    shown = client.get(f"{ROUTE}/{asked['id']}").ok(200)
    assert shown["status"] == "ready"
    return pages_of(requests.get(shown["link"]["url"], timeout=5).content)


def test_a_document_is_queued_printed_and_fetched_under_its_name(alpha: Client, things: Things) -> None:
    asked = ask(alpha).ok(202)
    assert (asked["status"], asked["language"], asked["number"], asked["link"]) == ("queued", "en", 1, None)
    things.deliver()
    ready = alpha.get(f"{ROUTE}/{asked['id']}").ok(200)
    assert (ready["status"], ready["file_name"], ready["warning"]) == ("ready", "ALPHA-INV-1-en.pdf", None)
    assert (ready["brand_version"], ready["template_version"]) == (0, 0)
    assert ready["link"]["expires_at"] == "2026-11-22T06:05:00.000000Z"
    answer = requests.get(ready["link"]["url"], timeout=5)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="ALPHA-INV-1-en.pdf"')
    assert len(answer.content) == ready["size_bytes"]
    assert "Invoice INV-1 Bill to Rahima" in pages_of(answer.content)[0]


def test_the_language_is_the_one_asked_for_or_the_readers_or_the_brands(alpha: Client, things: Things) -> None:
    assert ask(alpha, language="bn").ok(202)["language"] == "bn"
    alpha.put("/v1/brand", {"name": "Alpha", "language": "bn"}).ok(200)
    assert ask(alpha).ok(202)["language"] == "bn"
    assert ask(alpha, language="en").ok(202)["language"] == "en"


def test_asking_twice_makes_one_document_and_what_is_ready_is_not_printed_again(
    alpha: Client, things: Things, bucket: Store
) -> None:
    first, second = ask(alpha).ok(202), ask(alpha).ok(202)
    assert first["id"] == second["id"]
    assert len(things.messages) == 2, "one message may have been lost"
    things.deliver()
    assert ask(alpha).ok(202)["status"] == "ready"
    assert things.messages == []
    assert len(bucket.keys()) == 1


def test_a_document_stays_as_it_was_printed_first_until_somebody_has_it_printed_anew(
    alpha: Client, things: Things
) -> None:
    asked = ask(alpha).ok(202)
    things.deliver()
    alpha.put("/v1/brand", {"name": "Alpha Renamed"}).ok(200)
    again = ask(alpha).ok(202)
    things.deliver()
    assert again["id"] == asked["id"]
    assert "Alpha Net" in printed(alpha, again)[0]
    anew = ask(alpha, instead_of=asked["id"]).ok(202)
    assert (anew["number"], anew["status"]) == (2, "queued")
    things.deliver()
    assert "Alpha Renamed" in printed(alpha, anew)[0]
    assert "Alpha Net" in printed(alpha, asked)[0]
    assert ask(alpha, instead_of=asked["id"]).ok(202)["id"] == anew["id"]
    listed = alpha.get(f"{ROUTE}?of={THEIRS}").ok(200)["items"]
    assert [(one["number"], one["brand_version"]) for one in listed] == [(1, 0), (2, 1)]


def test_what_is_printed_anew_without_a_change_is_the_same_file(
    alpha: Client, things: Things, bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask(alpha).ok(202)
    things.deliver()
    anew = ask(alpha, instead_of=asked["id"]).ok(202)
    monkeypatch.setattr(printer, "print_files", None)
    things.deliver()
    shown = [alpha.get(f"{ROUTE}/{one['id']}").ok(200) for one in (asked, anew)]
    assert shown[0]["sha256"] == shown[1]["sha256"]
    assert len(bucket.keys()) == 1


def test_only_a_printed_document_of_the_same_thing_is_printed_anew(alpha: Client, things: Things) -> None:
    asked = ask(alpha).ok(202)
    assert ask(alpha, instead_of=asked["id"]).ok(409)["code"] == "being-printed"
    things.deliver()
    other = ask(alpha, "INV-2").ok(202)
    things.deliver()
    for wrong in (other["id"], "nothing", asked["id"][:-1] + "9"):
        assert fields_of(ask(alpha, instead_of=wrong)) == ["instead_of"]
    assert fields_of(ask(alpha, instead_of=asked["id"], language="bn")) == ["instead_of"]
    theirs = owner_of("GAMMA")
    assert fields_of(ask(theirs, instead_of=asked["id"])) == ["instead_of"]


def test_nobody_meets_another_tenants_document(alpha: Client, things: Things) -> None:
    asked = ask(alpha).ok(202)
    things.deliver()
    gamma = owner_of("GAMMA")
    gamma.get(f"{ROUTE}/{asked['id']}").ok(404)
    assert gamma.get(f"{ROUTE}?of={THEIRS}").ok(200)["items"] == []
    ask(gamma, "INV-2").ok(404)
    theirs = ask(gamma).ok(202)
    things.deliver()
    assert "Salma" in printed(gamma, theirs)[0]
    assert "Rahima" in printed(alpha, asked)[0]


def test_things_whose_names_begin_alike_are_not_listed_together(alpha: Client, things: Things) -> None:
    things.names["ALPHA", "INV-11"] = "Another"
    ask(alpha).ok(202)
    ask(alpha, "INV-11").ok(202)
    assert [one["of"] for one in alpha.get(f"{ROUTE}?of=INV-1").ok(200)["items"]] == ["INV-1"]
    assert documents_prefix("INV-1") != documents_prefix("INV-11")


@pytest.mark.parametrize(
    "body,field",
    [
        ({"kind": "bill", "of": THEIRS}, "kind"),
        ({"kind": "payslip", "of": THEIRS}, "kind"),
        ({"kind": "invoice", "of": "a#b"}, "of"),
        ({"kind": "invoice", "of": ""}, "of"),
        ({"kind": "invoice", "of": "x" * 129}, "of"),
        ({"kind": "invoice", "of": THEIRS, "language": "hi"}, "language"),
        ({"kind": "invoice"}, "of"),
    ],
)
def test_a_bad_order_is_refused_by_its_field(alpha: Client, things: Things, body: Any, field: str) -> None:
    assert fields_of(alpha.post(ROUTE, body)) == [field]
    assert things.messages == []


def test_what_is_not_there_is_not_printed(alpha: Client, things: Things) -> None:
    ask(alpha, "INV-9").ok(404)
    assert things.messages == []
    for wrong in ("x", "d" * 64, "d" + "0" * 20 + "-invoice-en-0001"):
        alpha.get(f"{ROUTE}/{wrong}").ok(404)


def test_a_thing_that_went_away_fails_with_a_reason_and_is_printed_when_it_is_back(
    alpha: Client, things: Things
) -> None:
    asked = ask(alpha).ok(202)
    name = things.names.pop(("ALPHA", THEIRS))
    things.deliver()
    failed = alpha.get(f"{ROUTE}/{asked['id']}").ok(200)
    assert (failed["status"], failed["failure"]) == ("failed", "There is no such invoice.")
    things.names["ALPHA", THEIRS] = name
    assert ask(alpha).ok(202)["status"] == "queued"
    things.deliver()
    assert "Rahima" in printed(alpha, asked)[0]


@pytest.mark.parametrize(
    "refusal",
    [Conflict("not-a-biller", "Billed by the tenant above."), Invalid("too-large", "At most 5,000 lines are printed.")],
)
def test_what_may_not_be_printed_is_refused_at_once_and_fails_in_the_worker(
    alpha: Client, things: Things, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    asked = ask(alpha).ok(202)

    def refuse(tenant: Tenant, of: str) -> Paper:
        raise refusal

    monkeypatch.setattr(worker, "SOURCES", {PaperKind.INVOICE: Source(refuse, "documents:read")})
    assert ask(alpha, "INV-2").ok(refusal.status)["code"] == refusal.code
    things.deliver()
    failed = alpha.get(f"{ROUTE}/{asked['id']}").ok(200)
    assert (failed["status"], failed["failure"]) == ("failed", refusal.detail)


def test_a_repeated_request_is_answered_the_same(alpha: Client, things: Things) -> None:
    first, second = ask(alpha, key="k1").ok(202), ask(alpha, key="k1").ok(202)
    assert second.headers["idempotency-replayed"] == "true"
    assert first.data == second.data
    assert ask(alpha, "INV-2", key="k1").ok(409)["code"] == "idempotency-mismatch"


def test_papers_that_a_role_may_not_see_are_neither_printed_nor_shown(
    alpha: Client, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask(alpha).ok(202)
    body = {"name": "S", "email": "s@alpha.test", "role": "support", "password": "correct horse 1"}
    alpha.post("/v1/users", body).ok(201)
    support = nobody().signed_in("s@alpha.test", "correct horse 1")
    support.get(f"{ROUTE}/{asked['id']}").ok(200)
    monkeypatch.setitem(worker.SOURCES, PaperKind.INVOICE, Source(things.load, "ledger:read"))
    assert ask(support).ok(403)["code"] == "role-not-allowed"
    support.get(f"{ROUTE}/{asked['id']}").ok(403)
    assert support.get(f"{ROUTE}?of={THEIRS}").ok(200)["items"] == []


def test_a_template_that_fails_on_the_real_thing_gives_way_with_a_warning(alpha: Client, things: Things) -> None:
    own = '#import "house.typ": *\n#show: sheet\n#lines-part()\n#if paper.number == "INV-1" { panic("not this one") }\n'
    alpha.put("/v1/templates/invoice", {"source": own}).ok(200)
    asked, other = ask(alpha).ok(202), ask(alpha, "INV-2").ok(202)
    things.deliver()
    shown = alpha.get(f"{ROUTE}/{asked['id']}").ok(200)
    assert shown["warning"] == (
        "The template could not be used (line 4: panicked with: not this one): the built-in one was printed."
    )
    assert "Bill to Rahima" in printed(alpha, asked)[0]
    assert alpha.get(f"{ROUTE}/{other['id']}").ok(200)["warning"] is None
    assert "Bill to" not in printed(alpha, other)[0]


def test_a_logo_that_was_lost_is_left_out_with_a_warning(alpha: Client, things: Things, bucket: Store) -> None:
    logo = send_logo(alpha, picture())
    alpha.put("/v1/brand", {"name": "Alpha", "logo": logo}).ok(200)
    tenant_id = str(alpha.get("/v1/me").ok(200)["tenant"]["id"])
    bucket.put(files.logo_file(tenant_id, logo), picture(9, 9), "image/png")
    asked = ask(alpha).ok(202)
    things.deliver()
    assert alpha.get(f"{ROUTE}/{asked['id']}").ok(200)["warning"] == printer.LOST_LOGO


class Crash(Exception):
    """The worker ends here."""


def crashing(original: Callable[..., Any], after: bool) -> Callable[..., Any]:
    def call(*args: Any, **more: Any) -> Any:
        if after:
            original(*args, **more)
        raise Crash

    return call


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("place", ["render.print_safely", "files.store", "render.finish_document"])
def test_a_worker_that_crashes_anywhere_is_cured_by_the_next_delivery(
    alpha: Client, things: Things, bucket: Store, monkeypatch: pytest.MonkeyPatch, place: str, after: bool
) -> None:
    asked = ask(alpha).ok(202)
    message = things.messages.pop()
    module, _, name = place.partition(".")
    owner = render if module == "render" else files
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, crashing(getattr(owner, name), after))
        with pytest.raises(Crash):
            carry_out(from_message(message))
    carry_out(from_message(message))
    carry_out(from_message(message))
    assert "Rahima" in printed(alpha, asked)[0]
    assert len(bucket.keys()) == 1


def test_two_workers_at_once_give_one_file(
    alpha: Client, things: Things, bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read that nothing is printed before either writes."""
    asked = ask(alpha).ok(202)
    order = from_message(things.messages.pop())
    together, original, finished = Barrier(2), render.print_safely, []

    def print_together(*args: Any) -> Any:
        made = original(*args)
        together.wait(20)
        return made

    monkeypatch.setattr(render, "print_safely", print_together)
    workers = [Thread(target=lambda: finished.append(carry_out(order))) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert finished[0] == finished[1]
    assert finished[0].status is DocumentStatus.READY
    assert len(bucket.keys()) == 1
    assert "Rahima" in printed(alpha, asked)[0]


def test_a_message_that_is_faster_than_its_row_prints_the_document(
    alpha: Client, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "send_document", lambda message: carry_out(from_message(message)))
    asked = ask(alpha, key="k1").ok(202)
    assert asked["status"] == "ready"
    assert ask(alpha, key="k1").ok(202).data == asked.data
    assert "Rahima" in printed(alpha, asked)[0]


def test_an_order_whose_message_cannot_be_sent_leaves_nothing_behind(
    alpha: Client, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(message: Any) -> None:
        raise Unavailable("queue-away", "The work could not be queued; please send the request again.")

    with monkeypatch.context() as patched:
        patched.setattr(asking, "send_document", away)
        ask(alpha, key="k1").ok(503)
    assert alpha.get(f"{ROUTE}?of={THEIRS}").ok(200)["items"] == []
    assert ask(alpha, key="k1").ok(202)["status"] == "queued"
    assert len(things.messages) == 1


def test_when_the_press_or_the_store_is_away_the_message_stays_and_nothing_is_told(
    alpha: Client, things: Things, bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask(alpha).ok(202)
    order = from_message(things.messages.pop())

    def away(*args: Any) -> bytes:
        raise Unavailable("press-away", "The document could not be printed.")

    with monkeypatch.context() as patched:
        patched.setattr(printer, "print_files", away)
        with pytest.raises(Unavailable):
            carry_out(order)
    assert alpha.get(f"{ROUTE}/{asked['id']}").ok(200)["status"] == "queued"

    def broken(*args: Any) -> bytes:
        raise TemplateFault("is ours, and broken")

    with monkeypatch.context() as patched:
        patched.setattr(printer, "print_files", broken)
        with pytest.raises(TemplateFault):
            carry_out(order)
    bucket.lose_its_bucket()
    with pytest.raises(Unavailable):
        carry_out(order)
    found = look_up_document(order.tenant_id, order.document_id)
    assert found is not None
    assert found.status is DocumentStatus.QUEUED


def test_a_file_is_named_by_what_a_file_may_be_called() -> None:
    order = Order("t1", PaperKind.CREDIT_NOTE, "x", Language.BANGLA, 1, 0, "u1")
    assert name_file("BETA", order, "চা/2026 №7") == "BETA-2026-7-bn.pdf"
    assert name_file("BETA", order, "..") == "BETA-credit_note-bn.pdf"


def test_a_paper_of_a_reseller_below_takes_another_permission_than_one_of_a_subscriber() -> None:
    own, below = source_of("t1", PaperKind.INVOICE, "t1.i1"), source_of("t1", PaperKind.INVOICE, "t2.ai1")
    assert own is not None
    assert below is not None
    assert (own.may, below.may) == ("retail:read", "partners:read")
    assert source_of("t1", PaperKind.PAYSLIP, "t1.p1") is None
