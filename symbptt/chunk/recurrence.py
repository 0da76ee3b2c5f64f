"""One state in a chunk: its decay, keys and values; what the tokens read of it; and its value behind the chunk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Elementwise, InverseUnitLower, LowerOnes
from symbptt.chunk.decay import logarithm
from symbptt.chunk.reads import Held, Read
from symbptt.chunk.terms import Expander, NoChunkForm, Term, column, depends
from symbptt.chunk.tokens import Tokens
from symbptt.derive.varying import COLUMNS, ROWS, Definitions, varying
from symbptt.model.values import Model, Variable

Say = Callable[[str, MatrixExpr], MatrixExpr]
"""Gives a value an equation of its own, under a name that begins with the first argument; equal values share one."""


@dataclass
class Recurrence:
    """S_i = D_i * S_{i-1} + sum of a_i b_i^T, as expressions of a token; after `solve` also as those of the chunk."""

    state: Variable
    held: Held
    log_decay: MatrixExpr | None
    pairs: tuple[tuple[MatrixExpr, MatrixExpr], ...]
    keys: list[MatrixExpr] = field(default_factory=list)
    values: list[MatrixExpr] = field(default_factory=list)
    sums: MatrixExpr | None = None
    logs: MatrixExpr | None = None

    @classmethod
    def of(cls, state: Variable, model: Model, known: Definitions, refuse: Callable[[str], NoChunkForm]) -> Recurrence:
        """The recurrence of a state; `refuse` makes the error where it has no chunk form."""
        expander = Expander(state.at(TIME - 1), known, refuse)
        terms = expander(known[state.at()])
        before = [t for t in terms if t.is_state]
        outers = [t for t in terms if not t.is_state]
        along = _keys(before, outers, state, model, known, expander)
        decay = _decay(before, ROWS if along == "rows" else COLUMNS, state, known, refuse)
        logs = None if decay is None else logarithm(decay, known)
        if decay is not None and logs is None:
            raise refuse("has a decay that may be zero or negative, so that there is no logarithm of it to add up")
        if state.columns == 1 and decay is not None and decay.shape != (1, 1):
            raise refuse("is a vector with a decay of its own for each entry: a scan, without products of matrices")
        pairs = tuple(_pair(term, along, known, refuse) for term in outers)
        held = Held(expander, state.at(), along, decay)
        reading = [p for p in pairs if depends(p[1], frozenset({expander.state}), known)]
        if len(reading) > 1:
            raise refuse(f"has a transition of rank {len(reading)}; a chunk form is there for rank one")
        if any(depends(p[0], frozenset({expander.state}), known) for p in pairs):
            raise refuse("is written at places that it determines itself")
        return cls(state, held, logs, pairs)

    @property
    def per_key(self) -> bool:
        """Whether each key has a decay of its own."""
        return self.log_decay is not None and self.log_decay.shape != (1, 1)

    def solve(self, tokens: Tokens, say: Say, mask: MatrixExpr) -> None:
        """Keys, values and sums of logarithms for the chunk; values that read the state from a triangular system."""
        if self.log_decay is not None:
            rows = tokens(self.log_decay)
            self.logs = say("g", tidy.hadamard(tokens.wide(mask, rows.shape[1]), rows))
            self.sums = say("c", tidy.mul(LowerOnes(tokens.length, 0), self.logs))
        state = frozenset({self.held.expander.state})
        order = sorted(self.pairs, key=lambda pair: depends(pair[1], state, tokens.known))
        for key, value in order:
            self.keys.append(say("k", tokens(key)))
            if not depends(value, state, tokens.known):
                rows = tokens(value)
                self.values.append(say("v", tidy.hadamard(tokens.wide(mask, rows.shape[1]), rows)))
                continue
            found = tokens.affine(value)
            free, lower = [found.free], []
            for read, coefficient in found.reads.items():
                base = self._base(read, tokens, say, self.keys[:-1])
                free.append(tidy.hadamard(tokens.wide(coefficient, base.shape[1]), base))
                inside = self._scores(read, tokens, say, self.keys[-1])
                lower.append(tidy.scale(-1, tidy.hadamard(tokens.wide(coefficient, tokens.length), inside)))
            right = tidy.hadamard(tokens.wide(mask, self._width()), tidy.add(*free))
            # What is masked out is zero on the right; a row of the triangle there only makes zeros of zeros' own.
            within = say("N", tidy.hadamard(tokens.wide(mask, tokens.length), tidy.add(*lower)))
            self.values.append(say("v", tidy.mul(InverseUnitLower(within), right)))

    def _width(self) -> sp.Expr:
        return self.state.columns if self.held.keys == "rows" else self.state.rows

    def _start(self) -> MatrixExpr:
        """S_0 with the keys along its rows."""
        before = self.state.at(TIME - 1)
        return before if self.held.keys == "rows" else tidy.transpose(before)

    def answer(self, read: Read, tokens: Tokens, say: Say) -> MatrixExpr:
        """What the tokens of the chunk read, (C, values)."""
        return self._base(read, tokens, say, self.keys)

    def _base(self, read: Read, tokens: Tokens, say: Say, keys: list[MatrixExpr]) -> MatrixExpr:
        """What they read of the state before the chunk, and of the tokens with these keys."""
        query = tokens(read.query)
        if self.sums is not None:
            exponent = self._exponent(read)
            grown = Elementwise("exp", exponent)
            query = tidy.hadamard(grown if self.per_key else tokens.wide(grown, query.shape[1]), query)
            query = say("q", query) if self.per_key else query
        terms = [tidy.mul(query, self._start())]
        for key, value in zip(keys, self.values, strict=False):
            lower = LowerOnes(tokens.length, 0 if read.kind == "after" else -1)
            terms.append(tidy.mul(say("P", tidy.hadamard(lower, self._scores(read, tokens, say, key))), value))
        return tidy.add(*terms)

    def _exponent(self, read: Read) -> MatrixExpr:
        assert self.sums is not None and self.logs is not None
        return tidy.add(self.sums, tidy.scale(-1, self.logs)) if read.kind == "before" else self.sums

    def _scores(self, read: Read, tokens: Tokens, say: Say, key: MatrixExpr) -> MatrixExpr:
        """Q A^T with the decay between the tokens, (C, C); what is above the mask has no meaning."""
        query = tokens(read.query)
        if self.sums is None:
            return tidy.mul(query, tidy.transpose(key))
        exponent = self._exponent(read)
        if self.per_key:
            late = say("q", tidy.hadamard(Elementwise("exp", exponent), query))
            return tidy.mul(late, tidy.transpose(self._early(tokens, say, key)))
        ones = OneMatrix(1, tokens.length)
        apart = tidy.add(tidy.mul(exponent, ones), tidy.scale(-1, tidy.mul(tokens.ones(), tidy.transpose(self.sums))))
        lower = LowerOnes(tokens.length, -1 if read.kind == "before" else 0)
        decay = say("D", Elementwise("exp", tidy.hadamard(lower, apart)))
        return tidy.hadamard(decay, tidy.mul(query, tidy.transpose(key)))

    def _early(self, tokens: Tokens, say: Say, key: MatrixExpr) -> MatrixExpr:
        """Keys without the decay since the border of the chunk: e^-c * A."""
        assert self.sums is not None
        return say("k", tidy.hadamard(Elementwise("exp", tidy.scale(-1, self.sums)), key))

    def after(self, tokens: Tokens, say: Say) -> MatrixExpr:
        """The state behind the chunk, e^{c_C} S_0 + (e^{c_C - c} * A)^T B; for single keys e^{c_C} * (S_0 + (e^-c * A)^T B)."""
        start, keys = self._start(), list(self.keys)
        if self.logs is None or self.sums is None:
            return self._own_shape([start, *self._products(keys)])
        total = tidy.mul(OneMatrix(1, tokens.length), self.logs)
        if self.per_key:
            inner = tidy.add(start, *self._products([self._early(tokens, say, key) for key in keys]))
            end = Elementwise("exp", tidy.transpose(total))
            grown = tidy.mul(end, OneMatrix(1, start.shape[1])) if start.shape[1] != 1 else end
            return self._own_shape([tidy.hadamard(grown, inner)])
        weight = Elementwise("exp", tidy.add(tidy.mul(tokens.ones(), total), tidy.scale(-1, self.sums)))
        keys = [tidy.hadamard(tokens.wide(weight, key.shape[1]), key) for key in keys]
        start = tidy.hadamard(tidy.spread(Elementwise("exp", total), *start.shape), start)
        return self._own_shape([start, *self._products(keys)])

    def _products(self, keys: list[MatrixExpr]) -> list[MatrixExpr]:
        return [tidy.mul(tidy.transpose(key), value) for key, value in zip(keys, self.values, strict=True)]

    def _own_shape(self, terms: list[MatrixExpr]) -> MatrixExpr:
        return tidy.add(*(terms if self.held.keys == "rows" else map(_flipped, terms)))


def _flipped(term: MatrixExpr) -> MatrixExpr:
    if isinstance(term, sp.HadamardProduct):
        return tidy.hadamard(*map(tidy.transpose, term.args))
    return tidy.transpose(term)


def _keys(
    before: list[Term], outers: list[Term], state: Variable, model: Model, known: Definitions, expander: Expander
) -> str:
    """The axis of the keys: where the decay varies, or where the transition reads, or where the state is read."""
    if state.columns == 1:
        return "rows"
    for term in before:
        for weight in term.weights:
            axes = varying(weight, known)
            if axes:
                return "rows" if axes == ROWS else "columns"
    for term in outers:
        assert term.u is not None and term.w is not None
        if expander.reads(term.u):
            return "columns"
        if expander.reads(term.w):
            return "rows"
    symbols = {state.at(), state.at(TIME - 1)}
    for equation in model.equations:
        for product in equation.value.atoms(sp.MatMul):
            if any(isinstance(f, sp.Transpose) and f.arg in symbols for f in product.args):
                return "rows"
    return "columns"


def _decay(
    before: list[Term], along: frozenset[str], state: Variable, known: Definitions, refuse: Callable[[str], NoChunkForm]
) -> MatrixExpr | None:
    """The weights of the state before, as a column over the keys or a scalar; None for one."""
    if not before:
        raise refuse("keeps nothing of the state before")
    parts = []
    for term in before:
        factors = [column(weight, along, known) for weight in term.weights]
        if any(f is None for f in factors):
            raise refuse("decays entry by entry: there is no product of matrices in that")
        scalars = [f for f in factors if f is not None and f.shape == (1, 1)]
        columns = [f for f in factors if f is not None and f.shape != (1, 1)]
        if columns:
            shape = columns[0].shape
            whole = tidy.hadamard(*columns, *(tidy.spread(s, *shape) for s in scalars))
        else:
            whole = tidy.hadamard(*scalars) if scalars else tidy.ONE
        parts.append(tidy.scale(term.number, whole))
    shapes = {part.shape for part in parts} - {(sp.S.One, sp.S.One)}
    if shapes:
        (shape,) = shapes
        parts = [part if part.shape == shape else tidy.spread(part, *shape) for part in parts]
    total = tidy.add(*parts)
    return None if total == tidy.ONE else total


def _pair(
    term: Term, along: str, known: Definitions, refuse: Callable[[str], NoChunkForm]
) -> tuple[MatrixExpr, MatrixExpr]:
    """Key and value of an outer product, its weights taken into them."""
    assert term.u is not None and term.w is not None
    u, w = term.u, term.w
    for weight in term.weights:
        over_rows, over_columns = column(weight, ROWS, known), column(weight, COLUMNS, known)
        if over_rows is not None:
            u = tidy.hadamard(u, over_rows if over_rows.shape == u.shape else tidy.spread(over_rows, *u.shape))
        elif over_columns is not None:
            w = tidy.hadamard(w, over_columns)
        else:
            raise refuse("adds an outer product that is weighed entry by entry")
    key, value = (u, w) if along == "rows" else (w, u)
    return (key, tidy.scale(term.number, value))
