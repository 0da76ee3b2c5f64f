"""The local derivative of every node type, written by hand once: a linear map per operand.

All other derivatives are chains of these. `local` is a `singledispatch` with one function per node type; each returns pairs
(operand, map) where the map takes a change of the operand to the change of the node.
`result` is the symbol that holds the node's value, if it has one: it lets tanh' be written 1 - h^2.
"""

from collections import Counter
from collections.abc import Mapping
from functools import singledispatch

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import heads, linear, tidy
from symbptt.algebra.functions import FUNCTIONS, slope
from symbptt.algebra.head_nodes import CutHeads, EachHead, HeadBroadcast, HeadProduct, HeadTranspose, JoinHeads, OfHeads, SumHeads
from symbptt.algebra.linear import Hadamard, Left, LinearMap, Scale
from symbptt.algebra.nodes import (
    BatchMean,
    Broadcast,
    Choice,
    Concat,
    CrossEntropy,
    CrossEntropySlope,
    Elementwise,
    HalfSquaredNorm,
    InverseUnitLower,
    LogSumExp,
    LowerOnes,
    Shift,
    Slice,
    Slope,
    SlopeByResult,
    Softmax,
    SumAll,
    is_leaf,
)
from symbptt.errors import MissingRule

Local = tuple[tuple[MatrixExpr, LinearMap], ...]

RULE_NAMES: dict[type, str] = {
    sp.MatMul: "matrix product",
    sp.MatAdd: "sum",
    sp.HadamardProduct: "elementwise product",
    sp.Transpose: "transpose",
    Elementwise: "elementwise function",
    Softmax: "softmax",
    Choice: "choice",
    BatchMean: "batch mean",
    InverseUnitLower: "inverse of a triangle",
    LogSumExp: "log-sum-exp",
    SumAll: "sum of entries",
    HalfSquaredNorm: "squared norm",
    CrossEntropy: "softmax with cross-entropy",
    Broadcast: "broadcast",
    Concat: "concatenation",
    Slice: "slice",
    HeadProduct: "matrix product",
    HeadTranspose: "transpose",
    HeadBroadcast: "broadcast",
    EachHead: "copy for each head",
    SumHeads: "sum over heads",
    JoinHeads: "concatenation",
    CutHeads: "slice",
}
"""What each rule is called in documents; a leaf is a copy."""


def rule_name(value: MatrixExpr) -> str:
    """The name of the rule that differentiates this node."""
    return "copy" if is_leaf(value) else RULE_NAMES.get(type(value), type(value).__name__)


@singledispatch
def local(node: MatrixExpr, result: MatrixExpr | None = None) -> Local:
    """The operands of a node, each with the map from its change to the node's change.

    Raises MissingRule for a node type without a rule.
    """
    raise MissingRule("derivative rule", node, "symbptt/derive/rules.py")


@local.register(sp.Identity)
@local.register(OneMatrix)
@local.register(sp.ZeroMatrix)
@local.register(LowerOnes)
@local.register(Shift)
def _constant(node: MatrixExpr, result: MatrixExpr | None = None) -> Local:
    """A constant has no operands."""
    return ()


@local.register
def _product(node: sp.MatMul, result: MatrixExpr | None = None) -> Local:
    """d(c A X B) = c A dX B."""
    number, factors = tidy.split_number(node)
    pairs: list[tuple[MatrixExpr, LinearMap]] = []
    for i, factor in enumerate(factors):
        maps: list[LinearMap] = [] if number == 1 else [Scale(number)]
        if factors[:i]:
            maps.append(Left(tidy.mul(*factors[:i])))
        if factors[i + 1 :]:
            maps.append(linear.Right(tidy.mul(*factors[i + 1 :])))
        pairs.append((factor, linear.compose(*maps) if maps else linear.IDENTITY))
    return tuple(pairs)


@local.register
def _sum(node: sp.MatAdd, result: MatrixExpr | None = None) -> Local:
    """d(X + Y) = dX + dY."""
    return tuple((term, linear.IDENTITY) for term in node.args)


