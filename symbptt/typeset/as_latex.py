r"""Presentation tree to LaTeX, for amsmath, amssymb and bm, and for KaTeX."""

import re
from collections.abc import Sequence
from functools import singledispatch

from symbptt.errors import MissingRule
from symbptt.typeset import tree as t
from symbptt.typeset.alphabets import COMMANDS
from symbptt.typeset.signs import OPERATORS, SPACED

_FUNCTIONS = frozenset(["tanh", "sinh", "cosh", "sin", "cos", "tan", "exp", "log", "ln", "max", "min", "sup", "inf"])
_FENCES = {"(": ("(", ")"), "[": ("[", "]"), "{": (r"\{", r"\}"), "|": (r"\lvert ", r"\rvert"), "‖": (r"\lVert ", r"\rVert"),
           "⟨": (r"\langle ", r"\rangle")}
_WIDEST = 10
"""The columns that a bmatrix of amsmath has at most."""
_BIG = {"∑": r"\sum", "∏": r"\prod"}
_ARROWS = {"left": r"\curvearrowleft", "right": r"\curvearrowright"}
_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
}
_SIGNS = {sign: command for sign, command in {**OPERATORS, **COMMANDS}.items() if not sign.isascii() and command.startswith("\\")}
_STYLES = {
    t.Style.BOLD: (r"\mathbf", r"\textbf"), t.Style.UPRIGHT: (r"\mathrm", r"\text"), t.Style.ITALIC: ("", r"\textit"),
    t.Style.SCRIPT: (r"\mathcal", r"\text"), t.Style.DOUBLE: (r"\mathbb", r"\text"), t.Style.FRAKTUR: (r"\mathfrak", r"\text"),
    t.Style.SANS: (r"\mathsf", r"\textsf"), t.Style.MONO: (r"\mathtt", r"\texttt"),
    t.Style.FUNCTION: (r"\operatorname", r"\text"),
}


def escape(text: str) -> str:
    """Text for \\text{...}; a sign or a letter that TeX has as a command is a formula of its own."""
    return "".join(_ESCAPES.get(c) or (f"${_SIGNS[c]}$" if c in _SIGNS else c) for c in text)


def join(left: str, right: str) -> str:
    """Two strings side by side; a space keeps a command and the letter after it apart, and long formulas readable."""
    return left + " " + right if re.search(r"(\\[A-Za-z]+|\})$", left) and re.match(r"\\?[A-Za-z0-9]", right) else left + right


@singledispatch
def _write(node: t.Tree, compact: bool) -> str:
    raise MissingRule("LaTeX", node, "symbptt/typeset/as_latex.py")


@_write.register
def _identifier(node: t.Identifier, compact: bool) -> str:
    command = COMMANDS.get(node.text)
    if command:
        return rf"\boldsymbol{{{command}}}" if node.style is t.Style.BOLD else command
    if node.style is t.Style.FUNCTION and node.text in _FUNCTIONS:
        return "\\" + node.text
    mathematical, textual = _STYLES[node.style]
    if not re.fullmatch(r"[A-Za-z0-9]+", node.text):
        return rf"{textual}{{{escape(node.text)}}}"
    return f"{mathematical}{{{node.text}}}" if mathematical else node.text


@_write.register
def _number(node: t.Number, compact: bool) -> str:
    return node.text


@_write.register
def _text(node: t.Text, compact: bool) -> str:
    return rf"\text{{{escape(node.text)}}}"


@_write.register
def _blank(node: t.Blank, compact: bool) -> str:
    return r"\boxed{\phantom{\mathrm{WWW}}}"


@_write.register
def _operator(node: t.Operator, compact: bool) -> str:
    text = OPERATORS[node.text]
    if node.text == "\u2009":
        return r"\, "
    if node.text == ",":
        return "," if compact else ", "
    return text if compact or node.prefix or node.text not in SPACED else f" {text} "


