"""The two simulated routers of the local run as a process: where they listen, and what they are after a kill."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import librouteros
import pytest

from local.boxes.launcher import LOCK_FILE, PORTS_FILE
from local.boxes.look import look, main
from local.boxes.process import Boxes, begin
from local.boxes.table import ADMIN, ADMIN_PASSWORD, BOXES, LINES, REDIAL_SECONDS, STRANGER, callers_at, method_of
from local.refusal import Refused

pytestmark = pytest.mark.xdist_group("boxes")


@contextmanager
def running(folder: Path, *, is_demo: bool = False) -> Iterator[Boxes]:
    boxes = begin(folder / "routers", folder / "routers.log", is_demo=is_demo)
    try:
        yield boxes
    finally:
        boxes.stop()


def test_one_speaks_plainly_and_one_of_an_old_version_with_a_certificate_and_both_as_people_left_them(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as boxes:
        core, mirpur = boxes.wait()
        assert (core.name, core.fingerprint, core.error) == ("core", None, None)
        assert (mirpur.name, len(mirpur.fingerprint or ""), mirpur.error) == ("mirpur", 64, None)
        folder = tmp_path / "routers"
        assert look(folder, "core", "/system/resource")[0]["version"] == "7.16.2 (stable)"
        assert look(folder, "mirpur", "/system/resource")[0]["version"] == "6.42.7 (stable)"
        assert [row["name"] for row in look(folder, "mirpur", "/ppp/secret")] == [STRANGER]
        assert look(folder, "core", "/ppp/secret") == []


def test_after_a_kill_they_listen_where_they_did_and_are_as_they_were(tmp_path: Path) -> None:
    with running(tmp_path) as boxes:
        before = boxes.wait()
        api = librouteros.connect("127.0.0.1", ADMIN, ADMIN_PASSWORD, port=before[0].port, encoding="utf-8")
        api.path("ppp", "secret").add(name="করিম", password="x")
        number = int((tmp_path / "routers" / LOCK_FILE).read_text())
        os.kill(number, signal.SIGKILL)
        with running(tmp_path) as again:
            assert again.wait() == before
            assert [row["name"] for row in look(tmp_path / "routers", "core", "/ppp/secret")] == ["করিম"]


def test_the_equipment_of_the_demo_calls_until_its_secret_is_there_and_after_a_restart_too(tmp_path: Path) -> None:
    for is_demo in (True, False):  # what was set up once stays, whatever a later start says
        with running(tmp_path, is_demo=is_demo) as boxes:
            boxes.wait()
            folder = tmp_path / "routers"
            deadline = time.monotonic() + REDIAL_SECONDS + 5
            while not [row for row in look(folder, "mirpur", "/ppp/active") if row["name"] == STRANGER]:
                assert time.monotonic() < deadline, "it does not call"
                time.sleep(0.1)
            log = [str(row["message"]) for row in look(folder, "mirpur", "/log")]
            assert any("user kz-kazipara0001 authentication failed" in line for line in log)


def test_without_the_demo_nobody_calls(tmp_path: Path) -> None:
    with running(tmp_path) as boxes:
        boxes.wait()
        assert look(tmp_path / "routers", "mirpur", "/log") == []
        assert look(tmp_path / "routers", "mirpur", "/ppp/active") == []


def keep_ports_of_its_own(tmp_path: Path) -> None:
    """As if an earlier run had chosen ports that nobody else's tests begin with."""
    folder = tmp_path / "routers"
    folder.mkdir(mode=0o700)
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        ports = [one.getsockname()[1] for one in (first, second)]
    (folder / PORTS_FILE).write_text(
        json.dumps({box.name: {"port": port} for box, port in zip(BOXES, ports, strict=True)})
    )


def test_a_port_that_somebody_else_has_by_now_is_told_and_the_other_router_listens(tmp_path: Path) -> None:
    keep_ports_of_its_own(tmp_path)
    with running(tmp_path) as boxes:
        core, mirpur = boxes.wait()
    with socket.create_server(("127.0.0.1", core.port)):
        with running(tmp_path) as boxes:
            assert [(one.port, one.error) for one in boxes.wait()] == [
                (core.port, f"port {core.port} is busy"),
                (mirpur.port, None),
            ]
            assert look(tmp_path / "routers", "mirpur", "/system/identity") != []
    with running(tmp_path) as boxes:
        assert boxes.wait() == [core, mirpur]


def test_routers_of_another_run_on_the_same_folder_are_named(tmp_path: Path) -> None:
    with running(tmp_path) as boxes:
        boxes.wait()
        with running(tmp_path) as second, pytest.raises(Refused, match="ROUTERS=0 starts without them"):
            second.wait()


def test_they_listen_on_this_machine_alone_and_what_they_keep_is_their_owners_to_read(tmp_path: Path) -> None:
    with running(tmp_path) as boxes:
        boxes.wait()
        folder = tmp_path / "routers"
        assert folder.stat().st_mode & 0o077 == 0
        assert set(json.loads((folder / PORTS_FILE).read_text())) == {box.name for box in BOXES}


def test_a_look_at_a_router_that_there_is_not_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tower", "/ppp/secret"]) == 2
    assert "core or mirpur" in capsys.readouterr().err


def test_some_of_each_kind_get_on_and_most_dial_in() -> None:
    methods = [method_of(number) for lines in LINES for number in range(1, lines.count + 1)]
    assert (methods.count("pppoe"), methods.count("static"), methods.count("hotspot")) == (111, 9, 9)
    assert sum(1 for box in BOXES for _ in callers_at(box)) == 129 - 9 - 6 + 1
