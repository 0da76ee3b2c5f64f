"""Presentation tree to one line of Unicode for a terminal: Wₕₕᵀ δ_{a,t+1} ⊙ (𝟏 − hₜ^{⊙2}); aligned equations take more lines."""

import unicodedata
from functools import singledispatch

from symbptt.errors import MissingRule
from symbptt.typeset import tree as t
from symbptt.typeset.alphabets import styled
from symbptt.typeset.signs import ACCENTS, FENCES, SPACED

_SUB = dict(zip("0123456789+−=()aehijklmnoprstuvxβγρϕχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
_SUP = dict(zip("0123456789+−=()iknt⊤′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱᵏⁿᵗᵀ′", strict=True))
_VULGAR = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾", "1/5": "⅕", "1/6": "⅙", "1/8": "⅛"}
_ARROWS = {"left": "↶", "right": "↷", "": ""}
_HIDDEN = {"\u2061": "", "\u2062": " ", "\u2009": " "}
_TRANSPOSE = t.Identifier("T", t.Style.UPRIGHT)
_ALPHABETS = (t.Style.SCRIPT, t.Style.DOUBLE, t.Style.FRAKTUR)


@singledispatch
def _write(node: t.Tree, compact: bool) -> str:
    raise MissingRule("text", node, "symbptt/typeset/as_text.py")


@_write.register
def _identifier(node: t.Identifier, compact: bool) -> str:
    if node.style is t.Style.BOLD and node.text.isdigit():
        return styled(node.text, "bold")  # the ones vector is not the number one
    if compact and node == _TRANSPOSE:
        return "⊤"
    return styled(node.text, node.style) if node.style in _ALPHABETS else node.text


@_write.register
def _number(node: t.Number, compact: bool) -> str:
    return node.text


@_write.register
def _text(node: t.Text, compact: bool) -> str:
    return node.text


@_write.register
def _blank(node: t.Blank, compact: bool) -> str:
    return "▢"


@_write.register
def _operator(node: t.Operator, compact: bool) -> str:
    if node.text == ",":
        return "," if compact else ", "
    if node.text in SPACED and not compact and not node.prefix:
        return f" {node.text} "
    return _HIDDEN.get(node.text, node.text)


@_write.register
def _row(node: t.Row, compact: bool) -> str:
    return "".join(_write(item, compact) for item in node.items)


def _raised(text: str, table: dict[str, str], mark: str) -> str:
    if all(c in table for c in text):
        return "".join(table[c] for c in text)
    return mark + (text if len(text) == 1 else f"{{{text}}}")


@_write.register
def _script(node: t.Script, compact: bool) -> str:
    sub = _raised(_write(node.sub, True), _SUB, "_") if node.sub else ""
    sup = _raised(_write(node.sup, True), _SUP, "^") if node.sup else ""
    return _write(node.base, compact) + sub + sup


@_write.register
def _accent(node: t.Accent, compact: bool) -> str:
    base = _write(node.base, compact)
    return base[:1] + ACCENTS[node.mark].combining + base[1:]


def _operand(node: t.Tree) -> str:
    text = _write(node, True)
    joined = isinstance(node, t.Row) and any(isinstance(part, t.Operator) and part.text not in _HIDDEN for part in node.items[1:])
    return f"({text})" if joined or " " in text or "/" in text else text


@_write.register
def _fraction(node: t.Fraction, compact: bool) -> str:
    if node.derivative:
        return f"{_write(node.numerator, True)}/{_write(node.denominator, True)}"
    text = f"{_operand(node.numerator)}/{_operand(node.denominator)}"
    return _VULGAR.get(text, f"({text})")


@_write.register
def _root(node: t.Root, compact: bool) -> str:
    return f"√({_write(node.body, compact)})"


@_write.register
def _fenced(node: t.Fenced, compact: bool) -> str:
    left, right = FENCES[node.left]
    return left + _write(node.body, compact) + right


@_write.register
def _big(node: t.BigOperator, compact: bool) -> str:
    limits = "..".join(_write(limit, True) for limit in (node.below, node.above) if limit)
    return f"{node.symbol}{_ARROWS[node.arrow]}" + (f"_{{{limits}}} " if limits else " ")


@_write.register
def _matrix(node: t.Matrix, compact: bool) -> str:
    return "[" + "; ".join(", ".join(_write(cell, compact) for cell in row) for row in node.rows) + "]"


@_write.register
def _brace(node: t.Brace, compact: bool) -> str:
    return f"{_write(node.body, compact)} ⟨{_write(node.label, compact)}⟩"


@_write.register
def _equality(node: t.Equality, compact: bool) -> str:
    return f" {node.relation} ".join(_write(side, compact) for side in (node.left, *node.sides))


def _width(text: str) -> int:
    return sum(not unicodedata.combining(c) for c in text)


@_write.register
def _aligned(node: t.Aligned, compact: bool) -> str:
    lefts = [_write(line.left, compact) for line in node.lines]
    width = max(map(_width, lefts))
    rows: list[str] = []
    for left, line in zip(lefts, node.lines, strict=True):
        for number, side in enumerate(line.sides):
            head = "" if number else left
            rows.append(" " * (width - _width(head)) + f"{head} {line.relation} {_write(side, compact)}")
    return "\n".join(rows)


def write(tree: t.Tree) -> str:
    """The text of a tree. Raises MissingRule for a node that has no rule."""
    return _write(tree, False).strip()
