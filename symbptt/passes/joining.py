"""Pass: gradients of weights that meet the same vector are one product, of the stacked adjoints.

    (sum d_1 h'; sum d_2 h') = sum (d_1; d_2) h'

The adjoints lie side by side already (`stacking`); what is copied is the result.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import sympy as sp

from symbptt.program.ir import Assign, Buffer, Function, Index, Kind, Matrix, Product, Read, Statement, Subscript


def join(function: Function) -> Function:
    """The function with these products joined, outside of loops."""
    made: list[Statement] = []
    for key, group in groupby(function.body, key=_key):
        parts = list(group)
        products = [s for s in parts if isinstance(s, Product)]
        made += _joined(products) if key is not None and len(products) > 1 else parts
    return replace(function, body=tuple(made))


def _key(statement: Statement) -> tuple[object, ...] | None:
    """What neighbours must have in common; None for a statement that cannot be joined."""
    if not isinstance(statement, Product) or statement.target.buffer.kind is not Kind.GRADIENT or statement.add:
        return None
    target, left = statement.target, statement.left
    axis = _axis(left)
    whole = target.at == (*map(Subscript, target.rows), *map(Subscript, target.columns)) and len(target.rows) == 1
    if axis is None or not whole or len(target.columns) != 1 or left.buffer.kind is not Kind.STACK:
        return None
    others = tuple(s for k, s in enumerate(left.at) if k != axis)
    return left.buffer, axis, others, left.columns, statement.right, statement.number, target.columns


def _axis(matrix: Matrix) -> int | None:
    """The axis that its rows count."""
    found = [k for k, s in enumerate(matrix.at) if matrix.rows and s.index == matrix.rows[0]]
    return found[0] if len(found) == 1 else None


def _begin(product: Product) -> sp.Expr:
    axis = _axis(product.left)
    assert axis is not None
    return product.left.at[axis].by


def _joined(products: list[Product]) -> Iterator[Statement]:
    """One product and the copies, if their rows of the stack lie behind one another; else the products."""
    axis, left, columns = _axis(products[0].left), products[0].left, products[0].target.columns
    ordered = next((found for p in products if len(found := _behind(p, products)) == len(products)), None)
    if axis is None or ordered is None:
        yield from products
        return
    start = _begin(ordered[0])
    rows = Index("i", sp.Add(*(p.target.rows[0].size for p in ordered)))
    stack = Buffer(Kind.STACK, "stack_grad_" + ordered[0].target.buffer.name, (rows.size, columns[0].size))
    at = tuple(Subscript(rows, start) if k == axis else s for k, s in enumerate(left.at))
    target = Matrix(stack, (Subscript(rows), Subscript(columns[0])), (rows,), columns)
    numbers = tuple(dict.fromkeys(n for p in ordered for n in p.equations))
    yield replace(ordered[0], target=target, left=replace(left, at=at, rows=(rows,)), equations=numbers)
    for p in ordered:
        row, column = p.target.at
        yield Assign(p.target.buffer, p.target.at, Read(stack, (row.shifted(_begin(p) - start), column)), add=False)


def _behind(first: Product, products: list[Product]) -> list[Product]:
    """The products whose rows follow those of the first without a gap."""
    begins = {sp.expand(_begin(p)): p for p in products}
    ordered, end = [], sp.expand(_begin(first))
    while end in begins:
        ordered.append(begins.pop(end))
        end = sp.expand(end + ordered[-1].target.rows[0].size)
    return ordered
