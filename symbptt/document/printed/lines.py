"""Lines of a listing: several that make arrays in the same way are one, and long ones are cut."""

import re
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from itertools import takewhile
from token import COMMENT, OP
from tokenize import TokenError, TokenInfo, generate_tokens

from symbptt.document.listing import NUMBER

WIDEST = 68
"""The longest line: half a page holds no more."""
MANY = 7
"""The most arrays of a line."""
INDENT = 12
"""What a line needs beside the arrays that it makes."""

_SUMMAND, _FACTOR = frozenset({"+", "-"}), frozenset({"*", "/", "@", "//", "%"})
_OPENING, _CLOSING = frozenset({"(", "[", "{"}), frozenset({")", "]", "}"})
_VALUE = re.compile(r"return |[^=(\[]+(?:\[[^=]*\])? [-+*/@]?= ")
"""What stands before the value of a statement."""

_ALIKE = (
    (re.compile(r"    (\w+) = (\w+\.shape\[\d+\])"), "{items}"),
    (re.compile(r"    (\w+) = np\.asarray\(parameters\['(\w+)'\]\)"), "(np.asarray(parameters[p]) for p in {words!r}.split())"),
    (re.compile(r"    (\w+) = np\.zeros\((\w+)\.shape\)"), "(np.zeros(p.shape) for p in ({items},))"),
    (re.compile(r"    (\w+) = (np\.(?:empty|zeros)\(\(.*\)\))"), "({first} for _ in range({number}))"),
)
"""Lines of which several in a row are said in one: what they look like, and the right side of the one."""


def together(lines: list[str]) -> Iterator[str]:
    """Arrays made in the same way, in one line."""
    while lines:
        pattern, right = next(((p, text) for p, text in _ALIKE if p.fullmatch(lines[0])), (None, ""))
        run = [match for line in takewhile(pattern.fullmatch, lines) if (match := pattern.fullmatch(line))] if pattern else []
        if right.startswith("({first}"):
            run = [match for i, match in enumerate(run) if all(one[2] == run[0][2] for one in run[: i + 1])]
        run = run[:MANY]
        while len(run) > 2 and sum(len(match[1]) + 2 for match in run) > WIDEST - INDENT:
            run.pop()
        if len(run) < 2:
            yield lines.pop(0)
            continue
        del lines[: len(run)]
        left, items = ", ".join(match[1] for match in run), [match[2] for match in run]
        slots = {"words": " ".join(items), "items": ", ".join(items), "first": items[0], "number": len(run)}
        yield f"    {left} = {right.format(**slots)}"


def wrapped(line: str) -> list[str]:
    """A line that is too long, cut at commas and operators inside brackets; it says the same to Python.

    A sum or product without brackets gets some. A comment moves closer, says no more than its number, goes to the first of the
    short lines that has room, or stands on a line of its own.
    """
    if len(line) <= WIDEST:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    code, comment = _parted(line.strip())
    made = [indent + code] if len(indent + code) <= WIDEST else _filled(indent, _bracketed(code))
    if not comment:
        return made
    number = NUMBER.match(comment)
    for said in (comment, number[0] if number else comment):
        for i, one in enumerate(made):
            if len(one) + 2 + len(said) <= WIDEST:
                return [*made[:i], f"{one}  {said}", *made[i + 1 :]]
    return [indent + comment, *made]


def _tokens(code: str) -> list[TokenInfo]:
    """The tokens of a line; of one that is no whole statement, as the head of a loop, as far as they go."""
    found: list[TokenInfo] = []
    with suppress(TokenError, IndentationError):
        found.extend(generate_tokens(StringIO(code).readline))
    return found


def _parted(line: str) -> tuple[str, str]:
    """Code and comment."""
    at = next((token.start[1] for token in _tokens(line) if token.type == COMMENT), len(line))
    return line[:at].rstrip(), line[at:]


def _cuts(code: str) -> list[tuple[int, int]]:
    """(place, rank) after every comma and opening bracket, before every `for`, and before operators between two values.

    The rank is twice the depth in brackets, and one more for a factor: a line is cut between summands before within one.
    """
    found, depth, value = list[tuple[int, int]](), 0, False
    for token in _tokens(code):
        text, sign = token.string, token.type == OP
        depth += sign * ((text in _OPENING) - (text in _CLOSING))
        if text == ",":
            found.append((token.end[1], 2 * depth))
        elif sign and text in _OPENING:
            found.append((token.end[1], 2 * depth + 1))
        elif text == "for" or (sign and value and text in _SUMMAND | _FACTOR):
            found.append((token.start[1], 2 * depth + (text in _FACTOR)))
        value = text in _CLOSING if sign else text != "for"
    return found


def _bracketed(code: str) -> str:
    """The statement with brackets around a value that is a sum or product of its own."""
    match = _VALUE.match(code)
    value = code[match.end() :] if match else ""
    return f"{code[: -len(value)]}({value})" if any(rank < 2 for _, rank in _cuts(value)) else code


def _filled(indent: str, code: str) -> list[str]:
    """Lines as long as may be, each cut at the last of the outermost places that it holds."""
    made, lead, depth = list[str](), indent, 0
    while len(lead + code) > WIDEST:
        inside = [(rank + 2 * depth, at) for at, rank in _cuts(code) if rank + 2 * depth >= 2 and at]
        fits = [(rank, -at) for rank, at in inside if len(lead) + at <= WIDEST]
        if not inside:
            break
        at = -min(fits)[1] if fits else inside[0][1]
        made.append(lead + code[:at].rstrip())
        depth += _opened(code[:at])
        code, lead = code[at:].lstrip(), indent + " " * 4
    return [*made, lead + code]


def _opened(code: str) -> int:
    """How many brackets a piece of a line leaves open."""
    signs = [token.string for token in _tokens(code) if token.type == OP]
    return sum(sign in _OPENING for sign in signs) - sum(sign in _CLOSING for sign in signs)
