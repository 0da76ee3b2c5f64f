"""Formulas of one sample for one step, (N, ...), or for all steps at once, (T, N, ...)."""

from collections.abc import Callable
from operator import matmul

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import SlopeByResult
from symbptt.emit import heads
from symbptt.emit.code import Code
from symbptt.emit.frameworks.libraries import Library
from symbptt.emit.layout import array_rank, shape_text
from symbptt.emit.lowering import Leaf, Lowering, is_row, times_number
from symbptt.emit.tree import ADD, ATOM, Tree, Word, added, call, helper
from symbptt.model.values import Variable


class LibraryLowering(Lowering):
    """`Lowering` in a library; `axes` are the leading axes, "N" or "T, N"; `turn` may name the transpose of an array."""

    def __init__(
        self, leaf: Leaf, dimension: Callable[[str], str], axes: str, library: Library,
        turn: Callable[[str], str | None] | None = None,
    ) -> None:
        super().__init__(leaf, dimension, axes)
        self.library, self.turn = library, turn

    def __call__(self, expression: MatrixExpr) -> Code:
        found = self._slope(expression) if isinstance(expression, sp.HadamardProduct) else None
        found = found or (self._fused(expression) or self._affine(expression) if isinstance(expression, sp.MatAdd) else None)
        return found or super().__call__(expression)

    def transposed(self, code: Code) -> Tree:
        """The transpose; that of an array which `turn` knows has a name."""
        name = self.turn(code.body.text) if self.turn and isinstance(code.body, Word) else None
        return Word(name) if name else super().transposed(code)

    def _slope(self, product: sp.HadamardProduct) -> Code | None:
        """d * f'(a) as one call."""
        for slope in product.args:
            if isinstance(slope, SlopeByResult) and slope.name in self.library.slopes:
                rest = self.whole(tidy.hadamard(*(a for a in product.args if a is not slope)))
                result = self.whole(slope.operand)
                called = helper(self.library.slopes[slope.name], rest.tree, result.tree)
                return Code(called, rest.batched or result.batched, rest.rank)
        return None

    def _fused(self, total: sp.MatAdd) -> Code | None:
        """z + x W as one call, where x and z are rows (N, n)."""
        if not self.library.fused or self.batch != "N":
            return None
        split = [(term, self._row_times_weight(term)) for term in total.args]
        products = [pair for _, pair in split if pair is not None]
        rest = [term for term, pair in split if pair is None]
        start = self(tidy.add(*rest)) if rest and products else None
        if not products or (start is not None and (start.rank != 1 or not start.full)):
            return None
        total_of = matmul(*products.pop(0)) if start is None else start.tree
        for row, weight in products:
            total_of = helper(self.library.fused, total_of, row, weight)
        return Code(total_of, True, 1)

    def _affine(self, total: sp.MatAdd) -> Code | None:
        """x W^T + b as one call, where x is rows (T, N, n)."""
        if not self.library.affine or self.batch == "N" or len(total.args) != 2:
            return None
        for product, start in (total.args, reversed(total.args)):
            pair = self._row_times_weight(product)
            bias = self(start) if pair else None
            if pair and bias and bias.rank == 1 and bias.full and not bias.batched and not bias.negative:
                weight = self(product.args[0])
                return Code(helper(self.library.affine, pair[0], weight.tree, bias.tree), True, 1)
        return None

    def _row_times_weight(self, term: MatrixExpr) -> tuple[Tree, Tree] | None:
        """x and W, for a column W^T x with a matrix that samples share."""
        number, factors = tidy.split_number(heads.plain(term))
        if number != 1 or len(factors) != 2 or term.shape[1] != 1:
            return None
        matrix, row = self(tidy.transpose(factors[0])), self.whole(factors[1])
        if matrix.rank != 2 or matrix.batched or row.rank != 1 or not row.batched:
            return None
        return row.tree.bound(ATOM), matrix.tree.bound(ATOM)

    def text(self, expression: MatrixExpr) -> str:
        """The text of a value in full shape, leading axes included."""
        code = None if isinstance(expression, sp.ZeroMatrix) else self.whole(expression)
        if code and code.batched:
            return self.written(code.tree)
        axes = f"({self.shape(expression.shape, self.batch)[0]})"
        return self.written(self.spread(code, axes) if code else call("zeros", axes))

    def written(self, tree: Tree) -> str:
        """An expression in the words of the library."""
        return tree.at(ADD, self.library.words)

    def gradient(self, expression: MatrixExpr, variable: Variable) -> str:
        """What a parameter collects from the leading axes, in the shape that it has inside."""
        terms = expression.args if isinstance(expression, sp.MatAdd) else (expression,)
        return self.written(added(*(self._collected(term, variable) for term in terms)))

    def _collected(self, term: MatrixExpr, variable: Variable) -> Tree:
        number, factors = tidy.split_number(heads.plain(term))
        if len(factors) == 1 and (found := self._of_heads(factors[0])) is not None:
            return times_number(self, number, found).tree
        if array_rank(variable) == 2 and len(factors) > 1 and is_row(factors[-1]) and not is_row(factors[0]):
            minus = bool(number.could_extract_minus_sign())
            left = self.whole(tidy.scale(-number if minus else number, tidy.mul(*factors[:-1])))
            right = self.whole(factors[-1])
            if left.batched and right.batched and left.rank == right.rank == 1:
                outer = helper("_outer", left.body, right.body)
                return -outer if minus != (left.negative != right.negative) else outer
        code = self.whole(tidy.scale(number, tidy.mul(*factors)))
        total = code.tree.then(f".sum(axis={'0' if self.batch == 'N' else '(0, 1)'})")
        return total if code.rank == array_rank(variable) else total.then(f".reshape({shape_text(variable, self.size)})")

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
            found = helper("_outer", row.tree, column.tree)
            return Code(found.then(f".reshape({self.size(outer.heads * outer.r)})"), False, 1)
        if outer.shared:
            wide = row.tree.then(f".reshape({self.batch}, {self.size(outer.heads * outer.d)})")
            return Code(outer.below(self, helper("_outer", column.tree, wide)), False, 2)
        return Code(helper("_outer" if outer.total else "_outer_heads", column.tree, row.tree), False, 2)
