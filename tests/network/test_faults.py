"""Whatever goes wrong between us and a router: it converges, no change is lost, and it says what happened."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from threading import Thread

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.crm.edit import SubscriberChange, edit_subscriber
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.outbox import due_changes
from chalicelib.network import apply as applying
from chalicelib.network import deliver as delivering
from chalicelib.network.deliver import Delivery
from chalicelib.network.refused import all_refused
from chalicelib.network.state import read_state
from local.routeros.faults import NONSENSE
from tests.conftest import SetClock
from tests.network.scene import LATER, MAC, UNTOUCHED, Moments, PowerCut, Scene, come_back, make_scene, state_of
from tests.network.site import FIRST, put_on, site
from tests.simulation import MemoryDynamoDB
from tests.world import World


@pytest.fixture
def scene(engine: MemoryDynamoDB, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(delivering, "BATCH_SECONDS", 1.0)
    world = World.build(FIRST)
    world.fund(10_000_000, 1_000_000)
    world.recharge(world.operator, world.gamma, 1_000_000)
    with site(world) as place:
        yield make_scene(engine, the_clock, place)


def commands(scene: Scene) -> list[str]:
    """What a delivery without faults asks the router, in order."""
    asked: list[str] = []
    with scene.again() as router:
        router.faults.watch(asked.append)
        scene.deliver()
    return asked


def test_a_worker_that_is_killed_at_any_moment_leaves_what_the_next_one_brings_to_its_end(scene: Scene) -> None:
    for at in range(1, 1000):
        with scene.again():
            try:
                scene.deliver(Moments(scene, at).reach)
                break
            except PowerCut:
                scene.recover()
            scene.check()
    assert at > 70


def test_a_second_worker_that_is_killed_too_loses_nothing_either(scene: Scene) -> None:
    for at in range(30, 100, 7):
        for then in (15, 40, 70):
            with scene.again():
                for dies_at in (at, then):
                    with suppress(PowerCut):  # the second one may have too little left to do
                        scene.deliver(Moments(scene, dies_at).reach)
                    scene.engine.faults = None
                    scene.clock.at += LATER
                scene.recover()
                scene.check()


@pytest.mark.parametrize("fault", ["drop_command", "drop_answer", "drop_mid_answer"])
def test_a_connection_that_is_lost_at_any_command_is_told_and_made_good(scene: Scene, fault: str) -> None:
    asked = commands(scene)
    assert len(asked) > 20
    for at in range(len(asked)):
        with scene.again() as router:
            getattr(router.faults, fault)(skip=at)
            told = scene.deliver()
            assert told.status == "failed"
            state = read_state(scene.place.router_id)
            assert (state.failure_reason, state.failure) == ("closed", "The connection to the router was lost.")
            scene.recover()
            scene.check()
            assert not read_state(scene.place.router_id).is_failing


def test_a_router_that_restarts_after_any_command_is_brought_to_what_is_wanted(scene: Scene) -> None:
    for at in range(2, len(commands(scene)) + 1):
        with scene.again() as router:
            seen = iter(range(1, 10_000))
            router.faults.watch(lambda path, seen=seen, at=at, router=router: next(seen) == at and router.restart())  # type: ignore[misc]
            assert scene.deliver().status == "failed"
            scene.recover()
            scene.check(sessions=False)
            assert scene.signed_in() == set()


@pytest.mark.parametrize("kind", sorted(NONSENSE))
def test_a_router_that_answers_nonsense_is_told_and_made_good(scene: Scene, kind: str) -> None:
    reasons = {"nonsense", "too_much", "closed", "timed_out"}
    if kind == "trap without message":
        reasons = {"refused", "wrong_password"}
    for on, skip in (("/login", 0), ("/ppp/secret/print", 0), ("/ppp/secret/set", 1), ("/ppp/active/remove", 0)):
        with scene.again() as router:
            router.faults.nonsense(kind, on, skip, times=1)
            told = scene.deliver()
            if kind == "trap without message" and told.status == "done":
                # A refusal without a reason is one of that change alone; or of all five whose sessions were to be ended.
                assert told.delivered == (2 if on == "/ppp/active/remove" else 7)
            else:
                assert read_state(scene.place.router_id).failure_reason in reasons
            scene.recover()
            scene.check()


def test_a_router_that_never_answers_is_left_alone_and_made_good(scene: Scene) -> None:
    with scene.again() as router:
        router.faults.never_answer("/ppp/secret/set", skip=1)
        assert scene.deliver().status == "failed"
        state = read_state(scene.place.router_id)
        assert state.failure_reason == "timed_out"
        assert scene.deliver().status == "paused"
        scene.recover()
        scene.check()


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        ("wrong_password", "The router refused the sign-in: invalid user name or password (6)."),
        ("no_permission", "The router's user may not do that: not enough permissions (9)."),
    ],
)
def test_a_router_that_lets_us_do_nothing_says_why_and_keeps_every_change(
    scene: Scene, failure: str, sentence: str
) -> None:
    with scene.again() as router:
        before = state_of(router)
        getattr(router.faults, failure)()
        pauses = []
        for _ in range(7):
            assert scene.deliver().failure == sentence
            state = read_state(scene.place.router_id)
            assert (state.failure_reason, state.failure) == (failure, sentence)
            pauses.append((state.pauses_until_micros - int(scene.clock.at.timestamp() * 1e6)) // 1_000_000)
            scene.clock.at += timedelta(seconds=pauses[-1])
        assert pauses == [5, 10, 20, 40, 80, 120, 120]
        assert (state_of(router), scene.place.waiting(), all_refused(scene.place.router_id)) == (before, 8, [])
        scene.recover()
        scene.check()


def test_what_a_full_disk_refuses_is_told_for_each_service_and_comes_about_when_there_is_room(scene: Scene) -> None:
    with scene.again() as router:
        router.faults.disk_full()
        assert scene.deliver().delivered == 0
        assert scene.place.waiting() == 8
        scene.clock.at += timedelta(seconds=5)
        scene.deliver()
        assert set(scene.signed_in()) >= set(UNTOUCHED)
        scene.recover()
        scene.check()


def test_what_is_refused_five_times_waits_with_the_routers_words(scene: Scene) -> None:
    with scene.again() as router:
        router.faults.disk_full("/ppp/secret")
        delivered = 0
        for pause in (0, 5, 20, 80, 320):
            scene.clock.at += timedelta(seconds=pause)
            delivered += scene.deliver().delivered
        refused = all_refused(scene.place.router_id)
        assert (delivered, scene.place.waiting(), len(refused)) == (2, 0, 6)  # static line and hotspot were delivered
        words = {one.service: one.reason for one in refused}
        assert words[scene.numbers("karim")[0]] == (
            "The router refused to set karim in /ppp/secret: failure: disk full"
        )
        router.faults.clear()
        scene.place.event(find_subscriber("alpha", scene.numbers("rahim")[1]), "enable")
        assert scene.deliver().delivered == 1
        assert len(all_refused(scene.place.router_id)) == 5


def test_a_change_that_comes_while_a_worker_is_at_any_command_is_what_counts_in_the_end(scene: Scene) -> None:
    """Karim was suspended and pays while the worker is about to put him into the expired profile."""
    for at in range(1, len(commands(scene)) + 1):
        with scene.again() as router:
            seen = iter(range(1, 10_000))
            router.faults.watch(lambda path, seen=seen, at=at: next(seen) == at and come_back(scene))  # type: ignore[misc]
            assert scene.deliver().status == "done"
            scene.deliver()
            assert router.rows("/ppp/secret", name="karim")[0]["profile"] == "tb-HOME"
            assert scene.place.waiting() == 0


def test_a_worker_that_comes_to_after_its_lease_ran_out_does_not_have_the_last_word(scene: Scene) -> None:
    """It stood still at a command; meanwhile Karim paid and another worker delivered all of it."""
    late = 0
    for at in range(2, len(commands(scene)) + 1):
        with scene.again() as router:
            seen, others = iter(range(1, 10_000)), list[Delivery]()

            def meanwhile(path: str, seen: Iterator[int] = seen, at: int = at, others: list[Delivery] = others) -> None:
                if next(seen) == at:
                    scene.simulated.faults.watch(None)
                    come_back(scene)
                    scene.clock.at += LATER
                    others.append(scene.deliver())

            router.faults.watch(meanwhile)
            told = scene.deliver()
            assert [one.status for one in others] == ["done"]
            late += told.status == "busy"
            for _ in range(3):
                scene.clock.at += timedelta(seconds=6)
                scene.deliver()
            assert scene.place.waiting() == 0
            assert router.rows("/ppp/secret", name="karim")[0]["profile"] == "tb-HOME"
            assert router.rows("/ppp/secret", name="rahim")[0]["disabled"] == "true"
            assert router.rows("/ppp/secret", name="nasir") == []
            assert scene.signed_in() == set(UNTOUCHED)
    assert late > 20


def test_of_two_workers_at_one_router_one_works_and_the_other_says_that_it_is_busy(scene: Scene) -> None:
    for _ in range(10):
        with scene.again() as router:
            router.faults.slow(0.002)
            told: list[Delivery] = []
            workers = [Thread(target=lambda told=told: told.append(scene.deliver())) for _ in range(2)]  # type: ignore[misc]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            assert {one.status for one in told} in ({"done"}, {"done", "busy"})
            assert sum(one.steps for one in told) == 10
            scene.check()


def after_the_first(scene: Scene) -> Callable[[str, int, str, object], None]:
    """The clock jumps with the first batch that is told: there is no time for another one."""

    def tell(phase: str, number: int, operation: str, parameters: object) -> None:
        if operation in ("TransactWriteItems", "DeleteItem"):
            scene.clock.at += timedelta(seconds=41)
            scene.engine.faults = None

    return tell


def test_of_more_changes_than_fit_into_a_turn_what_a_dead_worker_began_is_still_brought_to_its_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next worker has no time for all of it: the one after it still ends the sessions."""
    monkeypatch.setattr(delivering, "TOGETHER", 3)
    for at in range(20, 140, 4):
        with scene.again():
            with pytest.raises(PowerCut):
                scene.deliver(Moments(scene, at).reach)
            scene.clock.at += LATER
            scene.engine.faults = after_the_first(scene)
            assert scene.deliver().status == "done"
            scene.recover()
            scene.check()


