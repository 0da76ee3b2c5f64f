"""Heads in the expression language: a value whose shape begins with the dimension of heads belongs to each head.

Products, transposes and functions of vectors act within a head; values without the axis are shared by all heads, and a scalar of
each head broadcasts. The matrices of the heads lie below each other: see algebra/head_nodes.py.
"""

from collections.abc import Callable

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import heads as of
from symbptt.algebra import tidy
from symbptt.algebra.functions import FUNCTIONS
from symbptt.algebra.head_nodes import per_head
from symbptt.algebra.nodes import Diag
from symbptt.model.arithmetic import VECTORS, along, fill, is_number, matmul, minus, over, plus, raised, times
from symbptt.model.calls import Call, Numbers, Operands
from symbptt.model.head_marks import Scaling, heads_of
from symbptt.model.shapes import axis_text
from symbptt.model.site import Site


def shown(value: MatrixExpr, heads: sp.Expr) -> str:
    """The shape in a message: (M) for a scalar of each head, (M, K) for a vector, (M, K, V) for a matrix."""
    rows, columns = per_head(value.shape[0], heads), value.shape[1]
    kept = [heads, *([rows] if rows != 1 or columns != 1 else []), *([columns] if columns != 1 else [])]
    return f"({', '.join(map(axis_text, kept))})"


