"""A matrix of one token as a sum of terms: weights times the state of the token before, or weights times an outer product."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import Broadcast, Diag, Elementwise, is_leaf
from symbptt.derive.varying import COLUMNS, ROWS, Axes, Definitions, fills, is_one, varying
from symbptt.errors import BadInput


class NoChunkForm(BadInput):
    """A recurrence that has no chunk form here; the message names the state and says why."""


Refuse = Callable[[str], NoChunkForm]


@dataclass(frozen=True)
class Term:
    """weights * core, where the core is the state, or the outer product u w^T; `weights` have the shape of the whole."""

    number: sp.Expr = sp.S.One
    weights: tuple[MatrixExpr, ...] = ()
    u: MatrixExpr | None = None
    w: MatrixExpr | None = None

    @property
    def is_state(self) -> bool:
        """Whether the core is the state."""
        return self.u is None


@dataclass(frozen=True)
class Expander:
    """Takes matrices of one token apart: `state` is the symbol of the token before, `known` are values with an equation."""

    state: sp.MatrixSymbol
    known: Definitions
    refuse: Refuse

    def __call__(self, value: MatrixExpr) -> tuple[Term, ...]:
        """The terms of a value in the shape of the state."""
        value = tidy.collected(value)
        if value == self.state:
            return (Term(),)
        if value.shape[1] == 1 and not self.reads(value):
            return (Term(u=value, w=tidy.ONE),)
        if is_leaf(value) and value in self.known:
            return self(self.known[value])
        if isinstance(value, sp.MatAdd):
            return tuple(term for part in value.args for term in self(part))
        if isinstance(value, sp.MatMul):
            return self._product(value)
        if isinstance(value, sp.HadamardProduct):
            return self._weighted(value)
        if isinstance(value, sp.Transpose) and value.arg.shape[1] == 1 and value.shape[1] != 1:
            return (Term(u=tidy.ONE, w=value.arg),)
        if isinstance(value, Broadcast) and value.args[0].shape == (value.shape[0], 1):
            return (Term(u=value.args[0], w=OneMatrix(value.shape[1], 1)),)
        if isinstance(value, Broadcast) and value.args[0].shape == (1, value.shape[1]):
            return (Term(u=OneMatrix(value.shape[0], 1), w=tidy.transpose(value.args[0])),)
        raise self.refuse("is built from a matrix of each token that is no sum of outer products")

    def reads(self, value: MatrixExpr) -> bool:
        """Whether a value depends on the state of the token before."""
        return depends(value, frozenset({self.state}), self.known)

    def _product(self, value: sp.MatMul) -> tuple[Term, ...]:
        number, factors = tidy.split_number(value)
        if len(factors) == 1:
            return tuple(replace(term, number=term.number * number) for term in self(factors[0]))
        cut = next((i for i, f in enumerate(factors[:-1]) if f.shape[1] == 1), None)
        if cut is not None:
            return (Term(number, u=tidy.mul(*factors[: cut + 1]), w=tidy.transpose(tidy.mul(*factors[cut + 1 :]))),)
        made = []
        for choice in product(*(self._summands(factor) for factor in factors)):
            flat = tidy.mul(*(f for part in choice for f in part))
            inner, plain = tidy.split_number(flat)
            if self.state in plain and all(isinstance(f, Diag) or f == self.state for f in plain):
                made.append(Term(number * inner, self._diagonals(plain)))
            elif any(f.shape[1] == 1 for f in plain[:-1]) and flat != value:
                made += [replace(term, number=term.number * number) for term in self._product(flat)]
            else:
                raise self.refuse("is multiplied by a whole matrix")
        return tuple(made)

    def _diagonals(self, factors: tuple[MatrixExpr, ...]) -> tuple[MatrixExpr, ...]:
        """Diagonal matrices on both sides of the state, as weights of its shape."""
        (rows, columns), place = self.state.shape, factors.index(self.state)
        left = [tidy.mul(f.args[0], OneMatrix(1, columns)) for f in factors[:place]]
        return (*left, *(tidy.mul(OneMatrix(rows, 1), tidy.transpose(f.args[0])) for f in factors[place + 1 :]))

    def _summands(self, factor: MatrixExpr) -> list[tuple[MatrixExpr, ...]]:
        """A factor of a product as a sum of products, looked into where it has an equation."""
        if isinstance(factor, sp.Transpose) and factor.arg in self.known and not self.reads(factor.arg):
            return [(tidy.transpose(tidy.mul(*part)),) for part in self._summands(factor.arg)]
        if is_leaf(factor) and factor in self.known and not self.reads(factor):
            return self._summands(self.known[factor])
        if isinstance(factor, sp.MatAdd):
            return [part for term in factor.args for part in self._summands(term)]
        number, inside = tidy.split_number(factor)
        if number != 1 and len(inside) == 1:
            return [(tidy.scale(number, part[0]), *part[1:]) for part in self._summands(inside[0])]
        if isinstance(factor, sp.HadamardProduct) and sum(not fills(a) for a in factor.args) == 1:
            scalars = [a.args[0] for a in factor.args if fills(a)]
            (inner,) = (a for a in factor.args if not fills(a))
            number, factors = tidy.split_number(self.known.get(inner, inner))
            if len(factors) == 2 and factors[0].shape[1] == 1:
                scaled = tidy.hadamard(factors[0], *(tidy.spread(s, *factors[0].shape) for s in scalars))
                return [(tidy.scale(number, scaled), factors[1])]
        return [(factor,)]

    def _weighted(self, value: sp.HadamardProduct) -> tuple[Term, ...]:
        cores = [a for a in value.args if self.reads(a)]
        cores = cores or [a for a in value.args if self._is_outer(a)][:1] or [value.args[-1]]
        if len(cores) > 1:
            raise self.refuse("is multiplied by itself")
        weights = list(value.args)
        weights.remove(cores[0])
        return tuple(replace(term, weights=(*term.weights, *weights)) for term in self(cores[0]))

    def _is_outer(self, value: MatrixExpr) -> bool:
        value = self.known.get(value, value)
        if not isinstance(value, sp.MatMul):
            return False
        _, factors = tidy.split_number(value)
        return any(f.shape[1] == 1 for f in factors[:-1]) and varying(value, self.known) == ROWS | COLUMNS


def depends(value: MatrixExpr, on: frozenset[sp.MatrixSymbol], known: Definitions) -> bool:
    """Whether a value depends on one of these symbols."""
    symbols = value.atoms(sp.MatrixSymbol)
    return bool(symbols & on) or any(s in known and depends(known[s], on, known) for s in symbols)


def collapsed(value: MatrixExpr, axes: Axes, known: Definitions) -> MatrixExpr | None:
    """One column, or for no axes one entry, of a matrix whose entries differ along the rows only; None where it has none."""
    shape = (value.shape[0] if "rows" in axes else sp.S.One, sp.S.One)
    value = tidy.collected(value)
    if isinstance(value, OneMatrix):
        return OneMatrix(*shape)
    if value.shape == shape:
        return value
    if isinstance(value, Broadcast):
        inner = value.args[0]
        return tidy.spread(inner, *shape) if inner.shape == (1, 1) else collapsed(inner, axes, known)
    if is_leaf(value):
        return collapsed(known[value], axes, known) if value in known else None
    if isinstance(value, (sp.MatAdd, sp.HadamardProduct)):
        parts = [collapsed(a, axes, known) for a in value.args]
        if any(part is None for part in parts):
            return None
        return (tidy.add if isinstance(value, sp.MatAdd) else tidy.hadamard)(*parts)
    if isinstance(value, Elementwise):
        inner = collapsed(value.operand, axes, known)
        return None if inner is None else value.func(*value.args[:-1], inner)
    if isinstance(value, sp.MatMul):
        number, factors = tidy.split_number(value)
        if len(factors) == 1:
            inner = collapsed(factors[0], axes, known)
            return None if inner is None else tidy.scale(number, inner)
        if len(factors) == 2 and is_one(factors[1], known) and axes == ROWS:
            return tidy.scale(number, factors[0])
    return None


def column(weight: MatrixExpr, along: Axes, known: Definitions) -> MatrixExpr | None:
    """A weight that differs along these axes only, as one column; of no axes, as a scalar."""
    axes = varying(weight, known)
    if not axes <= along:
        return None
    if axes == COLUMNS:
        flipped = {symbol.T: tidy.transpose(value) for symbol, value in known.items()}
        turned = _turned(weight, known)
        return None if turned is None else collapsed(turned, ROWS, {**known, **flipped})
    return collapsed(weight, axes, known)


def _turned(value: MatrixExpr, known: Definitions) -> MatrixExpr | None:
    """The transpose of a weight, written out."""
    if is_leaf(value):
        return _turned(known[value], known) if value in known else None
    if isinstance(value, (sp.MatAdd, sp.HadamardProduct)):
        parts = [_turned(a, known) for a in value.args]
        return None if any(p is None for p in parts) else value.func(*parts)
    if isinstance(value, Elementwise):
        inner = _turned(value.operand, known)
        return None if inner is None else value.func(*value.args[:-1], inner)
    if isinstance(value, sp.MatMul):
        number, factors = tidy.split_number(value)
        if len(factors) == 1:
            inner = _turned(factors[0], known)
            return None if inner is None else tidy.scale(number, inner)
    if isinstance(value, Broadcast):
        return Broadcast(tidy.transpose(value.args[0]), value.shape[1], value.shape[0])
    return tidy.transpose(value)


