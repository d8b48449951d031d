"""What a person reads after a run that found something."""

from tests.fuzz.findings import Findings
from tests.fuzz.seeded import ABOVE, owner_email
from tests.fuzz.server import OPERATOR, PASSWORD, Server

_LOGIN = (
    "TOKEN_OF_{code}=$(curl -sS \"$URL/v1/auth/login\" -H 'Content-Type: application/json' "
    '-d \'{{"email": "{email}", "password": "{password}"}}\' | sed \'s/.*"access_token":"\\([^"]*\\)".*/\\1/\')'
)


def how_to_see_it_again(findings: Findings, server: Server) -> str:
    """Every finding, and before them the commands that start the same installation again."""
    people = {"OP": OPERATOR, **{code: owner_email(code) for code in ABOVE}}
    logins = [_LOGIN.format(code=code, email=email, password=PASSWORD) for code, email in people.items()]
    failures = [line[:3000] for line in server.failures_said()]
    return "\n".join(
        [
            f"{len(findings.found)} findings in {findings.requests} requests. The installation as it was left:",
            f"  DATA_DIR={server.data} DEMO=0 make run",
            "  URL=http://127.0.0.1:8000",
            *(f"  {login}" for login in logins),
            "",
            findings.report(),
            "",
            *failures,
        ]
    )
