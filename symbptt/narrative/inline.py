"""Running text: words, and small formulas such as t = 1, …, T."""

from __future__ import annotations

import re
from collections.abc import Callable

from symbptt.typeset.signs import OPERATORS
from symbptt.typeset.tree import Fenced, Identifier, Number, Operator, Row, Script, Style, Tree


class Typed(str):
    """Words to be typed as they are: a command, a name in code."""


class Emphasised(str):
    """Words that are stressed."""


class Strong(str):
    """Words that stand out."""


class Link(str):
    """Words that lead to an address."""

    url: str

    def __new__(cls, text: str, url: str) -> Link:
        made = super().__new__(cls, text)
        made.url = url
        return made


class Reference(str):
    """The number of an equation, by what refers to it: the label of a step; a document fills in the number that it has there."""

    number: int

    def __new__(cls, label: str, number: int = 0) -> Reference:
        made = super().__new__(cls, label)
        made.number = number
        return made


Prose = tuple[str | Tree, ...]
"""Running text: words, and formulas set inline."""

_TOKEN = re.compile(r"_[^\W_]+|[a-z]{3,}|[^\W\d_]|[0-9]+(?:\.[0-9]+)?|[^\w ]|(?<=[\w)]) (?=[^\W\d_]|\()")
_PLUS = "⁺"


def _token(text: str) -> Tree:
    if text in OPERATORS or text == " ":
        return Operator("\u2062" if text == " " else text)
    if text[0].isdigit():
        return Number(text)
    return Identifier(text, Style.FUNCTION if len(text) > 1 else Style.ITALIC)


def _row(tokens: list[str]) -> Tree:
    items: list[Tree] = []
    while tokens and tokens[0] != ")":
        token = tokens.pop(0)
        if token == "(":
            items.append(Fenced(_row(tokens)))
            tokens.pop(0)
        elif token.startswith("_"):
            items.append(Script(items.pop(), Row(tuple(map(_token, token[1:])))))
        elif token == _PLUS:
            items.append(Script(items.pop(), None, Operator("+")))
        else:
            items.append(_token(token))
    return items[0] if len(items) == 1 and isinstance(items[0], Fenced) else Row(tuple(items))


def math(text: str) -> Tree:
    """A formula of letters, functions, numbers, signs, subscripts of letters (W_hh), the mark ⁺, and balanced parentheses."""
    return _row(_TOKEN.findall(text))


def prose(text: str) -> Prose:
    """A sentence in which `...` marks formulas."""
    return tuple(math(part) if i % 2 else part for i, part in enumerate(text.split("`")) if part)


def plain(prose: Prose, formula: Callable[[Tree], str]) -> str:
    """Running text as one string, its formulas written by `formula`."""
    return "".join(part if isinstance(part, str) else formula(part) for part in prose)
