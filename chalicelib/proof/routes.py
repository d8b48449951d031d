"""Proofs over HTTP: of one's own book for everybody, of the installation for the operator; and what is doubted."""

import datetime

from chalice.app import Response

from chalicelib.api.blueprint import Blueprint, render_with
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.core.dates import ONE_DAY, from_micros, parse_day
from chalicelib.core.errors import NotAllowed, NotFound, invalid_field
from chalicelib.ledger.doubts import Doubt, dismiss_doubt, read_doubts
from chalicelib.proof.asking import ask_proof
from chalicelib.proof.model import TITLES, BookProof, Result
from chalicelib.proof.prove import is_short, prove_book
from chalicelib.proof.shapes import (
    DismissalBody,
    DoubtAnswer,
    DoubtsAnswer,
    FindingAnswer,
    InstallationProofAnswer,
    ProofAnswer,
    ProofBody,
    ProofQuery,
    ResultAnswer,
)
from chalicelib.proof.sign_off import SignedReport, find_report, list_reports, read_text
from chalicelib.proof.store import list_proofs

bp = Blueprint(__name__, tag="Proofs")

_REPORT = "Tributary: daily proof of an installation\n\ninstallation     op\ndate             2026-11-21\n"


def _result(proof: BookProof, result: Result) -> ResultAnswer:
    own = [finding for finding in result.findings if finding.book == proof.tenant_id]
    return ResultAnswer(
        check=result.check,
        title=TITLES[result.check],
        verdict=result.verdict.value,
        figures=result.says,
        broken=result.broken,
        findings=[FindingAnswer(thing=one.thing, what=one.what, dismissed=one.thing in proof.dismissed) for one in own],
        elsewhere=len(result.findings) - len(own),
    )


def _proof(proof: BookProof) -> ProofAnswer:
    return ProofAnswer(
        name=proof.name,
        date=proof.day,
        status="sound" if proof.is_sound else "broken",
        first_broken=next((one.thing for one in proof.broken_things if one.book == proof.tenant_id), None),
        entries=proof.entries,
        head_hash=proof.head_hash,
        settled_through=proof.settled_through,
        proven_at=from_micros(proof.proven_micros),
        by=proof.by or None,
        checks=[_result(proof, result) for result in proof.results],
    )


def _running(day: datetime.date) -> ProofAnswer:
    return ProofAnswer(
        name=day.isoformat(),
        date=day,
        status="running",
        first_broken=None,
        entries=0,
        head_hash=None,
        settled_through=None,
        proven_at=None,
        by=None,
        checks=[],
    )


def _doubt(doubt: Doubt) -> DoubtAnswer:
    return DoubtAnswer.model_validate(
        {
            "id": doubt.doubt_id,
            "date": doubt.on,
            "check": doubt.found_by,
            "what": doubt.what,
            "since": doubt.since,
            "state": doubt.state,
            "dismissed_by": "/".join(filter(None, (doubt.acting_by, doubt.dismissed_by))) or None,
            "reason": doubt.reason or None,
            "dismissed_at": from_micros(doubt.dismissed_micros) if doubt.dismissed_micros else None,
        }
    )


@bp.api("GET", "/v1/proofs", may="ledger:read", query=ProofQuery, answer=page_of(ProofAnswer))
def list_own_proofs(call: Call) -> Answer:
    """The proofs of this book, newest first: one a day, and those that somebody asked for."""
    after = decode_cursor(call.query.cursor)
    proofs, further = list_proofs(call.tenant.tenant_id, limit=call.query.limit, after=after)
    page: Answer = page_of(ProofAnswer)(items=[_proof(proof) for proof in proofs], next_cursor=encode_cursor(further))
    return page


@bp.api("GET", "/v1/proofs/{date}", may="ledger:read", answer=ProofAnswer)
def read_own_proof(call: Call, date: str) -> ProofAnswer:
    """The newest proof of this book for that day."""
    proofs, _ = list_proofs(call.tenant.tenant_id, limit=1, of=_day(date))
    if not proofs:
        raise NotFound("proof")
    return _proof(proofs[0])


