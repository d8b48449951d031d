"""The README's job, run as it stands against the real server: if it goes stale, this fails."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("readme")

REPOSITORY = Path(__file__).parents[2]
PASSWORD = "correct-horse-1"
MONTHLY_MINOR = {"HOME-10": 57_500, "HOME-20": 89_950}
RECHARGED_MINOR = 1_000_000


class Server:
    """`python -m local` with the real product, on a free port, with nothing of this process's environment but PATH."""

    def __init__(self, data: Path, **settings: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(data.parent),
            "PORT": "0",
            "DATA_DIR": str(data),
            "OPERATOR_PASSWORD": PASSWORD,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=REPOSITORY,
            env=environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []

    def wait_for(self, text: str) -> str:
        """Reads what it says until a line has the text."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if text in line:
                return line
        raise AssertionError(f"it ended without {text!r}: " + "\n".join(self.said))

    def ready(self) -> str:
        """Its address, once it serves. From then on its log goes nowhere: it must not wait for a reader."""
        address = self.wait_for("ready at").split()[2]
        threading.Thread(target=self._drain, daemon=True).start()
        return address

    def kill(self) -> None:
        """Ends it as `kill -9` does."""
        self.process.kill()
        self.process.wait()

    def _drain(self) -> None:
        assert self.process.stdout is not None
        for _ in self.process.stdout:
            continue


def run_readme(address: str) -> list[Any]:
    """Run the README's blocks one after another in one shell; every JSON answer they printed."""
    blocks = re.findall(r"^```bash\n(.*?)^```$", (REPOSITORY / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    done = subprocess.run(
        ["bash", "-euo", "pipefail"],
        input="\n".join(blocks),
        env={"PATH": os.environ["PATH"], "API": address, "OPERATOR_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def day_price(monthly_minor: int, day: date) -> int:
    """By the rule in so many words: cum(k) = round_half_up(P*k/n) over the n days of the month; day k costs the step."""
    days = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day.replace(day=1)).days

    def cum(k: int) -> int:
        return (2 * monthly_minor * k + days) // (2 * days)

    return cum(day.day) - cum(day.day - 1)


def written(amount_minor: int) -> str:
    return f"{amount_minor // 100}.{amount_minor % 100:02}"


def balances(trial_balance: Any) -> dict[str, tuple[str, str]]:
    assert trial_balance["total_debit"] == trial_balance["total_credit"]
    return {account["code"]: (account["debit"], account["credit"]) for account in trial_balance["accounts"]}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = Server(tmp_path_factory.mktemp("readme") / "data", DEMO="0")
    yield server.ready()
    server.kill()


@pytest.fixture(scope="module")
def told(address: str) -> list[Any]:
    """What the job printed on an empty installation."""
    return run_readme(address)


@pytest.fixture
def days(told: list[Any]) -> list[date]:
    """The three days of the job: the last is yesterday in Dhaka (or was, a moment ago)."""
    found = [date.fromisoformat(item["date"]) for item in told[-3]["items"]]
    ago = (datetime.now(UTC) + timedelta(hours=6)).date() - found[-1]
    assert ago.days in (1, 2)
    assert found == [found[-1] - timedelta(days=back) for back in (2, 1, 0)]
    return found


def charges_of(days: list[date]) -> list[int]:
    """Two subscribers from the first day on, a third with the dearer plan on the last."""
    charges = [sum(day_price(price, day) for price in MONTHLY_MINOR.values()) for day in days]
    charges[-1] += day_price(MONTHLY_MINOR["HOME-20"], days[-1])
    return charges


def test_the_dry_run_counts_and_only_the_second_import_writes(told: list[Any]) -> None:
    imports = [(one["dry_run"], one["created"], one["error_count"]) for one in told if "dry_run" in one]
    assert imports == [(True, 3, 0), (False, 3, 0)]


def test_the_recharge_sent_twice_happens_once(told: list[Any]) -> None:
    first, second = [one for one in told if one.get("kind") == "recharge"]
    assert first == second
    assert first["balance_after"] == written(RECHARGED_MINOR)


def test_the_day_costs_what_the_rule_says(told: list[Any], days: list[date]) -> None:
    run, own_day = (one for one in told if one.get("status") == "settled")
    assert (run["tenants"], run["charged"], run["total"]) == (1, 3, written(charges_of(days)[-1]))
    assert (own_day["subscribers_charged"], own_day["total"]) == (3, written(charges_of(days)[-1]))
    assert own_day["uncollected"] == "0.00"


def test_the_fund_is_the_recharge_less_every_day(told: list[Any], days: list[date]) -> None:
    [fund] = [one for one in told if "runway_days" in one]
    assert fund["balance"] == written(RECHARGED_MINOR - sum(charges_of(days)))
    assert fund["new_connections"] == "open"


def test_the_bill_names_every_day_with_its_price(told: list[Any], days: list[date]) -> None:
    bill = told[-3]
    expected = [day_price(MONTHLY_MINOR["HOME-20"], day) for day in days]
    assert [item["charge"] for item in bill["items"]] == [written(charge) for charge in expected]
    assert bill["charged"] == written(sum(expected))
    assert {item["state"] for item in bill["items"]} == {"enabled"}


def test_both_books_balance_to_the_same_figures(told: list[Any], days: list[date]) -> None:
    used = sum(charges_of(days))
    left = RECHARGED_MINOR - used
    resellers, operators = told[-2], told[-1]
    assert balances(resellers) == {
        "1010": ("0.00", written(RECHARGED_MINOR)),
        "1200": (written(left), "0.00"),
        "5000": (written(used), "0.00"),
    }
    assert balances(operators) == {
        "1010": (written(RECHARGED_MINOR), "0.00"),
        "2100": ("0.00", written(left)),
        "4100": ("0.00", written(used)),
    }
    assert resellers["total_debit"] == operators["total_debit"] == written(RECHARGED_MINOR)


def test_the_job_can_be_done_again_on_the_same_data(address: str, told: list[Any]) -> None:
    again = run_readme(address)
    assert again[-2] == told[-2]
    assert again[-1]["total_debit"] == written(2 * RECHARGED_MINOR)


def test_the_readme_fits_a_page_and_names_what_a_newcomer_needs() -> None:
    text = (REPOSITORY / "README.md").read_text()
    assert len(text.splitlines()) <= 110
    for wanted in ("make run", "make test", "make help", "make bench", "make package", "docs/ARCHITECTURE.md", "/docs"):
        assert wanted in text
    assert set(re.findall(r"`(HOST|PORT|DATA_DIR|DEMO|OPERATOR_EMAIL|OPERATOR_PASSWORD)`", text)) == {
        "HOST", "PORT", "DATA_DIR", "DEMO", "OPERATOR_EMAIL", "OPERATOR_PASSWORD",
    }  # fmt: skip
