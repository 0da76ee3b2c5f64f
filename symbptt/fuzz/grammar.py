"""Random expressions of a wanted shape: one row of the table for every production of the language.

Arguments stay where the functions are well conditioned: away from poles (denominators and logarithms take what is positive by
construction), from saturation, and from kinks (a value that may rest at zero is shifted before it meets one).
"""

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from symbptt.fuzz.elementwise import ELEMENTWISE, LARGEST, OTHERS
from symbptt.fuzz.expression import SCALAR, Expression, Shape
from symbptt.fuzz.maker import Maker
from symbptt.model.shapes import axis_text


@dataclass(frozen=True)
class Production:
    """A way to make an expression of a shape, taken with this weight where it `fits`."""

    weight: float
    fits: Callable[[Shape], bool]
    make: Callable[[Maker, Shape, int], Expression]


def expression(maker: Maker, shape: Shape, depth: int) -> Expression:
    """A random expression of this shape; `depth` bounds its nesting."""
    if depth <= 0 or maker.chance(0.08):
        return maker.leaf(shape)
    shared = [e for e in maker.pool if e.shape == shape]
    if shared and maker.chance(0.15):
        return maker.choose(shared)
    fitting = [p for p in PRODUCTIONS if p.fits(shape)]
    chosen = maker.rng.choices(fitting, [p.weight for p in fitting])[0]
    made = within(chosen.make(maker, shape, depth - 1), LARGEST)
    maker.pool.append(made)
    return made


def within(value: Expression, limit: float) -> Expression:
    """The expression, scaled down if its size is above the limit."""
    if value.size <= limit:
        return value
    factor = max(limit / value.size, 1e-3)
    return Expression(f"({factor:.1g} * {{0}})", value.shape, (value,), size=limit, flat=value.flat)


def _unary(form: str, part: Expression, size: float | None = None, flat: bool | None = None) -> Expression:
    size = part.size if size is None else size
    return Expression(form, part.shape, (part,), size=size, flat=part.flat if flat is None else flat)


def _operator(maker: Maker, shape: Shape, depth: int) -> Expression:
    left, right = expression(maker, shape, depth), expression(maker, shape, depth)
    if shape != SCALAR and maker.chance(0.15):
        right = expression(maker, SCALAR, depth)
        left, right = (right, left) if maker.chance(0.5) else (left, right)
    if maker.chance(0.45):
        return Expression("({0} * {1})", shape, (left, right), size=left.size * right.size, flat=left.flat or right.flat)
    # The difference of two equal expressions is zero for all data.
    sign = "+" if left.text() == right.text() or maker.chance(0.6) else "-"
    return Expression(f"({{0}} {sign} {{1}})", shape, (left, right), size=left.size + right.size, flat=left.flat and right.flat)


def _with_number(maker: Maker, shape: Shape, depth: int) -> Expression:
    part, number = expression(maker, shape, depth), maker.number(0.2, 3)
    form, factor, shift = maker.choose((
        ("({0} + {n})", 1.0, number), ("({n} - {0})", 1.0, number), ("({n} * {0})", number, 0.0), ("({0} * {n})", number, 0.0),
        ("({0} / {n})", 1 / number, 0.0), ("(-{0})", 1.0, 0.0), ("({0} - {n})", 1.0, number), ("(+{0})", 1.0, 0.0),
    ))
    return _unary(form.replace("{n}", str(number)), part, part.size * factor + shift, part.flat and not shift)


def _elementwise(maker: Maker, shape: Shape, depth: int) -> Expression:
    row = maker.choose(ELEMENTWISE + OTHERS)
    part = within(expression(maker, shape, depth), row.limit)
    if row.kink and part.flat:
        part = _unary(f"({{0}} + {maker.number(0.11, 0.4) + 0.0123})", part, part.size + 0.5, False)
    return _unary(row.form, part, row.size, row.rests or part.flat)


def positive(maker: Maker, shape: Shape, depth: int) -> Expression:
    """An expression of at least 0.1 for all data."""
    form, limit, size = maker.choose((
        ("(softplus({0}) + 0.3)", 5.0, 6.0), ("exp({0})", 2.0, 7.0), ("(1 + {0} ** 2)", 3.0, 10.0), ("(2 + sin({0}))", 6.0, 3.0),
        ("(sigmoid({0}) + 0.2)", 4.0, 1.2), ("(0.5 + {0} * {0})", 3.0, 9.5), ("(1.5 - tanh({0}))", 3.0, 2.5),
    ))
    return _unary(form, within(expression(maker, shape, depth), limit), size)


_OF_POSITIVE = (
    "log({0})", "sqrt({0})", "({0} ** 0.5)", "({0} ** -1)", "({0} ** -0.5)", "({0} ** 1.5)", "power({0}, n=-2)", "(0.7 / {0})",
)


def _chosen(maker: Maker, shape: Shape, depth: int) -> Expression:
    """A choice between two values; the sides of its comparison are kept from being equal for a whole range of data."""
    u, v = expression(maker, shape, depth), expression(maker, shape, depth)
    if u.flat or v.flat or u.text() == v.text():
        u = _unary(f"({{0}} + {maker.number(0.11, 0.4) + 0.0123})", u, u.size + 0.5, False)
    size = max(u.size, v.size)
    form = maker.choose(("max({0}, {1})", "min({0}, {1})", "where({0} > {1}, {1}, 0.5 * {0})", "where({0} <= 0.0317, {1}, 1.2)",
                         "surrogate({0}, {1})", "max({0}, -0.0271, {1})"))
    return Expression(form, shape, (u, v), size=size + 1.2, flat=True)


def _of_positive(maker: Maker, shape: Shape, depth: int) -> Expression:
    part = positive(maker, shape, depth)
    if maker.chance(0.4):
        over = expression(maker, shape if maker.chance(0.8) else SCALAR, depth)
        return Expression("({0} / {1})", shape, (over, part), size=over.size * 3, flat=over.flat)
    return _unary(maker.choose(_OF_POSITIVE), part, 6)


def _matrix_product(maker: Maker, shape: Shape, depth: int) -> Expression:
    inner = maker.dimension()
    left = expression(maker, (shape[0], inner), depth - 2)
    right = expression(maker, (inner, shape[1]), depth)
    if left.text() == right.text() and left.shape == right.shape:
        right = maker.leaf(right.shape)
    return Expression("({0} @ {1})", shape, (left, right), size=2 * left.size * right.size / 2.5, flat=left.flat or right.flat)


def _transposed(maker: Maker, shape: Shape, depth: int) -> Expression:
    part = expression(maker, (shape[1], shape[0]), depth)
    return Expression("{0}.T", shape, (part,), size=part.size, flat=part.flat)


def _outer(maker: Maker, shape: Shape, depth: int) -> Expression:
    u, v = (expression(maker, (size, sp.S.One), depth) for size in shape)
    return Expression("outer({0}, {1})", shape, (u, v), size=u.size * v.size, flat=u.flat or v.flat)


def _scaled_rows(maker: Maker, shape: Shape, depth: int) -> Expression:
    """A matrix with its rows or columns scaled, or with a vector in all of them."""
    left, right = (expression(maker, (size, sp.S.One), depth - 1) for size in shape)
    part = expression(maker, shape, depth)
    rows, columns = map(axis_text, shape)
    root = f"{rows} ** -0.5" if shape[0].is_Symbol else "0.5"
    form, scale = maker.choose((
        ("(diag({0}) @ {1})", left), ("({1} @ diag({0}))", right), (f"(outer({{0}}, ones({columns})) * {{1}})", left),
        (f"(outer(ones({rows}), {{0}}) + {{1}})", right), (f"({{1}} + {root} * outer({{0}}, ones({columns})))", left),
    ))
    return Expression(form, shape, (scale, part), size=scale.size * part.size + scale.size, flat=scale.flat or part.flat)


def _sliced_matrix(maker: Maker, shape: Shape, depth: int) -> Expression:
    extra = maker.dimension()
    start = axis_text(extra)
    if maker.chance(0.5):
        part = expression(maker, (shape[0] + extra, shape[1]), depth - 1)
        form = maker.choose((f"{{0}}[0:{axis_text(shape[0])}]", f"{{0}}[{start}:]"))
    else:
        part = expression(maker, (shape[0], shape[1] + extra), depth - 1)
        form = maker.choose((f"{{0}}[:, 0:{axis_text(shape[1])}]", f"{{0}}[:, {start}:]"))
    return Expression(form, shape, (part,), size=part.size, flat=part.flat)


def _with_identity(maker: Maker, shape: Shape, depth: int) -> Expression:
    part, size = expression(maker, shape, depth), axis_text(shape[0])
    unit = f"eye({size})"
    form = maker.choose((f"({unit} * {{0}})", f"({{0}} + {unit})", f"({unit} @ {{0}})", f"({{0}} - 0.5 * {unit})"))
    return _unary(form, part, part.size + 1, True)


def _triangular(maker: Maker, shape: Shape, depth: int) -> Expression:
    """Sums down the rows, a lower triangle, or what a unit lower triangle makes of a matrix."""
    part = expression(maker, shape, depth)
    if shape[0] == shape[1] and maker.chance(0.7):
        return _unary(maker.choose(("tril({0})", "tril({0}, k=-1)", "tril({0}, k=1)")), part, flat=True)
    if maker.chance(0.5):
        return _unary("cumsum({0})", part, 3 * part.size)
    triangle = within(expression(maker, (shape[0], shape[0]), depth - 1), 0.5)
    return Expression("solve_unit_lower({0}, {1})", shape, (triangle, part), size=4 * part.size, flat=True)


def _diagonal(maker: Maker, shape: Shape, depth: int) -> Expression:
    """A diagonal as a vector, or zeros with something added."""
    if maker.chance(0.3):
        part = expression(maker, shape, depth)
        return _unary(f"(zeros({axis_text(shape[0])}) + {{0}})", part)
    part = expression(maker, (shape[0], shape[0]), depth - 1)
    return Expression("diagonal({0})", shape, (part,), size=part.size, flat=part.flat)


def _normalised(maker: Maker, shape: Shape, depth: int) -> Expression:
    rows = [("batch_norm({0})", 2.5), ("batch_norm({0}, eps=0.01)", 2.5)]
    if shape[1] == 1:
        rows += [("softmax({0})", 1.0), ("log_softmax({0})", 6.0), ("layer_norm({0})", 2.5), ("layer_norm({0}, eps=0.1)", 2.5)]
        rows += [("rms_norm({0}, eps=0.1)", 2.5), ("l2_norm({0}, eps=0.1)", 1.0)]
    form, size = maker.choose(rows)
    return _unary(form, within(expression(maker, shape, depth), 3), size, True)


def _concatenated(maker: Maker, shape: Shape, depth: int) -> Expression:
    rows, last = shape[0], sp.S.One
    if rows.is_Integer:
        last = sp.Integer(maker.rng.randint(1, int(rows) - 1))
    else:
        last = maker.choose([term / term.as_coeff_Mul()[0] for term in sp.Add.make_args(rows)])
    sizes = [rows - last, last] if maker.chance(0.5) else [last, rows - last]
    parts = tuple(expression(maker, (size, sp.S.One), depth) for size in sizes)
    return Expression("concat({0}, {1})", shape, parts, size=max(p.size for p in parts), flat=any(p.flat for p in parts))


def _sliced(maker: Maker, shape: Shape, depth: int) -> Expression:
    extra = maker.dimension()
    part = expression(maker, (shape[0] + extra, sp.S.One), depth)
    size, whole, start = (axis_text(item) for item in (shape[0], shape[0] + extra, extra))
    form = maker.choose((f"{{0}}[0:{size}]", f"{{0}}[:{size}]", f"{{0}}[{start}:{whole}]", f"{{0}}[{start}:]"))
    return Expression(form, shape, (part,), size=part.size, flat=part.flat)


def _embedded(maker: Maker, shape: Shape, depth: int) -> Expression:
    index = next((d for d in maker.declared if d.prefix), None)
    if index is None:
        return expression(maker, shape, depth)
    leaf = Expression(index.name, index.shape, reads=index.name, flat=True)
    return Expression("embed({0}, {1})", shape, (maker.leaf((shape[0], index.shape[0])), leaf), flat=True)


def _total(maker: Maker, shape: Shape, depth: int) -> Expression:
    part = expression(maker, maker.shape(scalar=0.1, matrix=0.25), depth)
    form, size = maker.choose((("sum({0})", 3 * part.size), ("mean({0})", part.size)))
    return Expression(form, SCALAR, (part,), size=size, flat=part.flat)


def _of_vectors(maker: Maker, shape: Shape, depth: int) -> Expression:
    size = (maker.dimension(), sp.S.One)
    u = expression(maker, size, depth)
    if maker.chance(0.3):
        return Expression("logsumexp({0})", SCALAR, (within(u, 4),), size=6, flat=u.flat)
    v = u if maker.chance(0.25) else expression(maker, size, depth)
    form = maker.choose(("dot({0}, {1})", "({0}.T @ {1})"))
    return Expression(form, SCALAR, (u, v), size=3 * u.size * v.size, flat=u.flat or v.flat)


def _splits(shape: Shape) -> bool:
    rows = shape[0]
    return shape[1] == 1 and (rows > 1 if rows.is_Integer else not rows.is_Symbol)


PRODUCTIONS = (
    Production(3.0, lambda shape: True, _operator),
    Production(1.2, lambda shape: True, _with_number),
    Production(4.0, lambda shape: True, _elementwise),
    Production(1.2, lambda shape: True, _of_positive),
    Production(0.8, lambda shape: True, _chosen),
    Production(4.0, lambda shape: shape[0] != 1 or shape[1] != 1, _matrix_product),
    Production(0.4, lambda shape: shape != SCALAR, _transposed),
    Production(2.0, lambda shape: shape[1] != 1, _outer),
    Production(4.0, lambda shape: shape[0] == shape[1] != 1, _with_identity),
    Production(2.0, lambda shape: shape[0] != 1 and shape[1] != 1, _scaled_rows),
    Production(0.8, lambda shape: shape[0] != 1 and shape[1] != 1, _sliced_matrix),
    Production(1.0, lambda shape: shape[0] != 1, _triangular),
    Production(0.5, lambda shape: shape[0] != 1 and shape[1] == 1, _diagonal),
    Production(1.0, lambda shape: True, _normalised),
    Production(3.0, _splits, _concatenated),
    Production(0.8, lambda shape: shape[1] == 1, _sliced),
    Production(1.0, lambda shape: shape[1] == 1, _embedded),
    Production(2.0, lambda shape: shape == SCALAR, _total),
    Production(1.5, lambda shape: shape == SCALAR, _of_vectors),
)
"""The productions; another one is another row."""
