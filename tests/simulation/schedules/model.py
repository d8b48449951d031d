"""What money does, in as few lines as it can be said: no rows, no writes, no attempts, and no rule of the code."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

CHAINS = {"alpha": ("alpha", "op"), "beta": ("beta", "alpha", "op"), "gamma": ("gamma", "op")}
MONTHLY = {tenant: {"HOME": (50_000,), "FAST": (80_000,)} for tenant in ("alpha", "gamma")}
MONTHLY["beta"] = {"HOME": (57_500, 50_000), "FAST": (89_950, 80_000)}
SIDES = {"cash": ("1000", "1000"), "bank": ("1010", "1010"), "credit": ("1150", "2000"), "bonus": ("5200", "4900")}
DONE, TOO_LOW, ONE_DAY = "done", "fund-too-low", timedelta(days=1)


def day_price(monthly_minor: int, day: date) -> int:
    days = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day.replace(day=1)).days
    return (2 * monthly_minor * day.day + days) // (2 * days) - (2 * monthly_minor * (day.day - 1) + days) // (2 * days)


def nets(lines: list[list[int]], levels: int) -> list[int]:  # each level pays the next, and is paid by the one below
    totals = [sum(line[level] for line in lines) for level in range(levels)]
    return [total - below for total, below in zip(totals, [0, *totals[:-1]], strict=True)]


@dataclass
class Service:
    start: date
    plan: str
    gone: date | None = None
    cut: date | None = None
    back: date | None = None

    def is_billed(self, day: date) -> bool:
        is_held = self.cut is not None and self.cut <= day < (self.back or date.max)
        return self.start <= day <= (self.gone or date.max) and not is_held


@dataclass
class Model:
    today: date
    next_day: dict[str, date]
    services: dict[str, list[Service]]
    funds: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("op", *CHAINS), 0))
    debts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHAINS, 0))
    credit_limits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHAINS, 0))
    last_lines: dict[str, list[list[int]]] = field(default_factory=dict)
    reversed: set[tuple[str, str]] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    accounts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def apply(self, kind: str, *args: str) -> str:
        return getattr(self, kind)(*args) or DONE  # or the refusal

    def post(self, tenant: str, debit: str, credit: str, minor: int) -> None:
        self.accounts[tenant, debit] += minor
        self.accounts[tenant, credit] -= minor

    def move(self, child: str, minor: int, method: str) -> None:
        parent = CHAINS[child][1]
        self.funds[child] += minor
        self.funds[parent] -= minor
        self.post(parent, SIDES[method][0], "2100", minor)
        self.post(child, "1200", SIDES[method][1], minor)

    def recharge(self, child: str, amount: str, method: str) -> str | None:
        parent, minor = CHAINS[child][1], int(amount)
        repaid = min(minor, self.debts[child]) if method in ("cash", "bank") else 0
        if parent != "op" and minor - repaid > max(0, self.funds[parent] + self.credit_limits[parent]):
            return TOO_LOW
        self.debts[child] += (minor if method == "credit" else 0) - repaid
        self.post(parent, SIDES[method][0], "1150", repaid)
        self.post(child, "2000", SIDES[method][1], repaid)
        return self.move(child, minor - repaid, method)

    def refund(self, child: str, amount: str, method: str) -> str | None:
        minor, debt = int(amount), self.debts[child]
        if self.funds[child] - minor < (debt if method in ("cash", "bank") else 0) or (
            method == "credit" and minor > debt
        ):
            return TOO_LOW
        self.debts[child] -= minor if method == "credit" else 0
        return self.move(child, -minor, method)

    def limit(self, child: str, amount: str) -> None:
        self.credit_limits[child] = int(amount)

    def entry(self, tenant: str, amount: str) -> None:
        self.post(tenant, "1000", "4000", int(amount))

    def reverse(self, tenant: str, number: str, amount: str) -> str | None:
        before, self.reversed = self.reversed, self.reversed | {(tenant, number)}
        return "already-reversed" if before == self.reversed else self.post(tenant, "4000", "1000", int(amount))

    def close(self, tenant: str) -> str | None:
        return "already-closed" if tenant in self.closed else self.closed.add(tenant)

    def reopen(self, tenant: str) -> str | None:
        return self.closed.remove(tenant) if tenant in self.closed else "not-closed"

    def lines(self, tenant: str, services: list[Service], day: date) -> list[list[int]]:
        return [[day_price(monthly, day) for monthly in MONTHLY[tenant][service.plan]] for service in services]

    def covered(self, lines: list[list[int]], spare: list[int]) -> int:  # how many of them every level can pay
        for count in range(1, len(lines) + 1):
            if any(net > max(0, s) for net, s in zip(nets(lines[:count], len(spare)), spare, strict=True)):
                return count - 1
        return len(lines)

    def connect(self, tenant: str, plan: str) -> str | None:
        service, levels = Service(self.today, plan), CHAINS[tenant][:-1]
        first = nets(self.lines(tenant, [service], max(self.today, self.next_day[tenant])), len(levels))
        is_short = any(self.funds[level] < net for level, net in zip(levels, first, strict=True))
        return TOO_LOW if is_short else self.services[tenant].append(service)

    def disconnect(self, tenant: str, number: str) -> str | None:
        service = self.services[tenant][int(number) - 1]
        before, service.gone = service.gone, service.gone or self.today
        return "already-disconnected" if before else None

    def settle(self, tenant: str, day_text: str) -> str | None:
        day, levels = date.fromisoformat(day_text), CHAINS[tenant][:-1]
        waits = any(chain[1] == tenant and self.next_day[child] <= day for child, chain in CHAINS.items())
        if day != self.next_day[tenant] or day >= self.today or waits:
            return None if day < self.next_day[tenant] else "NotDueError"
        billed = sorted((one for one in self.services[tenant] if one.is_billed(day)), key=lambda one: one.start)
        lines = self.lines(tenant, billed, day)
        count = self.covered(lines, [self.funds[level] + self.credit_limits[level] for level in levels])
        for service in billed[count:]:
            service.cut, service.back = day, None
        self.last_lines[tenant], self.next_day[tenant] = lines[:count], day + ONE_DAY
        for level, (buyer, net) in enumerate(zip(levels, nets(lines[:count], len(levels)), strict=True)):
            self.funds[buyer] -= net
            self.post(CHAINS[buyer][1], "2100", "4100", sum(line[level] for line in lines[:count]))
            self.post(buyer, "5000", "1200", sum(line[level] for line in lines[:count]))
        return None

    def restore(self, tenant: str) -> None:
        levels, today = CHAINS[tenant][:-1], self.today
        there = sorted((s for s in self.services[tenant] if not s.gone and s.start <= today), key=lambda s: s.start)
        waiting = [service for service in there if not service.is_billed(today)]
        running = [service for service in there if service.is_billed(today)]
        kept = dict(zip(levels, nets(self.lines(tenant, running, today), len(levels)), strict=True))
        for other, lines in self.last_lines.items():
            if other != tenant and CHAINS[other][-2] == CHAINS[tenant][-2]:
                for level, net in zip(CHAINS[other][:-1], nets(lines, len(CHAINS[other]) - 1), strict=True):
                    kept[level] = kept.get(level, 0) + max(0, net)
        spare = [self.funds[level] + self.credit_limits[level] - kept[level] for level in levels]
        lines = self.lines(tenant, waiting, today)
        for service, line in zip(waiting[: self.covered(lines, spare) if min(spare) >= 0 else 0], lines, strict=False):
            service.back = today
            self.last_lines[tenant].append(line)