@_write.register
def _row(node: t.Row, compact: bool) -> str:
    written = ""
    for item in node.items:
        written = join(written, _write(item, compact))
        if isinstance(item, t.BigOperator):
            written += " "
    return written


def _base(node: t.Tree, compact: bool) -> str:
    text = _write(node, compact)
    plain = isinstance(node, (t.Identifier, t.Number, t.Operator, t.Accent, t.Fenced))
    tail = isinstance(node, t.Row) and any(isinstance(item, t.Fenced) for item in node.items[-1:])
    word = isinstance(node, t.Identifier) and node.style is t.Style.ITALIC and len(node.text) > 1
    return text if (plain or tail) and not word else f"{{{text}}}"


@_write.register
def _script(node: t.Script, compact: bool) -> str:
    sub = f"_{{{_write(node.sub, True)}}}" if node.sub else ""
    if node.sup == t.Operator("′"):
        return _base(node.base, compact) + sub + "'"
    return _base(node.base, compact) + sub + (f"^{{{_write(node.sup, True)}}}" if node.sup else "")


@_write.register
def _accent(node: t.Accent, compact: bool) -> str:
    return rf"\{node.mark}{{{_write(node.base, compact)}}}"


@_write.register
def _fraction(node: t.Fraction, compact: bool) -> str:
    return rf"\frac{{{_write(node.numerator, compact)}}}{{{_write(node.denominator, compact)}}}"


@_write.register
def _root(node: t.Root, compact: bool) -> str:
    return rf"\sqrt{{{_write(node.body, compact)}}}"


@_write.register
def _fenced(node: t.Fenced, compact: bool) -> str:
    left, right = _FENCES[node.left]
    body = _write(node.body, compact)
    if node.body.tall:
        return rf"\left{left.strip()} {body} \right{right}"
    return join(left + body, right)


@_write.register
def _big(node: t.BigOperator, compact: bool) -> str:
    below = f"_{{{_write(node.below, True)}}}" if node.below else ""
    above = f"^{{{_write(node.above, True)}}}" if node.above else ""
    sign = _BIG[node.symbol] + below + above
    return rf"\overset{{{_ARROWS[node.arrow]}}}{{{sign}}}" if node.arrow else sign


def _lines(rows: Sequence[str]) -> str:
    # A bracket after \\ would be read as the optional argument of the line break.
    return r" \\ ".join("{}" + row if row.startswith(("[", "*")) else row for row in rows)


@_write.register
def _matrix(node: t.Matrix, compact: bool) -> str:
    rows = [" & ".join(_write(cell, compact) for cell in row) for row in node.rows]
    columns = max(map(len, node.rows))
    if columns > _WIDEST:
        return rf"\left[ \begin{{array}}{{{'c' * columns}}} {_lines(rows)} \end{{array}} \right]"
    return rf"\begin{{bmatrix}} {_lines(rows)} \end{{bmatrix}}"


@_write.register
def _brace(node: t.Brace, compact: bool) -> str:
    place, mark = ("over", "^") if node.over else ("under", "_")
    return rf"\{place}brace{{{_write(node.body, compact)}}}{mark}{{{_write(node.label, True)}}}"


@_write.register
def _equality(node: t.Equality, compact: bool) -> str:
    relation = f" {OPERATORS[node.relation]} "
    return relation.join(_write(side, compact) for side in (node.left, *node.sides))


@_write.register
def _aligned(node: t.Aligned, compact: bool) -> str:
    rows: list[str] = []
    for line in node.lines:
        lefts = [_write(line.left, compact) + " "] + [""] * (len(line.sides) - 1)
        relation = OPERATORS[line.relation]
        rows += [f"{left}&{relation} {_write(side, compact)}" for left, side in zip(lefts, line.sides, strict=True)]
    return rf"\begin{{aligned}} {_lines(rows)} \end{{aligned}}"


def write(tree: t.Tree) -> str:
    """The LaTeX of a tree, without delimiters. Raises MissingRule for a node that has no rule."""
    return _write(tree, False).strip()
