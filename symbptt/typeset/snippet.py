r"""Reads the LaTeX that a model file may give for a name, such as `\hat{\mathbf{y}}` or `W_{xh}`, into a tree.

Only letters, digits, styles, accents, scripts and a few signs exist here; anything else is refused, so a name cannot inject
markup, and it looks the same in every output. Reads all that symbptt/model/latex.py lets pass.
"""

import re
from functools import lru_cache

from symbptt.errors import BadInput
from symbptt.typeset.alphabets import LETTERS
from symbptt.typeset.signs import ACCENTS
from symbptt.typeset.tree import Accent, Identifier, Number, Operator, Row, Script, Style, Text, Tree

MAX_LENGTH = 80

STYLES: dict[str, Style] = {
    "mathbf": Style.BOLD, "boldsymbol": Style.BOLD, "bm": Style.BOLD, "mathrm": Style.UPRIGHT, "mathit": Style.ITALIC,
    "mathcal": Style.SCRIPT, "mathbb": Style.DOUBLE, "mathfrak": Style.FRAKTUR, "mathsf": Style.SANS, "mathtt": Style.MONO,
    "operatorname": Style.FUNCTION,
}
SIGNS: dict[str, str] = {
    "+": "+", "-": "−", ",": ",", "=": "=", "/": "/", ":": ":", r"\prime": "′", r"\star": "⋆", r"\ast": "∗", r"\dagger": "†",
    r"\circ": "∘", r"\top": "⊤", r"\bot": "⊥", r"\partial": "∂", r"\nabla": "∇", r"\infty": "∞", r"\odot": "⊙", r"\oplus": "⊕",
    r"\otimes": "⊗", r"\cdot": "·", r"\times": "×", r"\pm": "±",
}
_TOKEN = re.compile(r"\\text\{[A-Za-z0-9 ,+\-]*\}|\\[A-Za-z]+|[A-Za-z0-9+\-,=/:{}_^']| +")


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BadInput(f"{text[position]!r} is not allowed")
        found.append(match.group())
        position = match.end()
    return [token for token in found if token.strip()]


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
            if not self.tokens:
                raise BadInput("a '{' is not closed")
            items.append(self.scripted())
        return items[0] if len(items) == 1 else Row(tuple(items))

    def group(self) -> Tree:
        """A group in braces, or as in TeX the one letter or digit that follows."""
        if self.peek() != "{":
            return self.atom(long=False)
        self.tokens.pop(0)
        tree = self.sequence("}")
        self.tokens.pop(0)
        return tree

    def styled(self, style: Style) -> Tree:
        outer, self.style = self.style, style
        tree = self.group()
        self.style = outer
        return tree

    def atom(self, long: bool) -> Tree:
        if not self.tokens or self.peek() in "}_^'":
            raise BadInput("something is missing" if not self.tokens else f"{self.peek()!r} is out of place")
        if self.peek() == "{":
            return self.group()
        token = self.tokens.pop(0)
        if token in SIGNS:
            return Operator(SIGNS[token], prefix=True)
        if token.startswith("\\"):
            return self.command(token)
        kind = str.isdigit if token.isdigit() else str.isalpha
        while long and (token.isdigit() or self.style is not Style.ITALIC) and kind(self.peek()):
            token += self.tokens.pop(0)
        return Number(token) if token.isdigit() and self.style is Style.ITALIC else Identifier(token, self.style)

    def command(self, token: str) -> Tree:
        name = token[1:]
        if name.startswith("text{"):
            return Text(name[5:-1])
        if name in LETTERS:
            return Identifier(LETTERS[name], self.style)
        if name in STYLES:
            return self.styled(STYLES[name])
        if name in ACCENTS:
            return Accent(self.group(), name)
        raise BadInput(f"the command {token} is not allowed")

    def scripted(self) -> Tree:
        base = Row(()) if self.peek() in ("_", "^") else self.atom(long=True)
        scripts: dict[str, Tree] = {}
        while self.peek() in ("_", "^", "'"):
            mark = self.tokens.pop(0)
            kind = "_" if mark == "_" else "^"
            if kind in scripts:
                raise BadInput(f"a double {mark!r}")
            scripts[kind] = Operator("′") if mark == "'" else self.group()
        return Script(base, scripts.get("_"), scripts.get("^")) if scripts else base


@lru_cache(maxsize=512)
def read(text: str) -> Tree:
    """The tree of a snippet. Raises BadInput, which says what is wrong with it."""
    try:
        if not 0 < len(text) <= MAX_LENGTH:
            raise BadInput(f"it has 1 to {MAX_LENGTH} characters")
        return _Reader(text).sequence("")
    except BadInput as error:
        raise BadInput(f"the LaTeX {text[:MAX_LENGTH]!r} of a name cannot be used: {error}") from None
