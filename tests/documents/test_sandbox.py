"""What a template that somebody wrote can do: lay out a paper. Everything else ends quickly, with a clear message."""

import base64
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.json import compact_json
from chalicelib.documents import printing
from chalicelib.documents.printing import A_SAMPLE, Limits, TemplateFault, print_files
from tests.documents.papers import MADE_AT, pages_of, picture


def _section(number: int, content: bytes) -> bytes:
    return bytes([number, len(content)]) + content


ENDLESS = b"\0asm\x01\0\0\0" + b"".join(
    (
        _section(1, b"\x01\x60\x00\x01\x7f"),
        _section(3, b"\x01\x00"),
        _section(5, b"\x01\x00\x01"),
        _section(7, b"\x02\x06memory\x02\x00\x01f\x00\x00"),
        _section(10, b"\x01\x09\x00\x03\x40\x0c\x00\x0b\x41\x00\x0b"),
    )
)
"""A module with a memory and a function that goes round and round."""


def fault_of(template: str, limits: Limits = A_SAMPLE) -> TemplateFault:
    with pytest.raises(TemplateFault) as refused:
        print_files({"main.typ": template, "paper.json": "{}"}, MADE_AT, "", limits)
    return refused.value


@pytest.mark.parametrize(
    "template",
    [
        '#read("/etc/passwd")',
        '#read("../../../etc/passwd")',
        '#read("main.py")',
        '#image("/proc/self/environ")',
        '#include "/etc/passwd"',
        '#csv("/etc/passwd")',
        '#bibliography("/etc/passwd")',
        '#pdf.attach("/etc/passwd")',
        '#plugin("/usr/lib/x.wasm")',
        '#eval("read(\\"/etc/passwd\\")")',
        '#raw(read(("/etc", "passwd").join("/")))',
        "#image(bytes(\"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='/etc/passwd' "
        "width='9' height='9'/></svg>\"), format: \"svg\")",
    ],
)
def test_a_template_reads_no_file(template: str) -> None:
    started = time.monotonic()
    said = str(fault_of(template))
    assert any(word in said for word in ("not found", "escape", "absolute paths are not allowed"))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "template",
    [
        '#import "@preview/cetz:0.3.1"',
        '#import "\\u{40}preview/cetz:0.3.1": *',
        '#import ("@" + "preview/cetz:0.3.1")',
        '#eval("import \\"@preview/cetz:0.3.1\\"")',
        '#import "@local/cetz:0.3.1"',
    ],
)
def test_a_template_imports_no_package_however_it_spells_it(template: str) -> None:
    said = str(fault_of(template))
    assert said.startswith(("failed to download package", "package not found"))
    assert "packages." not in said


def test_from_the_moment_a_template_is_looked_at_the_press_can_open_nothing() -> None:
    """The wall itself: with fonts read and the limit set, neither a file nor a connection gets a number."""
    source = (printing.HERE / "press.py").read_text()
    probe = (
        "    for open_one in (lambda: open('/etc/passwd'), lambda: socket.socket(), lambda: os.pipe()):\n"
        "        try:\n            open_one()\n            raise Fault('opened')\n"
        "        except OSError as error:\n            assert error.errno == 24, error\n"
        "    raise Fault('nothing could be opened')\n"
    )
    wall = "    _limit(resource.RLIMIT_NOFILE, NOTHING_MORE)\n"
    assert source.count(wall) == 1
    changed = "import os, socket\n" + source.replace(wall, wall + probe)
    given = {"files": {"main.typ": "x"}, "printed_seconds": 0, "cpu_seconds": 4, "memory_bytes": 600_000_000}
    done = subprocess.run(
        [sys.executable, "-I", "-c", changed, str(printing.HERE / "fonts"), printing._packages()],
        input=compact_json(given).encode(),
        capture_output=True,
        check=False,
    )
    assert b"nothing could be opened" in done.stderr


def test_a_template_knows_nothing_but_the_files_it_is_given() -> None:
    content = print_files({"main.typ": '#repr(sys.inputs) #repr(json("paper.json"))', "paper.json": "{}"}, MADE_AT)
    assert pages_of(content) == ["(:) (:)"]


