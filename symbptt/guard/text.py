"""Text of others, made fit for a terminal and for one line of a report."""

from __future__ import annotations

from unicodedata import category

LONGEST = 500
"""Characters that are kept of one text."""


def plain(text: str, longest: int = LONGEST) -> str:
    """The text on one line, blanks single, with control characters and marks that turn its direction written as escapes."""
    line = " ".join(text[: 4 * longest].split())
    shown = "".join(c if category(c)[0] != "C" else c.encode("unicode_escape").decode() for c in line)
    return shown if len(shown) <= longest else shown[:longest] + "…"
