"""Pass: a sum of products of two entries, sum_k A[r, k] B[k, c], is a matrix product, for which targets have kernels.

The steps and samples together may be its rows, or what it sums over: then it is one product for all of them. Where all three
matrices are those of a sample, or of a head, there is a product for each.
"""

from dataclasses import replace

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
    free = tuple(index for s in statement.at for index in s.indices if index not in outer)
    left, right = (tuple(i for i in indices(r) if i in free or i in inner) for r in (one, other))
    batch = tuple(i for i in free if i in left and i in right)
    free = tuple(i for i in free if i not in batch)
    if free and free[-1] in left:
        one, other, left, right = other, one, right, left
    rows, columns = tuple(i for i in free if i in left), tuple(i for i in free if i in right)
    if batch and not (rows and columns):
        return None
    if not (set(inner) <= set(left) and set(inner) <= set(right)) or len(rows) + len(columns) != len(free):
        return None
    target = Matrix(Read(statement.target, statement.at).buffer, statement.at, rows, columns)
    made = (target, Matrix(one.buffer, one.at, rows, inner), Matrix(other.buffer, other.at, inner, columns))
    product = _flat(Product(*made, number, statement.add, statement.equations, batch=batch))
    return product if _is_strided(product) else None


def _flat(product: Product) -> Product:
    """The product with one index for the entries of all heads, where it goes through them."""
    sides = (product.target, product.left, product.right)
    ats = [s for m in sides for s in m.at if s.indices]
    for s in ats:
        heads, inner = s.head, s.index
        if heads is None or inner is None or s.block != inner.size:
            continue
        if any(o.indices != s.indices or o.block != s.block for o in ats if heads in o.indices or inner in o.indices):
            continue
        flat = Index(f"{heads.name}{inner.name}", sp.expand(heads.size * inner.size))
        target, left, right = (_with_flat(m, heads, inner, flat) for m in sides)
        return _flat(replace(product, target=target, left=left, right=right))
    return product


def _with_flat(matrix: Matrix, heads: Index, inner: Index, flat: Index) -> Matrix:
    at = tuple(Subscript(flat, s.by) if s.indices == (heads, inner) else s for s in matrix.at)
    rows, columns = (tuple(flat if i == inner else i for i in group if i != heads) for group in (matrix.rows, matrix.columns))
    return replace(matrix, at=at, rows=rows, columns=columns)


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


def _stride(matrix: Matrix, group: tuple[Index, ...]) -> sp.Expr | None:
    """How far apart the entries are that the indices count as one; None where no one distance does."""
    if not group:
        return sp.S.Zero
    steps = []
    for index in group:
        places = [k for k, s in enumerate(matrix.at) if index in s.indices]
        if len(places) != 1:
            return None
        steps.append(matrix.at[places[0]].step(index) * sp.Mul(*matrix.buffer.axes[places[0] + 1 :]))
    nested = zip(steps, group[1:], steps[1:], strict=False)
    return steps[-1] if all(sp.expand(outer - inner.size * step) == 0 for outer, inner, step in nested) else None


def stride(matrix: Matrix, group: tuple[Index, ...]) -> sp.Expr:
    """The distance of neighbours in the rows or columns of a matrix."""
    found = _stride(matrix, group)
    assert found is not None
    return found


def first(matrix: Matrix) -> tuple[Subscript, ...]:
    """The subscripts of the first entry."""
    counted = {*matrix.rows, *matrix.columns}
    return tuple(_without(s, counted) for s in matrix.at)


def _without(at: Subscript, counted: set[Index]) -> Subscript:
    at = replace(at, index=None) if at.index in counted else at
    return replace(at, head=None) if at.head in counted else at
