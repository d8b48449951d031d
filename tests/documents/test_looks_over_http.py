"""Brand, logo and templates through HTTP: saved in versions, tried before they are saved, each tenant its own."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from chalicelib.documents import brands, templates
from chalicelib.documents.brand import Brand, picture_size
from chalicelib.documents.paper import PaperKind
from chalicelib.documents.templates import Template
from tests.conftest import SetClock
from tests.documents.papers import pages_of, picture, send_logo
from tests.journeys.client import Client, Reply
from tests.simulation import MemoryDynamoDB
from tests.store_of_files import Store
from tests.tenants.isp import fields_of, nobody, onboard, owner_of, the_operator

BRAND = {
    "name": "Alpha Broadband Ltd.",
    "address": ["House 7, Road 12", "Banani, Dhaka 1213"],
    "phone": "+880 9610-000000",
    "email": "billing@alpha.test",
    "tax_number": "BIN 001234567-0101",
    "footer": "Helpline 16000",
    "main_colour": "#0B5D4E",
    "accent_colour": "#c77700",
    "language": "bn",
}
OWN = '#import "house.typ": *\n#show: sheet\nOur own words, #paper.buyer.name\n#lines-part()\n'


@pytest.fixture
def alpha(engine: MemoryDynamoDB, bucket: Store, the_clock: SetClock) -> Client:
    """The owner of Alpha, beside whom Gamma is."""
    operator = the_operator()
    for code in ("ALPHA", "GAMMA"):
        onboard(operator, code)
    return owner_of("ALPHA")


def fetched(reply: Reply) -> list[str]:
    """The pages behind a link."""
    return pages_of(requests.get(reply["url"], timeout=5).content)


def test_a_tenant_without_a_brand_has_its_name_and_plain_colours(alpha: Client) -> None:
    shown = alpha.get("/v1/brand").ok(200).data
    assert (shown["version"], shown["name"], shown["main_colour"]) == (0, "Alpha Net", "#1f3a5f")
    assert (shown["logo"], shown["saved_at"], shown["saved_by"]) == (None, None, None)


def test_a_brand_is_saved_whole_and_the_newest_holds_and_nobody_else_has_it(alpha: Client) -> None:
    first = alpha.put("/v1/brand", BRAND).ok(200).data
    assert first == alpha.get("/v1/brand").ok(200).data
    assert {name: first[name] for name in BRAND} == {**BRAND, "main_colour": "#0b5d4e"}
    assert (first["version"], first["saved_at"]) == (1, "2026-11-22T06:00:00.000000Z")
    second = alpha.put("/v1/brand", {"name": "Alpha"}).ok(200).data
    assert (second["version"], second["address"], second["email"], second["language"]) == (2, [], None, "en")
    gamma = owner_of("GAMMA").get("/v1/brand").ok(200)
    assert (gamma["version"], gamma["name"]) == (0, "Gamma Net")


@pytest.mark.parametrize(
    "change,field",
    [
        ({"main_colour": "green"}, "main_colour"),
        ({"accent_colour": "#12345"}, "accent_colour"),
        ({"name": ""}, "name"),
        ({"name": "x\u202ey"}, "name"),
        ({"address": ["a"] * 6}, "address"),
        ({"address": [""]}, "address.0"),
        ({"email": "nobody"}, "email"),
        ({"footer": "x" * 301}, "footer"),
        ({"language": "hi"}, "language"),
        ({"logo": "../l"}, "logo"),
        ({"logo": "laaaaaaaaaaaaaaaa"}, "logo"),
        ({"colour": "#123456"}, "colour"),
    ],
)
def test_a_bad_brand_is_refused_by_its_field_and_nothing_is_saved(
    alpha: Client, change: dict[str, Any], field: str
) -> None:
    assert fields_of(alpha.put("/v1/brand", {**BRAND, **change})) == [field]
    assert alpha.get("/v1/brand").ok(200)["version"] == 0


def test_a_logo_is_declared_sent_named_and_printed(alpha: Client) -> None:
    logo = send_logo(alpha, picture())
    assert alpha.put("/v1/brand", {**BRAND, "logo": logo}).ok(200)["logo"] == logo
    link = alpha.post("/v1/templates/invoice/preview", {}).ok(200)
    assert b"/Subtype/Image" in requests.get(link["url"], timeout=5).content


def test_a_logo_of_somebody_else_or_one_that_has_not_come_is_refused(alpha: Client) -> None:
    theirs = send_logo(owner_of("GAMMA"), picture())
    assert fields_of(alpha.put("/v1/brand", {**BRAND, "logo": theirs})) == ["logo"]
    body = {"media_type": "image/png", "size_bytes": 9, "sha256": "9f2c61b0" * 8}
    awaited = alpha.post("/v1/brand/logo", body).ok(201)["id"]
    refused = alpha.put("/v1/brand", {**BRAND, "logo": awaited}).ok(422)
    assert refused["errors"] == [{"field": "logo", "message": "has not been uploaded yet"}]


@pytest.mark.parametrize(
    "content,media_type,said",
    [
        (b"<svg/>", "image/png", "is not a PNG picture"),
        (picture(), "image/jpeg", "is not a JPEG picture"),
        (picture()[:20], "image/png", "is not a PNG picture"),
        (picture(2001, 2000), "image/png", "has 2001 x 2000 pixels"),
        (picture(4001, 1), "image/png", "has 4001 x 1 pixels"),
        (picture()[:40] + b"x" * 40, "image/png", "cannot be printed"),
        (b"\xff\xd8\xff\xe0\x00\x10" + b"\0" * 40, "image/jpeg", "is not a JPEG picture"),
        (b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x09\x00\x09\x03" + b"\0" * 40, "image/jpeg", "cannot be printed"),
    ],
)
def test_what_is_no_picture_or_too_large_a_one_becomes_nobodys_logo(
    alpha: Client, content: bytes, media_type: str, said: str
) -> None:
    logo = send_logo(alpha, content, media_type)
    (error,) = alpha.put("/v1/brand", {**BRAND, "logo": logo}).ok(422)["errors"]
    assert error["field"] == "logo"
    assert error["message"].startswith(said)
    assert alpha.get("/v1/brand").ok(200)["version"] == 0


def test_a_picture_of_four_million_pixels_goes() -> None:
    assert picture_size(picture(2000, 2000), "image/png") == (2000, 2000)


@pytest.mark.parametrize("media_type", ["image/svg+xml", "image/gif", "application/pdf"])
def test_a_logo_is_a_png_or_a_jpeg(alpha: Client, media_type: str) -> None:
    body = {"media_type": media_type, "size_bytes": 9, "sha256": "9f2c61b0" * 8}
    assert fields_of(alpha.post("/v1/brand/logo", body)) == ["media_type"]
    body = {"media_type": "image/png", "size_bytes": 500_001, "sha256": "9f2c61b0" * 8}
    assert fields_of(alpha.post("/v1/brand/logo", body)) == ["size_bytes"]


def test_every_kind_begins_with_the_built_in_template(alpha: Client) -> None:
    listed = alpha.get("/v1/templates").ok(200)
    kinds = ["invoice", "credit_note", "receipt", "statement", "commission_statement", "payslip"]
    assert [(one["kind"], one["version"], one["built_in"]) for one in listed["items"]] == [
        (kind, 0, True) for kind in kinds
    ]
    assert "#let sheet(body)" in listed["house"]
    assert '#import "house.typ": *' in alpha.get("/v1/templates/payslip").ok(200)["source"]


def test_a_template_is_saved_as_a_new_version_and_the_built_in_one_comes_back(alpha: Client) -> None:
    first = alpha.put("/v1/templates/invoice", {"source": OWN}).ok(200)
    assert (first["version"], first["built_in"], first["source"]) == (1, False, OWN)
    assert alpha.get("/v1/templates/invoice").ok(200).data == first.data
    restored = alpha.put("/v1/templates/invoice", {"source": None}).ok(200)
    assert (restored["version"], restored["built_in"]) == (2, True)
    assert "#heading-part()" in restored["source"]
    versions = alpha.get("/v1/templates/invoice/versions").ok(200)["items"]
    assert [(one["version"], one["built_in"]) for one in versions] == [(2, True), (1, False)]
    assert alpha.get("/v1/templates/invoice/versions/1").ok(200)["source"] == OWN
    for other in (owner_of("GAMMA"), alpha):
        kind = "invoice" if other is not alpha else "receipt"
        assert other.get(f"/v1/templates/{kind}").ok(200)["version"] == 0
        other.get(f"/v1/templates/{kind}/versions/1").ok(404)


def test_versions_are_listed_page_by_page(alpha: Client) -> None:
    for _ in range(3):
        alpha.put("/v1/templates/receipt", {"source": None}).ok(200)
    page = alpha.get("/v1/templates/receipt/versions?limit=2").ok(200)
    assert [one["version"] for one in page["items"]] == [3, 2]
    rest = alpha.get(f"/v1/templates/receipt/versions?limit=2&cursor={page['next_cursor']}").ok(200)
    assert ([one["version"] for one in rest["items"]], rest["next_cursor"]) == ([1], None)


def test_a_preview_shows_a_template_before_it_is_saved(alpha: Client) -> None:
    alpha.put("/v1/brand", BRAND).ok(200)
    link = alpha.post("/v1/templates/invoice/preview", {"source": OWN, "language": "en"}).ok(200)
    assert (link["file_name"], link["expires_at"]) == ("ALPHA-invoice-sample.pdf", "2026-11-22T06:05:00.000000Z")
    (page,) = fetched(link)
    assert page.startswith("Our own words,")
    assert "Home 20 Mbps" in page
    assert alpha.get("/v1/templates/invoice").ok(200)["version"] == 0
    (bangla,) = fetched(alpha.post("/v1/templates/statement/preview", {}).ok(200))
    assert "Alpha Broadband Ltd." in bangla
    assert "১,৭৬০.০০" in bangla.replace(" ", "")


@pytest.mark.parametrize(
    "source,line,said",
    [
        (f"{OWN}#nothere", 5, "line 5: unknown variable: nothere"),
        ('#read("/etc/passwd")', 1, "line 1: file not found"),
        ('#import "\\u{40}preview/cetz:0.3.1"', 1, "line 1: failed to download package"),
        ("#for i in range(9999) { pagebreak() }", None, "makes 10000 pages: at most 300 are printed"),
        ('#let x = "a" * 3000000000', None, "needs more memory than there is"),
    ],
)
def test_a_template_that_does_not_print_is_neither_shown_nor_saved(
    alpha: Client, source: str, line: int | None, said: str
) -> None:
    for refused in (
        alpha.post("/v1/templates/invoice/preview", {"source": source}).ok(422),
        alpha.put("/v1/templates/invoice", {"source": source}).ok(422),
    ):
        assert refused["code"] == "template-fails"
        assert refused["errors"] == [{"field": "source", "message": said}]
        assert refused.data.get("line") == line
    assert alpha.get("/v1/templates/invoice").ok(200)["version"] == 0


def test_a_template_that_never_ends_is_refused_within_seconds(alpha: Client) -> None:
    loops = "#for a in range(9000) { for b in range(9000) { for c in range(9000) { let x = a * b } } }"
    refused = alpha.put("/v1/templates/invoice", {"source": loops}).ok(422)
    assert refused["errors"] == [{"field": "source", "message": "takes longer than 4 seconds"}]


@pytest.mark.parametrize(
    "source,said",
    [
        ("", "must not be empty"),
        (" \n", "must not be empty"),
        ("x" * 100_001, "must be at most 100,000 bytes long"),
        ("ক" * 33_334, "must be at most 100,000 bytes long"),
        ("\ud800", "holds half of a character"),
        (7, "must be a string"),
    ],
)
def test_what_is_no_template_is_refused(alpha: Client, source: Any, said: str) -> None:
    refused = alpha.put("/v1/templates/invoice", {"source": source}).ok(422)
    assert refused["errors"] == [{"field": "source", "message": said}]


def test_there_is_no_other_kind_and_no_other_version(alpha: Client) -> None:
    for path in (
        "bill",
        "house",
        "..%2f",
        "invoice/versions/1",
        "invoice/versions/0",
        "invoice/versions/-1",
        "invoice/versions/x",
    ):
        alpha.get(f"/v1/templates/{path}").ok(404)
    alpha.put("/v1/templates/house", {"source": OWN}).ok(404)
    alpha.post("/v1/templates/bill/preview", {}).ok(404)


def test_a_template_sees_no_other_tenants_brand(alpha: Client) -> None:
    alpha.put("/v1/brand", {**BRAND, "logo": send_logo(alpha, picture())}).ok(200)
    everything = '#import "house.typ": paper\n#repr(paper)'
    link = owner_of("GAMMA").post("/v1/templates/invoice/preview", {"source": everything}).ok(200)
    text = "".join(fetched(link)).replace(" ", "").replace("\u200b", "")
    assert "GammaNet" in text
    assert "Alpha" not in text
    refused = owner_of("GAMMA").post("/v1/templates/invoice/preview", {"source": '#image("logo.svg")'}).ok(422)
    assert refused["errors"][0]["message"] == "line 1: file not found"


def test_who_may_change_how_papers_look(alpha: Client) -> None:
    for role, status in (("accountant", 403), ("support", 403), ("manager", 200)):
        email = f"{role}@alpha.test"
        alpha.post("/v1/users", {"name": role, "email": email, "role": role, "password": "correct horse 1"}).ok(201)
        person = nobody().signed_in(email, "correct horse 1")
        person.put("/v1/templates/invoice", {"source": OWN}).ok(status)
        person.put("/v1/brand", {"name": "Ours"}).ok(status)
        changed = status == 200
        shown = person.get("/v1/templates/invoice").ok(200)
        assert (shown["version"], shown["source"] == OWN) == (int(changed), changed)
        brand = person.get("/v1/brand").ok(200)
        assert (brand["version"], brand["name"]) == ((1, "Ours") if changed else (0, "Alpha Net"))
    assert owner_of("GAMMA").get("/v1/templates/invoice").ok(200)["version"] == 0
    assert owner_of("GAMMA").get("/v1/brand").ok(200)["version"] == 0


def test_of_two_that_are_saved_at_once_both_are_kept(alpha: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has read the newest version before the other has written its own."""
    alpha.put("/v1/brand", {"name": "First"}).ok(200)
    alpha.put("/v1/templates/receipt", {"source": "First"}).ok(200)
    monkeypatch.setattr(brands, "read_brand", stale_once(brands.read_brand, Brand("Alpha")))
    monkeypatch.setattr(
        templates, "current_template", stale_once(templates.current_template, Template(PaperKind.RECEIPT))
    )
    assert alpha.put("/v1/brand", {"name": "Second"}).ok(200)["version"] == 2
    assert alpha.put("/v1/templates/receipt", {"source": "Second"}).ok(200)["version"] == 2
    assert alpha.get("/v1/templates/receipt/versions/1").ok(200)["source"] == "First"
    assert alpha.get("/v1/brand").ok(200)["name"] == "Second"


def stale_once(really: Callable[..., Any], stale: Any) -> Callable[..., Any]:
    """What reads as it did before the first write, once."""
    answers = [stale]

    def call(*args: Any) -> Any:
        return answers.pop() if answers else really(*args)

    return call


def test_a_template_has_a_thousand_versions_at_most(alpha: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "MAX_VERSIONS", 1)
    alpha.put("/v1/templates/receipt", {"source": None}).ok(200)
    assert alpha.put("/v1/templates/receipt", {"source": OWN}).ok(409)["code"] == "too-many-versions"
    kept = alpha.get("/v1/templates/receipt").ok(200)
    assert (kept["version"], kept["source"] == OWN) == (1, False)
