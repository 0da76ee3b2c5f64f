"""The derivation's own equations in the language of formulas: what a left side should be, ready to be pasted."""

from functools import lru_cache

import sympy as sp

from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import Recursion, RecursionEquation, recursion
from symbptt.derive.sweep import Contribution
from symbptt.diagnose.formula.spelling import signed, spelt
from symbptt.diagnose.formula.tree import Node, binary, folded, index, number, rebuilt, transposed
from symbptt.errors import MissingRule
from symbptt.model.values import Model, Role

LONGEST = 400
"""Nodes of an equation above which nobody would paste it."""
_FILE = "symbptt/diagnose/formula/derived.py"


@lru_cache(maxsize=64)
def equations(model: Model) -> tuple[tuple[Node, Node, int], ...]:
    """Left side, right side and number of every equation of the backward pass that the language can say."""
    derived = recursion(model)
    spelling = _Equations(model, derived)
    made = []
    for equation in (*derived.adjoints, *derived.gradients):
        if equation.variable.definition is None:
            try:
                made.append((*spelling.equation(equation), equation.number))
            except MissingRule:
                continue
    return tuple((left, right, number_) for left, right, number_ in made if right.size <= LONGEST)


class _Equations:
    """Writes expressions of one model; values that symbptt named itself are written out."""

    def __init__(self, model: Model, derived: Recursion) -> None:
        self.model = model
        self.hidden = {v.name for v in model.variables if v.definition is not None}
        self.values = {e.target.name: e.value for e in model.all_equations}
        self.adjoints = {e.variable.name: e for e in derived.adjoints}

    def equation(self, equation: RecursionEquation) -> tuple[Node, Node]:
        """The two sides of an equation."""
        v = equation.variable
        left = f"d{v.name}"
        if v.role is Role.STATE and equation in recursion(self.model).gradients:
            return self._at(left, number("0")), _moved(self._sum(equation), number("1"))
        if not v.timed:
            return Node("name", left), Node("range", "sum", (index("t"), number("1"), index("T"), self._sum(equation)))
        if self.last_only(equation):
            return self._at(left, index("T")), _moved(self._sum(equation), index("T"))
        return self._at(left, index("t")), self._sum(equation)

    def _at(self, name: str, step: Node) -> Node:
        return Node("step", name, (step,))

    def last_only(self, equation: RecursionEquation) -> bool:
        """Whether an adjoint is there at the last step alone: all of it comes straight from a loss that is there alone."""
        terms = (*equation.terms, *equation.carries)
        return self._last() and bool(terms) and all(self._of_loss(c) for c in terms)

    def _last(self) -> bool:
        return self.model.loss is not None and self.model.loss.at == "last"

    def _of_loss(self, term: Contribution) -> bool:
        assert self.model.loss is not None
        return term.through in [e.target for e in self.model.loss.equations]

    def _sum(self, equation: RecursionEquation) -> Node:
        terms = (*equation.terms, *equation.carries)
        if not terms:
            return number("0")
        loss = [term for term in terms if self._of_loss(term)]
        parts = [part for term in terms for part in self._signed(term)]
        if self._last() and not self.last_only(equation) and loss:
            if [*loss, *equation.carries] != [*terms] or equation.variable.columns != 1:
                raise MissingRule("way of writing", equation, _FILE)
            # The loss is there at the last step alone, and L[t] is zero before it.
            v = equation.variable
            direct = Node("derivative", "d", (Node("step", "L", (index("t"),)), Node("step", v.name, (index("t"),))))
            parts = [("+", transposed(direct)), *(part for term in equation.carries for part in self._signed(term))]
        return folded(parts)

    def _signed(self, term: Contribution) -> list[tuple[str, Node]]:
        """A summand with its sign; what comes from a mean loss is divided by what that counts."""
        node = spelt(term.value, self)
        if self.model.loss is not None and self.model.loss.reduction == "mean" and self._of_loss(term):
            steps = [] if self._last() else [("*", index("T"))]
            node = binary("/", node, folded([("*", Node("name", "N")), *steps]))
        return signed(node)

    def symbol(self, node: sp.MatrixSymbol) -> Node:
        """A value or an adjoint."""
        if not isinstance(node, Timed):
            return Node("name", node.name)
        adjoint, step = isinstance(node, Adjoint), _step(node.step)
        name = node.primal.name if adjoint else node.name
        if name in self.hidden:
            inner = self._sum(self.adjoints[name]) if adjoint else spelt(self.values[name], self)
            return _moved(inner, step)
        return Node("step", f"d{name}" if adjoint else name, (step,))


def _moved(node: Node, step: Node) -> Node:
    """An equation of step t at another step."""
    def change(part: Node) -> Node | None:
        if part.op == "index" and part.label == "t":
            return step
        return None

    return _simple(rebuilt(node, change))


def _simple(node: Node) -> Node:
    """Indices such as t+1-1 and 1-1 worked out."""
    def change(part: Node) -> Node | None:
        if part.op != "step" or part.parts[0].op not in ("+", "-"):
            return None
        name = next((n for n in _leaves(part.parts[0]) if n.op == "index"), None)
        return Node("step", part.label, (_step_of(name, _offset(part.parts[0])),))

    return rebuilt(node, change)


def _leaves(node: Node) -> list[Node]:
    return [leaf for part in node.parts for leaf in _leaves(part)] if node.parts else [node]


def _offset(node: Node) -> int:
    if node.op == "number":
        return int(node.label)
    if node.op == "index":
        return 0
    a, b = map(_offset, node.parts)
    return a + b if node.op == "+" else a - b


def _step_of(name: Node | None, offset: int) -> Node:
    if name is None:
        return number(str(offset))
    return name if offset == 0 else binary("+" if offset > 0 else "-", name, number(str(abs(offset))))


def _step(step: sp.Expr) -> Node:
    offset = step - TIME if step.has(TIME) else step
    return _step_of(index("t") if step.has(TIME) else None, int(offset))


def fitted(left: Node, right: Node, wanted: Node) -> Node | None:
    """The right side of an equation for step t at the step of another left side; None if it is another's equation."""
    if left == wanted:
        return right
    same = left.op == wanted.op == "step" and left.label == wanted.label and left.parts[0] == index("t")
    return _moved(right, wanted.parts[0]) if same else None


def total(left: Node, model: Model) -> Node | None:
    """A total derivative by its recursion: by a parameter all that its state hands on, by an earlier state the product."""
    if left.op != "derivative" or left.label != "D" or left.parts[0].op != "step":
        return None
    of, by = left.parts
    step = of.parts[0]
    before = _simple(Node("step", "", (binary("-", step, number("1")),))).parts[0]
    if by.op == "name":
        parts = [("+", Node("derivative", "d", (of, by)))]
        for state in model.states:
            back = Node("step", state.name, (before,))
            through = (Node("derivative", "d", (of, back)), Node("derivative", "D", (back, by)))
            parts.append(("+", binary("@", *through)))
        return folded(parts)
    if len(model.states) == 1 and of.label == by.label == model.states[0].name:
        later, earlier = (Node("step", of.label, (n,)) for n in (index("j"), binary("-", index("j"), number("1"))))
        first = _simple(Node("step", "", (binary("+", by.parts[0], number("1")),))).parts[0]
        return Node("range", "rprod", (index("j"), first, step, Node("derivative", "d", (later, earlier))))
    return None
