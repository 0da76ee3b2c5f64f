"""Formulas of one sample as text for one step, (N, ...), or for all steps at once, (T, N, ...)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.nodes import LowerOnes, SlopeByResult
from symbptt.emit import heads
from symbptt.emit.code import Code
from symbptt.emit.frameworks.dialect import Dialect
from symbptt.emit.layout import array_rank, shape_text
from symbptt.emit.lowering import Leaf, Lowering, is_row, times_number
from symbptt.emit.scalars import ADD, ATOM, TIMES
from symbptt.model.values import Variable


class WordLowering(Lowering):
    """`Lowering` in a dialect; `axes` are the leading axes, "N" or "T, N"; `turn` may name the transpose of an array."""

    def __init__(
        self, leaf: Leaf, dimension: Callable[[str], str], axes: str, dialect: Dialect,
        turn: Callable[[str], str | None] | None = None,
    ) -> None:
        super().__init__(leaf, dimension, axes)
        self.dialect, self.turn = dialect, turn

    def __call__(self, expression: MatrixExpr) -> Code:
        if isinstance(expression, sp.ZeroMatrix):
            shape, rank = self._shape(expression)
            return Code(self.dialect.zeros(f"({shape},)" if rank == 1 else f"({shape})"), ATOM, False, rank)
        if isinstance(expression, sp.Identity):
            return Code(self.dialect.eye(self.size(expression.shape[0])), ATOM, False, 2)
        if isinstance(expression, LowerOnes):
            return Code(self.dialect.tri(self.size(expression.shape[0]), str(expression.args[1])), ATOM, False, 2)
        found = self._slope(expression) if isinstance(expression, sp.HadamardProduct) else None
        found = found or (self._fused(expression) or self._affine(expression) if isinstance(expression, sp.MatAdd) else None)
        return found or super().__call__(expression)

    def spread(self, code: Code, shape: str) -> str:
        """A number becomes an array of its own, which these libraries do not make of it."""
        return self.dialect.full(shape, code.at(ADD)) if code.rank is None else super().spread(code, shape)

    def transposed(self, code: Code) -> str:
        """The transpose; that of an array which `turn` knows has a name."""
        return (self.turn and self.turn(code.at(ATOM))) or super().transposed(code)

    def _slope(self, product: sp.HadamardProduct) -> Code | None:
        """d * f'(a) as one call."""
        for slope in product.args:
            if isinstance(slope, SlopeByResult) and slope.name in self.dialect.slopes:
                rest = self.whole(build.hadamard(*(a for a in product.args if a is not slope)))
                result = self.whole(slope.operand)
                text = f"{self.dialect.slopes[slope.name]}({rest.at(ADD)}, {result.at(ADD)})"
                return Code(text, ATOM, rest.batched or result.batched, rest.rank)
        return None

    def _fused(self, total: sp.MatAdd) -> Code | None:
        """z + x W as one call, where x and z are rows (N, n)."""
        if not self.dialect.fused or self.batch != "N":
            return None
        split = [(term, self._row_times_weight(term)) for term in total.args]
        products = [pair for _, pair in split if pair is not None]
        rest = [term for term, pair in split if pair is None]
        start = self(build.add(*rest)) if rest and products else None
        if not products or (start is not None and (start.rank != 1 or not start.full)):
            return None
        text = " @ ".join(products.pop(0)) if start is None else start.at(ADD)
        for row, weight in products:
            text = f"{self.dialect.fused}({text}, {row}, {weight})"
        return Code(text, TIMES, True, 1)

    def _affine(self, total: sp.MatAdd) -> Code | None:
        """x W^T + b as one call, where x is rows (T, N, n)."""
        if not self.dialect.affine or self.batch == "N" or len(total.args) != 2:
            return None
        for product, start in (total.args, reversed(total.args)):
            pair = self._row_times_weight(product)
            bias = self(start) if pair else None
            if pair and bias and bias.rank == 1 and bias.full and not bias.batched and not bias.negative:
                weight = self(product.args[0])
                return Code(f"{self.dialect.affine}({pair[0]}, {weight.at(ADD)}, {bias.at(ADD)})", ATOM, True, 1)
        return None

    def _row_times_weight(self, term: MatrixExpr) -> tuple[str, str] | None:
        """The texts of x and W, for a column W^T x with a matrix that samples share."""
        number, factors = build.split_number(heads.plain(term))
        if number != 1 or len(factors) != 2 or term.shape[1] != 1:
            return None
        matrix, row = self(build.transpose(factors[0])), self.whole(factors[1])
        if matrix.rank != 2 or matrix.batched or row.rank != 1 or not row.batched:
            return None
        return row.at(ATOM), matrix.at(ATOM)

    def _shape(self, expression: MatrixExpr) -> tuple[str, int]:
        rows, columns = (self.size(d) for d in expression.shape)
        if expression.shape[0] != 1 and expression.shape[1] != 1:
            return f"{rows}, {columns}", 2
        return (rows if expression.shape[1] == 1 else columns), 1

    def text(self, expression: MatrixExpr) -> str:
        """The text of a value in full shape, leading axes included."""
        if isinstance(expression, sp.ZeroMatrix):
            return self.dialect.zeros(f"({self.batch}, {self._shape(expression)[0]})")
        code = self.whole(expression)
        if not code.batched:
            code = Code(self.spread(code, f"({self.batch}, {self._shape(expression)[0]})"), ATOM, True, code.rank)
        return self.dialect.say(code.at(ADD))

    def gradient(self, expression: MatrixExpr, variable: Variable) -> str:
        """What a parameter collects from the leading axes, in the shape that it has inside."""
        terms = expression.args if isinstance(expression, sp.MatAdd) else (expression,)
        text = " + ".join(self._collected(term, variable) for term in terms)
        return self.dialect.say(text.replace("+ -", "- "))

    def _collected(self, term: MatrixExpr, variable: Variable) -> str:
        number, factors = build.split_number(heads.plain(term))
        if len(factors) == 1 and (found := self._of_heads(factors[0])) is not None:
            return times_number(self, number, found).at(ADD)
        if array_rank(variable) == 2 and len(factors) > 1 and is_row(factors[-1]) and not is_row(factors[0]):
            sign = "-" if number.could_extract_minus_sign() else ""
            left = self.whole(build.scale(-number if sign else number, build.mul(*factors[:-1])))
            right = self.whole(factors[-1])
            if left.batched and right.batched and left.rank == right.rank == 1:
                if left.negative != right.negative:
                    sign = "" if sign else "-"
                left, right = replace(left, negative=False), replace(right, negative=False)
                return f"{sign}_outer({left.at(ADD)}, {right.at(ADD)})"
        code = self.whole(build.scale(number, build.mul(*factors)))
        text = f"{code.at(ATOM)}.sum(axis={'0' if self.batch == 'N' else '(0, 1)'})"
        return text if code.rank == array_rank(variable) else f"{text}.reshape({shape_text(variable, self.size)})"

    def _of_heads(self, node: MatrixExpr) -> Code | None:
        """The product of a column and a row of each head, summed over the leading axes."""
        outer = heads.Outer.of(node)
        if outer is None:
            return None
        row = heads.apart(self, outer.row, outer.heads)
        column = self.whole(outer.column) if outer.shared else heads.apart(self, outer.column, outer.heads)
        if not (column.batched and row.batched):
            return None
        if outer.shared and outer.d == 1:
            text = f"_outer({row.at(ADD)}, {column.at(ADD)}).reshape({self.size(outer.heads * outer.r)})"
            return Code(text, ATOM, False, 1)
        if outer.shared:
            wide = f"{row.at(ATOM)}.reshape({self.batch}, {self.size(outer.heads * outer.d)})"
            return Code(outer.below(self, f"_outer({column.at(ADD)}, {wide})"), ATOM, False, 2)
        return Code(f"{'_outer' if outer.total else '_outer_heads'}({column.at(ADD)}, {row.at(ADD)})", ATOM, False, 2)
