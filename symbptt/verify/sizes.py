"""The sizes at which a model is verified: small, none at which a norm is degenerate, and none that costs too much."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import BatchMean, Elementwise
from symbptt.checks import positive
from symbptt.data.arrays import lead, shape, shows_samples, size
from symbptt.data.arrays import sizes as usual
from symbptt.data.values import GIVEN
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable
from symbptt.verify.probe import ENTRIES

SAMPLES, SAMPLES_OF_A_NORM = 2, 4
_SMALLEST_NORM = 4
"""Of two entries or samples a norm gives plus and minus one, whatever they are, and its slope has no bound."""

_MOST_BYTES = 3 * 2**30
_MOST_PRODUCTS = 5e10
"""Multiplications: about two minutes."""


@dataclass(frozen=True)
class Sizes:
    """Dimensions, steps and samples; `notes` say where they are not those asked for."""

    dims: dict[str, int]
    T: int
    N: int
    notes: tuple[str, ...] = ()


def chosen(model: Model, dims: Mapping[str, int] | None, T: int, N: int | None) -> Sizes:
    """Sizes as asked for, and others that suit the model.

    Raises BadInput for sizes that make no sense or take too much, UnknownName for a dimension that the model does not have.
    """
    known = usual(model, dims)
    if normalises(model):
        known = {name: n if name in (dims or {}) else max(n, _SMALLEST_NORM) for name, n in known.items()}
    for name, number in (("T", T), ("N", N)):
        if number is not None:
            positive(number, name)
    notes: tuple[str, ...] = ()
    samples = N or (SAMPLES_OF_A_NORM if couples(model) else SAMPLES)
    if not shows_samples(model):
        notes = ("one sample: the model has neither inputs nor states to be given, which would show how many there are",)
        samples = 1
    made = Sizes(known, T, samples, notes)
    _affordable(model, made)
    return made


def couples(model: Model) -> bool:
    """Whether the samples of a batch are coupled."""
    return any(isinstance(node, BatchMean) for node in _nodes(model))


def normalises(model: Model) -> bool:
    """Whether something is divided by a root, as every norm is."""
    return any(map(_is_norm, _nodes(model)))


def _is_norm(node: MatrixExpr) -> bool:
    return isinstance(node, BatchMean) or (isinstance(node, Elementwise) and node.numbers == (sp.Rational(-1, 2),))


def _nodes(model: Model) -> Iterator[MatrixExpr]:
    for equation in model.all_equations:
        yield from (node for node in sp.preorder_traversal(equation.value) if isinstance(node, MatrixExpr))


def _affordable(model: Model, sizes: Sizes) -> None:
    """Raise BadInput where the checks would take more memory or work than a small machine has."""
    step = sum(_products(node, sizes.dims) for node in _nodes(model)) * sizes.N
    values = sum(_entries(e.target, sizes.dims) for e in model.all_equations) * sizes.N
    held = {v.name: _entries(v, sizes.dims) for v in model.of(*GIVEN)}
    data = sum(held[v.name] * _leading(v, sizes) for v in model.variables if v.name in held)
    largest = max((held[v.name] * (1 if v.role is Role.PARAMETER else sizes.N) for v in model.with_gradient), default=1)
    most = max((held[v.name] * _leading(v, sizes) for v in model.with_gradient), default=1)
    # Complex numbers, perturbed in up to so many directions; the nested form has a direction for every entry.
    probes, run = min(most, ENTRIES), values * sizes.T
    memory = 8 * (data + run) + 24 * probes * (most + run) + 8 * largest * (largest + values)
    work = (step + values) * sizes.T * (probes + largest)
    if memory > _MOST_BYTES:
        raise BadInput(f"{_told(model, sizes)}: the checks would take about {memory / 2**30:.3g} GiB of memory; "
                       f"choose smaller sizes, at most {_MOST_BYTES // 2**30} GiB")
    if work > _MOST_PRODUCTS:
        raise BadInput(f"{_told(model, sizes)}: the checks would take about {work:.0e} multiplications; "
                       f"choose smaller sizes, at most {_MOST_PRODUCTS:.0e}")


def _told(model: Model, sizes: Sizes) -> str:
    dims = "".join(f", {name} = {n}" for name, n in sizes.dims.items())
    return f"{model.name} at T = {sizes.T}, N = {sizes.N}{dims}"


def _entries(variable: Variable, dims: Mapping[str, int]) -> int:
    return prod(shape(variable, dims))


def _leading(variable: Variable, sizes: Sizes) -> int:
    return prod(lead(variable, sizes.T, sizes.N))


def _products(node: MatrixExpr, dims: Mapping[str, int]) -> int:
    """The multiplications of a node, at most: a matrix product from the left, else one for every entry."""
    rows, columns = (size(extent, dims) for extent in node.shape)
    if not isinstance(node, sp.MatMul):
        return rows * columns
    factors = [a for a in node.args if isinstance(a, MatrixExpr)]
    return sum(rows * size(a.shape[0], dims) * size(a.shape[1], dims) for a in factors[1:]) or rows * columns