def _own(value: MatrixExpr, heads: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    return per_head(value.shape[0], heads), value.shape[1]


def _lifted(value: sp.Expr, heads: sp.Expr, site: Site) -> MatrixExpr:
    """A value of each head; what heads share is there once for each."""
    if heads_of(value, site.intermediates.known) is not None:
        return value
    factors = tidy.split_number(value)[1]
    ones = len(factors) == 1 and isinstance(factors[0], OneMatrix)
    return of.each(value if ones else site.name(value), heads)


def _fitted(value: sp.Expr, shape: tuple[sp.Expr, sp.Expr], heads: sp.Expr, site: Site) -> MatrixExpr:
    """A value of each head in this shape of a head: itself, or a scalar in every entry."""
    if heads_of(value, site.intermediates.known) is None and value.shape == (1, 1):
        return tidy.spread(value, sp.expand(heads * shape[0]), shape[1])
    lifted = _lifted(value, heads, site)
    if _own(lifted, heads) == (1, 1) != shape:
        return of.spread(site.name(lifted), *shape, heads)
    return lifted


def _aligned(values: Operands, heads: sp.Expr, what: str, site: Site) -> list[sp.Expr]:
    """Operands in one shape, numbers left as they are; raises BadInput with the shapes if they do not fit."""
    matrices = [value for value in values if not is_number(value)]
    own = [_own(v, heads) if heads_of(v, site.intermediates.known) is not None else tuple(v.shape) for v in matrices]
    wanted = {shape for shape in own if shape != (1, 1)}
    if len(wanted) > 1:
        texts = " and ".join(shown(_lifted(value, heads, site), heads) for value in matrices)
        hint = along(what, *own) if len(own) == 2 else ""
        raise site.error(f"the shapes {texts} do not fit; {what} expects equal shapes, or scalars of each head{hint}")
    shape = next(iter(wanted), (sp.S.One, sp.S.One))
    return [value if is_number(value) else _fitted(value, shape, heads, site) for value in values]


def elementwise(operation: Callable[..., sp.Expr], symbol: str, left: sp.Expr, right: sp.Expr, site: Site) -> sp.Expr:
    """left and right brought to one shape, then the operation of the language."""
    heads = _common((left, right), site)
    return operation(*_aligned((left, right), heads, symbol, site), site)


def _common(values: Operands, site: Site) -> sp.Expr:
    return next(found for value in values if (found := heads_of(value, site.intermediates.known)) is not None)


def product(left: sp.Expr, right: sp.Expr, site: Site) -> MatrixExpr:
    """left @ right of each head."""
    if is_number(left) or is_number(right):
        return matmul(left, right, site)
    heads = _common((left, right), site)
    if isinstance(left, Diag) or isinstance(right, Diag):
        left, right = (Scaling(_lifted(v.args[0], heads, site), heads) if isinstance(v, Diag) else v for v in (left, right))
    a, b = (v if isinstance(v, Scaling) else _lifted(v, heads, site) for v in (left, right))
    if a.shape[1] != per_head(b.shape[0], heads):
        hint = VECTORS if a.shape[1] == b.shape[1] == 1 else ""
        hint = "; write * for a scalar of each head" if (1, 1) in (_own(a, heads), _own(b, heads)) else hint
        shapes = f"{shown(a, heads)} and {shown(b, heads)}"
        raise site.error(f"the shapes {shapes} do not fit; '@' expects as many columns as the right side has rows{hint}")
    if isinstance(a, Scaling):
        return tidy.hadamard(of.spread(a.args[0], *_own(b, heads), heads), b)
    if isinstance(b, Scaling):
        return tidy.hadamard(a, of.spread(of.transpose(site.name(b.args[0]), heads), *_own(a, heads), heads))
    return of.product(a, b, heads)


def _vector(name: str, value: MatrixExpr, heads: sp.Expr, site: Site) -> MatrixExpr:
    if value.shape[1] != 1:
        raise site.error(f"{name} expects a vector of each head, not the shape {shown(value, heads)}")
    return value


def _dot(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    u, v = (_vector("dot", _lifted(x, heads, site), heads, site) for x in operands)
    if u.shape != v.shape:
        shapes = f"{shown(u, heads)} and {shown(v, heads)}"
        raise site.error(f"the shapes {shapes} do not fit; dot expects two vectors of one length")
    return tidy.hadamard(u, v) if _own(u, heads) == (1, 1) else of.product(of.transpose(u, heads), v, heads)


def _outer(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    u, v = (_vector("outer", _lifted(x, heads, site), heads, site) for x in operands)
    rows, columns = _own(u, heads)[0], _own(v, heads)[0]
    if isinstance(tidy.split_number(v)[1][0], OneMatrix):
        return tidy.scale(tidy.split_number(v)[0], of.spread(site.name(u), rows, columns, heads))
    if isinstance(tidy.split_number(u)[1][0], OneMatrix):
        return tidy.scale(tidy.split_number(u)[0], of.spread(of.transpose(site.name(v), heads), rows, columns, heads))
    return of.product(u, of.transpose(v, heads), heads)


def _sum(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    return of.summed(_lifted(operands[0], heads, site), heads)


def _mean(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    rows, columns = _own(operands[0], heads)
    return tidy.scale(1 / (rows * columns), _sum(operands, numbers, heads, site))


def _diag(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    return Scaling(site.name(_vector("diag", operands[0], heads, site)), heads)


def _normalised(x: MatrixExpr, square: MatrixExpr, eps: sp.Expr, heads: sp.Expr, site: Site) -> MatrixExpr:
    """x / sqrt(square + eps), with a scalar of each head under the root."""
    scale = site.name(raised(site.name(tidy.add(square, fill(eps, square))), sp.Rational(-1, 2)))
    return tidy.hadamard(x, of.spread(scale, *_own(x, heads), heads))


def _rms_norm(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    x = site.name(_vector("rms_norm", operands[0], heads, site))
    return _normalised(x, site.name(_mean((site.name(tidy.hadamard(x, x)),), (), heads, site)), numbers[0], heads, site)


def _l2_norm(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    x = site.name(_vector("l2_norm", operands[0], heads, site))
    return _normalised(x, site.name(_sum((site.name(tidy.hadamard(x, x)),), (), heads, site)), numbers[0], heads, site)


def _layer_norm(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    x = site.name(_vector("layer_norm", operands[0], heads, site))
    mean = of.spread(site.name(_mean((x,), (), heads, site)), *_own(x, heads), heads)
    centred = site.name(tidy.add(x, tidy.scale(-1, mean)))
    square = site.name(_mean((site.name(tidy.hadamard(centred, centred)),), (), heads, site))
    return _normalised(centred, square, numbers[0], heads, site)


def _merge(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    return of.joined(_vector("merge_heads", operands[0], heads, site), heads)


def _sum_heads(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    return of.total(operands[0], heads)


def _mean_heads(operands: Operands, numbers: Numbers, heads: sp.Expr, site: Site) -> MatrixExpr:
    return tidy.scale(1 / heads, _sum_heads(operands, numbers, heads, site))


_Within = Callable[[Operands, Numbers, sp.Expr, Site], MatrixExpr]
_WITHIN: dict[str, _Within] = {
    "dot": _dot, "outer": _outer, "sum": _sum, "mean": _mean, "diag": _diag, "rms_norm": _rms_norm, "l2_norm": _l2_norm,
    "layer_norm": _layer_norm, "merge_heads": _merge, "sum_heads": _sum_heads, "mean_heads": _mean_heads,
}
"""The functions that have a meaning of their own within a head."""
_ENTRIES = frozenset({*FUNCTIONS, "where", "max", "min", "clip", "surrogate", "power", "batch_norm"})
"""Those that work entry by entry, once the operands have one shape."""


def applied(call: Call, operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """A function of operands of which some belong to each head; raises BadInput for one that has no meaning there."""
    sign = operands[0][0] if call.condition else None
    flat = (*operands[0][1:], *operands[1:]) if call.condition else operands
    heads = _common(flat, site)
    if call.name in _WITHIN:
        return _WITHIN[call.name](flat, numbers, heads, site)
    if call.name in _ENTRIES:
        aligned = _aligned(flat, heads, call.name, site)
        given = ((sign, *aligned[:2]), *aligned[2:]) if call.condition else tuple(aligned)
        return call.apply(given, numbers, site)
    raise site.error(f"{call.name} does not work within heads; merge_heads(...) makes one vector of those of the heads")


def _split(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """A vector of M*K entries as M vectors of K entries."""
    (value,) = operands
    found = {v.heads for v in site.variables.values() if v.heads is not None}
    if len(found) != 1:
        raise site.error('split_heads expects a line such as heads = "M" at the top of the file, and a shape that begins with M')
    (heads,) = found
    rows = per_head(value.shape[0], heads)
    if value.shape[1] != 1 or rows.has(1 / heads) or not rows.is_polynomial(*rows.free_symbols):
        raise site.error(f"split_heads expects a vector such as '{heads}*K', not the shape {axis_text(value.shape[0])}")
    return of.cut(value, heads)


def _needs_heads(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    raise site.error("expected a value that belongs to each head, that is one whose shape begins with the dimension of heads")


CALLS = (
    Call("split_heads", _split, "split_heads(v)"),
    Call("merge_heads", _needs_heads, "merge_heads(u)"),
    Call("sum_heads", _needs_heads, "sum_heads(u)"),
    Call("mean_heads", _needs_heads, "mean_heads(u)"),
)
"""The rows of this file in the table of functions."""
BINARY: dict[Callable[..., sp.Expr], str] = {plus: "+", minus: "-", times: "*", over: "/"}
"""The operations that work entry by entry, with their signs."""

