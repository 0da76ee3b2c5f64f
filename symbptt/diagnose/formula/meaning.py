"""The value of a formula's side: the syntax tree evaluated on matrices, with indices bound by sums and products.

Beside the model language (values of steps as h[t-1], @ for products, * elementwise, .T, functions) there are

    dh[t], dW               the total derivative of the loss by a value, in its shape: h_t's adjoint, W's gradient
    sum(k, 1, t, body)      body at k = 1, ..., t added up; zero if there is none
    prod(j, k+1, t, body)   the matrix product with j = k+1 leftmost; the identity if there is none
    rprod(j, k+1, t, body)  the same with j = t leftmost
    d(u[t], v)              the immediate derivative: earlier steps are held fixed
    D(u[t], v)              the total derivative
    diag(v), slope(tanh, v), mpow(W, n), eye(H), outer, dot, softmax, concat and the elementwise functions
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp

from symbptt.algebra import functions
from symbptt.algebra.evaluate import Array, softmax
from symbptt.diagnose.formula.world import World
from symbptt.diagnose.formula.written import PLACE
from symbptt.errors import BadInput

MAX_TERMS = 20_000
"""Terms of sums and factors of products, together, in one evaluation."""


class Unfit(ValueError):
    """Shapes that do not fit, or a value of a step that there is none of."""


@dataclass
class Scope:
    """The world, the indices that are bound, and a budget of terms."""

    world: World
    indices: Mapping[str, int]
    left: list[int]

    def having(self, name: str, value: int) -> Scope:
        """The scope with one more index."""
        return Scope(self.world, {**self.indices, name: value}, self.left)


def value(node: ast.expr, world: World, indices: Mapping[str, int]) -> Array:
    """The matrix that a side stands for; raises BadInput for what is no formula, Unfit for what does not fit."""
    found = _value(node, Scope(world, indices, [MAX_TERMS]))
    return np.atleast_2d(np.asarray(found, float))


def index(node: ast.expr, scope: Scope) -> int:
    """An index: a bound name, T, an integer, or a sum or difference of these."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name):
        if node.id == "T":
            return scope.world.T
        if node.id in scope.indices:
            return scope.indices[node.id]
        raise BadInput(f"{PLACE}: {node.id} is no index here; indices come from sum, prod and the left side")
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        a, b = index(node.left, scope), index(node.right, scope)
        return a + b if isinstance(node.op, ast.Add) else a - b
    raise BadInput(f"{PLACE}: expected an index such as t-1, not {ast.unparse(node)}")


def _value(node: ast.expr, scope: Scope) -> Any:
    reader = _READERS.get(type(node))
    if reader is None:
        raise BadInput(f"{PLACE}: {ast.unparse(node)} cannot stand in a formula")
    return reader(node, scope)


def _constant(node: ast.Constant, scope: Scope) -> float:
    return float(node.value)  # type: ignore[arg-type]


def _name(node: ast.Name, scope: Scope) -> Any:
    if node.id in scope.indices or node.id == "T":
        return float(index(node, scope))
    if node.id in scope.world.model.dimensions:
        return float(scope.world.data.dims[node.id])
    return _of_step(node.id, None, scope)


def _of_step(name: str, step: int | None, scope: Scope) -> Array:
    world = scope.world
    known = {v.name for v in world.model.variables}
    try:
        if name not in known and name.startswith("d") and name[1:] in known:
            return world.adjoint(name[1:], step)
        if name != "L":
            world.model[name]
        return world.value(name, step)
    except LookupError as error:
        raise Unfit(str(error)) from None


def _subscript(node: ast.Subscript, scope: Scope) -> Array:
    if not isinstance(node.value, ast.Name):
        raise BadInput(f"{PLACE}: only a variable has steps, not {ast.unparse(node.value)}")
    return _of_step(node.value.id, index(node.slice, scope), scope)


def _unary(node: ast.UnaryOp, scope: Scope) -> Any:
    operand = _value(node.operand, scope)
    return -operand if isinstance(node.op, ast.USub) else operand


def _is_scalar(x: Any) -> bool:
    return np.size(x) == 1


def _elementwise(operator: Callable[[Any, Any], Any], sign: str) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        if not (_is_scalar(a) or _is_scalar(b) or np.shape(a) == np.shape(b)):
            raise Unfit(f"{sign} of the shapes {np.shape(a)} and {np.shape(b)}")
        if np.ndim(a) and np.ndim(b):
            a, b = (np.reshape(x, ()) if _is_scalar(x) and not _is_scalar(y) else x for x, y in ((a, b), (b, a)))
        return operator(a, b)

    return apply


def matmul(a: Any, b: Any) -> Any:
    """The matrix product; a number times a matrix is taken for one, too."""
    if not np.ndim(a) or not np.ndim(b):
        return a * b
    if a.shape[1] != b.shape[0]:
        raise Unfit(f"@ of the shapes {a.shape} and {b.shape}")
    return a @ b


_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: _elementwise(np.add, "+"), ast.Sub: _elementwise(np.subtract, "-"), ast.Mult: _elementwise(np.multiply, "*"),
    ast.Div: _elementwise(np.divide, "/"), ast.Pow: _elementwise(np.power, "**"), ast.MatMult: matmul,
}


def _binary(node: ast.BinOp, scope: Scope) -> Any:
    with np.errstate(all="ignore"):
        return _BINARY[type(node.op)](_value(node.left, scope), _value(node.right, scope))


def _transpose(node: ast.Attribute, scope: Scope) -> Any:
    operand = _value(node.value, scope)
    return np.transpose(operand) if np.ndim(operand) else operand


