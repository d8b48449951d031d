"""What finds a subscriber: the words it is stored under, and the words of a search, both brought to the same form.

A search is by prefix of a word. Words are compared case-folded and composed (NFC), without punctuation around them; a
MAC is its twelve digits, a telephone number its digits as they are dialled at home (01711..., not +8801711...).
"""

import re
import unicodedata

MAX_NAME_WORDS = 12
MAX_WORD_LENGTH = 64
MAX_TERMS = 8

_MAC_PREFIX = re.compile(
    r"(?:[0-9a-f]{2}:)+[0-9a-f]{0,2}|(?:[0-9a-f]{2}-){2,}[0-9a-f]{0,2}|[0-9a-f]{4}\.[0-9a-f]{0,4}(?:\.[0-9a-f]{0,4})?"
    r"|[0-9a-f]{6}-[0-9a-f]{1,6}",
    re.ASCII,
)
_PHONE_TERM = re.compile(r"\+[0-9]+|00[0-9]{9,}|880[0-9]{8,}", re.ASCII)
_HOME_WITHOUT_ZERO = re.compile(r"1[3-9][0-9]{8}", re.ASCII)
_NOT_DIGITS = re.compile(r"[^0-9]+", re.ASCII)


def fold(text: str) -> str:
    """Text in the form it is compared in."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    # Folding may make a character that folds once more after composing; the second time is the last.
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded.casefold())


def name_words(name: str) -> tuple[str, ...]:
    """The distinct words of a name, folded, at most the first twelve of them."""
    words = dict.fromkeys(_bare(word) for word in fold(name).split())
    return tuple(word[:MAX_WORD_LENGTH] for word in words if word)[:MAX_NAME_WORDS]


def mac_word(mac: str) -> str:
    """The word of a stored MAC: its digits."""
    return mac.replace(":", "").lower()


def phone_word(phone: str) -> str:
    """The digits of a number as they are dialled at home: `+8801711234567` and `01711234567` are the same word."""
    digits = _NOT_DIGITS.sub("", phone)
    if digits.startswith("00"):
        digits = digits[2:]
    if digits.startswith("880"):
        return digits[2:]
    return "0" + digits if _HOME_WITHOUT_ZERO.fullmatch(digits) else digits


def search_terms(query: str) -> tuple[str, ...]:
    """The prefixes that a search asks for, the most telling (longest) first; none when it holds no word."""
    terms = dict.fromkeys(_term(word)[:MAX_WORD_LENGTH] for word in fold(query).split())
    return tuple(sorted((term for term in terms if term), key=len, reverse=True)[:MAX_TERMS])


def _term(word: str) -> str:
    if _MAC_PREFIX.fullmatch(word):
        return re.sub(r"[:.-]", "", word)
    if _PHONE_TERM.fullmatch(word) or _HOME_WITHOUT_ZERO.fullmatch(word):
        return phone_word(word)
    return _bare(word)


def _bare(word: str) -> str:
    """The word without punctuation and symbols at its ends (vowel signs and other marks belong to it)."""
    if word.isalnum():
        return word
    first, last = 0, len(word)
    while first < last and unicodedata.category(word[first])[0] in "PS":
        first += 1
    while last > first and unicodedata.category(word[last - 1])[0] in "PS":
        last -= 1
    return word[first:last]
