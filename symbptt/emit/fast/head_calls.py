"""Statements with heads as NumPy calls that write into given arrays, through views with an axis for the heads."""

from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import EachHead, HeadProduct, OfHeads, per_head
from symbptt.emit import heads as text_of
from symbptt.emit.fast.operands import Step
from symbptt.emit.plan.statements import symbols, terms
from symbptt.emit.tree import ADD

CALLS = {"@": "np.matmul", "*": "np.multiply"}


@dataclass(frozen=True)
class _Term:
    """A term of a sum: whether it is subtracted, and the call that computes it, or the text of its array."""

    negative: bool
    call: str = ""
    ahead: str = ""
    text: str = ""


def calls(place: Step, target: sp.MatrixSymbol, value: MatrixExpr) -> list[str] | None:
    """The lines that compute a value of each head into its array; None where there is no such form for it."""
    node = next(iter(value.atoms(OfHeads)), None)
    into = place.leaf(target).text
    if node is None or into in {place.leaf(s).text for s in symbols(value)}:
        return None
    found = [_term(place, term, node.heads) for term in terms(value)]
    parts = [part for part in found if part is not None]
    first = next((part for part in parts if part.call), None)
    view = _view(place, target, node.heads, "")
    if len(parts) < len(found) or first is None or view is None:
        return None
    out = _view(place, target, node.heads, first.ahead) or f"{view}{first.ahead}"
    lines = [f"{first.call}, out={out})"]
    rest = [part for part in parts if part is not first]
    if first.negative:
        plus = next((part for part in rest if not part.negative), None)
        lines.append(f"np.negative({view}, out={view})" if plus is None else f"np.subtract({plus.text}, {view}, out={view})")
        rest = [part for part in rest if part is not plus]
    return lines + [f"np.{'subtract' if part.negative else 'add'}({view}, {part.text}, out={view})" for part in rest]


def _view(place: Step, symbol: sp.MatrixSymbol, heads: sp.Expr, tail: str) -> str | None:
    sizes = (size for size in (per_head(symbol.shape[0], heads), symbol.shape[1]) if size != 1)
    return place.view(symbol, ", ".join(["N", place.lower.size(heads), *map(place.lower.size, sizes)]), tail)


def _term(place: Step, term: MatrixExpr, heads: sp.Expr) -> _Term | None:
    number, factors = tidy.split_number(term)
    if number not in (1, -1) or len(factors) > 1:
        return None
    node, negative = factors[0], bool(number == -1)
    text = text_of.apart(place.lower, node, heads)
    if text.negative or not text.batched:
        return None
    shown = text.at(ADD)
    if isinstance(node, HeadProduct) and not any(isinstance(a, (EachHead, OneMatrix)) for a in node.args):
        operation = text_of.Operation.of(place.lower, node)
        if operation.sign in CALLS:
            sides = f"{operation.left.at(ADD)}, {operation.right.at(ADD)}"
            return _Term(negative, f"{CALLS[operation.sign]}({sides}", operation.ahead, shown)
    if isinstance(node, sp.HadamardProduct) and len(node.args) == 2:
        left, right = (text_of.apart(place.lower, a, heads) for a in node.args)
        if not left.negative and not right.negative:
            return _Term(negative, f"np.multiply({left.at(ADD)}, {right.at(ADD)}", "", shown)
    return _Term(negative, text=shown)
