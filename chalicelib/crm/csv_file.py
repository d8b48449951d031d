"""Reading a CSV file as people send it: with a BOM or without, any line ends, columns in any order. Pure.

What is wrong with the file as a whole refuses it; what is wrong with a line is a fault of that line, and all are told.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalicelib.core.errors import FieldError, Invalid, Unreadable

MAX_LINES = 10_000
MAX_FAULTS_TOLD = 1_000
MAX_COLUMNS_NAMED = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field of a line; the header is line 1."""

    line: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class CsvLine:
    """A line by its number (where it begins, the header being 1), and its values by column, outer spaces gone."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True)
class CsvFile:
    """The lines that have a value for each column, the faults of those that have not, and how many there are in all."""

    lines: list[CsvLine]
    faults: list[Fault]
    count: int


def read_csv(data: bytes, columns: Sequence[str]) -> CsvFile:
    """Take a file apart that must have exactly these columns, in any order.

    `Unreadable` when it is not UTF-8; `Invalid`: `bad-header` naming unknown, missing and double columns, `bad-csv`
    where quotes do not match, `no-lines`, `too-many-lines` beyond 10,000.
    """
    records = _records(_decode(data))
    try:
        _, header = next(records, (1, []))
        names = _check_header(header, columns)
        lines: list[CsvLine] = []
        faults: list[Fault] = []
        count = 0
        for number, record in records:
            if not any(record):
                continue
            count += 1
            if count > MAX_LINES:
                raise _whole("too-many-lines", "body", f"has more than {MAX_LINES} lines beside its header")
            if len(record) != len(names):
                faults.append(Fault(number, "line", f"has {len(record)} values instead of {len(names)}"))
            else:
                lines.append(CsvLine(number, {name: value.strip() for name, value in zip(names, record, strict=True)}))
    except csv.Error as error:
        raise _badly_quoted(error) from None
    if not count:
        raise _whole("no-lines", "body", "has no lines beside its header")
    return CsvFile(lines, faults, count)


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("unreadable", "The body must be CSV in UTF-8.") from None
    if "\0" in text:
        raise Unreadable("unreadable", "The body must be CSV in UTF-8; it holds NUL characters.")
    return text


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise csv.Error(f"line {max(begins, 1)}: {error}") from None
        yield begins, record
        begins = reader.line_num + 1


def _check_header(header: Sequence[str], columns: Sequence[str]) -> list[str]:
    if not any(header):
        raise _whole("bad-header", "header", "is missing; the first line names the columns: " + ",".join(columns))
    if len(header) > MAX_COLUMNS_NAMED:
        message = f"has {len(header)} columns; the columns are {', '.join(columns)}"
        raise Invalid("bad-header", f"The file {message}.", (FieldError("line 1", message),))
    names = [name.strip().lower() for name in header]
    given = Counter(names)
    errors = [
        FieldError(f"line 1: {name[:60]}", "is not a column of this file") for name in given if name not in columns
    ]
    errors += [FieldError(f"line 1: {name}", "is missing") for name in columns if name not in given]
    errors += [FieldError(f"line 1: {name}", "is there twice") for name in columns if given[name] > 1]
    if errors:
        told = "; ".join(f"{error.field.removeprefix('line 1: ')} {error.message}" for error in errors)
        raise Invalid("bad-header", f"The columns are not those of this file: {told}.", tuple(errors))
    return names


def _whole(code: str, field: str, message: str) -> Invalid:
    """The refusal of a file as a whole: `field` is `body` or `header`."""
    subject = "The file" if field == "body" else "The header"
    return Invalid(code, f"{subject} {message}.", (FieldError(field, message),))


def _badly_quoted(error: csv.Error) -> Invalid:
    where, _, why = str(error).partition(": ")
    message = {
        "unexpected end of data": "a quote is opened and never closed",
        "field larger than field limit (131072)": "a value is too long",
    }.get(why, "quotes or line ends are not as in CSV")
    return Invalid("bad-csv", f"The file cannot be read from {where} on: {message}.", (FieldError(where, message),))
