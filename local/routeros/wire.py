"""Words and sentences of the RouterOS API: each word behind its length, a word of no length ends the sentence.

A word is bytes on the wire and text in here: UTF-8, and what is not UTF-8 is kept by surrogates, so that every name comes
back as it went in.
"""

from collections.abc import Callable, Iterable
from typing import Final

LONGEST_WORD: Final = 1024 * 1024
END: Final = b"\x00"
_FORMS: Final = ((0x80, 0x00, 1), (0x4000, 0x8000, 2), (0x200000, 0xC00000, 3), (0x10000000, 0xE0000000, 4))


class NotASentence(Exception):
    """What came is not in the form of the protocol."""


def to_bytes(word: str) -> bytes:
    """The bytes of a word, also of those that are not UTF-8."""
    return word.encode("utf-8", "surrogateescape")


def to_text(word: bytes) -> str:
    """The text of a word; `to_bytes` gives the same bytes back."""
    return word.decode("utf-8", "surrogateescape")


def encode_length(length: int) -> bytes:
    """A length in its shortest form of the five, of one to five bytes."""
    for bound, mark, size in _FORMS:
        if length < bound:
            return (length | mark).to_bytes(size, "big")
    return b"\xf0" + length.to_bytes(4, "big")


def encode_word(word: str) -> bytes:
    """A word behind its length."""
    data = to_bytes(word)
    return (bytes((len(data),)) if len(data) < 0x80 else encode_length(len(data))) + data


def encode_sentence(words: Iterable[str]) -> bytes:
    """A sentence with its end."""
    return b"".join([encode_word(word) for word in words]) + END


class Sentences:
    """What a client sends, sentence by sentence.

    `receive` gives the bytes that are there, none when the client has gone.
    """

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self._buffer = bytearray()

    def read(self) -> list[str] | None:
        """The words of the next sentence, none for an empty one; None when the client has gone. Raises NotASentence."""
        words: list[str] = []
        while True:
            length = self._length()
            if length is None:
                return None
            if length == 0:
                return words
            if length > LONGEST_WORD:
                raise NotASentence(f"a word of {length} bytes")
            word = self._take(length)
            if word is None:
                return None
            words.append(to_text(word))

    def _length(self) -> int | None:
        first = self._take(1)
        if first is None:
            return None
        lead = first[0]
        if lead < 0x80:
            return lead
        if lead > 0xF0:
            raise NotASentence(f"a control byte {lead:#x}")
        more = 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
        rest = self._take(more)
        if rest is None:
            return None
        mask = {1: 0x3F, 2: 0x1F, 3: 0x0F, 4: 0x00}[more]
        return ((lead & mask) << (8 * more)) | int.from_bytes(rest, "big")

    def _take(self, count: int) -> bytes | None:
        while len(self._buffer) < count:
            came = self._receive(65_536)
            if not came:
                return None
            self._buffer += came
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken
