"""The expression language, second half: from a checked syntax tree (syntax.py) to a SymPy matrix expression with known shapes."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import heads as algebra_heads
from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Slice, dimension, leaves
from symbptt.model import convolution, habits, heads, lags
from symbptt.model.arithmetic import OPERATORS, is_number, matmul
from symbptt.model.calls import Call
from symbptt.model.functions import CALLS
from symbptt.model.head_marks import heads_of
from symbptt.model.older_values import held
from symbptt.model.place import Place
from symbptt.model.shapes import at_least, is_sum, shown
from symbptt.model.site import Site
from symbptt.model.syntax import Parsed
from symbptt.model.values import Role, Variable


@dataclass(frozen=True)
class Scope:
    """What an expression may read: variables known so far, dimensions, the activation, and whether targets are in reach."""

    site: Site
    dimensions: frozenset[str]
    activation: str
    in_loss: bool

    @property
    def variables(self) -> Mapping[str, Variable]:
        """The variables known so far."""
        return self.site.variables

    @property
    def known(self) -> Mapping[str, Variable]:
        """The same, and the intermediates that symbptt has named."""
        return self.site.intermediates.known


def _variable(name: str, place: Place, scope: Scope) -> Variable:
    if name not in scope.variables and (name in CALLS or name == "activation"):
        raise place.error(f"{name} is a function; expected its operands in brackets, as in {name}(...)")
    if name == "t":
        raise place.error("t is the step; it may stand only in square brackets, as in h[t-1]")
    if name not in scope.variables:
        known = (v.name for v in scope.variables.values() if scope.in_loss or v.role is not Role.TARGET)
        if (state := habits.lagged(name)) in scope.variables:
            raise place.error(f"there is no variable {name}; the value of {state} at the step before is written {state}[t-1]")
        raise place.unknown("variable", name, known)
    variable = scope.variables[name]
    if variable.role is Role.TARGET and not scope.in_loss:
        raise place.error(f"{name} is a target; only the loss may read it")
    return variable


def _name(node: ast.Name, parsed: Parsed, scope: Scope) -> sp.Expr:
    """A variable, or a dimension as a number."""
    if node.id in scope.dimensions:
        return dimension(node.id)
    return _variable(node.id, parsed.at(node), scope).at()


def _subscript(node: ast.Subscript, parsed: Parsed, scope: Scope) -> MatrixExpr:
    if isinstance(node.slice, ast.Slice):
        return _slice(node, node.slice, parsed, scope)
    if isinstance(node.slice, ast.Tuple):
        return _entries(node, node.slice, parsed, scope)
    name, lag = lags.step(node, parsed)
    variable = _variable(name, parsed.at(node), scope)
    return variable.at() if lag == 0 else scope.variables[held(variable, lag)].at(TIME - 1)


def _bound(node: ast.expr | None, default: sp.Expr, parsed: Parsed, scope: Scope) -> sp.Expr:
    return default if node is None else _dimension(node, parsed, scope)


def _dimension(node: ast.expr, parsed: Parsed, scope: Scope) -> sp.Expr:
    """A dimension in an expression: a name, an integer, a sum or a product of them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return sp.Integer(node.value)
    if isinstance(node, ast.Name) and node.id in scope.dimensions:
        return dimension(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
        left, right = _dimension(node.left, parsed, scope), _dimension(node.right, parsed, scope)
        if isinstance(node.op, ast.Mult):
            if not (left.is_Integer or right.is_Integer) and (left.is_Add or right.is_Add):
                raise parsed.at(node).error("a product of sums is not a dimension; expected a product of names, as M*K")
            return sp.expand(left * right)
        return left + right if isinstance(node.op, ast.Add) else left - right
    if isinstance(node, ast.Name):
        raise parsed.at(node).unknown("dimension", node.id, scope.dimensions)
    raise parsed.at(node).error("expected a dimension: a name, an integer, or a sum of them")


def _size(node: ast.expr, parsed: Parsed, scope: Scope) -> sp.Expr:
    """A dimension that is at least one for every size of the names in it."""
    size = _dimension(node, parsed, scope)
    if not (at_least(size, 1) and is_sum(size)):
        raise parsed.at(node).error("expected a dimension: a name, a positive integer, or a sum of them")
    return size


def _slice(node: ast.Subscript, bounds: ast.Slice, parsed: Parsed, scope: Scope) -> MatrixExpr:
    """The rows start .. stop-1; the bounds must lie inside for every size of the dimensions."""
    here = parsed.at(node)
    value = _shared(node.value, parsed, scope)
    return _rows(value, bounds, value, here, parsed, scope)


def _entries(node: ast.Subscript, bounds: ast.Tuple, parsed: Parsed, scope: Scope) -> MatrixExpr:
    """A[rows, columns] with slices; a single index gives a vector, A[:, j] as A[j, :]."""
    here = parsed.at(node)
    value = _shared(node.value, parsed, scope)
    if len(bounds.elts) != 2:
        raise here.error("a matrix has rows and columns; expected two slices, as in A[:, 0:2]")
    rows, columns = (side if isinstance(side, ast.Slice) else _only(side) for side in bounds.elts)
    part = _rows(value, rows, value, here, parsed, scope)
    part = tidy.transpose(_rows(tidy.transpose(part), columns, value, here, parsed, scope))
    return part if isinstance(bounds.elts[0], ast.Slice) else tidy.transpose(part)


def _shared(node: ast.expr, parsed: Parsed, scope: Scope) -> MatrixExpr:
    value = _matrix(node, parsed, scope)
    if heads_of(value, scope.known) is not None:
        raise parsed.at(node).error("a value that belongs to each head is not cut; cut it before split_heads(...)")
    return value


def _only(index: ast.expr) -> ast.Slice:
    """j as the slice j:j+1."""
    after = ast.BinOp(index, ast.Add(), ast.copy_location(ast.Constant(1), index))
    return ast.copy_location(ast.Slice(index, ast.copy_location(after, index)), index)


def _rows(value: MatrixExpr, bounds: ast.Slice, whole: MatrixExpr, here: Place, parsed: Parsed, scope: Scope) -> MatrixExpr:
    if bounds.step is not None:
        raise here.error("a slice has no step; expected x[start:stop]")
    start = _bound(bounds.lower, sp.S.Zero, parsed, scope)
    stop = _bound(bounds.upper, value.shape[0], parsed, scope)
    size = stop - start
    if not (at_least(start, 0) and at_least(value.shape[0] - stop, 0) and at_least(size, 1) and is_sum(size)):
        raise here.error(f"the slice [{start}:{stop}] does not lie inside {shown(whole)} for every size of the dimensions")
    return value if size == value.shape[0] else Slice(value, start, stop)


def _constant(node: ast.Constant, parsed: Parsed, scope: Scope) -> sp.Rational:
    return parsed.number(node)


def _unary(node: ast.UnaryOp, parsed: Parsed, scope: Scope) -> sp.Expr:
    value = read(node.operand, parsed, scope)
    if isinstance(node.op, ast.UAdd):
        return value
    return -value if is_number(value) else tidy.scale(-1, value)


def _binary(node: ast.BinOp, parsed: Parsed, scope: Scope) -> sp.Expr:
    left, right = read(node.left, parsed, scope), read(node.right, parsed, scope)
    operation, site = OPERATORS[type(node.op)], scope.site.at(parsed.operator(node))
    if not any(heads_of(value, scope.known) is not None for value in (left, right)):
        return operation(left, right, site)
    if operation is matmul:
        return heads.product(left, right, site)
    sign = heads.BINARY.get(operation)
    return operation(left, right, site) if sign is None else heads.elementwise(operation, sign, left, right, site)


def _transpose(node: ast.Attribute, parsed: Parsed, scope: Scope) -> MatrixExpr:
    value = _matrix(node.value, parsed, scope)
    count = heads_of(value, scope.known)
    return tidy.transpose(value) if count is None else algebra_heads.transpose(value, count)


def _matrix(node: ast.expr, parsed: Parsed, scope: Scope) -> MatrixExpr:
    value = read(node, parsed, scope)
    if is_number(value):
        raise parsed.at(node).error(f"expected an expression with a variable, not the number {value}")
    return value


def _operand(node: ast.expr, call: Call, parsed: Parsed, scope: Scope) -> sp.Expr:
    value = read(node, parsed, scope) if call.mixed else _matrix(node, parsed, scope)
    if not (call.mixed or call.constants or leaves(value)):
        raise parsed.at(node).error("expected an expression with a variable, not a constant")
    return value


def _condition(node: ast.expr, call: Call, parsed: Parsed, scope: Scope) -> tuple[type[ast.cmpop], sp.Expr, sp.Expr]:
    here = parsed.at(node)
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        raise here.error(f"expected one comparison, as in {call.usage}")
    return type(node.ops[0]), read(node.left, parsed, scope), read(node.comparators[0], parsed, scope)


def _stray(node: ast.Compare, parsed: Parsed, scope: Scope) -> MatrixExpr:
    raise parsed.at(node).error("a comparison stands only as the first operand of where, as in where(a > b, u, v)")


def _operands(nodes: list[ast.expr], call: Call, parsed: Parsed, scope: Scope) -> tuple[sp.Expr, ...]:
    if call.of_dimensions:
        return tuple(_size(node, parsed, scope) for node in nodes)
    if call.condition:
        rest = (_operand(node, call, parsed, scope) for node in nodes[1:])
        return (_condition(nodes[0], call, parsed, scope), *rest)
    values = tuple(_operand(node, call, parsed, scope) for node in nodes)
    if all(map(is_number, values)):
        raise parsed.at(nodes[0]).error("expected an expression with a variable among the operands, not numbers only")
    return values


def _numbers(node: ast.Call, call: Call, parsed: Parsed, scope: Scope) -> tuple[sp.Rational, ...]:
    """The numeric arguments: those behind the operands in their order, others by keyword, the rest as the table has them."""
    known = [name for name, _ in call.numbers]
    given: dict[str, tuple[ast.expr, Place]] = {}
    for name, number in zip(known, node.args[call.operands[1] :], strict=False):
        given[name] = (number, parsed.at(number))
    for keyword in node.keywords:
        here = parsed.at(keyword)
        if keyword.arg not in known:
            expected = f"known: {', '.join(known)}" if known else "it takes none"
            raise here.error(f"unknown argument {str(keyword.arg)[:20]!r} of {call.name}; {expected}")
        if keyword.arg in given:
            raise here.error(f"the argument {keyword.arg} is given twice")
        given[keyword.arg] = (keyword.value, here)
    return tuple(_numeric(name, *given[name], call, parsed, scope) if name in given else number for name, number in call.numbers)


def _numeric(name: str, node: ast.expr, here: Place, call: Call, parsed: Parsed, scope: Scope) -> sp.Rational:
    value = read(node, parsed, scope)
    if not value.is_Rational or (call.positive and not value > 0):
        raise here.error(f"{name} of {call.name} must be a {'positive ' if call.positive else ''}number")
    return value


def _call(node: ast.Call, parsed: Parsed, scope: Scope) -> MatrixExpr:
    here = parsed.at(node)
    assert isinstance(node.func, ast.Name)
    name = node.func.id
    if name == "activation":
        if not scope.activation:
            raise here.error("activation(...) needs a line such as activation = \"tanh\" at the top of the file")
        name = scope.activation
    elif name in scope.variables:
        raise here.error(f"{name} is a variable, not a function; write * for a product")
    if name not in CALLS:
        if said := habits.function(name):
            raise here.error(f"there is no function {name}; {said}")
        raise here.unknown("function", name, (*CALLS, "activation", convolution.NAME))
    call = CALLS[name]
    least, most = call.operands
    if not least <= len(node.args) <= most + call.ordered * len(call.numbers):
        count = str(least) if least == most else f"{least} to {most}"
        raise here.error(f"{name} takes {count} operand{'s' * (most > 1)}, not {len(node.args)}: {call.usage}")
    operands = _operands(node.args[:most], call, parsed, scope)
    numbers, site = _numbers(node, call, parsed, scope), scope.site.at(here)
    flat = (*operands[0][1:], *operands[1:]) if call.condition else operands
    if any(heads_of(value, scope.known) is not None for value in flat):
        return heads.applied(call, operands, numbers, site)
    return call.apply(operands, numbers, site)


_Reader = Callable[[Any, Parsed, Scope], sp.Expr]
_READERS: dict[type[ast.expr], _Reader] = {
    ast.Name: _name, ast.Subscript: _subscript, ast.Constant: _constant, ast.UnaryOp: _unary, ast.BinOp: _binary,
    ast.Attribute: _transpose, ast.Call: _call, ast.Compare: _stray,
}


def read(node: ast.expr, parsed: Parsed, scope: Scope) -> sp.Expr:
    """The value of a syntax node: an exact number or a matrix expression. Raises BadInput with the column."""
    reader = _READERS.get(type(node))
    if reader is None:
        raise parsed.at(node).error(f"{type(node).__name__.lower()} cannot stand here")
    return reader(node, parsed, scope)
