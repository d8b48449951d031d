"""Text as people mean it."""

import unicodedata

_UNSEEN = "\u2028\u2029\ufeff"
_TURNS_TEXT = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that turn the direction of the text after them, by which a name can be made to look like another's."""


def clean_text(value: str) -> str:
    """The text composed (NFC) and without outer spaces; `ValueError` when it holds a character that cannot be seen.

    Joiners (U+200C, U+200D) and other marks of format stay where they stand in a word, as Bangla needs them; a text
    that is nothing but such marks is refused, because it looks empty and is not.
    """
    text = unicodedata.normalize("NFC", value).strip()
    if text.isascii():
        if text.isprintable():
            return text
        raise ValueError("must not hold control characters")
    shows = False
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Cs", "Co", "Cn") or character in _UNSEEN:
            raise ValueError("must not hold control characters")
        if character == "\ufffd":
            raise ValueError("holds a character that was lost on its way: the text has to be sent in UTF-8")
        if character in _TURNS_TEXT:
            raise ValueError("must not hold characters that turn the direction of text")
        shows = shows or not (category == "Cf" or character.isspace())
    if not shows:
        raise ValueError("must hold a character that can be seen")
    return text
