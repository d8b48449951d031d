"""The two pages people read: the start page, and the API made readable from its own OpenAPI document. No script in them."""

import json
from html import escape
from typing import Any

from chalicelib.aws.config import config

_STYLE = """
:root{--ink:#14212b;--soft:#566572;--line:#dde4ea;--paper:#fff;--ground:#f4f7f9;--accent:#0b6e6e;
  --get:#1f6f43;--post:#1d5fa8;--put:#8a5a00;--patch:#6b3fa0}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf2;--soft:#9fb0bd;--line:#2b3945;--paper:#16212b;
  --ground:#0f1820;--accent:#4fc3c3;--get:#5cc28c;--post:#6cb0f0;--put:#e0b050;--patch:#bb98ec}
}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,"Noto Sans",sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:2rem;margin:.2em 0}
h2{margin:2rem 0 .6rem;font-size:1.25rem}
p{margin:.5rem 0}
a{color:var(--accent)}
.soft{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:1rem;margin:1rem 0}
.card,details{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:1rem}
.card h3{margin:0 0 .3rem;font-size:1rem}
details{margin:.5rem 0;padding:.6rem .9rem}
summary{cursor:pointer;display:flex;gap:.7rem;align-items:baseline;flex-wrap:wrap}
code,pre{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.9em}
pre{background:var(--ground);border:1px solid var(--line);border-radius:8px;padding:.8rem;overflow:auto}
.m{font-weight:700;min-width:3.6rem}
.GET{color:var(--get)}
.POST{color:var(--post)}
.PUT{color:var(--put)}
.PATCH{color:var(--patch)}
.button{display:inline-block;background:var(--accent);color:var(--paper);padding:.55rem 1rem;
  border-radius:8px;text-decoration:none;font-weight:600}
table{border-collapse:collapse;width:100%;margin:.4rem 0}
td,th{text-align:left;border-top:1px solid var(--line);padding:.3rem .5rem .3rem 0;vertical-align:top}
nav a{margin-right:1rem}
"""

_CARDS = (
    (
        "Onboard resellers",
        "Mini-ISPs up to eight levels deep, each with its own staff, plans, tariff, number format and books.",
    ),
    ("Move funds", "Recharge and refund down the levels: both funds and both books in one write, or nothing happened."),
    ("Connect subscribers", "By hand or ten thousand at once from a CSV; search by name, phone, username, id or MAC."),
    (
        "Settle every day",
        "Enabled days, pro-rated to the paisa, debited at every level; low funds stop the newest first.",
    ),
    (
        "Read both books",
        "Append-only, hash-chained double entry for operator and reseller, never mixed, verifiable at any time.",
    ),
    (
        "Help without a password",
        "Log in as a reseller for fifteen minutes, read-only unless asked, written where it sees it.",
    ),
)


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>"
    )


def start_page() -> str:
    """What this is, what is in it, and where to go on."""
    cards = "".join(f'<div class="card"><h3>{escape(t)}</h3><p class="soft">{escape(s)}</p></div>' for t, s in _CARDS)
    body = (
        "<h1>Tributary</h1><p>Billing and books for internet providers that sell through resellers: a prepaid fund "
        "engine over any number of reseller levels, and two-tier accounting that never mixes.</p>"
        f'<div class="cards">{cards}</div><p><a class="button" href="/docs">Read the API</a></p>'
        "<h2>Sign in</h2><p>Send your e-mail and password to <code>POST /v1/auth/login</code>, then the access token "
        "you get with every call:</p><pre>curl -s localhost:8000/v1/auth/login -H 'Content-Type: application/json' \\\n"
        '  -d \'{"email": "...", "password": "..."}\'</pre>'
        "<p>Where this installation was started, its address and how to sign in were printed there.</p>"
        f'<p class="soft">Version {escape(config().version)}. <a href="/openapi.json">OpenAPI document</a> '
        '<a href="/health">Health</a></p>'
    )
    return _page("Tributary", body)


def api_page(document: dict[str, Any]) -> str:
    """Every route with what it takes and answers, grouped as the product is."""
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            section = _operation(method.upper(), path, operation, document)
            groups.setdefault(operation["tags"][0], []).append(section)
    links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in groups)
    sections = "".join(f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(parts)}' for tag, parts in groups.items())
    intro = (
        f"<h1>{escape(document['info']['title'])} API</h1><nav>{links}</nav><p>JSON in and out. Amounts are strings with "
        "the currency's decimals. Refusals are <code>application/problem+json</code> with a stable <code>code</code>. A "
        "<code>POST</code> that moves money or creates something takes an <code>Idempotency-Key</code>. Lists take "
        '<code>limit</code> and <code>cursor</code>. Generated from the code: <a href="/openapi.json">openapi.json</a>.</p>'
    )
    return _page("Tributary API", intro + sections)


def _operation(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    parts = [f"<p>{escape(operation.get('description', ''))}</p>"]
    parameters = operation.get("parameters", [])
    if parameters:
        rows = "".join(
            f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p['in'])}</td>"
            f"<td>{escape(p.get('description', ''))}</td></tr>"
            for p in parameters
        )
        parts.append(f"<table>{rows}</table>")
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>Takes <code>{escape(media)}</code></p>{_example(content['schema'], document)}")
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get("application/json")
        if content is not None:
            parts.append(f"<p>Answers {escape(status)}</p>{_example(content['schema'], document)}")
    refused = "".join(
        f"<tr><td>{escape(status)}</td><td>{escape(answer['description'])}</td></tr>"
        for status, answer in operation["responses"].items()
        if status >= "400"
    )
    parts.append(f"<table>{refused}</table>")
    return (
        f'<details><summary><span class="m {method}">{method}</span><code>{escape(path)}</code>'
        f'<span class="soft">{escape(operation["summary"])}</span></summary>{"".join(parts)}</details>'
    )


def _example(schema: dict[str, Any], document: dict[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    found = document["components"]["schemas"].get(name, schema)
    examples = found.get("examples")
    return f"<pre>{escape(json.dumps(examples[0], indent=2, ensure_ascii=False))}</pre>" if examples else ""