@local.register
def _hadamard(node: sp.HadamardProduct, result: MatrixExpr | None = None) -> Local:
    """d(x * y) = diag(y) dx + diag(x) dy; a factor that occurs twice is one operand: d(x * x) = diag(2 x) dx."""
    pairs: list[tuple[MatrixExpr, LinearMap]] = []
    for factor, count in Counter(node.args).items():
        others = list(node.args)
        others.remove(factor)
        pairs.append((factor, Hadamard(tidy.scale(count, tidy.hadamard(*others)))))
    return tuple(pairs)


@local.register
def _transpose(node: sp.Transpose, result: MatrixExpr | None = None) -> Local:
    """d(X^T) = dX^T."""
    return ((node.arg, linear.TransposeMap()),)


@local.register
def _elementwise(node: Elementwise, result: MatrixExpr | None = None) -> Local:
    """d f(x) = diag(f'(x)) dx; a function with the slope 0, as a step, leads nowhere."""
    row = FUNCTIONS[node.name]
    if slope(node.name) == 0:
        return ()
    if node.name == "identity":
        return ((node.operand, linear.IDENTITY),)
    if result is not None and row.by_result is not None:
        return ((node.operand, Hadamard(SlopeByResult(node.name, *node.numbers, result))),)
    return ((node.operand, Hadamard(Slope(node.name, *node.numbers, node.operand))),)


@local.register
def _softmax(node: Softmax, result: MatrixExpr | None = None) -> Local:
    """d p = (diag(p) - p p^T) dx."""
    p = node if result is None else result
    outer = linear.compose(Scale(sp.S.NegativeOne), Left(tidy.mul(p, tidy.transpose(p))))
    return ((node.operand, linear.Sum((Hadamard(p), outer))),)


@local.register
def _choice(node: Choice, result: MatrixExpr | None = None) -> Local:
    """Where a > b, d(choice) = du, else dv: diag(H(a - b)) du + diag(1 - H(a - b)) dv with Heaviside's H."""
    a, b, u, v = node.args
    above = Elementwise("step", tidy.add(a, tidy.scale(-1, b)))
    below = tidy.add(OneMatrix(*node.shape), tidy.scale(-1, above))
    return ((u, Hadamard(above)), (v, Hadamard(below)))


@local.register
def _batch_mean(node: BatchMean, result: MatrixExpr | None = None) -> Local:
    """The mean over samples is linear."""
    return ((node.operand, linear.AverageBatch()),)


@local.register
def _inverse_unit_lower(node: InverseUnitLower, result: MatrixExpr | None = None) -> Local:
    """d (I + L)^-1 = -(I + L)^-1 dL (I + L)^-1, where L is strictly below the diagonal."""
    inverse, below = node if result is None else result, LowerOnes(node.shape[1], -1)
    around: tuple[LinearMap, ...] = (Left(inverse), linear.Right(inverse), Hadamard(below))
    if node.heads != 1:
        each = Hadamard(heads.each(below, node.heads))
        around = (heads.HeadLeft(inverse, node.heads), heads.HeadRight(inverse, node.heads), each)
    return ((node.operand, linear.compose(Scale(sp.S.NegativeOne), *around)),)


@local.register
def _log_sum_exp(node: LogSumExp, result: MatrixExpr | None = None) -> Local:
    """d log sum exp(x) = softmax(x)^T dx."""
    return ((node.args[0], Left(tidy.transpose(Softmax(node.args[0])))),)


@local.register
def _sum_all(node: SumAll, result: MatrixExpr | None = None) -> Local:
    """d sum(X) = sum(dX)."""
    return ((node.args[0], linear.TotalMap(*node.args[0].shape)),)


@local.register
def _half_squared_norm(node: HalfSquaredNorm, result: MatrixExpr | None = None) -> Local:
    """d |x|^2 / 2 = x^T dx."""
    x = node.args[0]
    if x.shape[1] == 1:
        return ((x, Left(tidy.transpose(x))),)
    return ((x, linear.compose(linear.TotalMap(*x.shape), Hadamard(x))),)


