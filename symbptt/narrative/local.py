"""The local derivative of every equation: what each value of a step does to the next one."""

from __future__ import annotations

from dataclasses import replace

from sympy import HadamardProduct, MatMul, MatrixSymbol
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build, linear
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import TIME, Partial, Spread
from symbptt.derive.rules import local, rule_name
from symbptt.derive.step import state_jacobian
from symbptt.model.values import Equation, Model, Role, Variable
from symbptt.narrative import symbols
from symbptt.narrative.values import Section, Step
from symbptt.narrative.voice import Voice

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
    scaled = isinstance(value, MatMul) and len(build.split_number(value)[1]) == 1
    scaled |= isinstance(value, HadamardProduct) and any(isinstance(factor, Spread) for factor in value.args)
    return "scaling" if scaled else rule_name(value)


def rule_names(voice: Voice, found: list[Route]) -> str:
    """The rules along some routes; those that leave the form as it is count only if there is no other."""
    names = dict.fromkeys(name for _, _, rules in found for name in rules)
    kept = [name for name in names if name not in ("sum", "scaling")] or list(names) or ["copy"]
    return voice.word("common.list.comma").join(voice.word(f"rules.name.{name}") for name in kept)


def _derivative(model: Model, voice: Voice, equation: Equation, leaf: MatrixSymbol, found: list[Route]) -> Step | None:
    """The Jacobian of an equation by one of the values that it reads."""
    mine = [route for route in found if route[0] == leaf]
    matrix = linear.total([inner for _, inner, _ in mine]).matrix()
    if matrix is None:
        return None
    head = Partial(equation.target.at(), leaf, "partial")
    short = [(letter, full) for target, full, letter in symbols.slopes(model) if target == equation.target and full == matrix]
    sides = [*(letter for letter, _ in short), matrix]
    return Step(voice.equation(model, head, *sides), (rule_names(voice, mine),), voice.check(matrix, head))


def _has_other_routes(model: Model, equation: Equation, leaf: MatrixSymbol, found: list[Route]) -> bool:
    """Whether a state reads a state of the step before along other routes, too.

    The same sign as for the local derivative then stands for the block of the state Jacobian, which shows the direct route.
    """
    block = state_jacobian(model).get((equation.target.name, leaf.name))
    if block is None or leaf.step == TIME or equation.target.role is not Role.STATE:
        return False
    return block.matrix() != linear.total([inner for source, inner, _ in found if source == leaf]).matrix()


def derivatives(model: Model, voice: Voice, wrt: tuple[Variable, ...]) -> Section:
    """Local derivatives by states, intermediate values, and the inputs that are asked for."""
    inputs = {v.name for v in wrt if v.role is Role.INPUT}
    steps: list[Step] = []
    for equation in model.all_equations:
        found = routes(equation.value, equation.target.at())
        for leaf in dict.fromkeys(leaf for leaf, _, _ in found):
            role = model[leaf.name].role
            wanted = role in (Role.STATE, Role.LOCAL) or leaf.name in inputs
            step = _derivative(model, voice, equation, leaf, found) if wanted else None
            if step is not None and _has_other_routes(model, equation, leaf, found):
                step = replace(step, claim=voice.say("derivation.local.direct"))
            steps += [step] if step else []
    intro = voice.say(f"derivation.local.{'slopes' if symbols.slopes(model) else 'intro'}")
    return Section(voice.word("derivation.local.heading"), tuple(steps), (intro,))


def slopes(model: Model, voice: Voice) -> Section:
    """The slope matrices that have a letter."""
    found = [voice.equation(model, letter, matrix) for _, matrix, letter in symbols.slopes(model)]
    return Section("", tuple(Step(equation) for equation in found))
