"""What is given: the conventions, and the equations of one step."""

from __future__ import annotations

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import typeset
from symbptt.algebra.nodes import TIME, CrossEntropy, Series
from symbptt.derive.step import state_jacobian
from symbptt.model.values import Equation, Model, Role
from symbptt.narrative import shapes, symbols
from symbptt.narrative.inline import prose
from symbptt.narrative.values import Prose, Section, Step
from symbptt.typeset.tree import Tree


def _tree(model: Model, expression: MatrixExpr | sp.Expr) -> Tree:
    return typeset.compose(expression, model=model)


def conventions(model: Model) -> Section:
    """How to read the formulas; where sources differ, it is said."""
    L, theta = symbols.loss(model, None), symbols.parameter(model)
    notes: list[Prose] = [
        ("A sample is a column. The gradient of ", _tree(model, L), ", written ", _tree(model, symbols.total(L, theta)),
         ", is a column in the shape of its variable. All other derivatives are Jacobians in numerator layout: rows belong to "
         "the numerator, columns to the denominator, so the gradient is the transpose of the Jacobian."),
        ("The derivative by a matrix is that by its entries; its transpose takes a column back to the shape of the matrix.",),
    ]
    if model.states:
        now, before = symbols.state(model), symbols.state(model, TIME - 1)
        immediate, total = symbols.immediate(now, theta), symbols.total(now, theta)
        notes += [
            (*_state_meaning(model), *_start(model)),
            ("The loss ", _tree(model, symbols.loss(model)), " is read as a function of the state ", _tree(model, now),
             ", of parameters and of inputs: in its immediate derivatives the state is an argument of its own, and held fixed."),
            (_tree(model, immediate), " is the immediate derivative: earlier steps, here ", _tree(model, before),
             ", are held fixed, values of the same step are not. ", _tree(model, total),
             " is the total derivative, through all steps. Pascanu, Mikolov and Bengio (2013) write the immediate derivative "
             "with the sign +, as here; Werbos (1990) uses the sign + for the opposite, the total (ordered) derivative."),
        ]
    notes += _loss_notes(model)
    return Section("Conventions", intro=tuple(notes))


def _start(model: Model) -> Prose:
    parts: list[str | Tree] = ["The initial value ", _tree(model, symbols.state(model, 0)), " is given, or zero."]
    for variable in model.states:
        if variable.initial:
            start = (_tree(model, variable.at(0)), " starts from ", _tree(model, model[variable.initial].at()))
            parts += [" Where it is not given, ", *start, "."]
    return tuple(parts)


def _state_meaning(model: Model) -> Prose:
    if len(model.states) == 1:
        return ("The state is ", _tree(model, symbols.state(model)), ". ")
    parts: list[str | Tree] = []
    for variable in model.states:
        parts += [_tree(model, variable.at()), ", "]
    collects = prose(" collects everything of step `t` that a later step reads, one below the other: ")
    return (_tree(model, symbols.state(model)), *collects, *parts[:-1], ". ")


def _loss_notes(model: Model) -> list[Prose]:
    assert model.loss is not None
    entropies = [node for e in model.loss.equations for node in e.value.atoms(CrossEntropy)]
    targets = {s for node in entropies for s in node.args[1].atoms(sp.MatrixSymbol)}
    made: list[Prose] = []
    for target in sorted(targets, key=lambda s: s.name):
        made.append(("The entries of ", _tree(model, target), " sum to one (a class is a column with a single 1), "
                     "or all are zero where a step has no class and counts nothing."))
    if model.loss.at == "last":
        made.append(("The loss is that of the last step, ", _tree(model, symbols.loss(model, symbols.LAST)), ", alone."))
    if model.loss.reduction == "mean":
        made.append((
            "The formulas are those of the sum over the steps. The code takes the mean: it divides ",
            _tree(model, symbols.loss(model, None)), " and its gradients by the number of steps and samples that count.",
        ))
    return made


def _description(equation: Equation) -> str:
    unnamed = "loss of one step" if equation.target.role is Role.LOSS else ""
    return dict(equation.target.description).get("en", unnamed)


def equations(model: Model) -> Section:
    """The equations of one step, with their numbers; values without a name of their own are written inside the others."""
    steps = [
        Step(typeset.equation(e.target.at(), e.value, model=model), _description(e), shapes.check(e.value), number=e.number)
        for e in model.all_equations if e.target.definition is None
    ]
    assert model.loss is not None
    total = symbols.loss(model, None)
    last = symbols.loss(model, symbols.LAST)
    whole = last if model.loss.at == "last" else Series(symbols.loss(model), TIME, 1, symbols.LAST)
    rule = "loss of the last step" if model.loss.at == "last" else "sum over the steps"
    steps.append(Step(typeset.equation(total, whole, model=model), rule, shapes.shape(total)))
    return Section("Forward equations", tuple(steps), (prose("One step, for `t = 1, …, T`:"),))


def is_recurrent(model: Model) -> bool:
    """Whether a step depends on the one before."""
    return bool(state_jacobian(model))
