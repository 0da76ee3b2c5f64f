"""The derivation's own equations in the language of formulas: what a left side should be, ready to be pasted."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, singledispatch

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import functions, nodes
from symbptt.algebra.nodes import TIME, Timed
from symbptt.derive.adjoint import NODE, Contribution
from symbptt.derive.recursion import Recursion, RecursionEquation, recursion
from symbptt.diagnose.formula.tree import Node, binary, call, folded, index, number, rebuilt, transposed
from symbptt.errors import MissingRule
from symbptt.model.values import Model, Role

LONGEST = 600
"""Nodes of an equation above which nobody would paste it."""
_FILE = "symbptt/diagnose/formula/derived.py"


@lru_cache(maxsize=64)
def equations(model: Model) -> tuple[tuple[Node, Node, int], ...]:
    """Left side, right side and number of every equation of the backward pass that the language can say."""
    derived = recursion(model)
    writer = _Writer(model, derived)
    made = []
    for equation in (*derived.adjoints, *derived.gradients):
        if equation.variable.definition is None:
            try:
                made.append((*writer.equation(equation), equation.number))
            except MissingRule:
                continue
    return tuple((left, right, number_) for left, right, number_ in made if right.size <= LONGEST)


class _Writer:
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
        mean = self.model.loss is not None and self.model.loss.reduction == "mean"
        if mean or (self._last() and not self.last_only(equation) and any(self._of_loss(c) for c in terms)):
            raise MissingRule("way of writing", equation, _FILE)
        return folded([part for term in terms for part in _signed(self.write(term.value))])

    def write(self, expression: MatrixExpr) -> Node:
        """An expression in the language."""
        return _write(expression, self)

    def symbol(self, node: sp.MatrixSymbol) -> Node:
        """A value or an adjoint."""
        if not isinstance(node, Timed):
            return Node("name", node.name)
        name, adjoint = node.name.removeprefix(NODE), node.name.startswith(NODE)
        step = _step(node.step)
        if name in self.hidden:
            inner = self._sum(self.adjoints[name]) if adjoint else self.write(self.values[name])
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


def _signed(node: Node) -> list[tuple[str, Node]]:
    """A summand with its sign in front; the summands of a sum."""
    if node.op in ("+", "-"):
        left, right = (_signed(part) for part in node.parts)
        return [*left, *(right if node.op == "+" else [("+" if s == "-" else "-", n) for s, n in right])]
    return [("-", node.parts[0])] if node.op == "neg" else [("+", node)]


def _scaled(value: sp.Expr, node: Node) -> Node:
    """number * node."""
    if value == -1:
        return Node("neg", "", (node,))
    if value == 1:
        return node
    if value.is_number and value < 0:
        return Node("neg", "", (_scaled(-value, node),))
    return binary("*", _scalar(value, {}), node)


def _scalar(value: sp.Expr, names: dict[sp.Symbol, Node]) -> Node:
    """A scalar expression: a coefficient, a size, or a slope with its argument put in."""
    if isinstance(value, sp.Symbol):
        return names.get(value, Node("name", value.name))
    if isinstance(value, sp.Rational) and value >= 0:
        return number(str(value.p)) if value.q == 1 else binary("/", number(str(value.p)), number(str(value.q)))
    if isinstance(value, sp.Rational):
        return Node("neg", "", (_scalar(-value, names),))
    if isinstance(value, sp.Float):
        return number(repr(float(value))) if value >= 0 else Node("neg", "", (number(repr(-float(value))),))
    if isinstance(value, sp.Add):
        constants_first = sorted(value.args, key=lambda a: not a.is_number)
        return folded([part for a in constants_first for part in _signed(_scalar(a, names))])
    if isinstance(value, sp.Mul):
        top, bottom = value.as_numer_denom()
        if bottom != 1:
            return binary("/", _scalar(top, names), _scalar(bottom, names))
        if value.args[0] == -1:
            return Node("neg", "", (_scalar(sp.Mul(*value.args[1:]), names),))
        return folded([("*", _scalar(a, names)) for a in value.args])
    if isinstance(value, sp.Pow) and isinstance(value.exp, sp.Rational) and value.exp > 0:
        return binary("**", _scalar(value.base, names), _scalar(value.exp, names))
    if isinstance(value, sp.Pow) and value.exp == -1:
        return binary("/", number("1"), _scalar(value.base, names))
    raise MissingRule("way of writing", value, _FILE)


def _sizes(*sizes: sp.Expr) -> tuple[Node, ...]:
    kept = sizes[:1] if sizes[1:] == (sp.S.One,) else sizes
    return tuple(_scalar(size, {}) for size in kept)


def _function(name: str, numbers: tuple[sp.Expr, ...], operand: Node, *, slope: bool) -> Node:
    row = functions.FUNCTIONS[name]
    given = tuple(
        Node("keyword", key, (number(repr(float(value))),))
        for (key, default), value in zip(row.arguments, numbers, strict=True) if value != default
    )
    return call("slope", Node("name", name), operand, *given) if slope else call(name, operand, *given)


@singledispatch
def _write(node: MatrixExpr, writer: _Writer) -> Node:
    rule = _RULES.get(type(node))
    if rule is None:
        raise MissingRule("way of writing", node, _FILE)
    return rule(node, writer)


@_write.register
def _symbol(node: sp.MatrixSymbol, writer: _Writer) -> Node:
    return writer.symbol(node)


@_write.register
def _matmul(node: sp.MatMul, writer: _Writer) -> Node:
    numbers = [a for a in node.args if not getattr(a, "is_Matrix", False)]
    factors = [writer.write(a) for a in node.args if getattr(a, "is_Matrix", False)]
    return _scaled(sp.Mul(*numbers), folded([("@", factor) for factor in factors]))


@_write.register
def _matadd(node: sp.MatAdd, writer: _Writer) -> Node:
    # Beside a matrix, a number stands for a matrix full of it.
    parts = [number("1") if isinstance(a, OneMatrix) else writer.write(a) for a in node.args]
    return folded([part for a in parts for part in _signed(a)])


@_write.register
def _hadamard(node: sp.HadamardProduct, writer: _Writer) -> Node:
    return folded([("*", writer.write(a)) for a in node.args])


@_write.register
def _elementwise(node: nodes.Elementwise, writer: _Writer) -> Node:
    return _function(node.name, node.numbers, writer.write(node.operand), slope=False)


@_write.register
def _slope(node: nodes.Slope, writer: _Writer) -> Node:
    return _function(node.name, node.numbers, writer.write(node.operand), slope=True)


@_write.register
def _slope_by_result(node: nodes.SlopeByResult, writer: _Writer) -> Node:
    row = functions.FUNCTIONS[node.name]
    assert row.by_result is not None
    given = row.by_result.subs(dict(zip(row.symbols(), node.numbers, strict=True)))
    return _scalar(given, {functions.Y: writer.write(node.operand)})


@_write.register
def _cross_entropy_slope(node: nodes.CrossEntropySlope, writer: _Writer) -> Node:
    o, y = (writer.write(a) for a in node.args)
    return binary("-", call("softmax", o), y)


@_write.register
def _half_squared_norm(node: nodes.HalfSquaredNorm, writer: _Writer) -> Node:
    x = writer.write(node.args[0])
    return binary("/", call("sum", binary("*", x, x)), number("2"))


@_write.register
def _spread(node: nodes.Spread, writer: _Writer) -> Node:
    return binary("*", writer.write(node.args[0]), call("ones", *_sizes(*node.shape)))


@_write.register
def _slice(node: nodes.Slice, writer: _Writer) -> Node:
    return call("rows", writer.write(node.args[0]), *(_scalar(a, {}) for a in node.args[1:]))


def _of_operands(name: str) -> Callable[[MatrixExpr, _Writer], Node]:
    return lambda node, writer: call(name, *(writer.write(a) for a in node.args))


def _of_size(name: str) -> Callable[[MatrixExpr, _Writer], Node]:
    return lambda node, writer: call(name, *_sizes(*node.shape))


_RULES: dict[type, Callable[[MatrixExpr, _Writer], Node]] = {
    sp.Transpose: lambda node, writer: transposed(writer.write(node.arg)),
    sp.Identity: lambda node, writer: call("eye", _scalar(node.shape[0], {})),
    OneMatrix: _of_size("ones"),
    sp.ZeroMatrix: _of_size("zeros"),
    nodes.Softmax: _of_operands("softmax"),
    nodes.Diag: _of_operands("diag"),
    nodes.LogSumExp: _of_operands("logsumexp"),
    nodes.SumAll: _of_operands("sum"),
    nodes.Concat: _of_operands("concat"),
}


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
