"""The first start of an installation, and changes of resellers that overtake each other."""

from datetime import date

import pytest

from chalicelib import installation
from chalicelib.auth.people import list_users
from chalicelib.auth.store import UserRow
from chalicelib.aws import clock, keys
from chalicelib.aws.rows import TenantsRow
from chalicelib.aws.tables import Operation, Update, read_all, write
from chalicelib.core.errors import Conflict, Invalid
from chalicelib.installation import install
from chalicelib.tenants import amend
from chalicelib.tenants.amend import Amendment, Around, amend_reseller
from chalicelib.tenants.hierarchy import find_child, find_tenant, list_children, read_chain, read_tree
from chalicelib.tenants.model import MODULES, Mode, Status, Tenant
from chalicelib.tenants.onboard import NewReseller, draft_reseller, onboard_reseller
from tests.conftest import SetClock

EMAIL, PASSWORD = "operator@isp.test", "correct horse 1"

pytestmark = pytest.mark.usefixtures("database", "the_clock")


def everything() -> list[str]:
    parts = ("op#tenant", "op#tree", "op#users", "op#emails", "op#owners")
    return [str(row.serialize()) for part in parts for row in read_all(TenantsRow, part)]


def test_a_first_start_makes_the_operator_with_every_module_and_its_owner() -> None:
    assert install(EMAIL, PASSWORD)
    operator = find_tenant("op")
    assert (operator.chain, operator.modules, operator.status) == (("op",), frozenset(MODULES), Status.ACTIVE)
    assert [node.tenant_id for node in read_tree(("op",))] == ["op"]
    (owner,) = list_users("op", limit=10, after=None)[0]
    assert (owner.email, owner.role.value) == (EMAIL, "owner")


def test_the_operator_begins_early_enough_for_resellers_that_are_moved_here() -> None:
    install(EMAIL, PASSWORD)
    chain = read_chain(("op",))
    assert chain[0].settles_from == date(2020, 1, 1)
    new = NewReseller("Beta", "BETA", Mode.PREPAID, settles_from=date(2020, 1, 1))
    assert draft_reseller(chain, new, clock.now()).settles_from == date(2020, 1, 1)


def test_a_second_start_changes_nothing_whatever_it_is_told() -> None:
    install(EMAIL, PASSWORD)
    before = everything()
    assert not install("other@isp.test", "another horse 2", name="Other")
    assert not install("nonsense", "")
    assert everything() == before


def test_two_first_starts_at_once_make_one_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(*operations: Operation) -> None:
        monkeypatch.undo()
        assert install("other@isp.test", PASSWORD)
        write(*operations)

    monkeypatch.setattr(installation, "write", overtaken)
    assert not install(EMAIL, PASSWORD)
    assert [user.email for user in list_users("op", limit=10, after=None)[0]] == ["other@isp.test"]
    assert len(read_all(TenantsRow, "op#emails")) == 1


def test_a_first_start_that_dies_before_its_write_leaves_nothing_and_can_be_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dies(*operations: Operation) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(installation, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        install(EMAIL, PASSWORD)
    assert everything() == []
    monkeypatch.undo()
    assert install(EMAIL, PASSWORD)


@pytest.mark.parametrize(
    ("email", "password", "timezone", "field"),
    [
        ("nonsense", PASSWORD, "Asia/Dhaka", "operator_email"),
        (EMAIL, "short", "Asia/Dhaka", "operator_password"),
        (EMAIL, PASSWORD, "Asia/Nowhere", "timezone"),
    ],
)
def test_what_will_not_do_is_named_and_nothing_is_installed(
    email: str, password: str, timezone: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        install(email, password, timezone=timezone)
    assert [error.field for error in refused.value.errors] == [field]
    assert everything() == []


def onboarded() -> tuple[tuple[Tenant, ...], Tenant]:
    install(EMAIL, PASSWORD)
    chain = read_chain(("op",))
    return chain, onboard_reseller(draft_reseller(chain, NewReseller("Beta", "BETA", Mode.PREPAID), clock.now()))


def test_a_change_that_was_overtaken_is_decided_again_and_loses_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    chain, beta = onboarded()

    def overtaken(*operations: Operation) -> None:
        monkeypatch.undo()
        amend_reseller(chain, beta.tenant_id, Amendment(status=Status.DISABLED), lambda before: Around())
        write(*operations)

    monkeypatch.setattr(amend, "write", overtaken)
    seen: list[int] = []

    def look_around(before: Tenant) -> Around:
        seen.append(before.revision)
        return Around()

    after = amend_reseller(chain, beta.tenant_id, Amendment(name="Beta Fiber"), look_around)
    assert (after.name, after.status, after.revision) == ("Beta Fiber", Status.DISABLED, 3)
    assert seen == [1, 2]
    assert find_child(chain[0], beta.tenant_id) == after
    assert list_children("op", limit=10, after=None)[0] == [after]
    assert [(node.name, node.status) for node in read_tree(after.chain)] == [("Beta Fiber", Status.DISABLED)]


def test_what_comes_along_with_a_change_happens_with_it_or_not_at_all() -> None:
    chain, beta = onboarded()
    (owner,) = list_users("op", limit=10, after=None)[0]
    row = UserRow.at(keys.user("op", owner.user_id))

    def with_condition(expected: str) -> Around:
        return Around(also=[Update(row, [UserRow.name.set("Changed")], UserRow.name == expected)])

    with pytest.raises(Conflict):
        amend_reseller(chain, beta.tenant_id, Amendment(name="X"), lambda before: with_condition("Somebody"))
    assert find_child(chain[0], beta.tenant_id) == beta
    amend_reseller(chain, beta.tenant_id, Amendment(name="X"), lambda before: with_condition("Operator"))
    assert find_child(chain[0], beta.tenant_id).name == "X"
    assert list_users("op", limit=10, after=None)[0][0].name == "Changed"


def test_the_first_day_is_todays_in_the_resellers_own_time_zone(the_clock: SetClock) -> None:
    install(EMAIL, PASSWORD)
    the_clock.set("2026-11-22T20:00:00")
    chain = read_chain(("op",))

    def first_day(timezone: str) -> date:
        new = NewReseller("Beta", "BETA", Mode.PREPAID, timezone=timezone)
        return draft_reseller(chain, new, clock.now()).settles_from

    assert first_day("Asia/Dhaka") == date(2026, 11, 23)
    assert first_day("America/New_York") == date(2026, 11, 22)
