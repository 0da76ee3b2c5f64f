"""What people write for the parts of a chunk form: another mask, another cumulated sum, no decay or another one, no padding."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import EachHead, HeadBroadcast, HeadProduct, HeadTranspose
from symbptt.algebra.nodes import Elementwise, InverseUnitLower, LowerOnes
from symbptt.chunk.heads import Lift
from symbptt.diagnose.hypotheses.chunks.places import cause, groups
from symbptt.diagnose.mutant import Mutant, swapped
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass
from symbptt.model.values import Model

PRODUCTS = (sp.MatMul, HeadProduct)
Definitions = dict[sp.MatrixSymbol, MatrixExpr]


@dataclass(frozen=True)
class Variant:
    """`wrong` in the place of the node `right`, and of others that stand for the same: the mistake of this name."""

    name: str
    right: MatrixExpr
    wrong: MatrixExpr
    also: tuple[tuple[MatrixExpr, MatrixExpr], ...] = ()

    @property
    def rules(self) -> dict[MatrixExpr, MatrixExpr]:
        """What stands in the place of what."""
        return {self.right: self.wrong, **dict(self.also)}

    def read_by(self, value: MatrixExpr) -> bool:
        """Whether a value has what it changes."""
        return any(value.has(node) for node in self.rules)


@dataclass(frozen=True)
class Variants:
    """The variants of the nodes of a chunk form, whose input `padding` is zero where there is no token."""

    model: Model
    padding: str

    def of(self, value: MatrixExpr) -> Iterator[Variant]:
        """The variants of the nodes in a value, and in values that are products with a mask, a decay or the padding in them."""
        yield from self._masks(value)
        yield from self._sums(value)
        yield from self._symbols(value)
        for symbol in _symbols(value):
            if symbol in self.products:
                yield from self._of_product(symbol, self.products[symbol])

    def _of_product(self, symbol: sp.MatrixSymbol, value: MatrixExpr) -> Iterator[Variant]:
        for variant in (*self._masks(value), *self._symbols(value)):
            yield Variant(variant.name, symbol, _product(value.xreplace(variant.rules)))

    @cached_property
    def known(self) -> Definitions:
        """The values that have an equation."""
        return {e.target.at(): e.value for e in self.model.equations}

    @cached_property
    def sums(self) -> Definitions:
        """The cumulated sums, each with what is summed."""
        products = {s: v.args for s, v in self.known.items() if isinstance(v, PRODUCTS)}
        return {s: args[1] for s, args in products.items() if isinstance(shared(args[0]), LowerOnes)}

    @cached_property
    def decays(self) -> Definitions:
        """Exponentials of sums of gates, as columns or spread over columns, each written out in sums and gates."""
        gates = {*self.sums, *self.sums.values()}
        found: Definitions = {}
        for symbol in self.known:
            value = self._written_out(symbol)
            factors = value.args if isinstance(value, (sp.MatMul, HeadBroadcast)) else (value,)
            inner = next((f for f in factors if not isinstance(f, OneMatrix)), value)
            if isinstance(inner, Elementwise) and inner.name == "exp" and inner.operand.atoms(sp.MatrixSymbol) <= gates:
                found[symbol] = value
        return found

    @cached_property
    def paddings(self) -> frozenset[sp.MatrixSymbol]:
        """What says where a chunk has tokens, as a column or spread over columns."""
        mask = self.model[self.padding].at()
        return frozenset({mask} | {s for s in self.known if self._written_out(s).atoms(sp.MatrixSymbol) == {mask}})

    @cached_property
    def products(self) -> Definitions:
        """Values that are elementwise products, or transposes of some, as scores with a mask and keys with a decay are."""
        found: Definitions = {}
        for symbol, value in self.known.items():
            turned = isinstance(value, (sp.Transpose, HeadTranspose)) and value.args[0] in found
            if isinstance(value, sp.HadamardProduct) or turned:
                found[symbol] = value.xreplace({value.args[0]: found[value.args[0]]}) if turned else value
        return found

    def _written_out(self, value: MatrixExpr) -> MatrixExpr:
        """A value without intermediates that have no name."""
        inner = {s: self.known[s] for s in value.atoms(sp.MatrixSymbol) if s in self.known and s not in self.sums
                 and (self.model[s.name].definition or isinstance(self.known[s], Elementwise))}
        return self._written_out(value.xreplace(inner)) if inner else value

    def _masks(self, value: MatrixExpr) -> Iterator[Variant]:
        masks = {a for p in value.atoms(sp.HadamardProduct) for a in p.args if isinstance(shared(a), LowerOnes)}
        for mask in sorted(masks, key=str):
            other = mask.xreplace({shared(mask): _other(shared(mask))})
            for wrong in (other, OneMatrix(*mask.shape), *self._above(mask)):
                yield Variant("mask-wrong", mask, wrong)
        for inverse in sorted(value.atoms(InverseUnitLower), key=str):
            yield Variant("mask-wrong", inverse, _not_strict(inverse))

    def _above(self, mask: MatrixExpr) -> Iterator[MatrixExpr]:
        """No mask, where the decay between tokens e^{mask ⊙ (c_i − c_j)} goes on above the diagonal: what it lacks there."""
        for decay, value in self.decays.items():
            inner = value.operand if isinstance(value, Elementwise) else None
            if not isinstance(inner, sp.HadamardProduct) or decay.shape != mask.shape:
                continue
            if isinstance(shared(inner.args[0]), LowerOnes):
                yield Elementwise("exp", tidy.add(tidy.hadamard(*inner.args[1:]), tidy.scale(-1, inner)))

    def _sums(self, value: MatrixExpr) -> Iterator[Variant]:
        for product in sorted(value.atoms(*PRODUCTS), key=str):
            for factor in map(shared, product.args):
                turned = isinstance(factor, sp.Transpose)
                inner = factor.arg if turned else factor
                if isinstance(inner, LowerOnes):
                    for wrong in (tidy.transpose(_other(inner)) if turned else _other(inner),
                                  inner if turned else tidy.transpose(inner)):
                        yield Variant("cumsum-wrong", product, product.xreplace({factor: wrong}))

    def _symbols(self, value: MatrixExpr) -> Iterator[Variant]:
        for symbol in _symbols(value):
            if symbol in self.paddings:
                yield Variant("ragged-end", symbol, OneMatrix(*symbol.shape))
            if symbol in self.sums:
                yield Variant("cumsum-wrong", symbol, tidy.add(symbol, tidy.scale(-1, self.sums[symbol])))
            if symbol in self.decays:
                yield from self._decays(symbol)

    def _decays(self, decay: sp.MatrixSymbol) -> Iterator[Variant]:
        """Another exponent, or none, for a decay wherever it stands, as a column or spread over columns."""
        right = exponential(self.decays[decay])
        exclusive = right.xreplace({s: tidy.add(s, tidy.scale(-1, g)) for s, g in self.sums.items()})
        others = dict.fromkeys(e for v in self.decays.values() if (e := exponential(v)).shape == right.shape and e != right)
        nothing = tidy.ONE if right.shape == (1, 1) else OneMatrix(*right.shape)
        for name, wrong in (("border-decay", nothing), ("cumsum-wrong", exclusive), *(("border-decay", o) for o in others)):
            if wrong != right:
                first, *rest = ((d, v.xreplace({right: wrong})) for d, v in self.decays.items() if v.has(right))
                yield Variant(name, *first, tuple(rest))


def exponential(value: MatrixExpr) -> Elementwise:
    """The exponential in a decay that may be spread over columns."""
    (found,) = (n for n in (value, *value.args) if isinstance(n, Elementwise))
    return found


def _symbols(value: MatrixExpr) -> list[sp.MatrixSymbol]:
    return sorted(value.atoms(sp.MatrixSymbol), key=str)


def _product(value: MatrixExpr) -> MatrixExpr:
    """An elementwise product, or its transpose, without its ones."""
    if isinstance(value, sp.Transpose):
        return tidy.transpose(_product(value.arg))
    factors = value.args if isinstance(value, sp.HadamardProduct) else (value,)
    others = [f for f in factors if not isinstance(f, OneMatrix)]
    return tidy.hadamard(*others) if others else OneMatrix(*value.shape)


def shared(value: sp.Basic) -> sp.Basic:
    """A factor, or what it repeats in each head."""
    return value.args[0] if isinstance(value, EachHead) else value


def _other(mask: LowerOnes) -> LowerOnes:
    """Without the diagonal for with it, and the other way round."""
    return LowerOnes(mask.args[0], -1 - mask.args[1])


def _not_strict(inverse: InverseUnitLower) -> MatrixExpr:
    """(I + D + L)^-1 = (I + (I + D)^-1 L)^-1 (I + D)^-1 for (I + L)^-1; D is the diagonal of what should be strictly lower."""
    inner, (_, size) = inverse.args[0], inverse.shape
    if inverse.heads != 1:  # that of one head
        inner = inner.func(inner.args[0], size, *inner.args[2:])
    eye = tidy.add(LowerOnes(size, 0), tidy.scale(-1, LowerOnes(size, -1)))
    diagonal = tidy.add(OneMatrix(size, 1), tidy.mul(tidy.hadamard(eye, inner), OneMatrix(size, 1)))
    weight = Elementwise("reciprocal", diagonal)
    rows, columns = tidy.mul(weight, OneMatrix(1, size)), tidy.mul(OneMatrix(size, 1), tidy.transpose(weight))
    made = tidy.hadamard(InverseUnitLower(tidy.hadamard(rows, inner)), columns)
    return made if inverse.heads == 1 else Lift(inverse.heads, lambda name: True)(made)[0]


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Every variant of a part, in one summand, in some and in all that have it."""
    known = Variants(backward.model, point.padding)
    found: dict[Variant, None] = {v: None for route in backward.routes for v in known.of(route.value)}
    for variant in found:
        for routes in groups(r for r in backward.routes if variant.read_by(r.value)):
            made = cause(variant.name, backward, routes, variant.wrong, variant.right)
            yield Mutant((made,), swapped(routes, variant.rules))
