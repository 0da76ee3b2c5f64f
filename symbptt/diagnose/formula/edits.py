"""Every formula that differs from a given one by one edit: the mistakes that people make, undone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from symbptt.algebra.nodes import Elementwise
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.formula import tree as change
from symbptt.model.values import Model, Role

_HERE = "the formula"


@dataclass(frozen=True)
class Edit:
    """A repaired right side, and the cause that the repair undoes."""

    right: ast.expr
    cause: Cause


@dataclass(frozen=True)
class Around:
    """What an edit may use: the model's variables, and the names of steps that the left side brings."""

    model: Model
    names: tuple[str, ...] = ()


Family = Callable[[ast.expr, Around], Iterator[Edit]]


def edits(right: ast.expr, around: Around, families: Sequence[Family]) -> Iterator[Edit]:
    """All single edits of these families."""
    for family in families:
        yield from family(right, around)


def _edit(tree: ast.expr, at: int, old: ast.expr, new: ast.expr, cause: str, subject: str = "", **words: str) -> Edit:
    shown = {"place": _HERE, "wrong": ast.unparse(old), "right": ast.unparse(new), **words}
    return Edit(change.replaced(tree, at, new), Cause(cause, None, subject, 0, tuple(shown.items())))


def _is_value(node: ast.AST) -> bool:
    return isinstance(node, (ast.Attribute, ast.Name, ast.Subscript, ast.Call, ast.BinOp))


