"""Presentation tree to MathML Core. Bold is a matter of characters there, and scripts set their operators tight."""

import re
from functools import singledispatch
from html import escape
from itertools import zip_longest

from symbptt.errors import MissingRule
from symbptt.typeset import as_text
from symbptt.typeset import tree as t
from symbptt.typeset.alphabets import styled
from symbptt.typeset.signs import ACCENTS, FENCES, SPACED

_UPRIGHT_SIGNS = frozenset("∂∇⊤⊥∞⋆†⋯…⋮⋱")
_ARROWS = {"left": "↶", "right": "↷"}
_PAIR = re.compile(r"\((\d+), (\d+)\)")
_SPACE = '<mspace width="0.1667em"></mspace>'


def _tag(name: str, body: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{body}</{name}>"


@singledispatch
def _write(node: t.Tree, compact: bool) -> str:
    raise MissingRule("MathML", node, "symbptt/typeset/as_mathml.py")


@_write.register
def _identifier(node: t.Identifier, compact: bool) -> str:
    text = styled(node.text, node.style)
    if text != node.text:
        return _tag("mi", escape(text))
    if node.style is t.Style.ITALIC and len(node.text) > 1:
        return _tag("mrow", "".join(_tag("mi", escape(c)) for c in node.text))
    normal = node.style is t.Style.UPRIGHT and len(node.text) == 1
    return _tag("mi", escape(node.text), ' mathvariant="normal"' if normal else "")


@_write.register
def _number(node: t.Number, compact: bool) -> str:
    return _tag("mn", node.text)


@_write.register
def _text(node: t.Text, compact: bool) -> str:
    return _tag("mtext", escape(node.text))


@_write.register
def _blank(node: t.Blank, compact: bool) -> str:
    box = ' style="border: 1px solid; border-radius: 2px"'
    return _tag("mrow", '<mspace width="2.6em" height="0.9em" depth="0.3em"/>', box)


@_write.register
def _operator(node: t.Operator, compact: bool) -> str:
    if node.text == "\u2009":
        return _SPACE
    if node.text in _UPRIGHT_SIGNS:
        return _tag("mi", node.text, ' mathvariant="normal"')
    tight = node.text in SPACED and (compact or node.prefix)
    return _tag("mo", escape(node.text), ' lspace="0" rspace="0"' if tight else "")


def _starts_function(node: t.Tree) -> bool:
    while isinstance(node, (t.Row, t.Script)):
        node = node.items[0] if isinstance(node, t.Row) else node.base
    return isinstance(node, t.Identifier) and node.style is t.Style.FUNCTION and len(node.text) > 1


@_write.register
def _row(node: t.Row, compact: bool) -> str:
    parts: list[str] = []
    for item, following in zip_longest(node.items, node.items[1:]):
        parts.append(_write(item, compact))
        if item == t.Operator("\u2062") and following is not None and _starts_function(following):
            parts.append(_SPACE)  # TeX spaces a function's name by itself, MathML does not
    return _tag("mrow", "".join(parts))


@_write.register
def _script(node: t.Script, compact: bool) -> str:
    parts = [_write(node.base, compact)] + [_write(s, True) for s in (node.sub, node.sup) if s]
    name = "m" + ("sub" if node.sub else "") + ("sup" if node.sup else "")
    return _tag(name, "".join(parts))


@_write.register
def _accent(node: t.Accent, compact: bool) -> str:
    mark = ACCENTS[node.mark]
    sign = _tag("mo", escape(mark.sign), f' stretchy="{str(mark.wide).lower()}"')
    over = node.mark != "underline"
    # Not accent="true": browsers then set the mark so low that a bar melts into a small letter.
    return _tag("mover" if over else "munder", _write(node.base, compact) + sign)


@_write.register
def _fraction(node: t.Fraction, compact: bool) -> str:
    return _tag("mfrac", _write(node.numerator, compact) + _write(node.denominator, compact))


@_write.register
def _root(node: t.Root, compact: bool) -> str:
    return _tag("msqrt", _write(node.body, compact))


@_write.register
def _fenced(node: t.Fenced, compact: bool) -> str:
    left, right = FENCES[node.left]
    size = "" if node.body.tall else ' stretchy="false"'
    opening = _tag("mo", escape(left), f' form="prefix"{size}')
    closing = _tag("mo", escape(right), f' form="postfix"{size}')
    return _tag("mrow", opening + _write(node.body, compact) + closing)


@_write.register
def _big(node: t.BigOperator, compact: bool) -> str:
    limits = [_write(limit, True) for limit in (node.below, node.above) if limit]
    name = "m" + ("under" if node.below else "") + ("over" if node.above else "")
    sign = _tag("mo", escape(node.symbol))
    whole = _tag(name, sign + "".join(limits)) if limits else sign
    return _tag("mover", whole + _tag("mo", _ARROWS[node.arrow], ' stretchy="false"')) if node.arrow else whole


@_write.register
def _matrix(node: t.Matrix, compact: bool) -> str:
    rows = (_tag("mtr", "".join(_tag("mtd", _write(cell, compact)) for cell in row)) for row in node.rows)
    return _tag("mrow", "<mo>[</mo>" + _tag("mtable", "".join(rows)) + "<mo>]</mo>")


@_write.register
def _brace(node: t.Brace, compact: bool) -> str:
    name, mark = ("mover", "⏞") if node.over else ("munder", "⏟")
    braced = _tag(name, _write(node.body, compact) + _tag("mo", mark, ' stretchy="true"'))
    return _tag(name, braced + _write(node.label, True))


@_write.register
def _equality(node: t.Equality, compact: bool) -> str:
    relation = _tag("mo", escape(node.relation))
    return _tag("mrow", relation.join(_write(side, compact) for side in (node.left, *node.sides)))


def _pair(line: t.Equality) -> str:
    """The marks of a line that is about a pair (t, k) of steps, by which a page knows the term."""
    pair = _PAIR.fullmatch(as_text.write(line.left))
    return f' data-t="{pair[1]}" data-k="{pair[2]}"' if pair else ""


@_write.register
def _aligned(node: t.Aligned, compact: bool) -> str:
    rows: list[str] = []
    for line in node.lines:
        space = ' lspace="0.1em" rspace="0.5em"' if line.relation == ":" else ""
        relation = _tag("mo", escape(line.relation), f' form="infix"{space}')
        for number, side in enumerate(line.sides):
            left = "" if number else _write(line.left, compact)
            right = _tag("mrow", relation + _write(side, compact))
            cells = _tag("mtd", left, ' style="text-align: right; padding-right: 0"')
            rows.append(_tag("mtr", cells + _tag("mtd", right, ' style="text-align: left; padding-left: 0"'), _pair(line)))
    return _tag("mtable", "".join(rows), ' displaystyle="true"')


def write(tree: t.Tree, display: str = "block") -> str:
    """A <math> element; `alttext` says the same as plain text. Raises MissingRule for a node that has no rule."""
    label = escape(as_text.write(tree).replace("\n", "; "))
    return f'<math display="{escape(display)}" alttext="{label}">{_write(tree, False)}</math>'
