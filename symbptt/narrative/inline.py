"""Running text: words, and small formulas such as t = 1, …, T."""

from __future__ import annotations

import re
from collections.abc import Callable

from symbptt.typeset.signs import OPERATORS
from symbptt.typeset.tree import Fenced, Identifier, Number, Operator, Row, Text, Tree


class Typed(str):
    """Words to be typed as they are: a command, a name in code."""


Prose = tuple[str | Tree, ...]
"""Running text: words, and formulas set inline."""

_TOKEN = re.compile(r"[A-Za-z]|[0-9]+|[^A-Za-z0-9 ]")


def _token(text: str) -> Tree:
    if text == "…":
        return Text(text)
    if text in OPERATORS:
        return Operator(text)
    return Number(text) if text.isdigit() else Identifier(text)


def math(text: str) -> Tree:
    """A formula of single letters, numbers and signs, all of it in parentheses or none."""
    inner = text.removeprefix("(").removesuffix(")")
    row = Row(tuple(_token(part) for part in _TOKEN.findall(inner)))
    return row if inner == text else Fenced(row)


def plain(prose: Prose, formula: Callable[[Tree], str]) -> str:
    """Running text as one string, its formulas written by `formula`."""
    return "".join(part if isinstance(part, str) else formula(part) for part in prose)
