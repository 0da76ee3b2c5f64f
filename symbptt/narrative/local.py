"""The local derivative of every equation: what each value of a step does to the next one."""

from dataclasses import replace

from sympy import HadamardProduct, MatMul, MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import linear, tidy
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import TIME, Broadcast, Partial
from symbptt.derive.rules import local, rule_name
from symbptt.derive.step import state_jacobian
from symbptt.model.values import Equation, Model, Role, Variable
from symbptt.narrative import jacobians, symbols
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Section, Step

Route = tuple[MatrixSymbol, LinearMap, tuple[str, ...]]


def routes(value: MatrixExpr, result: MatrixExpr | None = None) -> list[Route]:
    """(leaf, derivative by that occurrence of the leaf, names of the rules from the outside in), in reading order."""
    if isinstance(value, MatrixSymbol):
        return [(value, linear.IDENTITY, ())]
    found: list[Route] = []
    for operand, step in local(value, result):
        found += [(leaf, linear.compose(step, inner), (_rule(value), *names)) for leaf, inner, names in routes(operand)]
    return found


def _rule(value: MatrixExpr) -> str:
    """The rule of a node; a number times one matrix is no product of matrices, nor of entries with entries."""
    scaled = isinstance(value, MatMul) and len(tidy.split_number(value)[1]) == 1
    scaled |= isinstance(value, HadamardProduct) and any(isinstance(factor, Broadcast) for factor in value.args)
    return "scaling" if scaled else rule_name(value)


def rule_names(presentation: Presentation, found: list[Route]) -> str:
    """The rules along some routes; those that leave the form as it is count only if there is no other."""
    names = dict.fromkeys(name for _, _, rules in found for name in rules)
    kept = [name for name in names if name not in ("sum", "scaling")] or list(names) or ["copy"]
    return presentation.text("common.list.comma").join(presentation.text(f"rules.name.{name}") for name in kept)


def _derivative(
    model: Model, presentation: Presentation, equation: Equation, leaf: MatrixSymbol, found: list[Route]
) -> tuple[MatrixExpr, Step]:
    """The left side, and the Jacobian of an equation by one of the values that it reads, or its action on a column or matrix."""
    mine = [route for route in found if route[0] == leaf]
    head = Partial(equation.target.at(), leaf, "partial")
    left, right = jacobians.value(model, head, linear.total([inner for _, inner, _ in mine]))
    letters = [letter for target, full, letter in symbols.slopes(model) if target == equation.target and full == right]
    check = presentation.check(right, head if left == head else leaf)
    label = f"local-{equation.target.name}-{leaf.name}"
    step = Step(presentation.equation(model, left, *letters, right), (rule_names(presentation, mine),), check, label=label)
    if _has_other_routes(model, equation, leaf, mine):
        step = replace(step, claim=presentation.prose("derivation.local.direct"))
    return left, step


def _has_other_routes(model: Model, equation: Equation, leaf: MatrixSymbol, mine: list[Route]) -> bool:
    """Whether a state reads a state of the step before along other routes than those inside its own equation.

    The same sign as for the local derivative then stands for the block of the state Jacobian, which shows the direct route.
    """
    block = state_jacobian(model).get((equation.target.name, leaf.name))
    if block is None or leaf.step == TIME or equation.target.role is not Role.STATE:
        return False
    return block != linear.total([inner for _, inner, _ in mine])


def derivatives(model: Model, presentation: Presentation, wrt: tuple[Variable, ...]) -> Section:
    """Local derivatives by states, intermediate values, and the inputs that are asked for."""
    inputs = {v.name for v in wrt if v.role is Role.INPUT}
    told: list[tuple[MatrixExpr, Step]] = []
    for equation in model.all_equations:
        found = routes(equation.value, equation.target.at())
        for leaf in dict.fromkeys(leaf for leaf, _, _ in found):
            if model[leaf.name].role in (Role.STATE, Role.LOCAL) or leaf.name in inputs:
                told.append(_derivative(model, presentation, equation, leaf, found))
    intro = presentation.prose(f"derivation.local.{'slopes' if symbols.slopes(model) else 'intro'}")
    acting = jacobians.acts(model, presentation, (left for left, _ in told))
    return Section(presentation.text("derivation.local.heading"), tuple(step for _, step in told), (intro, *acting))


def slopes(model: Model, presentation: Presentation) -> Section:
    """The slope matrices that have a letter."""
    found = [presentation.equation(model, letter, matrix) for _, matrix, letter in symbols.slopes(model)]
    return Section("", tuple(Step(equation) for equation in found))
