"""Two formulas for one left side: the first part in which theirs differs from the derivation's."""

from collections.abc import Callable

import numpy as np

from symbptt.diagnose.formula.operations import Unfit
from symbptt.diagnose.formula.sides import EQUAL, Point
from symbptt.diagnose.formula.tree import Node, flat, folded, rebuilt

Parts = list[tuple[str, Node]]
Same = Callable[[Node, Node], bool]


def difference(point: Point, ours: Node) -> tuple[Node | None, Node | None]:
    """Their first part that differs and what the derivation has in its place; None where either has nothing there."""
    return _difference(point.formula.right, ours, _same(point))


def _same(point: Point) -> Same:
    """Whether two parts have the same value at every step where both have one."""
    def same(a: Node, b: Node) -> bool:
        names = sorted({*a.free, *b.free})
        compared = 0
        for step in range(1, point.world.T + 1):
            indices = dict.fromkeys(names, step)
            try:
                x, y = point.evaluator.value(a, indices), point.evaluator.value(b, indices)
            except Unfit:
                continue
            compared += 1
            if x.shape != y.shape or not np.abs(x - y).max(initial=0.0) <= EQUAL * max(1.0, np.abs(y).max(initial=0.0)):
                return False
        return compared > 0

    return same


def _difference(theirs: Node, ours: Node, same: Same) -> tuple[Node | None, Node | None]:
    if theirs.op == ours.op == "range" and theirs.label == ours.label:
        mine, name = _renamed(ours, theirs.parts[0]), theirs.parts[0]
        if theirs.parts[1:3] == mine.parts[1:3] and name.op == "index":
            return _difference(theirs.parts[3], mine.parts[3], same)
        return theirs, ours
    for ops, reduce in ((("+", "-"), _unmatched), (("@", "*"), _inner)):
        if theirs.op in ops or ours.op in ops:
            a, b = reduce(flat(theirs, ops), flat(ours, ops), same)
            if len(a) == len(b) == 1 and (a[0][1], b[0][1]) != (theirs, ours) and a[0][0] == b[0][0]:
                return _difference(a[0][1], b[0][1], same)
            if len(a) < len(flat(theirs, ops)) or len(b) < len(flat(ours, ops)):
                return _whole(a), _whole(b)
    return theirs, ours


def _renamed(node: Node, name: Node) -> Node:
    old = node.parts[0]
    return rebuilt(node, lambda n: name if n == old else None)


def _whole(parts: Parts) -> Node | None:
    return folded(parts) if parts else None


def _unmatched(theirs: Parts, ours: Parts, same: Same) -> tuple[Parts, Parts]:
    """The summands without one of the same sign and value on the other side."""
    left, rest = list(ours), []
    for sign, node in theirs:
        found = next((pair for pair in left if pair[0] == sign and same(node, pair[1])), None)
        if found is None:
            rest.append((sign, node))
        else:
            left.remove(found)
    return rest, left


def _inner(theirs: Parts, ours: Parts, same: Same) -> tuple[Parts, Parts]:
    """The factors that are left when equal ones are taken away from both ends; the first operator says nothing."""
    a, b = list(theirs), list(ours)
    while a and b and same(a[-1][1], b[-1][1]) and (a[-1][0] == b[-1][0] or 1 in (len(a), len(b))):
        a.pop(), b.pop()
    while a and b and same(a[0][1], b[0][1]):
        a.pop(0), b.pop(0)
    return [("@", a[0][1]), *a[1:]] if a else [], [("@", b[0][1]), *b[1:]] if b else []