def test_two_that_exchanged_their_names_are_brought_there_whatever_answer_is_lost(scene: Scene) -> None:
    """Only the router knows their passwords, so that neither can be made anew."""
    for at in range(4):
        with scene.again() as router:
            scene.deliver()
            jamal, munir = scene.people["jamal"], scene.people["munir"]
            for one in (jamal, munir):
                put_on(scene.place.router, one, password_sealed=None, password_version=0)
            for who, name in ((jamal, "away"), (munir, "jamal"), (jamal, "munir")):
                change = SubscriberChange(services={who.services[0].number: {"username": name}})
                edit_subscriber("alpha", who.number, change, scene.clock.at)
            ids = {row["name"]: row[".id"] for row in router.rows("/ppp/secret")}
            router.faults.drop_answer("/ppp/secret/set", skip=at)
            assert scene.deliver().status == ("failed" if at < 3 else "done")
            scene.recover()
            swapped = {row["name"]: row[".id"] for row in router.rows("/ppp/secret")}
            assert (swapped["jamal"], swapped["munir"]) == (ids["munir"], ids["jamal"])
            assert scene.signed_in() == set(UNTOUCHED) - {"munir"}
            assert router.dial("munir", "jamal", MAC).accepted


def test_passwords_that_cannot_be_opened_just_now_are_nobodys_refusal(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(access: object) -> str:
        raise Unavailable("secrets-away", "Secrets cannot be opened now.")

    with scene.again():
        with monkeypatch.context() as patched:
            patched.setattr(applying, "open_service_password", away)
            for _ in range(6):
                with pytest.raises(Unavailable):
                    scene.deliver()
                scene.clock.at += timedelta(minutes=2)
        changes, _ = due_changes(scene.place.router_id, scene.clock.at, limit=50)
        assert {change.tries for change in changes} == {0}
        scene.recover()
        scene.check()


def test_what_is_gone_when_we_come_to_remove_it_is_no_failure(scene: Scene) -> None:
    with scene.again() as router:

        def by_hand(path: str) -> None:
            if path == "/ppp/secret/print":
                router.faults.watch(None)
                [row] = router.rows("/ppp/secret", name="nasir")
                with router.command():
                    router.delete("/ppp/secret", int(row[".id"][1:], 16))

        router.faults.watch(by_hand)
        assert scene.deliver().delivered == 8
        scene.check()


def test_a_session_that_ends_by_itself_a_moment_before_we_end_it_keeps_no_other_one_on(scene: Scene) -> None:
    with scene.again() as router:

        def hung_up(path: str) -> None:
            if path == "/ppp/active/print":
                router.faults.watch(None)
                router.hang_up("karim")

        router.faults.watch(hung_up)
        assert scene.deliver().status == "done"
        scene.check()
