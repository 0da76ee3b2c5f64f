"""The derivation of a model from the forward equations to the three forms of its gradient."""

from __future__ import annotations

from symbptt import unroll
from symbptt.data.wrt import ALL, asked
from symbptt.model.read import differentiable
from symbptt.model.values import Model, Variable
from symbptt.narrative import argument, backward, forward, jacobians, local, norms, products
from symbptt.narrative.values import Derivation, Section
from symbptt.narrative.voice import ENGLISH, Voice
from symbptt.unroll.graph import UnrolledGraph


def variables(model: Model, wrt: tuple[str, ...] | str | None) -> tuple[Variable, ...]:
    """The variables to derive by, in the order of the model: None for all parameters, "all" for inputs and initial states too.

    A model without parameters is derived by all that there is. Raises BadInput for a name that has no gradient.
    """
    chosen = asked(model, ALL if wrt is None and not model.parameters else wrt)
    return tuple(v for v in model.with_gradient if v in chosen)


def sums(graph: UnrolledGraph, voice: Voice, chosen: tuple[Variable, ...]) -> tuple[Section, ...]:
    """The three forms and why they are one, then the terms with every factor in place; without a state only the latter exist."""
    if not graph.model.states:
        return products.sections(graph, voice, chosen)
    return (argument.section(graph, voice, chosen), *products.in_full(graph, voice, chosen))


def derivation(model: Model, T: int, wrt: tuple[str, ...] | str | None = None, voice: Voice = ENGLISH) -> Derivation:
    """Tell the whole derivation, in a language and a notation.

    A model without a loss is derived for given cotangents of its outputs. Raises BadInput for a T out of range, and for a name
    that has no gradient.
    """
    model = differentiable(model)
    voice = voice.about(model)
    graph, chosen = unroll.steps(model, T), variables(model, wrt)
    sections: list[Section] = [
        forward.conventions(model, voice), forward.equations(model, voice), local.derivatives(model, voice, chosen),
    ]
    if forward.is_recurrent(model):
        sections.append(jacobians.state_jacobian(model, voice))
    if model.states:
        sections.append(jacobians.loss_gradient(model, voice))
    sections += [jacobians.immediate(model, voice, chosen), *sums(graph, voice, chosen)]
    sections.append(norms.section(model, voice, T, chosen))
    sections.append(backward.node_form(model, voice, chosen))
    return Derivation(voice.title(model), model, T, chosen, tuple(sections), voice)
