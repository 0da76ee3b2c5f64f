"""Scalar SymPy expressions as emitted ones: what the elementwise functions and their slopes become."""

import sympy as sp
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair

from symbptt.algebra import functions
from symbptt.emit.tree import POWER, Infix, Sum, Tree, Word, call, helper
from symbptt.errors import MissingRule

CALLS = {sp.tanh: "tanh", sp.exp: "exp", sp.log: "log", sp.sin: "sin", sp.cos: "cos"}
HELPERS = {functions.Sigmoid: "_sigmoid", functions.Softplus: "_softplus", functions.Held: "_stop_gradient"}
"""Functions that an emitted module defines for itself."""
_WHOLE = {sp.sqrt(functions.Z): ("sqrt", ()), functions.FUNCTIONS["relu"].value: ("maximum", (sp.S.Zero,))}
"""Formulas that are one call, with the numbers behind the argument."""
TWO_CALLS = {
    1 - functions.Y**2: (("np.multiply", "y", "y"), ("np.subtract", "one", "working")),
    functions.Y * (1 - functions.Y): (("np.subtract", "one", "y"), ("np.multiply", "working", "y")),
}
"""Slopes in terms of the value y that are two calls, the first of which writes into a working array."""


def _number(value: sp.Expr) -> Tree:
    if value.is_negative:
        return -_number(-value)
    if value.is_Integer:
        return Word(str(int(value)))
    if value.is_Rational and float(value).as_integer_ratio() != (value.p, value.q) and len(repr(float(value))) > 10:
        return Word(str(value.p)) / Word(str(value.q))
    return Word(repr(float(value)))


def _sum(node: sp.Add, z: Tree) -> Tree:
    order = sorted(node.args, key=lambda a: (not a.is_number, a.could_extract_minus_sign(), sp.default_sort_key(a)))
    minus = tuple(bool(term.could_extract_minus_sign()) for term in order)
    return Sum(tuple(scalar(-term if negative else term, z) for term, negative in zip(order, minus, strict=True)), minus)


def _condition(condition: sp.Basic, z: Tree) -> Tree:
    if not isinstance(condition, Relational):
        raise MissingRule("NumPy text", condition, "symbptt/emit/scalars.py")
    return Infix(condition.rel_op, scalar(condition.lhs, z).then(".real"), scalar(condition.rhs, z))


def _piecewise(node: sp.Piecewise, z: Tree) -> Tree:
    pairs = [pair for pair in node.args if isinstance(pair, ExprCondPair)]
    chosen = scalar(pairs[-1].expr, z)
    for pair in reversed(pairs[:-1]):
        chosen = call("where", _condition(pair.cond, z), scalar(pair.expr, z), chosen)
    return chosen


def _product(node: sp.Mul, z: Tree) -> Tree:
    constants, others = node.as_independent(functions.Z, functions.Y, *node.free_symbols, as_Add=False)
    number, rest = (constants, others) if constants.is_number else node.as_coeff_Mul()
    above: list[Tree] = []
    below: list[Tree] = []
    for factor in sp.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if exponent.is_number and exponent.is_negative:
            below.append(scalar(base ** (-exponent), z))
        else:
            above.append(scalar(factor, z))
    if abs(number) != 1 or not above:
        above.insert(0, _number(abs(number)))
    product = above[0].bound(POWER)
    for factor in above[1:]:
        product *= factor
    for factor in below:
        product /= factor
    return -product if number < 0 else product


def scalar(expression: sp.Expr, z: Tree) -> Tree:
    """An expression in Z (or Y), with z in place of the variable."""
    if expression in (functions.Z, functions.Y):
        return z
    if expression.is_number and not expression.is_Add:
        return _number(expression)
    if isinstance(expression, sp.Symbol):
        return Word(expression.name)
    if isinstance(expression, sp.Add):
        return _sum(expression, z)
    if isinstance(expression, sp.Mul):
        return _product(expression, z)
    if isinstance(expression, sp.Pow) and not isinstance(expression, sp.exp):
        return _power(expression, z)
    if isinstance(expression, sp.Piecewise):
        return _piecewise(expression, z)
    for table, make in ((CALLS, call), (HELPERS, helper)):
        if expression.func in table:
            return make(table[expression.func], scalar(expression.args[0], z))
    raise MissingRule("NumPy text", expression, "symbptt/emit/scalars.py")


def _power(expression: sp.Pow, z: Tree) -> Tree:
    base, exponent = expression.as_base_exp()
    of_number = isinstance(base, sp.Symbol) and base not in (functions.Z, functions.Y)
    if exponent == sp.Rational(1, 2) and not of_number:  # a dimension is a number of Python, and its root is one
        return call("sqrt", scalar(base, z))
    if exponent.is_number and exponent.is_negative:
        return Word("1") / scalar(base ** (-exponent), z)
    return scalar(base, z) ** scalar(exponent, z)


def one_call(value: sp.Expr) -> tuple[str, tuple[sp.Expr, ...]] | None:
    """The NumPy function that is a formula in Z in one call, with the numbers behind Z; None if there is no such function."""
    return (CALLS[value.func], ()) if value.func in CALLS and value.args == (functions.Z,) else _WHOLE.get(value)
