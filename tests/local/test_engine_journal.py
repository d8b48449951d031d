"""The journal's promise, file by file."""

import asyncio
from pathlib import Path

import pytest

from local.engine import journal
from local.engine.journal import Effect, Journal, Unusable, decode, encode


@pytest.fixture(autouse=True)
def _wait_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "OTHER_ENGINE_LEAVES_WITHIN_SECONDS", 0.0)


def put(name: str) -> list[Effect]:
    return [["put", "table", {"pk": {"S": name}}]]


def write(folder: Path, *names: str) -> None:
    """What a process leaves that wrote these and was killed."""
    one = Journal(folder)
    list(one.replay())
    for name in names:
        one.append(put(name))
    one.close()


def read(folder: Path) -> list[str]:
    one = Journal(folder)
    try:
        return [effect[2]["pk"]["S"] for effects in one.replay() for effect in effects]
    finally:
        one.close()


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    write(tmp_path, "three")
    assert read(tmp_path) == ["one", "two", "three"]


def test_any_text_that_json_can_carry_comes_back_the_same() -> None:
    strange = [["put", "t", {"a": {"S": "বাংলা \n \x00 \ud800 \u2028"}}]]
    assert decode(encode(7, strange)) == (7, strange)


def test_a_torn_last_line_is_cut_off_wherever_it_was_torn(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    path = tmp_path / "journal"
    whole = path.read_bytes()
    start_of_last = whole.index(b"\n") + 1
    for length in range(start_of_last, len(whole)):
        path.write_bytes(whole[:length])
        assert read(tmp_path) == ["one"]
        assert path.read_bytes() == whole[:start_of_last]


def test_what_follows_a_cut_line_is_kept(tmp_path: Path) -> None:
    write(tmp_path, "one", "two")
    path = tmp_path / "journal"
    path.write_bytes(path.read_bytes()[:-4])
    write(tmp_path, "again")
    assert read(tmp_path) == ["one", "again"]


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_changed_byte_is_refused_with_its_line(tmp_path: Path, line: int) -> None:
    write(tmp_path, "one", "two", "three")
    path = tmp_path / "journal"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(b"put", b"puT")
    path.write_bytes(b"".join(lines))
    with pytest.raises(Unusable, match=f"journal is damaged at line {line}"):
        read(tmp_path)


def test_a_missing_line_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one", "two", "three")
    path = tmp_path / "journal"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(Unusable, match="line 2"):
        read(tmp_path)


def test_a_snapshot_takes_the_place_of_what_was_before_it(tmp_path: Path) -> None:
    one = Journal(tmp_path)
    list(one.replay())
    one.append(put("one"))
    one.append(put("two"))
    one.compact([put("both")])
    assert one.file_bytes == 0
    one.append(put("three"))
    one.close()
    assert read(tmp_path) == ["both", "three"]


def test_a_kill_between_the_snapshot_and_the_new_journal_repeats_nothing(tmp_path: Path) -> None:
    one = Journal(tmp_path)
    list(one.replay())
    one.append(put("one"))
    one.append(put("two"))
    before = (tmp_path / "journal").read_bytes()
    one.compact([put("both")])
    one.close()
    (tmp_path / "journal").write_bytes(before)
    assert read(tmp_path) == ["both"]
    write(tmp_path, "three")
    assert read(tmp_path) == ["both", "three"]


def test_a_snapshot_without_its_end_is_refused(tmp_path: Path) -> None:
    one = Journal(tmp_path)
    list(one.replay())
    one.append(put("one"))
    one.compact([put("one"), put("two")])
    one.close()
    path = tmp_path / "snapshot"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(Unusable, match="end is missing"):
        read(tmp_path)


def test_a_journal_that_does_not_follow_its_snapshot_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one", "two", "three")
    path = tmp_path / "journal"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    with pytest.raises(Unusable, match="line 1"):
        read(tmp_path)


def test_a_folder_has_one_engine_at_a_time(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    with pytest.raises(Unusable, match="in use by another running engine"):
        Journal(tmp_path)
    first.close()
    Journal(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unusable, match="cannot be used: Not a directory"):
        Journal(tmp_path / "file" / "engine")


def test_requests_that_wait_together_share_one_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    monkeypatch.setattr(journal.os, "fdatasync", syncs.append)

    async def ten_at_once() -> None:
        one = Journal(tmp_path)
        list(one.replay())
        syncs.clear()
        await asyncio.gather(*(one.settled(one.append(put(str(n)))) for n in range(10)))
        one.close()

    asyncio.run(ten_at_once())
    assert 1 <= len(syncs) <= 2
