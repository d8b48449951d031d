"""Text as people mean it."""

import unicodedata

_UNSEEN = "\u2028\u2029\ufeff"


def clean_text(value: str) -> str:
    """The text composed (NFC) and without outer spaces; `ValueError` when it holds a character that cannot be seen."""
    text = unicodedata.normalize("NFC", value).strip()
    if text.isascii():
        if text.isprintable():
            return text
        raise ValueError("must not hold control characters")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") or character in _UNSEEN:
            raise ValueError("must not hold control characters")
    return text
