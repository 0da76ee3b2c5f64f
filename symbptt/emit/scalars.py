"""Scalar SymPy expressions as NumPy text: what the elementwise functions and their slopes become."""

from __future__ import annotations

import sympy as sp
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair

from symbptt.algebra import functions
from symbptt.errors import MissingRule

CALLS = {sp.tanh: "np.tanh", sp.exp: "np.exp", sp.log: "np.log", sp.sin: "np.sin", sp.cos: "np.cos"}
HELPERS = {functions.Sigmoid: "_sigmoid", functions.Softplus: "_softplus", functions.Held: "_stop_gradient"}
"""Functions that an emitted module defines for itself."""
_WHOLE = {sp.sqrt(functions.Z): ("np.sqrt", ()), functions.FUNCTIONS["relu"].value: ("np.maximum", (sp.S.Zero,))}
"""Formulas that are one call, with the numbers behind the argument."""
TWO_CALLS = {
    1 - functions.Y**2: (("np.multiply", "y", "y"), ("np.subtract", "one", "working")),
    functions.Y * (1 - functions.Y): (("np.subtract", "one", "y"), ("np.multiply", "working", "y")),
}
"""Slopes in terms of the value y that are two calls, the first of which writes into a working array."""

ADD, TIMES, POWER, ATOM = range(4)
"""Binding strength of a piece of text."""


def wrap(text: str, strength: int, least: int) -> str:
    """Parenthesise a text that binds less than `least`."""
    return text if strength >= least else f"({text})"


def _number(value: sp.Expr) -> tuple[str, int]:
    if value.is_Integer:
        return str(int(value)), ATOM if value >= 0 else ADD
    if value.is_Rational and (float(value).as_integer_ratio() == (value.p, value.q) or len(repr(float(value))) <= 10):
        return repr(float(value)), ATOM if value >= 0 else ADD
    if value.is_Rational:
        return f"{value.p} / {value.q}", TIMES if value >= 0 else ADD
    return repr(float(value)), ATOM if value >= 0 else ADD


def _sum(terms: list[tuple[str, int, bool]]) -> tuple[str, int]:
    """Terms as (text, strength, negative)."""
    text = ""
    for i, (piece, strength, negative) in enumerate(terms):
        piece = wrap(piece, strength, TIMES)
        text += (("-" if negative else "") if i == 0 else (" - " if negative else " + ")) + piece
    return text, ADD


def _condition(condition: sp.Basic, z: str) -> str:
    if not isinstance(condition, Relational):
        raise MissingRule("NumPy text", condition, "symbptt/emit/scalars.py")
    left, _ = scalar(condition.lhs, z)
    right, _ = scalar(condition.rhs, z)
    return f"{left}.real {condition.rel_op} {right}"


def _piecewise(node: sp.Piecewise, z: str) -> tuple[str, int]:
    pairs = [pair for pair in node.args if isinstance(pair, ExprCondPair)]
    text, _ = scalar(pairs[-1].expr, z)
    for pair in reversed(pairs[:-1]):
        text = f"np.where({_condition(pair.cond, z)}, {scalar(pair.expr, z)[0]}, {text})"
    return text, ATOM


def _product(node: sp.Mul, z: str) -> tuple[str, int]:
    constants, others = node.as_independent(functions.Z, functions.Y, *node.free_symbols, as_Add=False)
    number, rest = (constants, others) if constants.is_number else node.as_coeff_Mul()
    above: list[str] = []
    below: list[str] = []
    for factor in sp.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if exponent.is_number and exponent.is_negative:
            text, strength = scalar(base ** (-exponent), z)
            below.append(wrap(text, strength, POWER))
        else:
            text, strength = scalar(factor, z)
            above.append(wrap(text, strength, POWER))
    sign = "-" if number < 0 else ""
    if abs(number) != 1 or not above:
        above.insert(0, wrap(*_number(abs(number)), POWER))
    text = " * ".join(above) + "".join(f" / {b}" for b in below)
    return sign + text, ADD if sign else TIMES


def scalar(expression: sp.Expr, z: str) -> tuple[str, int]:
    """The text of an expression in Z (or Y), with z in place of the variable, and how strongly it binds."""
    if expression in (functions.Z, functions.Y):
        return z, ATOM
    if expression.is_number and not expression.is_Add:
        return _number(expression)
    if isinstance(expression, sp.Symbol):
        return expression.name, ATOM
    if isinstance(expression, sp.Add):
        terms = []
        for term in sorted(
            expression.args, key=lambda a: (not a.is_number, a.could_extract_minus_sign(), sp.default_sort_key(a))
        ):
            negative = term.could_extract_minus_sign()
            terms.append((*scalar(-term if negative else term, z), negative))
        return _sum(terms)
    if isinstance(expression, sp.Mul):
        return _product(expression, z)
    if isinstance(expression, sp.Pow) and not isinstance(expression, sp.exp):
        return _power(expression, z)
    if isinstance(expression, sp.Piecewise):
        return _piecewise(expression, z)
    call = CALLS.get(expression.func) or HELPERS.get(expression.func)
    if call is None:
        raise MissingRule("NumPy text", expression, "symbptt/emit/scalars.py")
    return f"{call}({scalar(expression.args[0], z)[0]})", ATOM


def _power(expression: sp.Pow, z: str) -> tuple[str, int]:
    base, exponent = expression.as_base_exp()
    of_number = isinstance(base, sp.Symbol) and base not in (functions.Z, functions.Y)
    if exponent == sp.Rational(1, 2) and not of_number:  # a dimension is a number of Python, and its root is one
        return f"np.sqrt({scalar(base, z)[0]})", ATOM
    if exponent.is_number and exponent.is_negative:
        text, strength = scalar(base ** (-exponent), z)
        return f"1 / {wrap(text, strength, POWER)}", TIMES
    text, strength = scalar(base, z)
    power, bound = scalar(exponent, z)
    return f"{wrap(text, strength, ATOM)} ** {wrap(power, bound, ATOM)}", POWER


def one_call(value: sp.Expr) -> tuple[str, tuple[sp.Expr, ...]] | None:
    """The function of NumPy that a formula in Z is, with the numbers that it takes behind Z; None if it is none."""
    return (CALLS[value.func], ()) if value.func in CALLS and value.args == (functions.Z,) else _WHOLE.get(value)
