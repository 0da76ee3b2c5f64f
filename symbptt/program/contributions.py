"""Statements that add the terms of a formula to a buffer: matrix products on their own, what is elementwise together."""

from collections.abc import Iterator
from contextlib import contextmanager

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import nodes, tidy
from symbptt.algebra.head_nodes import HeadProduct, SumHeads
from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import Adjoint, Tangent
from symbptt.derive.numeric import LOSS_WEIGHT
from symbptt.model.values import Model, Variable
from symbptt.program.buffers import GIVEN_AS, WEIGHTS, buffer, rows_ahead
from symbptt.program.heads import BY_HEAD, apart, entries, operands
from symbptt.program.ir import SAMPLES, Assign, Buffer, Expr, Index, Kind, Mul, Num, Read, Reduce, Subscript, fixed
from symbptt.program.lower import SAMPLE, STEP, Lowering
from symbptt.program.walk import indices, mapped, parts, plus, times, with_parts

_SAMPLE = Subscript(SAMPLE)
_SHARED = {STEP, SAMPLE}


class Operand(sp.MatrixSymbol):
    """A factor of a product that has a buffer of its own."""


class Contributions:
    """Makes statements; what they need besides goes into temporary buffers, equal reductions into one."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.lower = Lowering(self._leaf)
        self._reductions: dict[Expr, Read] = {}
        self._operands: dict[str, tuple[Buffer, tuple[Subscript, ...]]] = {}
        self._number = 0
        self._ahead: list[Assign] = []
        self._equations: tuple[int, ...] = ()

    @contextmanager
    def aside(self, partial: bool) -> Iterator[None]:
        """Inside, reductions may be known at some steps only, and then serve nobody outside."""
        known = dict(self._reductions)
        yield
        if partial:
            self._reductions = known

    def to(
        self, target: Buffer, lead: tuple[Subscript, ...], v: Variable, value: MatrixExpr, number: int, summed: bool = False
    ) -> list[Assign]:
        """target += value; `summed` over the samples, for a parameter. A zero gives nothing."""
        if tidy.is_zero(value):
            return []
        self._ahead, self._equations = [], (number,) if number else ()
        made = self._statements(target, lead, self._without_inverses(apart(value, self._held)), summed)
        return [*self._ahead, *made]

    def copy(
        self, target: Buffer, lead: tuple[Subscript, ...], source: Buffer, source_lead: tuple[Subscript, ...], v: Variable
    ) -> Assign:
        """target += source."""
        own = entries((v.rows, v.columns))
        return Assign(target, (*lead, *own), Read(source, (*source_lead, *own)))

    def summed(self, parameter: Variable, state: Variable, number: int) -> Assign:
        """What a parameter gets from the state that starts from it, unless that is given."""
        own = entries((state.rows, state.columns))
        value = Read(buffer(Kind.ADJOINT, state), (fixed(0), _SAMPLE, *own))
        given = buffer(Kind.INITIAL, state)
        return Assign(buffer(Kind.GRADIENT, parameter), own, value, over=(SAMPLE,), equations=(number,), unless=given)

    def _leaf(self, symbol: sp.MatrixSymbol, i: Subscript, j: Subscript, sample: Subscript) -> Expr:
        """The entry of a symbol of a template."""
        if isinstance(symbol, Operand):
            held, lead = self._operands[symbol.name]
            return Read(held, (*(sample if s == _SAMPLE else s for s in lead), i, j))
        now = Subscript(STEP)
        if symbol == LOSS_WEIGHT:
            return Read(WEIGHTS, (now, sample))
        if isinstance(symbol, Adjoint):
            v = self.model[symbol.primal.name]
            return Read(buffer(Kind.ADJOINT, v), (rows_ahead(v), sample, i, j))
        moves = isinstance(symbol, Tangent)
        v = self.model[symbol.primal.name if moves else symbol.name]
        if v.role in GIVEN_AS:
            held = buffer(Kind.DIRECTION if moves else GIVEN_AS[v.role], v)
            return Read(held, (*((now,) if held.timed else ()), *((sample,) if held.batched else ()), i, j))
        back = int(isinstance(symbol, Timed) and symbol.step != TIME)
        held = buffer(Kind.TANGENT if moves else Kind.VALUE, v)
        return Read(held, (rows_ahead(v).shifted(sp.Integer(-back)), sample, i, j))

    def _statements(self, target: Buffer, lead: tuple[Subscript, ...], value: MatrixExpr, summed: bool) -> list[Assign]:
        at = (*lead, *self._entries(value))
        made: list[Assign] = []
        elementwise: list[Expr] = []
        for term in value.args if isinstance(value, sp.MatAdd) else (value,):
            product = self._as_product(term, summed)
            if product is not None:
                expression, inner = self._multiplied(product, at)
            elif (of_heads := self._of_heads(term)) is not None:
                expression, inner = _without_sums(self.lower(of_heads)(*at[-2:]))
            else:
                expression, inner = self.lower(self._without_products(term))(*at[-2:]), ()
                if not summed:
                    elementwise.append(expression)
                    continue
            made.append(self._assign(target, at, expression, inner, summed))
        if elementwise:
            made.insert(0, self._assign(target, at, plus(*elementwise), (), False))
        return made

    def _entries(self, value: MatrixExpr) -> tuple[Subscript, Subscript]:
        by_head = value.has(*BY_HEAD) or (isinstance(value, nodes.InverseUnitLower) and value.heads != 1)
        return entries(value.shape, self.model.heads if by_head else None)

    def _assign(
        self, target: Buffer, at: tuple[Subscript, ...], value: Expr, inner: tuple[Index, ...], summed: bool
    ) -> Assign:
        if summed and SAMPLE not in indices(value):
            value, summed = times(Num(SAMPLES), value), False
        outer = (SAMPLE,) if summed else ()
        own = {index for s in at for index in s.indices} | {*inner, *outer}
        return Assign(target, at, self._hoisted(value, own), over=(*outer, *inner), equations=self._equations)

    def _hoisted(self, value: Expr, own: set[Index]) -> Expr:
        """The value with reductions that need fewer indices in buffers of their own."""

        def change(node: Expr) -> Expr:
            if not isinstance(node, Reduce) or not (free := set(indices(node))) <= own or (free == own and not free <= _SHARED):
                return node
            if node not in self._reductions:
                axes = sorted(free, key=lambda index: (index != STEP, index != SAMPLE, index.name))
                at = tuple(map(Subscript, axes))
                held = self._temporary(tuple(index.size for index in axes), STEP in free, SAMPLE in free)
                self._reductions[node] = Read(held, at)
                self._ahead.append(Assign(held, at, node, equations=self._equations))
            return self._reductions[node]

        # A value that is a reduction is itself what would be held.
        return with_parts(value, tuple(mapped(part, change) for part in parts(value)))

    def _temporary(self, axes: tuple[sp.Expr, ...], timed: bool, batched: bool) -> Buffer:
        self._number += 1
        return Buffer(Kind.TEMPORARY, f"r{self._number}", axes, timed, batched)

    # ---- products

    def _as_product(self, term: MatrixExpr, summed: bool) -> tuple[sp.Expr, MatrixExpr, MatrixExpr] | None:
        """A term as number, left and right factor, if it is a matrix product; None if it is elementwise."""
        number, factors = tidy.split_number(term)
        if len(factors) < 2 or not (summed or any(f.shape[1] != 1 for f in factors[:-1])):
            return None
        chain = list(factors)
        while len(chain) > 2:
            k = next((k for k in range(len(chain) - 1) if 1 in (chain[k].shape[0], chain[k + 1].shape[1])), len(chain) - 2)
            chain[k : k + 2] = [self._held(sp.MatMul(chain[k], chain[k + 1]))]
        left, right = (self._operand(f) for f in chain)
        return number, left, right

    def _of_heads(self, term: MatrixExpr) -> MatrixExpr | None:
        """A term as a product of each head, or the sum of those, if it is one."""
        number, factors = tidy.split_number(term)
        if len(factors) > 1 or not isinstance(factors[0], (SumHeads, HeadProduct)):
            return None
        summed = isinstance(factors[0], SumHeads)
        product = factors[0].args[0] if summed else factors[0]
        if isinstance(product, HeadProduct) and (summed or product.args[0].shape[1] != 1):
            made = operands(product, self._held)
            return tidy.scale(number, SumHeads(made, made.heads) if summed else made)
        return term if summed else None

    def _multiplied(
        self, product: tuple[sp.Expr, MatrixExpr, MatrixExpr], at: tuple[Subscript, ...]
    ) -> tuple[Expr, tuple[Index, ...]]:
        number, left, right = product
        i, j = at[-2:]
        size = left.shape[1]
        k = fixed(0) if size == 1 else Subscript(Index("k", size))
        value = times(Num(number), self.lower(left)(i, k), self.lower(right)(k, j))
        return value, () if k.index is None else (k.index,)

    def _operand(self, factor: MatrixExpr) -> MatrixExpr:
        """A factor as products take it: a symbol or its transpose, or a constant."""
        inner = factor.arg if isinstance(factor, sp.Transpose) else factor
        if isinstance(inner, (sp.MatrixSymbol, *nodes.CONSTANTS, nodes.Diag)):
            return factor
        return sp.Transpose(self._held(inner)) if isinstance(factor, sp.Transpose) else self._held(inner)

    def _without_products(self, value: MatrixExpr) -> MatrixExpr:
        """A term that is none with products of matrices in buffers of their own: entry by entry they would be sums in loops."""
        return value.xreplace({node: self._held(node) for node in dict.fromkeys(_inner_products(value))})

    def _without_inverses(self, value: MatrixExpr) -> MatrixExpr:
        """The value with inverses in buffers of their own, the innermost first."""
        inverses = sorted(value.atoms(nodes.InverseUnitLower), key=lambda node: len(node.atoms(nodes.InverseUnitLower)))
        held: dict[sp.Basic, MatrixExpr] = {}
        for node in inverses:
            operand = node.operand.xreplace(held)
            held[node] = self._held(nodes.InverseUnitLower(operand if operand.is_symbol else self._held(operand)))
        return value.xreplace(held)

    def _held(self, value: MatrixExpr) -> MatrixExpr:
        """A symbol for a value that gets a buffer, with the axes that it needs."""
        shape = value.shape
        value = apart(value, self._held)
        free = set(indices(self.lower(value)(*self._entries(value))))
        lead = tuple(Subscript(index) for index in (STEP, SAMPLE) if index in free)
        held = self._temporary((*(s.index.size for s in lead if s.index), *shape), STEP in free, SAMPLE in free)
        self._ahead += self._statements(held, lead, value, False)
        self._operands[held.name] = held, lead
        return Operand(held.name, *shape)


def _inner_products(value: sp.Basic) -> Iterator[MatrixExpr]:
    """The largest products of matrices, those with columns or rows aside."""
    factors = tidy.split_number(value)[1] if isinstance(value, sp.MatMul) else value.args[:2] * isinstance(value, HeadProduct)
    if len(factors) > 1 and 1 not in (*value.shape, *(f.shape[1] for f in factors[:-1])):
        yield value
        return
    for part in value.args:
        if isinstance(part, MatrixExpr):
            yield from _inner_products(part)


def _without_sums(value: Expr) -> tuple[Expr, tuple[Index, ...]]:
    """What a sum runs over, and over what."""
    number = [part for part in parts(value) if isinstance(part, Num)] if isinstance(value, Mul) else []
    inner = value.args[-1] if isinstance(value, Mul) and len(value.args) == len(number) + 1 else value
    over: tuple[Index, ...] = ()
    while isinstance(inner, Reduce) and inner.operation == "sum":
        over = (*over, inner.over)
        inner = inner.body
    return (times(*number, inner), over) if over else (value, ())
