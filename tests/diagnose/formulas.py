"""Formulas that are one token away from right: the derivation's own equations, and every edit of one token with its cause."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from symbptt.diagnose.formula.derived import equations
from symbptt.diagnose.formula.sides import Point
from symbptt.diagnose.formula.tree import Node, at, binary, flat, folded, number, put, shifted, transposed, values, walk
from symbptt.diagnose.formula.vocabulary import Around
from symbptt.diagnose.formula.world import REGIMES, World
from symbptt.diagnose.formula.written import read, side
from symbptt.errors import BadInput
from symbptt.model.read import from_text
from symbptt.model.values import Model

MATRIX_POWER = from_text("""
[inputs]
x = "D"
[states]
h = "H"
[parameters]
W_hx = "H D"
W_hh = "H H"
W_qh = "O H"
[targets]
y = "O"
[equations]
h = "W_hx @ x + W_hh @ h[t-1]"
o = "W_qh @ h"
[loss]
step = "squared_error(o, y)"
""", "linear.toml")
MATRIX_STATE = from_text("""
[inputs]
k = "K"
v = "V"
b = ""
[states]
S = "V K"
[parameters]
w = "V"
[targets]
g = "V"
[equations]
u = "b * (w * v - S[t-1] @ k)"
S = "S[t-1] + outer(u, k)"
o = "S @ k"
[loss]
step = "squared_error(o, g)"
""", "delta.toml")
AT_LAST = from_text("""
[inputs]
x = "H"
[states]
h = "H"
[parameters]
w = "H"
[targets]
y = "H"
[equations]
h = "w * h[t-1] + x"
[loss]
step = "sum((h - y) ** 2)"
at = "last"
reduction = "mean"
""", "last.toml")


@dataclass(frozen=True)
class Mistake:
    """A wrong formula, the kind of edit that made it, and the causes that it may be called."""

    text: str
    kind: str
    causes: tuple[str, ...]


_OPERATORS = {
    ("+", "-"): ("sign-flipped",), ("-", "+"): ("sign-flipped",), ("*", "@"): ("product-kind",), ("@", "*"): ("product-kind",),
    ("+", "*"): ("operator-wrong",), ("*", "+"): ("operator-wrong",), ("*", "/"): ("operator-wrong",),
}


def rights(model: Model) -> list[tuple[Node, Node]]:
    """The derivation's equations that the language can say."""
    return [(left, right) for left, right, _ in equations(model) if right != number("0")]


def mistakes(model: Model, most: int = 1000) -> Iterator[Mistake]:
    """Every edit of one token that makes an equation wrong, in so many equations drawn by chance."""
    known = rights(model)
    for left, right in random.Random(len(known)).sample(known, min(most, len(known))):
        formula = read(f"{left} = {right}", model)
        point = Point(formula, World(model, REGIMES[0], 4, 1))
        seen = {str(right)}
        for new, kind, causes in _edits(right, model, tuple(left.free), point):
            if str(new) not in seen and not _equal(point, new):
                seen.add(str(new))
                yield Mistake(f"{left} = {new}", kind, causes)


def _equal(point: Point, right: Node) -> bool:
    return point.holds(right)


def _edits(right: Node, model: Model, names: tuple[str, ...], point: Point) -> Iterator[tuple[Node, str, tuple[str, ...]]]:
    text = str(right)
    for found in re.finditer(r"[-+*@](?= )", text):
        for (old, new), causes in _OPERATORS.items():
            if old == found[0]:
                try:
                    yield side(f"{text[: found.start()]}{new}{text[found.end() :]}", model, names), f"{old} {new}", causes
                except BadInput:
                    continue
    around = Around(model, names, point.shape)
    for path, node, scope in values(right):
        shape, turned = point.shape(node) or (), bool(path) and at(right, path[:-1]).op == "T"
        if node.op == "T":
            yield put(right, path, node.parts[0]), "transpose dropped", ("transpose-missing",)
        elif node.op in ("name", "step") and len(shape) == 2 and shape != (1, 1) and not turned:
            yield put(right, path, transposed(node)), "transpose added", ("transpose-missing",)
        if node.op == "step":
            for by in (-1, 1):
                new = Node("step", node.label, (shifted(node.parts[0], by),))
                yield put(right, path, new), "index", ("off-by-one", "slope-argument")
            for atom in around.atoms(shape, scope)[:40:7]:
                if atom.label != node.label and atom != node:
                    yield put(right, path, atom), "symbol", ("factor-wrong", "slope-missing", "slope-argument")
        if node.op == "name":
            for atom in around.atoms(shape, scope)[:8:3]:
                if atom != node and atom != transposed(node):
                    yield put(right, path, atom), "symbol", ("factor-wrong",)
        if node.op == "range":
            for i, by in ((1, -1), (1, 1), (2, -1), (2, 1)):
                parts = tuple(shifted(p, by) if j == i else p for j, p in enumerate(node.parts))
                yield put(right, path, Node("range", node.label, parts)), "bound", ("sum-range",)
        if node.op in ("@", "*") and not (path and at(right, path[:-1]).op in ("@", "*")):
            yield from _of_chain(right, path, node)
        if node.op in ("+", "-"):
            yield from _of_sum(right, path, node)
        if node.op == "-" and node.parts[0] == number("1") and node.parts[1].op == "**":
            wrong = Node("step", node.parts[1].parts[0].label, (shifted(node.parts[1].parts[0].parts[0], -1),)) \
                if node.parts[1].parts[0].op == "step" else None
            if wrong is not None:
                new = binary("-", number("1"), binary("**", wrong, number("2")))
                yield put(right, path, new), "slope argument", ("slope-argument", "off-by-one")
        for value in (number("2"), binary("/", number("1"), number("2"))):
            if node.op in ("@", "*") or not path:
                yield put(right, path, binary("*", value, node)), "constant", ("factor-extra", "factor", "mean-for-sum")


def _of_chain(right: Node, path: tuple[int, ...], node: Node) -> Iterator[tuple[Node, str, tuple[str, ...]]]:
    chain = flat(node, ("@", "*"))
    for i, (op, factor) in enumerate(chain):
        slope = factor.op in ("-", "call") or (factor.op == "*" and any(n.op == "-" for n in walk(factor)))
        named = ("slope-missing", "factor-missing") if slope else ("factor-missing", "slope-missing", "factor-wrong")
        yield put(right, path, folded([*chain[:i], *chain[i + 1 :]])), "factor dropped", named
        yield put(right, path, folded([*chain[: i + 1], ("*" if i == 0 else op, factor), *chain[i + 1 :]])), "factor doubled", \
            ("factor-extra",)
        if i:
            swapped = [*chain[: i - 1], (chain[i - 1][0], factor), (op, chain[i - 1][1]), *chain[i + 1 :]]
            yield put(right, path, folded(swapped)), "order", ("order-wrong",)


def _of_sum(right: Node, path: tuple[int, ...], node: Node) -> Iterator[tuple[Node, str, tuple[str, ...]]]:
    if path and at(right, path[:-1]).op in ("+", "-"):
        return
    chain = flat(node, ("+", "-"))
    for i, part in enumerate(chain):
        yield put(right, path, folded([*chain[:i], *chain[i + 1 :]])), "summand dropped", \
            ("route-missing", "factor-wrong", "slope-missing", "slope-wrong", "slope-argument", "factor-missing")
        yield put(right, path, folded([*chain[: i + 1], part, *chain[i + 1 :]])), "summand doubled", ("counted-twice",)
