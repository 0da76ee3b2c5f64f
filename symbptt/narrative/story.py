"""The derivation of a model from the forward equations to the three forms of its gradient."""

from symbptt import unroll
from symbptt.data.wrt import ALL, asked
from symbptt.model.read import differentiable
from symbptt.model.values import Model, Variable
from symbptt.narrative import argument, backward, forward, jacobians, local, norms, products
from symbptt.narrative.presentation import ENGLISH, Presentation
from symbptt.narrative.values import Derivation, Section
from symbptt.unroll.graph import UnrolledGraph


def variables(model: Model, wrt: tuple[str, ...] | str | None) -> tuple[Variable, ...]:
    """The variables to derive by, in the order of the model: None for all parameters, "all" for inputs and initial states too.

    A model without parameters is derived by all that there is. Raises BadInput for a name that has no gradient.
    """
    chosen = asked(model, ALL if wrt is None and not model.parameters else wrt)
    return tuple(v for v in model.with_gradient if v in chosen)


def sums(graph: UnrolledGraph, presentation: Presentation, chosen: tuple[Variable, ...]) -> tuple[Section, ...]:
    """The three forms and why they are one, then the terms with every factor in place; without a state only the latter exist."""
    if not graph.model.states:
        return products.sections(graph, presentation, chosen)
    return (argument.section(graph, presentation, chosen), *products.in_full(graph, presentation, chosen))


def derivation(model: Model, T: int, wrt: tuple[str, ...] | str | None = None,
    presentation: Presentation = ENGLISH) -> Derivation:
    """Tell the whole derivation, in a language and a notation.

    A model without a loss is derived for given cotangents of its outputs. Raises BadInput for a T out of range, and for a name
    that has no gradient.
    """
    model = differentiable(model)
    presentation = presentation.about(model)
    graph, chosen = unroll.steps(model, T), variables(model, wrt)
    sections: list[Section] = [
        forward.conventions(model, presentation), forward.equations(model, presentation),
        local.derivatives(model, presentation, chosen),
    ]
    if forward.is_recurrent(model):
        sections.append(jacobians.state_jacobian(model, presentation))
    if model.states:
        sections.append(jacobians.loss_gradient(model, presentation))
    sections += [jacobians.immediate(model, presentation, chosen), *sums(graph, presentation, chosen)]
    sections.append(norms.section(model, presentation, T, chosen))
    sections.append(backward.node_form(model, presentation, chosen))
    return Derivation(presentation.title(model), model, T, chosen, tuple(sections), presentation)