def _range(arguments: list[ast.expr], scope: Scope) -> list[Any]:
    """The bodies of a sum or product over its index."""
    name, first, last, body = arguments
    if not isinstance(name, ast.Name) or name.id in scope.indices or name.id == "T":
        raise BadInput(f"{PLACE}: {ast.unparse(name)} cannot be the index of a sum or product")
    found = []
    for i in range(index(first, scope), index(last, scope) + 1):
        scope.left[0] -= 1
        if scope.left[0] < 0:
            raise BadInput(f"{PLACE}: more than {MAX_TERMS} terms")
        found.append(_value(body, scope.having(name.id, i)))
    return found


def _sum(arguments: list[ast.expr], scope: Scope) -> Any:
    if len(arguments) == 1:
        return np.reshape(np.sum(_value(arguments[0], scope)), (1, 1))
    return reduce(_BINARY[ast.Add], _range(arguments, scope), 0.0)


def _prod(arguments: list[ast.expr], scope: Scope) -> Any:
    found = _range(arguments, scope)
    return reduce(matmul, found) if found else 1.0


def _rprod(arguments: list[ast.expr], scope: Scope) -> Any:
    found = _range(arguments, scope)
    return reduce(matmul, found[::-1]) if found else 1.0


def _pair(node: ast.expr, scope: Scope) -> tuple[str, int | None]:
    """A variable and its step."""
    if isinstance(node, ast.Name):
        return node.id, None
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        return node.value.id, index(node.slice, scope)
    raise BadInput(f"{PLACE}: a derivative is of and by variables, as d(h[t], h[t-1]), not {ast.unparse(node)}")


def _derivative(total: bool) -> Callable[[list[ast.expr], Scope], Array]:
    def apply(arguments: list[ast.expr], scope: Scope) -> Array:
        (of, at), (by, when) = (_pair(a, scope) for a in arguments)
        for name in (of, by):
            if name != "L":
                scope.world.model[name]
        try:
            return scope.world.derivative(of, at, by, when, total)
        except LookupError as error:
            raise Unfit(str(error)) from None

    return apply


def _slope(arguments: list[ast.expr], scope: Scope) -> Any:
    name = arguments[0].id if isinstance(arguments[0], ast.Name) else ""
    if name == "activation":
        raise BadInput(f"{PLACE}: write the activation's name, as in slope(tanh, a[t])")
    return _table_function(name, slope=True)(_value(arguments[1], scope))


def _table_function(name: str, slope: bool = False) -> Callable[[Any], Any]:
    if name not in functions.FUNCTIONS:
        raise BadInput(f"{PLACE}: unknown function {name!r}")
    row = functions.FUNCTIONS[name]
    scalar = functions.slope(name) if slope else row.value
    given = scalar.subs(dict(zip(row.symbols(), (default for _, default in row.arguments), strict=True)))
    compiled = sp.lambdify(functions.Z, given, "numpy")
    return lambda x: np.broadcast_to(compiled(x), np.shape(x))


def _vector(x: Any, name: str) -> Array:
    if np.ndim(x) != 2 or x.shape[1] != 1:
        raise Unfit(f"{name} expects a column, not the shape {np.shape(x)}")
    return np.asarray(x)


def _diag(x: Any) -> Any:
    return np.diag(_vector(x, "diag")[:, 0])


def _mpow(arguments: list[ast.expr], scope: Scope) -> Any:
    base, power = _value(arguments[0], scope), index(arguments[1], scope)
    if np.ndim(base) != 2 or base.shape[0] != base.shape[1] or power < 0:
        raise Unfit(f"mpow expects a square matrix and no negative power, not {np.shape(base)} and {power}")
    return np.linalg.matrix_power(base, power)


def _eye(arguments: list[ast.expr], scope: Scope) -> Any:
    return np.eye(int(_value(arguments[0], scope)))


_OF_VALUES: dict[str, tuple[int, Callable[..., Any]]] = {
    "diag": (1, _diag),
    "softmax": (1, lambda x: softmax(_vector(x, "softmax"))),
    "outer": (2, lambda u, v: matmul(_vector(u, "outer"), _vector(v, "outer").T)),
    "dot": (2, lambda u, v: matmul(_vector(u, "dot").T, _vector(v, "dot"))),
    "concat": (2, lambda u, v: np.vstack([_vector(u, "concat"), _vector(v, "concat")])),
}
_OF_NODES: dict[str, tuple[tuple[int, ...], Callable[[list[ast.expr], Scope], Any]]] = {
    "sum": ((1, 4), _sum), "prod": ((4,), _prod), "rprod": ((4,), _rprod), "d": ((2,), _derivative(False)),
    "D": ((2,), _derivative(True)), "slope": ((2,), _slope), "mpow": ((2,), _mpow), "eye": ((1,), _eye),
}


def _call(node: ast.Call, scope: Scope) -> Any:
    assert isinstance(node.func, ast.Name)
    name = node.func.id
    if node.keywords:
        raise BadInput(f"{PLACE}: {name} takes no named arguments in a formula")
    if name in _OF_NODES:
        counts, apply = _OF_NODES[name]
        if len(node.args) not in counts:
            raise BadInput(f"{PLACE}: {name} takes {' or '.join(map(str, counts))} arguments, not {len(node.args)}")
        return apply(node.args, scope)
    operands = [_value(a, scope) for a in node.args]
    count, of_values = _OF_VALUES.get(name, (1, None))
    if len(operands) != count:
        raise BadInput(f"{PLACE}: {name} takes {count} operand{'s' * (count > 1)}, not {len(operands)}")
    with np.errstate(all="ignore"):
        return of_values(*operands) if of_values else _table_function(name)(operands[0])


_READERS: dict[type, Callable[[Any, Scope], Any]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Subscript: _subscript, ast.UnaryOp: _unary, ast.BinOp: _binary,
    ast.Attribute: _transpose, ast.Call: _call,
}
