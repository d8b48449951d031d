"""`python -m local` as a person meets it, with a small product in the place of the real one."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("server")

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
PRODUCT = HERE / "fake_product"


class Server:
    """One `python -m local` on a free port."""

    def __init__(self, data: Path, *command: str, **settings: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE"))}
        environment = {
            "PORT": "0",
            "DEMO": "0",
            "DATA_DIR": str(data),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.process = subprocess.Popen(
            command or [sys.executable, "-m", "local"],
            cwd=PRODUCT,
            env=clean | environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []

    def wait_for(self, text: str) -> str:
        """Reads what it says until a line has `text`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if text in line:
                return line
        raise AssertionError(f"it ended without {text!r}: {self.said} {self.end()}")

    def ready(self) -> "Server":
        self.port = int(self.wait_for("ready at").split("//")[1].split()[0].rpartition(":")[2])
        self.wait_for("sign in")
        return self

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body)
        answer = connection.getresponse()
        try:
            return answer.status, answer.read()
        finally:
            connection.close()

    def end(self) -> tuple[int, str, str]:
        """Exit code and what was still said, at most a minute from now."""
        out, errors = self.process.communicate(timeout=60)
        return self.process.returncode, out, errors

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(tmp_path_factory.mktemp("shared") / "data").ready()
    yield one
    one.stop()


def refused(data: Path, **settings: str) -> str:
    """The one line of a start that is refused."""
    code, out, errors = Server(data, **settings).end()
    assert code == 1, (out, errors)
    [line] = errors.strip().splitlines()
    assert line.startswith("tributary: ")
    return line


def test_a_first_start_installs_and_says_how_to_sign_in(server: Server) -> None:
    said = "\n".join(server.said)
    assert "installed for owner@operator.test" in said
    [line] = [line for line in server.said if line.startswith("sign in")]
    path = Path(line.rpartition("kept in ")[2].rstrip(")"))
    assert path.read_text().strip() in line
    for name in ("operator-password", "token-keys.json"):
        assert stat.S_IMODE((path.parent / name).stat().st_mode) == 0o600
    assert json.loads((path.parent / "token-keys.json").read_text())["current"] == "k1"


def test_it_serves_and_keeps_connections_alive(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for _ in range(3):
        connection.request("GET", "/health")
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"status": "up"})
        assert not answer.will_close
    connection.close()


def test_threads_do_not_mix_up_requests(server: Server) -> None:
    wrong: list[str] = []

    def ask(mark: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for number in range(25):
            connection.request("GET", f"/echo/{mark}-{number}", headers={"X-Mark": mark})
            told = json.loads(connection.getresponse().read())
            if (told["word"], told["mark"], told["same_request"]) != (f"{mark}-{number}", mark, True):
                wrong.append(mark)
        connection.close()

    threads = [threading.Thread(target=ask, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("size", [10_000_000, 30_000_000])
def test_a_large_body_is_answered_with_a_problem_document(server: Server, size: int) -> None:
    status, body = server.ask("PUT", "/echo/large", b"x" * size)
    assert (status, json.loads(body)["code"]) == (413, "body-too-large")


def test_a_body_just_under_the_limit_arrives(server: Server) -> None:
    status, body = server.ask("PUT", "/echo/large", b"\x01" * 9_999_999)
    assert (status, len(json.loads(body)["body_hex"])) == (200, 2 * 9_999_999)


def test_a_request_that_is_no_http_gets_a_problem_document(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as raw:
        raw.sendall(b"GET /health HTTP/1.1\r\nBad Header: x\r\n\r\n")
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        assert answer.status == 400
        assert json.loads(answer.read())["code"] == "unreadable-request"


def test_a_message_reaches_its_worker(server: Server) -> None:
    assert server.ask("POST", "/queue/hello")[0] == 200
    server.wait_for("worked on hello")


def test_a_second_server_on_the_folder_is_refused(server: Server) -> None:
    data = next(line for line in server.said if line.startswith("data in")).split()[2].rstrip(";")
    assert refused(Path(data)).endswith("is in use by another running server")


def test_a_busy_port_is_named(server: Server, tmp_path: Path) -> None:
    assert f"port {server.port} is busy" in refused(tmp_path / "data", PORT=str(server.port))


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refused(tmp_path / "file" / "data").endswith("file/data cannot be used: Not a directory")


def test_a_read_only_folder_is_named() -> None:
    assert "DATA_DIR=/proc/data cannot be used: " in refused(Path("/proc/data"))


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"PORT": "eighty"}, "PORT=eighty is not a port"),
        ({"PORT": "70000"}, "PORT=70000 is not a port"),
        ({"HOST": "203.0.113.7"}, "HOST=203.0.113.7 cannot be listened on"),
        ({"DEMO": "yes"}, "DEMO=yes is not understood"),
        ({"ROUTERS": "three"}, "ROUTERS=three is not understood"),
        ({"OPERATOR_PASSWORD": "short"}, "the password is too short"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    assert said in refused(tmp_path / "data", **settings)


def test_a_killed_server_loses_no_acknowledged_write_and_starts_again_at_once(tmp_path: Path) -> None:
    first = Server(tmp_path / "data").ready()
    written: list[str] = []

    def write(writer: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", first.port, timeout=60)
        for number in range(10_000):
            try:
                connection.request("PUT", f"/rows/{writer}-{number}")
                if not json.loads(connection.getresponse().read())["there"]:
                    return
            except (OSError, http.client.HTTPException):
                return
            written.append(f"{writer}-{number}")

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in writers:
        thread.start()
    while len(written) < 100 and any(thread.is_alive() for thread in writers):
        time.sleep(0.01)
    first.process.send_signal(signal.SIGKILL)
    for thread in writers:
        thread.join()
    assert len(written) >= 100
    second = Server(tmp_path / "data", PORT=str(first.port)).ready()
    try:
        assert not [row for row in written if json.loads(second.ask("GET", f"/rows/{row}")[1]) != {"there": True}]
        assert not [line for line in second.said if "installed" in line]
        assert "the password kept in" in second.said[-1]
    finally:
        second.stop()
        first.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_the_request_in_flight_within_three_seconds(tmp_path: Path, number: signal.Signals) -> None:
    one = Server(tmp_path / "data").ready()
    answers: list[tuple[int, bytes]] = []
    slow = threading.Thread(target=lambda: answers.append(one.ask("GET", "/slow")))
    slow.start()
    one.wait_for("a slow request began")
    began = time.monotonic()
    one.process.send_signal(number)
    code, out, errors = one.end()
    slow.join()
    assert time.monotonic() - began < 3
    assert answers == [(200, b'{"status":"finished"}')]
    assert (code, out.strip().splitlines()[-1], errors) == (0, "stopped", "")


def test_a_server_ends_with_the_make_that_started_it(tmp_path: Path) -> None:
    script = f"{sys.executable} -m local & wait"
    one = Server(tmp_path / "data", "sh", "-c", script, MAKELEVEL="1").ready()
    one.process.kill()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", one.port)) != 0:
                break
        time.sleep(0.05)
    else:
        raise AssertionError("it still answers")
    one.process.communicate()


def test_a_password_that_was_given_is_written_nowhere(tmp_path: Path) -> None:
    one = Server(tmp_path / "data", OPERATOR_EMAIL="me@isp.test", OPERATOR_PASSWORD="chosen-by-me").ready()
    one.process.send_signal(signal.SIGTERM)
    one.end()
    assert any("installed for me@isp.test" in line for line in one.said)
    assert not any("chosen-by-me" in line for line in one.said)
    kept = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert not [path for path in kept if b"chosen-by-me" in path.read_bytes()]
