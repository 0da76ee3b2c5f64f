r"""LaTeX mathematics as an author types it, read into a tree: a stated subset, so that nothing in it can run or inject.

Letters, digits, signs, `^`, `_`, `'`, groups in braces, parentheses, brackets, `|` and `\|`; Greek letters and the signs of
the table `OPERATORS` under their names; `\frac`, `\sqrt`, `\sum`, `\prod`, accents, alphabets, names of functions, `\text`.
"""

import re

from symbptt.errors import BadInput
from symbptt.typeset import tree as t
from symbptt.typeset.alphabets import LETTERS
from symbptt.typeset.signs import ACCENTS, OPERATORS, SPACED

_TOKEN = re.compile(r"\\text\s*\{[^{}]*\}|\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.S)
LONGEST, DEEPEST = 1000, 24
"""The most characters of a formula, and how deep groups may stand inside each other."""
THIN = t.Operator("\u2009")
SIGNS: dict[str, str] = {
    latex: sign for sign, latex in OPERATORS.items() if latex.startswith("\\") and latex[1:].isalpha()
} | {
    r"\leq": "≤", r"\geq": "≥", r"\dots": "…", r"\rightarrow": "→", "-": "−", "*": "∗",
}
"""What stands for a sign besides the sign itself."""
STYLES: dict[str, t.Style] = {
    r"\mathbf": t.Style.BOLD, r"\boldsymbol": t.Style.BOLD, r"\bm": t.Style.BOLD, r"\mathrm": t.Style.UPRIGHT,
    r"\mathcal": t.Style.SCRIPT, r"\mathbb": t.Style.DOUBLE, r"\operatorname": t.Style.FUNCTION,
}
FUNCTIONS = frozenset(
    "\\" + name for name in (
        "exp", "log", "ln", "tanh", "sinh", "cosh", "sin", "cos", "tan", "max", "min", "sup", "inf", "arg", "det", "dim", "lim",
        "softmax", "diag",
    )
)
BIG: dict[str, str] = {r"\sum": "∑", r"\prod": "∏"}
CLOSING: dict[str, tuple[str, str]] = {
    "(": (")", "("), "[": ("]", "["), r"\{": (r"\}", "{"), "|": ("|", "|"), r"\|": (r"\|", "‖"),
}
"""What opens a fence: what closes it, and its name."""
SPACES = frozenset((r"\,", r"\;", r"\:", r"\!", r"\quad", r"\ ", "~"))


def from_latex(text: str) -> t.Tree:
    """The tree of a formula; raises BadInput that names what it does not know."""
    if len(text) > LONGEST:
        raise BadInput(f"${text[:20]}…$: a formula in running text has at most {LONGEST} characters")
    tokens = [token for token in _TOKEN.findall(text) if not token.isspace()]
    reader = _Reader(tokens, text)
    made = reader.row(())
    if reader.place < len(tokens):
        raise reader.refuse(f"{tokens[reader.place]} closes nothing")
    return made


class _Reader:
    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens, self.text, self.place, self.depth = tokens, text, 0, 0

    def refuse(self, why: str) -> BadInput:
        return BadInput(f"${self.text}$: {why}")

    def take(self) -> str:
        if self.place == len(self.tokens):
            raise self.refuse("something is missing at the end")
        self.place += 1
        return self.tokens[self.place - 1]

    def at(self, *wanted: str) -> bool:
        return self.place < len(self.tokens) and self.tokens[self.place] in wanted

    def row(self, stops: tuple[str, ...]) -> t.Tree:
        """Nodes up to a closing sign, which stays."""
        self.deeper()
        items: list[t.Tree] = []
        while self.place < len(self.tokens) and not self.at(*stops, "}", ")", "]", r"\}", r"\right"):
            items.append(self.scripted(self.atom(bool(items) and not _infix(items[-1]))))
        self.depth -= 1
        return items[0] if len(items) == 1 else t.Row(tuple(items))

    def scripted(self, base: t.Tree) -> t.Tree:
        """A node with what hangs on it; sums and products have it as limits."""
        parts: dict[str, t.Tree] = {}
        while self.at("^", "_", "'"):
            sign = self.take()
            key = "^" if sign == "'" else sign
            if key in parts:
                raise self.refuse(f"two {key} in a row; put braces")
            parts[key] = t.Operator("′", prefix=True) if sign == "'" else self.argument()
        if isinstance(base, t.BigOperator):
            return t.BigOperator(base.symbol, parts.get("_"), parts.get("^"))
        if not parts:
            return base
        return t.Script(t.Row((base,)) if isinstance(base, t.Script) else base, parts.get("_"), parts.get("^"))

    def argument(self) -> t.Tree:
        """A group, or one token."""
        self.deeper()
        if self.at("{"):
            self.take()
            made = self.row(("}",))
            self.close("}")
        else:
            made = self.atom(False)
        self.depth -= 1
        return made

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.refuse(f"groups stand more than {DEEPEST} deep")

    def close(self, sign: str) -> None:
        if self.take() != sign:
            raise self.refuse(f"expected {sign}")

    def atom(self, infix: bool) -> t.Tree:
        token = self.take()
        sign = SIGNS.get(token, token)
        if sign in OPERATORS and sign not in ("|",):
            return t.Operator(sign, prefix=not infix and sign in SPACED)
        if token in CLOSING:
            return self.fence(token)
        if token == "{":
            self.place -= 1
            return self.argument()
        if token[0].isdigit():
            return t.Number(token)
        if len(token) == 1 and token.isalpha():
            return t.Identifier(token)
        return self.command(token)

    def fence(self, token: str) -> t.Tree:
        closing, name = CLOSING[token]
        body = self.row((closing,))
        self.close(closing)
        return t.Fenced(body, name)

    def command(self, token: str) -> t.Tree:
        name = token[1:]
        if name in LETTERS:
            return t.Identifier(LETTERS[name])
        if token in SPACES:
            return THIN
        if token in FUNCTIONS:
            return t.Identifier(name, t.Style.FUNCTION)
        if token in BIG:
            return t.BigOperator(BIG[token])
        if name in ACCENTS:
            return t.Accent(self.argument(), name)
        if token == r"\frac":
            return t.Fraction(self.argument(), self.argument())
        if token == r"\sqrt":
            return t.Root(self.argument())
        if token == r"\left":
            opening = self.take()
            if opening not in CLOSING:
                raise self.refuse(f"{opening} opens no fence")
            closing, fence = CLOSING[opening]
            body = self.row(())
            self.close(r"\right")
            self.close(closing)
            return t.Fenced(body, fence)
        if token.startswith(r"\text") and token.endswith("}"):
            return t.Text(token[token.index("{") + 1 : -1])
        if token in STYLES:
            return self.styled(STYLES[token])
        raise self.refuse(f"{token} is not one of the commands that running text may have; see docs/documents.md")

    def styled(self, style: t.Style) -> t.Tree:
        """Letters of an alphabet: a name in braces, or a Greek letter."""
        inner = self.argument()
        items = inner.items if isinstance(inner, t.Row) else (inner,)
        if not all(isinstance(item, t.Identifier) for item in items):
            raise self.refuse("an alphabet is for letters")
        return t.Identifier("".join(item.text for item in items if isinstance(item, t.Identifier)), style)


def _infix(tree: t.Tree) -> bool:
    return isinstance(tree, t.Operator) and tree.text in SPACED
