"""Small formulas inside sentences: t = 1, …, T."""

from __future__ import annotations

import re

from symbptt.typeset.signs import OPERATORS
from symbptt.typeset.tree import Fenced, Identifier, Number, Operator, Row, Text, Tree

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


def prose(text: str) -> tuple[str | Tree, ...]:
    """A sentence in which `...` marks formulas."""
    parts = text.split("`")
    return tuple(math(part) if i % 2 else part for i, part in enumerate(parts) if part)
