"""Smart constructors: lazy, order-keeping, with the few simplifications that a textbook makes silently.

They drop zeros, ones and identities, flatten, and pull numbers to the front; they never reorder matrices or terms.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra.nodes import Broadcast, Concat, Diag, LowerOnes, Shift, SumAll, is_leaf

ONE = OneMatrix(1, 1)
"""The 1x1 one: the seed of a reverse sweep."""


def is_zero(expression: MatrixExpr) -> bool:
    """Whether the expression is the zero matrix by construction."""
    return isinstance(expression, sp.ZeroMatrix)


def split_number(expression: MatrixExpr) -> tuple[sp.Expr, tuple[MatrixExpr, ...]]:
    """An expression as a scalar coefficient and its matrix factors."""
    if not isinstance(expression, sp.MatMul):
        return sp.S.One, (expression,)
    numbers = [a for a in expression.args if not getattr(a, "is_Matrix", False)]
    return sp.Mul(*numbers), tuple(a for a in expression.args if getattr(a, "is_Matrix", False))


def scale(number: sp.Expr | int, expression: MatrixExpr) -> MatrixExpr:
    """number * X; of a sum each term, of a product the number in front."""
    factor = sp.sympify(number)
    if is_zero(expression) or factor == 0:
        return sp.ZeroMatrix(*expression.shape)
    if isinstance(expression, sp.MatAdd):
        return expression if factor == 1 else add(*(scale(factor, a) for a in expression.args))
    inner, factors = split_number(expression)
    number = factor * inner
    if number == 1:
        return factors[0] if len(factors) == 1 else sp.MatMul(*factors)
    return sp.MatMul(number, *factors)


def add(*terms: MatrixExpr) -> MatrixExpr:
    """A sum, in the order given."""
    flat: list[MatrixExpr] = []
    for term in terms:
        flat.extend(term.args if isinstance(term, sp.MatAdd) else (term,))
    kept = [term for term in flat if not is_zero(term)]
    if not kept:
        return sp.ZeroMatrix(*terms[0].shape)
    return kept[0] if len(kept) == 1 else sp.MatAdd(*kept)


def collected(value: MatrixExpr) -> MatrixExpr:
    """A sum, in which terms that differ by a number alone are one, at the place of the first: v - v + 1 is 1."""
    if not isinstance(value, sp.MatAdd):
        return value
    numbers: Counter[tuple[MatrixExpr, ...]] = Counter()
    for term in value.args:
        number, factors = split_number(term)
        numbers[factors] += number
    return add(*(scale(number, mul(*factors)) for factors, number in numbers.items()))


def joined(*terms: MatrixExpr) -> MatrixExpr:
    """A sum of derivatives: X + X is 2 X, and parts of columns with zeros around them are one stack where they fill the column.

    So the slope of x x is 2 x, and the gradients of all columns of a matrix are a matrix: [a; 0] + [0; b] = [a; b].
    """
    whole = add(*terms)
    if not is_zero(made := collected(whole)):  # what cancels stays a formula, which has the samples of its values
        whole = made
    terms = whole.args if isinstance(whole, sp.MatAdd) else ()
    found = [(term, *place) for term in terms if (place := _placed(term)) is not None]
    parts: dict[sp.Expr, list[MatrixExpr]] = {}
    for _, start, part, _ in found:
        parts.setdefault(start, []).append(part)
    stack: list[MatrixExpr] = []
    at: sp.Expr = sp.S.Zero
    while at in parts and len({part.shape for part in parts[at]}) == 1:
        stack.append(add(*parts.pop(at)))
        at += stack[-1].shape[0]
    lying = {lies for *_, lies in found}
    if parts or len(stack) < 2 or len(lying) > 1 or at != whole.shape[1 if True in lying else 0]:
        return whole
    filled = sp.Transpose(Concat(*stack)) if True in lying else Concat(*stack)
    moved = [term for term, *_ in found]
    first = whole.args.index(moved[0])
    return add(*whole.args[:first], filled, *(term for term in whole.args[first:] if term not in moved))


def _placed(term: MatrixExpr) -> tuple[sp.Expr, MatrixExpr, bool] | None:
    """Where a part of a column begins that has nothing but zeros around it, the part, and whether all that is transposed."""
    inner = term.arg if isinstance(term, sp.Transpose) else term
    kept = [i for i, part in enumerate(inner.args) if not is_zero(part)] if isinstance(inner, Concat) else []
    if len(kept) != 1:
        return None
    start = sp.Add(*(part.shape[0] for part in inner.args[: kept[0]]))
    return start, inner.args[kept[0]], isinstance(term, sp.Transpose)


def mul(*factors: MatrixExpr) -> MatrixExpr:
    """A matrix product, in the order given."""
    rows, columns = factors[0].shape[0], factors[-1].shape[1]
    number: sp.Expr = sp.S.One
    flat: list[MatrixExpr] = []
    for factor in factors:
        if is_zero(factor):
            return sp.ZeroMatrix(rows, columns)
        inner, parts = split_number(factor)
        number *= inner
        flat.extend(p for p in parts if not isinstance(p, sp.Identity) and p != ONE)
    if not flat:
        unit = ONE if (rows, columns) == (1, 1) and ONE in factors else sp.Identity(rows)
        return scale(number, unit)
    product = flat[0] if len(flat) == 1 else sp.MatMul(*flat)
    return scale(number, product)


def hadamard(*factors: MatrixExpr) -> MatrixExpr:
    """An elementwise product, in the order given."""
    shape = factors[0].shape
    number: sp.Expr = sp.S.One
    flat: list[MatrixExpr] = []
    for factor in factors:
        if is_zero(factor):
            return sp.ZeroMatrix(*shape)
        inner, parts = split_number(factor)
        number *= inner
        base = parts[0] if len(parts) == 1 else sp.MatMul(*parts)
        flat.extend(base.args if isinstance(base, sp.HadamardProduct) else (base,))
    kept = [f for f in flat if not isinstance(f, OneMatrix)]
    if not kept:
        return scale(number, OneMatrix(*shape))
    return scale(number, kept[0] if len(kept) == 1 else sp.HadamardProduct(*kept))


def transpose(expression: MatrixExpr) -> MatrixExpr:
    """X^T, pushed through sums and products."""
    if isinstance(expression, sp.Transpose):
        return expression.arg
    if isinstance(expression, sp.MatAdd):
        return add(*(transpose(a) for a in expression.args))
    if isinstance(expression, sp.MatMul):
        number, factors = split_number(expression)
        return scale(number, mul(*(transpose(f) for f in reversed(factors))))
    if isinstance(expression, (sp.Identity, Diag)) or expression.shape == (1, 1):
        return expression
    if isinstance(expression, (sp.ZeroMatrix, OneMatrix)):
        return expression.func(expression.shape[1], expression.shape[0])
    if isinstance(expression, Broadcast):
        return Broadcast(transpose(expression.args[0]), expression.shape[1], expression.shape[0])
    return sp.Transpose(expression)


def spread(value: MatrixExpr, rows: sp.Expr, columns: sp.Expr) -> MatrixExpr:
    """A scalar in every entry of a matrix, a column in every column, a row in every row."""
    if value.shape == (rows, columns):
        return value
    if is_zero(value):
        return sp.ZeroMatrix(rows, columns)
    number, factors = split_number(value)
    if len(factors) == 1 and isinstance(factors[0], OneMatrix):
        return scale(number, OneMatrix(rows, columns))
    return scale(number, Broadcast(factors[0] if len(factors) == 1 else sp.MatMul(*factors), rows, columns))


def total(expression: MatrixExpr) -> MatrixExpr:
    """The sum of all entries, 1x1."""
    if expression.shape == (1, 1):
        return expression
    if is_zero(expression):
        return sp.ZeroMatrix(1, 1)
    if isinstance(expression, sp.MatAdd):
        return add(*(total(a) for a in expression.args))
    number, factors = split_number(expression)
    return scale(number, SumAll(factors[0] if len(factors) == 1 else sp.MatMul(*factors)))


def diag(column: MatrixExpr) -> MatrixExpr:
    """diag(d); of one entry, the entry."""
    if column.shape == (1, 1):
        return column
    number, factors = split_number(column)
    if len(factors) == 1 and isinstance(factors[0], OneMatrix):
        return scale(number, sp.Identity(column.shape[0]))
    return scale(number, Diag(factors[0] if len(factors) == 1 else sp.MatMul(*factors)))


def replaced(expression: MatrixExpr, table: Mapping[MatrixExpr, MatrixExpr]) -> MatrixExpr | None:
    """The expression with nodes replaced; None where shapes that are numbers then do not fit (SymPy takes any symbols)."""
    if expression in table:
        return table[expression]
    if not expression.args or is_leaf(expression):
        return expression
    args = [replaced(a, table) if isinstance(a, MatrixExpr) else a for a in expression.args]
    if any(a is None for a in args) or not _fit(expression.func, [a.shape for a in args if isinstance(a, MatrixExpr)]):
        return None
    return expression.func(*args)


def product_as_written(*factors: MatrixExpr) -> MatrixExpr | None:
    """A matrix product as it stands, numbers anywhere; None where shapes that are numbers do not fit."""
    matrices = [f for f in factors if isinstance(f, MatrixExpr)]
    numbers = [f for f in factors if not isinstance(f, MatrixExpr)]
    return sp.MatMul(*numbers, *matrices) if _fit(sp.MatMul, [f.shape for f in matrices]) else None


def _fit(node: type, shapes: list[tuple[sp.Expr, sp.Expr]]) -> bool:
    """Whether a node can be made of operands of these shapes."""
    pairs: Iterable[tuple[sp.Expr, sp.Expr]] = ()
    if issubclass(node, sp.MatMul):
        pairs = ((a[1], b[0]) for a, b in pairwise(shapes))
    elif issubclass(node, (sp.MatAdd, sp.HadamardProduct)):
        pairs = (pair for a, b in pairwise(shapes) for pair in zip(a, b, strict=True))
    return all(a == b or not (a.is_Integer and b.is_Integer) for a, b in pairs)


def masks_of(shift: Shift) -> MatrixExpr:
    """Shift(n) as the difference of two masks: ones where column <= row - 1, less those where column <= row - 2."""
    return add(LowerOnes(shift.shape[0], -1), scale(-1, LowerOnes(shift.shape[0], -2)))