@pytest.mark.parametrize(
    "template",
    [
        "#for a in range(9000) { for b in range(9000) { for c in range(9000) { let x = a * b } } }",
        "#range(9000).map(a => range(9000).map(b => range(9000).fold(a, (x, y) => x + y)).sum()).sum()",
    ],
)
def test_a_template_that_never_ends_is_ended(template: str) -> None:
    started = time.monotonic()
    assert str(fault_of(template, Limits(cpu_seconds=1))) == "takes longer than 1 second"
    assert time.monotonic() - started < 6


@pytest.mark.parametrize(
    "template,said",
    [
        ('#let x = "a" * 3000000000', "needs more memory than there is"),
        ('#let s = "a"\n#for i in range(40) { s = s + s }', "needs more memory than there is"),
        ("#let a = (1,)\n#for i in range(40) { a = a + a }", "needs more memory than there is"),
        ("#let f(n) = f(n + 1)\n#f(0)", "maximum function call depth exceeded"),
        ("#{" + "(" * 5_000 + ")" * 5_000 + "}", "maximum parsing depth exceeded"),
        ("#while true {}", "condition is always true"),
        ("#let n = 0\n#while n < 1 { n = n * 1 }", "loop seems to be infinite"),
    ],
)
def test_a_template_gets_no_more_memory_than_it_is_given_and_nests_no_deeper(template: str, said: str) -> None:
    assert said in str(fault_of(template))


def test_a_template_that_makes_ten_thousand_pages_is_refused() -> None:
    started = time.monotonic()
    assert str(fault_of("#for i in range(9999) { pagebreak() }")) == "makes 10000 pages: at most 300 are printed"
    assert time.monotonic() - started < 5


def test_three_hundred_pages_go_and_headings_are_not_taken_for_pages() -> None:
    assert len(pages_of(print_files({"main.typ": "#for i in range(299) [x #pagebreak()]"}, MADE_AT))) == 300
    print_files({"main.typ": "#set text(size: 4pt)\n" + "= x\n" * 3_000}, MADE_AT, "", A_SAMPLE)


def test_a_template_that_makes_too_many_bytes_is_refused() -> None:
    assert str(fault_of("#lorem(50000)", Limits(bytes=10_000))).endswith("bytes: at most 10000 go")


def test_a_picture_of_a_small_file_and_many_pixels_does_not_break_out_of_its_memory() -> None:
    data = base64.b64encode(picture(20_000, 12_000)).decode()
    shown = f"<image width='9' height='9' href='data:image/png;base64,{data}'/>"
    drawing = f"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>{shown}</svg>"
    assert str(fault_of(f'#image(bytes("{drawing}"), format: "svg")')) == "needs more memory than there is"


def test_a_module_that_never_ends_is_ended() -> None:
    """Typst runs WebAssembly that a template brings along: it has no more time and memory than the template has."""
    numbers = ", ".join(str(byte) for byte in ENDLESS)
    said = str(fault_of(f"#plugin(bytes(({numbers}))).f()", Limits(cpu_seconds=1)))
    assert said == "takes longer than 1 second"


@pytest.mark.parametrize(
    "template,line,said",
    [
        ("a\nb\n#nothere", 3, "unknown variable: nothere"),
        ("a\nb\n#f(", 3, "unclosed delimiter"),
        ('#import "house.typ": x', 1, "file not found"),
        ('x\n#panic("a word of its own")', 2, "panicked with: a word of its own"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(template: str, line: int, said: str) -> None:
    fault = fault_of(template)
    assert (fault.line, str(fault)) == (line, said)


def test_a_template_that_prints_nothing_prints_an_empty_page() -> None:
    assert pages_of(print_files({"main.typ": "#set page(width: 0pt, height: 0pt)"}, MADE_AT)) == [""]


def test_when_the_press_itself_fails_the_template_is_not_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "press.py").write_text("raise SystemExit(1)")
    monkeypatch.setattr(printing, "HERE", tmp_path)
    with pytest.raises(Unavailable) as refused:
        print_files({"main.typ": "x"}, MADE_AT)
    assert refused.value.code == "press-away"
