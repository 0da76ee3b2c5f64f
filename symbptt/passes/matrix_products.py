"""Pass: a sum of products of two entries, sum_k A[r, k] B[k, c], is a matrix product, for which targets have kernels.

The steps and samples together may be its rows, or what it sums over: then it is one product for all of them.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import sympy as sp

from symbptt.program.ir import Assign, For, Function, Index, Matrix, Mul, Num, Product, Read, Statement, Subscript
from symbptt.program.walk import indices, times


def products(function: Function) -> Function:
    """The function with matrix products recognised."""
    return replace(function, body=tuple(_changed(s, ()) for s in function.body))


def _changed(statement: Statement, outer: tuple[Index, ...]) -> Statement:
    if isinstance(statement, For):
        return replace(statement, body=tuple(_changed(s, (*outer, statement.index)) for s in statement.body))
    return (_product(statement, outer) or statement) if isinstance(statement, Assign) else statement


def _product(statement: Assign, outer: tuple[Index, ...]) -> Product | None:
    """The product that an assignment is in these loops, if it is one."""
    found = _factors(statement)
    if found is None or statement.unless is not None or not statement.over:
        return None
    number, one, other = found
    inner = statement.over
    free = tuple(s.index for s in statement.at if s.index is not None and s.index not in outer)
    left, right = (tuple(i for i in indices(r) if i in free or i in inner) for r in (one, other))
    if free and free[-1] in left:
        one, other, left, right = other, one, right, left
    rows, columns = tuple(i for i in free if i in left), tuple(i for i in free if i in right)
    shared = set(rows) & set(columns)
    if shared or not (set(inner) <= set(left) and set(inner) <= set(right)) or len(rows) + len(columns) != len(free):
        return None
    target = Matrix(Read(statement.target, statement.at).buffer, statement.at, rows, columns)
    made = (target, Matrix(one.buffer, one.at, rows, inner), Matrix(other.buffer, other.at, inner, columns))
    product = Product(*made, number, statement.add, statement.equations)
    return product if _is_strided(product) else None


def _is_strided(product: Product) -> bool:
    matrices = (product.target, product.left, product.right)
    return all(_stride(m, group) is not None for m in matrices for group in (m.rows, m.columns))


def kernel_or_sum(product: Product) -> Product | Assign:
    """A product whose buffers have been moved, or the sum that it is, where no kernel can step through their entries any more."""
    if _is_strided(product):
        return product
    target, left, right = product.target, product.left, product.right
    value = times(Num(product.number), Read(left.buffer, left.at), Read(right.buffer, right.at))
    return Assign(target.buffer, target.at, value, product.add, left.columns, product.equations)


def _factors(statement: Assign) -> tuple[sp.Expr, Read, Read] | None:
    args = statement.value.args if isinstance(statement.value, Mul) else ()
    numbers = [a.value for a in args if isinstance(a, Num)]
    factors = [a for a in args if isinstance(a, Read)]
    if len(factors) != 2 or len(numbers) + 2 != len(args):
        return None
    return sp.Mul(*numbers), factors[0], factors[1]


def axis_stride(matrix: Matrix, axis: int) -> sp.Expr:
    """How far apart neighbours along an axis are."""
    return sp.Mul(*matrix.buffer.axes[axis + 1 :])


def _stride(matrix: Matrix, group: tuple[Index, ...]) -> sp.Expr | None:
    """How far apart the entries are that the indices count as one; None where no one distance does."""
    if not group:
        return sp.S.Zero
    places = [[k for k, s in enumerate(matrix.at) if s.index == index] for index in group]
    if any(len(p) != 1 for p in places):
        return None
    axes = [p[0] for p in places]
    for outer, inner in pairwise(axes):
        within = sp.Mul(*(matrix.buffer.axes[outer + 1 : inner + 1]))
        if inner <= outer or within != matrix.at[inner].index.size or matrix.at[inner].by != 0:  # type: ignore[union-attr]
            return None
    return axis_stride(matrix, axes[-1])


def stride(matrix: Matrix, group: tuple[Index, ...]) -> sp.Expr:
    """The distance of neighbours in the rows or columns of a matrix."""
    found = _stride(matrix, group)
    assert found is not None
    return found


def first(matrix: Matrix) -> tuple[Subscript, ...]:
    """The subscripts of the first entry."""
    counted = {*matrix.rows, *matrix.columns}
    return tuple(Subscript(None, s.by) if s.index in counted else s for s in matrix.at)
