"""Keeping and finding sheets: the stored evidence of a day. The first that is written wins, and there is no other."""

from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, Put, read_many, write
from chalicelib.billing.columns import Columns, empty_roster
from chalicelib.billing.model import SettledDay
from chalicelib.billing.roster import roster_after
from chalicelib.billing.sheet import DamagedSheetError, StoredSheet, decode_sheet
from chalicelib.billing.state import read_days
from chalicelib.billing.store import SheetRow


class OtherSheetError(Exception):
    """A sheet is there already for this day, with other content: a defect, or somebody changed what it is made of."""


def keep_sheet(settled: SettledDay, stored: StoredSheet) -> None:
    """Write the parts of a day's sheet that are not there yet; `OtherSheetError` when other content is."""
    for number, data in enumerate(stored.parts):
        row = SheetRow.at(keys.sheet_part(settled.tenant_id, settled.day, number), sheet_hash=stored.hash, data=data)
        try:
            write(Put(row, SheetRow.pk.does_not_exist()))
        except ConditionFailed as failure:
            for there in failure.rows.values():
                if not isinstance(there, SheetRow) or there.sheet_hash != stored.hash:
                    raise OtherSheetError(f"{settled.tenant_id} {settled.day} part {number}") from None


def find_sheet(day: SettledDay | None) -> Columns:
    """The sheet of a settled day; an empty one before the first day or for a day without services."""
    if day is None or not day.sheet_parts:
        return empty_roster()
    wanted = [(SheetRow, keys.sheet_part(day.tenant_id, day.day, number)) for number in range(day.sheet_parts)]
    rows = read_many(wanted)
    if None in rows:
        raise DamagedSheetError(f"{day.tenant_id} {day.day} lacks a part of its sheet")
    sheet, _ = decode_sheet([row.data for row in rows], day.sheet_hash)
    return sheet


def read_roster(tenant_id: str, last_day: date) -> Columns:
    """The roster after a settled day, as its own sheet and cut left it."""
    return read_settled(tenant_id, last_day)[1]


def read_settled(tenant_id: str, last_day: date) -> tuple[SettledDay, Columns]:
    """A settled day, and the roster after it."""
    yesterday = read_days([(tenant_id, last_day)])[0]
    if yesterday is None:
        raise DamagedSheetError(f"{tenant_id} {last_day} is settled but has no record")
    return yesterday, roster_after(find_sheet(yesterday), yesterday.charged)
