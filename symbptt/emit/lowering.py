"""Formulas of one sample as NumPy text for a batch.

A column becomes an array (N, n), a scalar (N, 1), a matrix (N, r, c); what samples share has no N. Only the last axes are used,
so the same text also serves arrays with more leading axes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import build, nodes
from symbptt.algebra.functions import Y, Z
from symbptt.emit import heads, moved
from symbptt.emit.code import Code
from symbptt.emit.scalars import ADD, ATOM, POWER, TIMES, scalar, wrap
from symbptt.errors import MissingRule
from symbptt.program.scalar import formula

Leaf = Callable[[sp.MatrixSymbol], Code]


class Lowering:
    """Lowers expressions; `leaf` tells the code of a variable, `dimension` the name of a dimension, `batch` the batch shape."""

    def __init__(self, leaf: Leaf, dimension: Callable[[str], str], batch: str = "N") -> None:
        self.leaf, self.dimension, self.batch = leaf, dimension, batch
        self.view: Callable[[MatrixExpr, str, str], str | None] = lambda symbol, axes, tail: None

    def __call__(self, expression: MatrixExpr) -> Code:
        for kind in type(expression).__mro__:
            if kind in _TABLE:
                return _TABLE[kind](self, expression)
        raise MissingRule("NumPy lowering", expression, "symbptt/emit/lowering.py")

    def size(self, expression: sp.Expr) -> str:
        """A dimension as text."""
        names = {s: sp.Symbol(self.dimension(s.name)) for s in expression.free_symbols}
        return str(expression.xreplace(names)).replace("*", " * ")

    def number(self, value: sp.Expr) -> tuple[str, int]:
        """A coefficient as text; it may contain dimensions."""
        names = {s: sp.Symbol(self.dimension(s.name)) for s in value.free_symbols}
        return scalar(value.xreplace(names), "z")

    def whole(self, expression: MatrixExpr) -> Code:
        """The code of an expression whose array has the full shape."""
        return self.filled(self(expression), expression.shape)

    def filled(self, code: Code, of: Shape) -> Code:
        """The code of a matrix or vector of this shape, whose array then has it too."""
        if code.rank == 0:
            return replace(code, text=f"np.atleast_1d({code.at(ADD)})", strength=ATOM, rank=1, negative=False)
        if code.full:
            return code
        rows, columns = map(self.size, of)
        lead = f"{self.batch}, " if code.batched else ""
        matrix = of[0] != 1 and of[1] != 1
        shape = f"({lead}{rows}, {columns})" if matrix else f"({lead}{rows if of[1] == 1 else columns},)"
        return Code(self.spread(code, shape.replace(",,", ",")), ATOM, code.batched, 2 if matrix else 1)

    def spread(self, code: Code, shape: str) -> str:
        """The text of an array of this shape; a number gets the precision of the module."""
        return f"np.full({shape}, {code.at(ADD)}, dtype)" if code.rank is None else f"np.broadcast_to({code.at(ADD)}, {shape})"

    def transposed(self, code: Code) -> str:
        """The text of the transpose of a matrix that samples share."""
        return f"{code.at(ATOM)}.T"


def times_number(lower: Lowering, number: sp.Expr, code: Code) -> Code:
    """A number times a value."""
    if number == 1:
        return code
    if number == -1:
        return replace(code, negative=not code.negative)
    negative = number.could_extract_minus_sign() != code.negative
    value = -number if number.could_extract_minus_sign() else number
    plain = replace(code, negative=False)
    if value.is_Rational and value.p == 1 and value.q != 2:
        return replace(plain, text=f"{plain.at(TIMES)} / {value.q}", strength=TIMES, negative=negative)
    above, below = value.as_numer_denom()
    if below.free_symbols:
        text, strength = lower.number(below)
        top = plain if above == 1 else times_number(lower, above, plain)
        return replace(top, text=f"{top.at(TIMES)} / {wrap(text, strength, POWER)}", strength=TIMES, negative=negative)
    text, strength = lower.number(value)
    return replace(plain, text=f"{wrap(text, strength, TIMES)} * {plain.at(POWER)}", strength=TIMES, negative=negative)


def _matmul(lower: Lowering, node: sp.MatMul) -> Code:
    number, factors = build.split_number(node)
    if len(factors) == 1 and isinstance(factors[0], OneMatrix):
        text, strength = lower.number(abs(number) if number.is_number else number)
        return Code(text, strength, False, None, False, bool(number.is_number and number < 0))
    return times_number(lower, number, lower(factors[0]) if len(factors) == 1 else product(lower, factors))


Shape = tuple[sp.Expr, sp.Expr]


def product(lower: Lowering, factors: tuple[MatrixExpr, ...]) -> Code:
    """A product of matrices and vectors, associated so that vectors stay vectors."""
    first, last = factors[0], factors[-1]
    if len(factors) == 1:
        return lower.whole(first)
    if isinstance(last, OneMatrix) and 1 in last.shape and not is_row(first):
        return _times_ones(product(lower, factors[:-1]), build.mul(*factors[:-1]).shape, last, -1)
    if isinstance(first, OneMatrix) and 1 in first.shape:
        return _times_ones(product(lower, factors[1:]), build.mul(*factors[1:]).shape, first, -2)
    if is_row(last) and not is_row(first):
        left = build.mul(*factors[:-1])
        return _pair(lower, lower.filled(product(lower, factors[:-1]), left.shape), left.shape, lower.whole(last), last.shape)
    tail = build.mul(*factors[1:])
    right = lower.filled(product(lower, factors[1:]), tail.shape)
    if isinstance(first, sp.Transpose) and right.rank == 1:
        inner = lower.whole(first.arg)
        if inner.rank == 2 and not inner.batched:
            return Code(f"{right.at(TIMES)} @ {inner.at(POWER)}", TIMES, right.batched, 1)
    return _pair(lower, lower.whole(first), first.shape, right, tail.shape)


def _times_ones(code: Code, shape: Shape, ones: OneMatrix, axis: int) -> Code:
    """A product with ones: a sum over an axis, or a scalar, column or row that is repeated."""
    if shape == (1, 1):
        return replace(code, full=False)
    repeats = ones.shape[0 if axis == -1 else 1] == 1
    if code.rank == 2:
        return Code(f"{code.at(ATOM)}.sum(axis={axis})", ATOM, code.batched, 1)
    if repeats:
        return Code(f"{code.at(ATOM)}[..., {':, None' if axis == -1 else 'None, :'}]", ATOM, code.batched, 2, False)
    return Code(f"{code.at(ATOM)}.sum(axis=-1, keepdims=True)", ATOM, code.batched, 1)


def is_row(expression: MatrixExpr) -> bool:
    """Whether an expression is a row of more than one entry."""
    return bool(expression.shape[0] == 1 and expression.shape[1] != 1)


def _pair(lower: Lowering, a: Code, a_shape: Shape, b: Code, b_shape: Shape) -> Code:
    """A B for two arrays; the shapes tell columns from rows where an array has one axis."""
    batched = a.batched or b.batched
    if a.rank == 2 and b.rank == 2:
        return Code(f"{a.at(TIMES)} @ {b.at(POWER)}", TIMES, batched, 2)
    if a.rank == 2:
        if not a.batched:
            return Code(f"{b.at(TIMES)} @ {lower.transposed(a)}", TIMES, batched, 1)
        return Code(f"({a.at(TIMES)} @ {b.at(ATOM)}[..., None])[..., 0]", ATOM, batched, 1)
    if b.rank == 2:
        if not b.batched:
            return Code(f"{a.at(TIMES)} @ {b.at(POWER)}", TIMES, batched, 1)
        return Code(f"({a.at(ATOM)}[..., None, :] @ {b.at(POWER)})[..., 0, :]", ATOM, batched, 1)
    if (1, 1) in (a_shape, b_shape):
        return Code(f"{a.at(TIMES)} * {b.at(POWER)}", TIMES, batched, 1)
    if a_shape[1] != 1:
        return Code(f"({a.at(TIMES)} * {b.at(POWER)}).sum(axis=-1, keepdims=True)", ATOM, batched, 1)
    return Code(f"{a.at(ATOM)}[..., :, None] * {b.at(ATOM)}[..., None, :]", TIMES, batched, 2)


def _matadd(lower: Lowering, node: sp.MatAdd) -> Code:
    parts = [lower(a) for a in node.args]
    rank = max((p.rank for p in parts if p.rank is not None), default=None)
    text = ""
    for i, part in enumerate(parts):
        sign = ("-" if part.negative else "") if i == 0 else (" - " if part.negative else " + ")
        text += sign + wrap(part.text, part.strength, TIMES)
    return Code(text, ADD, any(p.batched for p in parts), rank, any(p.full and p.rank is not None for p in parts))


def _hadamard(lower: Lowering, node: sp.HadamardProduct) -> Code:
    if (count := heads.split(node)) is not None:
        return heads.elementwise(lower, node, count)
    parts = [lower(a) for a in node.args]
    rank = max((p.rank for p in parts if p.rank is not None), default=None)
    negative = sum(p.negative for p in parts) % 2 == 1
    texts = [replace(p, negative=False).at(TIMES if i == 0 else POWER) for i, p in enumerate(parts)]
    return Code(
        " * ".join(texts), TIMES, any(p.batched for p in parts), rank, any(p.full and p.rank is not None for p in parts), negative
    )


def _transpose(lower: Lowering, node: sp.Transpose) -> Code:
    inner = lower(node.arg)
    if inner.rank != 2:
        return inner
    text = f"{inner.at(ATOM)}.swapaxes(-1, -2)" if inner.batched else lower.transposed(inner)
    return Code(text, ATOM, inner.batched, 2)


def _elementwise(lower: Lowering, node: nodes.Elementwise) -> Code:
    inner = lower(node.operand)
    expression = formula(node)
    text, strength = scalar(expression, inner.at(ATOM))
    if isinstance(expression, sp.Piecewise) and not any(value.has(Y, Z) for value, _ in expression.args):
        text, strength = f"{text}.astype(dtype)", ATOM  # a choice of integers would turn float32 into float64
    elif not expression.has(Y, Z):
        return Code(text, strength, False, None, False)
    return Code(text, strength, inner.batched, inner.rank, inner.full)


def _choice(lower: Lowering, node: nodes.Choice) -> Code:
    parts = [lower(a) for a in node.args]
    rank = max((p.rank for p in parts if p.rank is not None), default=None)
    left, right = (p.at(ADD) if p.rank is None else f"{p.at(ATOM)}.real" for p in parts[:2])
    text = f"np.where({left} > {right}, {parts[2].at(ADD)}, {parts[3].at(ADD)})"
    if parts[2].rank is None and parts[3].rank is None:
        text += ".astype(dtype)"
    return Code(text, ATOM, any(p.batched for p in parts), rank, any(p.full and p.rank is not None for p in parts))


def _call(name: str, keeps: bool) -> Callable[[Lowering, MatrixExpr], Code]:
    def lowered(lower: Lowering, node: MatrixExpr) -> Code:
        parts = [lower.whole(a) for a in node.args]
        text = f"{name}({', '.join(p.at(ADD) for p in parts)})"
        return Code(text, ATOM, any(p.batched for p in parts), parts[0].rank if keeps else 1)

    return lowered


def _batch_mean(lower: Lowering, node: nodes.BatchMean) -> Code:
    inner = lower.whole(node.operand)
    return Code(f"_batch_mean({inner.at(ADD)})", ATOM, True, inner.rank) if inner.batched else inner


def _summed(code: Code) -> str:
    """What sums all entries behind the batch axis."""
    if code.rank != 2:
        return ".sum(axis=-1, keepdims=True)"
    return ".sum(axis=(-1, -2))[..., None]" if code.batched else ".sum()[None]"


def _sum_all(lower: Lowering, node: nodes.SumAll) -> Code:
    inner = lower.whole(node.args[0])
    return Code(f"{inner.at(ATOM)}{_summed(inner)}", ATOM, inner.batched, 1)


def _half_squared_norm(lower: Lowering, node: nodes.HalfSquaredNorm) -> Code:
    inner = lower.whole(node.args[0])
    return Code(f"0.5 * ({inner.at(ATOM)} ** 2){_summed(inner)}", TIMES, inner.batched, 1)


def _ones(lower: Lowering, node: OneMatrix) -> Code:
    return Code("1", ATOM, False, None, False)


def _zeros(lower: Lowering, node: sp.ZeroMatrix) -> Code:
    rows, columns = lower.size(node.shape[0]), lower.size(node.shape[1])
    matrix = node.shape[0] != 1 and node.shape[1] != 1
    shape = f"({rows}, {columns})" if matrix else f"({rows if node.shape[1] == 1 else columns},)"
    return Code(f"np.zeros({shape})", ATOM, False, 2 if matrix else 1)


def _lower_ones(lower: Lowering, node: nodes.LowerOnes) -> Code:
    size = lower.size(node.shape[0])
    return Code(f"np.tri({size}, {size}, {node.args[1]}, dtype)", ATOM, False, 2)


def _identity(lower: Lowering, node: sp.Identity) -> Code:
    return Code(f"np.eye({lower.size(node.shape[0])})", ATOM, False, 2)


_TABLE: dict[type, Callable[..., Code]] = {
    sp.MatrixSymbol: lambda lower, node: lower.leaf(node),
    sp.MatMul: _matmul,
    sp.MatAdd: _matadd,
    sp.HadamardProduct: _hadamard,
    sp.Transpose: _transpose,
    nodes.Elementwise: _elementwise,
    nodes.Softmax: _call("_softmax", True),
    nodes.LogSumExp: _call("_log_sum_exp", False),
    nodes.CrossEntropy: _call("_cross_entropy", False),
    nodes.CrossEntropySlope: _call("_cross_entropy_slope", True),
    nodes.Choice: _choice,
    nodes.BatchMean: _batch_mean,
    nodes.SumAll: _sum_all,
    nodes.HalfSquaredNorm: _half_squared_norm,
    nodes.Broadcast: moved.spread,
    nodes.Concat: moved.concat,
    nodes.Slice: moved.part,
    **heads.LOWERED,
    OneMatrix: _ones,
    sp.ZeroMatrix: _zeros,
    sp.Identity: _identity,
    nodes.LowerOnes: _lower_ones,
    nodes.InverseUnitLower: _call("_inverse_unit_lower", True),
}
"""One function per node type that reaches emitted code."""
