"""Which models have a chunk form, and in one sentence why the others have none."""

from collections.abc import Iterator

from symbptt.chunk.terms import NoChunkForm
from symbptt.derive.affine import Component, components
from symbptt.model.values import Model, Role, Variable


def refusal(model: Model, states: tuple[str, ...], why: str) -> NoChunkForm:
    """The error of a model that has no chunk form."""
    return NoChunkForm(f"{model.name} has no chunk form: {', '.join(states)} {why}")


def matrix_each(model: Model, v: Variable, kind: str) -> NoChunkForm:
    """The error of a model with a matrix for each token where a row of a chunk is needed."""
    return NoChunkForm(f"{model.name} has no chunk form: the {kind} {v.name} is a matrix for each token")


def admitted(model: Model, token: Model) -> Iterator[Component]:
    """The components, each of one affine state; `token` is the model of one head. Raises NoChunkForm where one is not."""
    if not model.states or not model.of(Role.INPUT):
        raise NoChunkForm(f"{model.name} has no chunk form: it has no {'states' if not model.states else 'inputs'}")
    if any(not v.tied for v in (*model.parameters, *model.buffers)):
        raise NoChunkForm(f"{model.name} has no chunk form: a parameter has one value per step")
    if any(v.classes for v in model.of(Role.INPUT)):
        raise NoChunkForm(f"{model.name} has no chunk form: an input stands for classes")
    for output in token.outputs:
        if output.columns != 1 and output.role is not Role.STATE:
            raise matrix_each(token, output, "output")
    for part in components(model):
        if not part.recurrent and model[part.states[0]].columns != 1:
            raise refusal(model, part.states, "is a matrix of an earlier token; a chunk form has columns and scalars of them")
        if not part.affine:
            raise refusal(model, part.states, "is not affine in itself, and goes step by step")
        if len(part.states) > 1:
            raise refusal(model, part.states, "go together through blocks, which need a scan in place of masked products")
        yield part