def indices(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """Indices of values one too high or too low, in one place or wherever the value stands."""
    for place, node in change.everywhere(tree, lambda n: isinstance(n, ast.Subscript)):
        assert isinstance(node, ast.Subscript)
        for by in (-1, 1):
            new = ast.Subscript(node.value, change.shifted(node.slice, by), ast.Load())
            yield _edit(tree, place, node, new, "off-by-one", ast.unparse(node.value))
            whole = change.put_for(tree, ast.unparse(node), new)
            yield Edit(whole, _edit(tree, place, node, new, "off-by-one", ast.unparse(node.value)).cause)


def bounds(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """Sums and products that start or end one too early or too late."""
    for place, node in change.everywhere(tree, change.is_range):
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        for at, by in ((1, 1), (2, -1), (1, -1), (2, 1)):
            arguments = [change.shifted(a, by) if i == at else a for i, a in enumerate(node.args)]
            new = change.call(node.func.id, *arguments)
            shorter = (at, by) in ((1, 1), (2, -1))
            cause = "sum-range" if node.func.id == "sum" else "product-too-long" if shorter else "product-too-short"
            words = {"index": ast.unparse(node.args[0]), "ends": "start" if at == 1 else "end"}
            words |= {"bound": ast.unparse(node.args[at]), "other": ast.unparse(arguments[at])}
            yield _edit(tree, place, node, new, cause, **words)


def transposes(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """A transpose added or taken away."""
    known = {v.name for v in around.model.variables}
    for place, node in change.everywhere(tree, _is_value):
        if isinstance(node, ast.Attribute):
            yield _edit(tree, place, node, node.value, "transpose-missing")
        elif not isinstance(node, ast.Name) or node.id in known:
            yield _edit(tree, place, node, ast.Attribute(node, "T", ast.Load()), "transpose-missing")


def orders(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """Two factors exchanged; a product the other way round."""
    for place, node in change.everywhere(tree, lambda n: isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult)):
        assert isinstance(node, ast.BinOp)
        yield _edit(tree, place, node, ast.BinOp(node.right, node.op, node.left), "order-wrong")
    for place, node in change.everywhere(tree, lambda n: change.is_range(n, "prod", "rprod")):
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        other = "rprod" if node.func.id == "prod" else "prod"
        yield _edit(tree, place, node, change.call(other, *node.args), "order-wrong")


def kinds(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """A matrix product for an elementwise one and the reverse; a column that should be a diagonal matrix."""
    products = (ast.MatMult, ast.Mult)
    for place, node in change.everywhere(tree, lambda n: isinstance(n, ast.BinOp) and isinstance(n.op, products)):
        assert isinstance(node, ast.BinOp)
        other: ast.operator = ast.Mult() if isinstance(node.op, ast.MatMult) else ast.MatMult()
        yield _edit(tree, place, node, ast.BinOp(node.left, other, node.right), "product-kind")
        left = ast.BinOp(change.call("diag", node.left), ast.MatMult(), node.right)
        right = ast.BinOp(node.left, ast.MatMult(), change.call("diag", node.right))
        yield _edit(tree, place, node, left, "diagonal-missing")
        yield _edit(tree, place, node, right, "diagonal-missing")


def extra(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """A factor or summand too many."""
    for place, node in change.everywhere(tree, lambda n: isinstance(n, ast.BinOp)):
        assert isinstance(node, ast.BinOp)
        for kept, gone in ((node.left, node.right), (node.right, node.left)):
            yield _edit(tree, place, node, kept, "factor-extra", factor=ast.unparse(gone))


def missing(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """A factor put in beside another: a slope, a weight matrix or its transpose."""
    names = _index_names(tree, around)
    slopes = [text.replace("#", index) for text in _slopes(around.model) for name in names for index in (name, f"{name} - 1")]
    weights = [f"{v.name}{t}" for v in around.model.of(Role.PARAMETER) if len(v.shape) == 2 for t in ("", ".T")]
    known = {v.name for v in around.model.variables}
    for place, node in change.everywhere(tree, _is_value):
        if isinstance(node, ast.Name) and node.id not in known:
            continue
        for slope in slopes:
            for form in (f"{slope} * beside", f"diag({slope}) @ beside"):
                new = change.put_for(change.expression(form), "beside", node)
                yield _edit(tree, place, node, new, "slope-missing", place=ast.unparse(node), slope=slope)
        for weight in weights:
            for form in (f"{weight} @ beside", f"beside @ {weight}"):
                new = change.put_for(change.expression(form), "beside", node)
                yield _edit(tree, place, node, new, "factor-missing", place=ast.unparse(node), factor=weight)


def _slopes(model: Model) -> list[str]:
    """The slopes of the model's elementwise functions, with their index open: 1 - h[#]**2 for tanh."""
    found: list[str] = []
    for equation in model.equations:
        if isinstance(equation.value, Elementwise) and equation.target.definition is None:
            y, z = equation.target.name, getattr(equation.value.operand, "name", "")
            forms = {"tanh": f"(1 - {y}[#] ** 2)", "sigmoid": f"({y}[#] * (1 - {y}[#]))"}
            found.append(forms.get(equation.value.name, f"slope({equation.value.name}, {z}[#])"))
    return found


def _index_names(tree: ast.expr, around: Around) -> list[str]:
    """The indices that a formula uses."""
    bound = [ast.unparse(node.args[0]) for _, node in change.everywhere(tree, change.is_range) if isinstance(node, ast.Call)]
    used = [x.id for n in ast.walk(tree) if isinstance(n, ast.Subscript) for x in ast.walk(n.slice) if isinstance(x, ast.Name)]
    return list(dict.fromkeys([*bound, *around.names, *(u for u in used if u != "T")]))


def values(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """Another variable in the place of one."""
    known = {v.name: v for v in around.model.variables}
    for place, node in change.everywhere(tree, lambda n: isinstance(n, ast.Name) and n.id in known):
        assert isinstance(node, ast.Name)
        for v in around.model.variables:
            if v.name != node.id and v.timed == known[node.id].timed and v.definition is None:
                yield _edit(tree, place, node, change.name(v.name), "factor-wrong", node.id, right_factor=v.name)


def signs(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """A plus for a minus and the reverse."""
    for place, node in change.everywhere(tree, lambda n: isinstance(n, ast.BinOp) and isinstance(n.op, (ast.Add, ast.Sub))):
        assert isinstance(node, ast.BinOp)
        new = ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right)
        yield _edit(tree, place, node, new, "sign-flipped", what=ast.unparse(node), fix=f"It should be {ast.unparse(new)}.")


def fixed(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """A number where an index belongs, as L[3] in a formula for every t."""
    names = _index_names(tree, around)
    for place, node in change.everywhere(tree, lambda n: isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant)):
        assert isinstance(node, ast.Subscript)
        for name in names:
            new = ast.Subscript(node.value, change.name(name), ast.Load())
            yield _edit(tree, place, node, new, "off-by-one", ast.unparse(node.value))


def derivatives(tree: ast.expr, around: Around) -> Iterator[Edit]:
    """A derivative by another value: by the state of its step where it is by a parameter; immediate for total."""
    for place, node in change.everywhere(tree, lambda n: isinstance(n, ast.Call) and len(n.args) == 2):
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        of, by = node.args
        if node.func.id not in ("d", "D"):
            continue
        other = change.call("D" if node.func.id == "d" else "d", of, by)
        yield _edit(tree, place, node, other, "factor-wrong", right_factor=ast.unparse(other))
        if isinstance(of, ast.Subscript):
            for state in around.model.states:
                new = change.call(node.func.id, of, ast.Subscript(change.name(state.name), of.slice, ast.Load()))
                yield _edit(tree, place, node, new, "factor-wrong", right_factor=ast.unparse(new))


FAMILIES: tuple[Family, ...] = (
    indices, bounds, fixed, transposes, orders, kinds, extra, missing, values, derivatives, signs,
)
"""Another family is another row."""
PAIRED: tuple[Family, ...] = (indices, fixed, bounds, derivatives, orders, transposes)
"""Those of which two are tried together."""
