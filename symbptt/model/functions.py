"""Every function of the expression language by name, `CALLS`; in rows of this file those of vectors and matrices."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.functions import BUILT_IN, FUNCTIONS
from symbptt.algebra.nodes import BatchMean, Concat, Elementwise, LogSumExp, Softmax
from symbptt.errors import BadInput
from symbptt.model import heads
from symbptt.model.arithmetic import MAX_POWER, fill, raised
from symbptt.model.calls import Call, Numbers, Operands
from symbptt.model.choices import CHOICES
from symbptt.model.losses import LOSSES
from symbptt.model.shapes import is_scalar, is_vector, shown
from symbptt.model.site import Site
from symbptt.model.triangular import TRIANGULAR

MAX_OPERANDS = 64
"""The most operands of concat."""
_EPS = (("eps", sp.Rational(1, 100_000)),)


def _vector(name: str, value: MatrixExpr, site: Site) -> MatrixExpr:
    if not is_vector(value):
        raise site.error(f"{name} expects a vector, not the shape {shown(value)}")
    return value


def _softmax(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    return Softmax(_vector("softmax", operands[0], site))


def _logsumexp(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    return LogSumExp(_vector("logsumexp", operands[0], site))


def _log_softmax(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """x - log sum_j exp(x_j)."""
    x = site.name(_vector("log_softmax", operands[0], site))
    return tidy.add(x, tidy.scale(-1, tidy.spread(LogSumExp(x), *x.shape)))


def _concat(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    parts = [_vector("concat", operand, site) for operand in operands]
    return Concat(*parts) if len(parts) > 1 else parts[0]


def _sum(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    return tidy.total(operands[0])


def _mean(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    return _average(operands[0])


def _average(value: MatrixExpr) -> MatrixExpr:
    return tidy.scale(1 / (value.shape[0] * value.shape[1]), tidy.total(value))


def _dot(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """u^T v."""
    u, v = (_vector("dot", operand, site) for operand in operands)
    if u.shape != v.shape:
        raise site.error(f"the shapes {shown(u)} and {shown(v)} do not fit; dot expects two vectors of one length")
    return tidy.hadamard(u, v) if is_scalar(u) else tidy.mul(tidy.transpose(u), v)


def _outer(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """u v^T."""
    u, v = (_vector("outer", operand, site) for operand in operands)
    for vector, other in ((u, v), (v, u)):
        number, factors = tidy.split_number(other)
        if len(factors) == 1 and isinstance(factors[0], OneMatrix):
            repeated = tidy.spread(tidy.scale(number, vector), vector.shape[0], other.shape[0])
            return repeated if vector is u else tidy.transpose(repeated)
    return tidy.mul(u, tidy.transpose(v))


def _eye(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    return sp.Identity(operands[0])


def _filled(name: str, matrix: type) -> Call:
    def apply(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
        return matrix(*operands, *[sp.S.One] * (2 - len(operands)))

    return Call(name, apply, f"{name}(K)", (1, 2), of_dimensions=True)


def _diag(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """The square matrix with a vector on its diagonal; as a factor it scales rows or columns."""
    return tidy.diag(_vector("diag", operands[0], site))


def _diagonal(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """The diagonal of a square matrix as a vector, (A * I) 1."""
    (square,) = operands
    rows, columns = square.shape
    if rows != columns:
        raise site.error(f"diagonal expects a square matrix, not the shape {shown(square)}")
    return square if is_scalar(square) else tidy.mul(tidy.hadamard(square, sp.Identity(rows)), OneMatrix(rows, 1))


def _embed(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """The column of the table E (D, V) that an integer input picks: E times a one-hot column."""
    table, index = operands
    if not site.is_index(index):
        raise site.error("embed expects an integer input, declared as in i = \"index V\", as its second operand")
    if table.shape[1] != index.shape[0]:
        shapes = f"{shown(table)} and {shown(index)}"
        raise site.error(f"the shapes {shapes} do not fit; embed expects a table with one column per class")
    return tidy.mul(table, index)


def _normalised(x: MatrixExpr, centred: MatrixExpr, variance: MatrixExpr, eps: sp.Rational, site: Site) -> MatrixExpr:
    """(x - mean) / sqrt(variance + eps)."""
    scale = site.name(raised(tidy.add(variance, fill(eps, variance)), sp.Rational(-1, 2)))
    return tidy.hadamard(centred, tidy.spread(scale, *x.shape) if is_scalar(scale) else scale)


def _layer_norm(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """Centred and scaled over the entries of one sample; the variance divides by n. Ba, Kiros and Hinton (2016)."""
    x = site.name(_vector("layer_norm", operands[0], site))
    mean = site.name(_average(x))
    centred = site.name(tidy.add(x, tidy.scale(-1, tidy.spread(mean, *x.shape))))
    variance = site.name(_average(tidy.hadamard(centred, centred)))
    return _normalised(x, centred, variance, numbers[0], site)


def _scaled(square: MatrixExpr, x: MatrixExpr, eps: sp.Rational, site: Site) -> MatrixExpr:
    """x / sqrt(square + eps) with a scalar under the root."""
    return _normalised(x, x, site.name(square), eps, site)


def _rms_norm(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """x over the root of the mean of its squares. Zhang and Sennrich (2019)."""
    x = site.name(_vector("rms_norm", operands[0], site))
    return _scaled(_average(tidy.hadamard(x, x)), x, numbers[0], site)


def _l2_norm(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """x over its length."""
    x = site.name(_vector("l2_norm", operands[0], site))
    return _scaled(tidy.total(tidy.hadamard(x, x)), x, numbers[0], site)


def _batch_norm(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """Centred and scaled over the samples of a batch, entry by entry; the variance divides by N. Ioffe and Szegedy (2015).

    Mean and variance are those of each step; a model that is not for training has moving averages of them in their place.
    """
    x = site.name(operands[0])
    centred = site.name(tidy.add(x, tidy.scale(-1, site.statistic("mean", BatchMean(x), x, "zeros"))))
    squares = tidy.hadamard(centred, centred)
    variance = site.statistic("variance", BatchMean(squares), x, "ones")
    return _normalised(x, centred, variance, numbers[0], site)


def _power(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    if abs(numbers[0]) > MAX_POWER:
        raise site.error(f"an exponent lies between -{MAX_POWER} and {MAX_POWER}")
    return raised(operands[0], numbers[0])


def _elementwise(name: str) -> Call:
    row = FUNCTIONS[name]
    usage = ", ".join(["x", *(f"{key}={value}" for key, value in row.arguments)])

    def apply(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
        return Elementwise(name, *numbers, operands[0])

    return Call(name, apply, f"{name}({usage})", numbers=row.arguments, positive=row.positive)


_ROWS = (
    Call("softmax", _softmax, "softmax(x)"),
    Call("log_softmax", _log_softmax, "log_softmax(x)"),
    Call("logsumexp", _logsumexp, "logsumexp(x)"),
    Call("concat", _concat, "concat(x, h)", (1, MAX_OPERANDS), constants=True),
    Call("sum", _sum, "sum(x)"),
    Call("mean", _mean, "mean(x)"),
    Call("dot", _dot, "dot(u, v)", (2, 2), constants=True),
    Call("outer", _outer, "outer(u, v)", (2, 2), constants=True),
    _filled("ones", OneMatrix),
    _filled("zeros", sp.ZeroMatrix),
    Call("diag", _diag, "diag(v)", constants=True),
    Call("diagonal", _diagonal, "diagonal(A)", constants=True),
    Call("eye", _eye, "eye(H)", of_dimensions=True),
    Call("embed", _embed, "embed(E, i)", (2, 2)),
    Call("layer_norm", _layer_norm, "layer_norm(x, eps=1e-5)", numbers=_EPS),
    Call("rms_norm", _rms_norm, "rms_norm(x, eps=1e-5)", numbers=_EPS),
    Call("l2_norm", _l2_norm, "l2_norm(x, eps=1e-6)", numbers=(("eps", sp.Rational(1, 1_000_000)),)),
    Call("batch_norm", _batch_norm, "batch_norm(x, eps=1e-5)", numbers=_EPS),
    Call("power", _power, "power(x, n=2)", numbers=FUNCTIONS["power"].arguments, positive=False),
    *TRIANGULAR,
)

_OWN = {row.name: row for row in (*_ROWS, *CHOICES, *heads.CALLS)}
if _taken := _OWN.keys() & ((FUNCTIONS.keys() - BUILT_IN.keys()) | LOSSES.keys()):
    raise BadInput(f"the name {min(_taken)!r}, which a package gives to a function or loss, is taken; expected a new one")

CALLS: dict[str, Call] = {name: _elementwise(name) for name in FUNCTIONS} | _OWN | LOSSES
"""Every function of the language; a later row replaces an earlier one of the same name."""

LATER = frozenset((
    "clip", "log_sigmoid", "step", "stop_gradient", "where", "surrogate", "rms_norm", "l2_norm",
    "ones", "zeros", "diag", "diagonal", *(row.name for row in heads.CALLS),
))
"""Functions that joined the language after files were written: a variable may have their name, and then they are out of reach."""