@local.register
def _cross_entropy(node: CrossEntropy, result: MatrixExpr | None = None) -> Local:
    """d CE(o, y) = (softmax(o) - y)^T do; the target y is a constant that sums to one."""
    o, y = node.args
    return ((o, Left(tidy.transpose(CrossEntropySlope(o, y)))),)


@local.register
def _spread(node: Broadcast, result: MatrixExpr | None = None) -> Local:
    """d (s 1) = ds 1; of a column d (x 1^T) = dx 1^T, of a row d (1 x) = 1 dx."""
    x, rows, columns = node.args
    if x.shape == (1, 1):
        return ((x, linear.BroadcastMap(rows, columns)),)
    return ((x, linear.RepeatColumns(columns) if x.shape[0] == rows else linear.RepeatRows(rows)),)


@local.register
def _concat(node: Concat, result: MatrixExpr | None = None) -> Local:
    """Each part goes to its own rows."""
    pairs: list[tuple[MatrixExpr, LinearMap]] = []
    start: sp.Expr = sp.S.Zero
    for part in node.args:
        stop = start + part.shape[0]
        pairs.append((part, linear.EmbedMap(start, stop, node.shape[0])))
        start = stop
    return tuple(pairs)


@local.register
def _slice(node: Slice, result: MatrixExpr | None = None) -> Local:
    """The rows of the change."""
    return ((node.args[0], linear.SliceMap(node.args[1], node.args[2], node.args[0].shape[0])),)


@local.register
def _head_product(node: HeadProduct, result: MatrixExpr | None = None) -> Local:
    """d(A B) = dA B + A dB in each head."""
    return heads.product_rule(node)


@local.register
def _head_spread(node: HeadBroadcast, result: MatrixExpr | None = None) -> Local:
    """d(x repeated) = dx repeated in each head."""
    return heads.spread_rule(node)


@local.register(HeadTranspose)
@local.register(EachHead)
@local.register(SumHeads)
@local.register(JoinHeads)
def _of_heads(node: OfHeads, result: MatrixExpr | None = None) -> Local:
    """d f(X) = f(dX) for what is only moved, repeated or summed: transposes, joins and sums of heads, and what they share."""
    return heads.map_rule(node)


def pull(value: MatrixExpr, cotangent: MatrixExpr, result: MatrixExpr | None = None) -> list[tuple[sp.MatrixSymbol, MatrixExpr]]:
    """The vjp of an expression: (leaf, contribution to the leaf's adjoint), one for each occurrence, in reading order."""
    if is_leaf(value):
        return [(value, cotangent)]
    found: list[tuple[sp.MatrixSymbol, MatrixExpr]] = []
    for operand, step in local(value, result):
        found.extend(pull(operand, step.transposed().apply(cotangent)))
    return found


def push(value: MatrixExpr, tangents: Mapping[sp.MatrixSymbol, MatrixExpr], result: MatrixExpr | None = None) -> MatrixExpr:
    """The jvp of an expression; leaves without a tangent are constants."""
    if is_leaf(value):
        return tangents.get(value, sp.ZeroMatrix(*value.shape))
    parts = [step.apply(push(operand, tangents)) for operand, step in local(value, result)]
    return tidy.joined(*parts) if parts else sp.ZeroMatrix(*value.shape)


def paths(value: MatrixExpr, result: MatrixExpr | None = None) -> list[tuple[sp.MatrixSymbol, LinearMap]]:
    """(leaf, derivative of the expression by that occurrence of the leaf), in reading order."""
    if is_leaf(value):
        return [(value, linear.IDENTITY)]
    found: list[tuple[sp.MatrixSymbol, LinearMap]] = []
    for operand, step in local(value, result):
        found.extend((leaf, linear.compose(step, inner)) for leaf, inner in paths(operand))
    return found
