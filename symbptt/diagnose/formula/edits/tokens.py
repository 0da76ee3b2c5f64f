"""One operator for another, in the text: so an operator may bind otherwise than the one that it replaces."""

import re
from collections.abc import Iterator

from symbptt.diagnose.causes import Cause
from symbptt.diagnose.formula.edits.edit import Edit
from symbptt.diagnose.formula.tree import Node
from symbptt.diagnose.formula.vocabulary import Around
from symbptt.diagnose.formula.written import side
from symbptt.errors import BadInput

_TOKEN = re.compile(r"\*\*|[-+*/@](?= )")
_SIGNS = ("+", "-", "*", "@", "/")
_CAUSES = {frozenset("*@"): "product-kind", frozenset("+-"): "sign-flipped"}


def operators(tree: Node, around: Around) -> Iterator[Edit]:
    """Another sign between two operands."""
    text = str(tree)
    for found in _TOKEN.finditer(text):
        for sign in _SIGNS:
            if sign == found[0]:
                continue
            new = f"{text[: found.start()]}{sign}{text[found.end() :]}"
            try:
                right = side(new, around.model, around.names)
            except BadInput:
                continue
            yield Edit(right, _cause(found[0], sign, _part(text, found.start()), _part(new, found.start())))


def _cause(old: str, new: str, wrong: str, right: str) -> Cause:
    name = _CAUSES.get(frozenset((old, new)), "operator-wrong")
    words = {"what": wrong, "fix": f"It should be {right}.", "old": old, "new": new, "wrong": wrong, "right": right}
    return Cause(name, None, "", 0, tuple(words.items()))


def _part(text: str, at: int) -> str:
    """The bracket, the argument or the side in which an operator stands."""
    depth, start = 0, 0
    for i in range(at - 1, -1, -1):
        depth += (text[i] in ")]") - (text[i] in "([")
        if depth < 0 or (depth == 0 and text[i] == ","):
            start = i + 1
            break
    depth, end = 0, len(text)
    for i in range(at, len(text)):
        depth += (text[i] in "([") - (text[i] in ")]")
        if depth < 0 or (depth == 0 and text[i] == ","):
            end = i
            break
    return text[start:end].strip()
