"""Queries: the words of a print that begin with `?`, evaluated on a stack for each item.

The stack begins with as many `true` as anyone takes from it, and an item is printed when no `false` is left on it. The same
stack, run with sets of values in the place of true and false, tells which values of an indexed property can succeed at all.
"""

import re
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")
Item = Mapping[str, str]
Candidates = frozenset[str] | None
_STEP = re.compile(r"(\d+)(.?)|(.)", re.DOTALL)
_FLAGS = {"yes": "true", "no": "false"}


class NotAQuery(Exception):
    """A query word that means nothing."""


class Stack(Generic[T]):
    """Query words run with any notion of true, and, or and not."""

    def __init__(
        self, true: T, both: Callable[[T, T], T], either: Callable[[T, T], T], opposite: Callable[[T], T]
    ) -> None:
        self._true = true
        self._both = both
        self._either = either
        self._opposite = opposite
        self._values: list[T] = []

    def push(self, value: T) -> None:
        """Puts the result of one comparison on top."""
        self._values.append(value)

    def operate(self, operations: str) -> None:
        """Does what a word `?#...` says. Raises NotAQuery."""
        after_index = False
        for index, behind, sign in _STEP.findall(operations):
            if index:
                chosen = self._at(int(index))
                if not behind:
                    self._values = [chosen]
                    return
                self.push(chosen)
                after_index = behind == "."
                if behind != ".":
                    self._apply(behind)
            else:
                if not (sign == "." and after_index):
                    self._apply(sign)
                after_index = False

    def result(self) -> T:
        """All that is left, taken together."""
        outcome = self._true
        for value in self._values:
            outcome = self._both(outcome, value)
        return outcome

    def _apply(self, sign: str) -> None:
        if sign == "!":
            self.push(self._opposite(self._pop()))
        elif sign == "&":
            self.push(self._both(self._pop(), self._pop()))
        elif sign == "|":
            self.push(self._either(self._pop(), self._pop()))
        elif sign == ".":
            self.push(self._at(0))
        else:
            raise NotAQuery(sign)

    def _pop(self) -> T:
        return self._values.pop() if self._values else self._true

    def _at(self, index: int) -> T:
        return self._values[-1 - index] if index < len(self._values) else self._true


def succeeds(words: list[str], item: Item) -> bool:
    """Whether an item is printed. Raises NotAQuery."""
    stack: Stack[bool] = Stack(True, lambda a, b: a and b, lambda a, b: a or b, lambda a: not a)
    for word in words:
        if word.startswith("?#"):
            stack.operate(word[2:])
        else:
            stack.push(_compares(word, item))
    return stack.result()


def candidates(words: list[str], indexed: str) -> Candidates:
    """The values of one property that an item must have to be printed; None when it may have any."""
    stack: Stack[Candidates] = Stack(
        None,
        lambda a, b: b if a is None else a if b is None else a & b,
        lambda a, b: None if a is None or b is None else a | b,
        lambda _: None,
    )
    for word in words:
        if word.startswith("?#"):
            stack.operate(word[2:])
        else:
            sign, name, value = _parts(word)
            stack.push(frozenset((value,)) if sign == "=" and name == indexed else None)
    return stack.result()


def _parts(word: str) -> tuple[str, str, str]:
    """Sign, name and value; the sign is one of `=`, `<`, `>`, `-` and, for "has it", nothing."""
    body = word[1:]
    if body[:1] in ("<", ">", "="):
        name, _, value = body[1:].partition("=")
        return body[0], name, value
    if body.startswith("-"):
        return "-", body[1:], ""
    name, equals, value = body.partition("=")
    return equals, name, value


def _compares(word: str, item: Item) -> bool:
    sign, name, wanted = _parts(word)
    found = item.get(name)
    if sign == "-":
        return found is None
    if found is None:
        return False
    if sign == "=":
        return found == (_FLAGS.get(wanted, wanted) if found in ("true", "false") else wanted)
    if sign == "<":
        return _order(found, wanted) < 0
    if sign == ">":
        return _order(found, wanted) > 0
    return True


def _order(left: str, right: str) -> int:
    if left.isdecimal() and right.isdecimal():
        return (int(left) > int(right)) - (int(left) < int(right))
    return (left > right) - (left < right)