@bp.api(
    "POST",
    "/v1/proofs",
    may="settlements:write",
    body=ProofBody,
    answer=ProofAnswer,
    status=201,
    repeatable=True,
    also={202: "a long book: it is proven behind this request"},
)
def create_proof(call: Call) -> Response | ProofAnswer:
    """Prove this book as it stands, its settled days up to that day. What is broken is doubted from then on."""
    body: ProofBody = call.body
    day = body.date or call.today - ONE_DAY
    if day >= call.today:
        raise invalid_field("date", "has not ended yet", "day-not-ended")
    if not is_short(call.tenant):
        ask_proof(call.tenant, day, call.author)
        return render_with(202, _running(day))
    return _proof(prove_book(call.tenants, day, call.now, call.author, call.remember(_proof)))


@bp.api("GET", "/v1/doubts", may="ledger:read", answer=DoubtsAnswer)
def list_doubts(call: Call) -> DoubtsAnswer:
    """What proofs found broken in this book: frozen while it is open."""
    return DoubtsAnswer(items=[_doubt(doubt) for doubt in read_doubts(call.tenant.tenant_id)])


@bp.api(
    "POST",
    "/v1/doubts/{doubt_id}/dismissal",
    may="doubts:dismiss",
    body=DismissalBody,
    answer=DoubtAnswer,
    status=201,
    repeatable=True,
    also={409: "not-doubted"},
)
def create_dismissal(call: Call, doubt_id: str) -> DoubtAnswer:
    """Let something doubted pass: the owner in person, with a reason that is kept and named in the reports."""
    tenant_id = call.tenant.tenant_id
    return _doubt(dismiss_doubt(tenant_id, doubt_id, call.body.reason, call.author, call.now, call.remember(_doubt)))


def _installation(report: SignedReport) -> InstallationProofAnswer:
    return InstallationProofAnswer.model_validate(
        {
            **report.summary,
            "date": report.day,
            "status": report.status,
            "previous_date": report.previous_day,
            "previous_hash": report.previous_hash or None,
            "signed_off": report.content_hash,
        }
    )


@bp.api(
    "GET",
    "/v1/installation-proofs",
    may="ledger:read",
    query=ProofQuery,
    answer=page_of(InstallationProofAnswer),
)
def list_installation_proofs(call: Call) -> Answer:
    """The signed proofs of the installation, newest first. Only the operator may."""
    _check_operator(call)
    after = decode_cursor(call.query.cursor)
    reports, further = list_reports(call.tenant.tenant_id, limit=call.query.limit, after=after)
    page: Answer = page_of(InstallationProofAnswer)(
        items=[_installation(report) for report in reports], next_cursor=encode_cursor(further)
    )
    return page


@bp.api("GET", "/v1/installation-proofs/{date}", may="ledger:read", answer=InstallationProofAnswer)
def read_installation_proof(call: Call, date: str) -> InstallationProofAnswer:
    """The signed proof of the installation for that day: 404 until it is signed off. Only the operator may."""
    _check_operator(call)
    return _installation(find_report(call.tenant.tenant_id, _day(date)))


@bp.api("GET", "/v1/installation-proofs/{date}/report", may="ledger:read", text={"text/plain": _REPORT})
def download_installation_proof(call: Call, date: str) -> Response:
    """The report as a file: every book, every check, what is broken. Its last line is the hash of all above it."""
    _check_operator(call)
    operator_id = call.tenant.tenant_id
    report = find_report(operator_id, _day(date))
    headers: dict[str, str | list[str]] = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{call.tenant.code}-proof-{report.day}.txt"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body=read_text(operator_id, report), status_code=200, headers=headers)


def _check_operator(call: Call) -> None:
    if not call.tenant.is_operator:
        raise NotAllowed("operator-only", "Only the operator sees the proof of the whole installation.")


def _day(text: str) -> datetime.date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise invalid_field("date", str(error)) from None
