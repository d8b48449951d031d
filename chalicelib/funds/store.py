"""The row of a fund, and how it is moved: with its limit as a condition of the write."""

from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.rows import BooksRow, IntegerAttribute, TextAttribute
from chalicelib.aws.tables import Update
from chalicelib.funds.model import Fund


class FundRow(BooksRow):
    """A fund: its balance and limits, one row a reseller."""

    balance_minor = IntegerAttribute()
    minimum_balance_minor = IntegerAttribute()
    credit_limit_minor = IntegerAttribute()
    debt_minor = IntegerAttribute()
    revision = IntegerAttribute()
    moved_micros = IntegerAttribute()
    used_on = TextAttribute(null=True)
    used_minor = IntegerAttribute()
    first_charge_minor = IntegerAttribute(null=True)
    closed = IntegerAttribute(null=True)


def to_fund(row: FundRow) -> Fund:
    return Fund(
        tenant_id=row.pk.partition("#")[0],
        balance_minor=row.balance_minor,
        minimum_balance_minor=row.minimum_balance_minor,
        credit_limit_minor=row.credit_limit_minor,
        debt_minor=row.debt_minor,
        revision=row.revision,
        moved_micros=row.moved_micros,
        used_on=date.fromisoformat(row.used_on) if row.used_on else None,
        used_minor=row.used_minor,
        first_charge_minor=row.first_charge_minor or 0,
        is_open=not row.closed,
    )


def move_fund(
    fund: Fund,
    change_minor: int,
    recorded_micros: int,
    *,
    floor_minor: int | None = None,
    debt_minor: int | None = None,
    use: tuple[date, int] | None = None,
    first_charge_minor: int | None = None,
) -> Update:
    """Change a fund's balance, if it still is what was read; a fall must leave at least `floor_minor`.

    The floor (by default `-credit_limit`) is a condition of the write itself and holds for falls only: what raises a fund
    is never refused. `use` adds to what the tenant used on a day; a day before the newest one is not counted.
    """
    condition = FundRow.revision == fund.revision
    if change_minor < 0:
        floor = fund.floor_minor if floor_minor is None else floor_minor
        condition &= FundRow.balance_minor >= floor - change_minor
    actions = [
        FundRow.balance_minor.set(FundRow.balance_minor + change_minor),
        FundRow.revision.set(fund.revision + 1),
        FundRow.moved_micros.set(recorded_micros),
    ]
    if debt_minor is not None:
        actions.append(FundRow.debt_minor.set(debt_minor))
    if use is not None and (fund.used_on is None or use[0] >= fund.used_on):
        day, used_minor = use
        before = fund.used_minor if fund.used_on == day else 0
        actions += [FundRow.used_on.set(day.isoformat()), FundRow.used_minor.set(before + used_minor)]
    if first_charge_minor is not None:
        actions.append(FundRow.first_charge_minor.set(first_charge_minor))
    return Update(FundRow.at(keys.fund(fund.tenant_id)), actions, condition)
