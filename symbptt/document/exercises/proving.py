"""Something to prove: a bound, a count, the gradient by the start, the step of the induction."""

from random import Random

from symbptt.algebra import tidy
from symbptt.algebra.nodes import SOURCE, TIME, Partial
from symbptt.derive import formula, step
from symbptt.document.context import DocumentContext
from symbptt.document.exercises.generated import GeneratedExercise, told
from symbptt.model.values import Role
from symbptt.narrative import symbols
from symbptt.narrative.forward import is_recurrent

LINES = 8


def bound(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """The norm of a product of Jacobians against the product of their norms."""
    model, presentation = context.model, context.presentation
    if not is_recurrent(model):
        return None
    whole = Partial(formula.state(model), formula.state(model, SOURCE), "total")
    slots = {"product": presentation.tree(whole, model), "jacobian": presentation.tree(symbols.jacobian(model), model)}
    return told(context, "prove.bound", slots, LINES, "norm-bound")


def window(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """How many terms a window drops, for every T and K."""
    model = context.model
    assert model.loss is not None
    if context.main is None or not is_recurrent(model) or model.loss.at != "every":
        return None
    return told(context, "prove.window", {"parameter": context.presentation.tree(context.main.at(), model)}, LINES, "window")


def start(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """The gradient by the initial state, which is one step further back; none where the document has it."""
    model, presentation = context.model, context.presentation
    given = any(v.role is Role.STATE or model.starting(v) for v in context.variables)
    if not is_recurrent(model) or given or step.loss_lag(model):
        return None
    value = tidy.mul(tidy.transpose(symbols.jacobian(model, 1)), symbols.adjoint_symbol(model, 1))
    gradient = presentation.tree(symbols.total(symbols.loss(model, None), formula.state(model, 0)), model)
    slots = {
        "gradient": gradient, "value": presentation.tree(value, model),
        "first": presentation.tree(formula.state(model, 1), model),
        "start": presentation.tree(formula.state(model, 0), model),
        "adjoint": presentation.tree(symbols.adjoint_symbol(model, 1), model),
        "jacobian": presentation.tree(symbols.jacobian(model, 1), model),
    }
    return told(context, "prove.start", slots, LINES, "gradient-of-start")


def claim(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """One of the claims that the derivation does not prove."""
    found = [made for make in (bound, window, start) if (made := make(context, random)) is not None]
    return random.choice(found) if found else None


def induction(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """From the nested form to the sum: the step of the induction."""
    model, presentation, theta = context.model, context.presentation, context.main
    if theta is None or not is_recurrent(model):
        return None
    state, before = formula.state(model), formula.state(model, TIME - 1)
    immediate = symbols.immediate(state, theta.at())
    right = tidy.add(immediate, tidy.mul(symbols.jacobian(model), symbols.total(before, theta.at())))
    slots = {
        "recursion": presentation.equation(model, symbols.total(state, theta.at()), right),
        "jacobian": presentation.tree(symbols.jacobian(model), model),
        "immediate": presentation.tree(symbols.immediate(formula.state(model, SOURCE), theta.at()), model),
        "total": presentation.tree(symbols.total(state, theta.at()), model),
    }
    return told(context, "prove.induction", slots, LINES, "induction")
