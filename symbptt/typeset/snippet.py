r"""Reads the LaTeX that a model file may give for a name, such as `\hat{\mathbf{y}}` or `W_{xh}`, into a tree.

Only letters, digits, Greek, styles, accents, scripts, primes and a few signs exist here; anything else is refused, so a name
cannot inject markup, and it looks the same in every output.
"""

from __future__ import annotations

import re
from functools import lru_cache

from symbptt.errors import BadInput
from symbptt.typeset.alphabets import LETTERS
from symbptt.typeset.tree import ACCENTS, Accent, Identifier, Number, Operator, Row, Script, Style, Tree

MAX_LENGTH = 80

STYLES: dict[str, Style] = {
    "mathbf": Style.BOLD, "boldsymbol": Style.BOLD, "bm": Style.BOLD, "mathrm": Style.UPRIGHT, "mathit": Style.ITALIC,
    "mathcal": Style.SCRIPT,
}
_SIGNS = {"+": "+", "-": "−", ",": ",", "=": "=", "/": "/", ":": ":"}
_TOKEN = re.compile(r"\\([A-Za-z]+)|([A-Za-z])|([0-9]+)|([+\-,=/:{}_^'])|( +)")


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadInput(f"{text[position]!r} is not allowed")
        if not match.group(5):
            found.append(match.group())
        position = match.end()
    return found


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.style = Style.ITALIC

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def sequence(self, stop: str) -> Tree:
        items: list[Tree] = []
        while self.peek() != stop:
            items.append(self.scripted())
        if not items:
            raise BadInput("something is missing")
        return items[0] if len(items) == 1 else Row(tuple(items))

    def group(self) -> Tree:
        if self.peek() != "{":
            return self.atom()
        self.tokens.pop(0)
        tree = self.sequence("}")
        self.tokens.pop(0)
        return tree

    def styled(self, style: Style) -> Tree:
        outer, self.style = self.style, style
        tree = self.group()
        self.style = outer
        return tree

    def atom(self) -> Tree:
        if not self.tokens or self.peek() in "}_^'":
            raise BadInput("something is missing" if not self.tokens else f"{self.peek()!r} is out of place")
        if self.peek() == "{":
            return self.group()
        token = self.tokens.pop(0)
        if token in _SIGNS:
            return Operator(_SIGNS[token])
        if token.isdigit():
            return Number(token) if self.style is Style.ITALIC else Identifier(token, self.style)
        if token.startswith("\\"):
            return self.command(token[1:])
        return self.word(token)

    def word(self, letter: str) -> Tree:
        while self.style is not Style.ITALIC and self.peek().isalpha():
            letter += self.tokens.pop(0)
        return Identifier(letter, self.style)

    def command(self, name: str) -> Tree:
        if name in LETTERS:
            return Identifier(LETTERS[name], self.style)
        if name in STYLES:
            return self.styled(STYLES[name])
        if name in ACCENTS:
            return Accent(self.group(), name)
        raise BadInput(f"the command \\{name} is not allowed")

    def scripted(self) -> Tree:
        base = self.atom()
        scripts: dict[str, Tree] = {}
        while self.peek() in ("_", "^", "'"):
            mark = self.tokens.pop(0)
            kind = "_" if mark == "_" else "^"
            if kind in scripts or isinstance(base, Script):
                raise BadInput(f"a double {mark!r}")
            scripts[kind] = Operator("′") if mark == "'" else self.group()
        return Script(base, scripts.get("_"), scripts.get("^")) if scripts else base


@lru_cache(maxsize=512)
def read(text: str) -> Tree:
    """The tree of a snippet. Raises BadInput, which says what is wrong with it."""
    try:
        if len(text) > MAX_LENGTH:
            raise BadInput(f"longer than {MAX_LENGTH} characters")
        reader = _Reader(text)
        tree = reader.sequence("")
    except BadInput as error:
        raise BadInput(f"the LaTeX {text[:MAX_LENGTH]!r} of a name cannot be used: {error}") from None
    return tree
