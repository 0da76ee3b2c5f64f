"""Text of others, made fit for a terminal and for one line of a report."""

from unicodedata import category

LONGEST = 500
"""Characters that are kept of one text."""


def escaped(text: str) -> str:
    """The text with its line ends, and with other control characters and marks that turn its direction written as escapes."""
    return "".join(c if c == "\n" or category(c)[0] != "C" else c.encode("unicode_escape").decode() for c in text)


def plain(text: str, longest: int = LONGEST) -> str:
    """The same on one line, with single blanks, cut off where it is too long."""
    shown = escaped(" ".join(text[: 4 * longest].split()))
    return shown if len(shown) <= longest else shown[:longest] + "…"
