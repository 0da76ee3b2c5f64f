"""A part without a loss as a model with one: the sum of its outputs times what later parts hand back for them."""

from dataclasses import replace

import sympy as sp

from symbptt.algebra import tidy
from symbptt.model.place import Place
from symbptt.model.read import differentiable, parsed
from symbptt.model.values import Loss, Model, Role, Variable


def with_cotangents(part: Model) -> tuple[Model, tuple[tuple[Variable, Variable], ...]]:
    """The model with a loss, and the outputs of the part, each with the target that is its cotangent; a chunk form, which has no
    file, as it is."""
    if not part.text:
        return part, ()
    model = replace(differentiable(part), beside=part.beside)
    if part.loss is not None or model.loss is None:
        return model, ()
    written = dict(parsed(part.text, part.name, Place(part.name)).equations)
    pairs = tuple(zip((v for v in part.outputs if v.name in written), model.of(Role.TARGET), strict=True))
    return replace(model, loss=_unmasked(model.loss, model)), pairs


def _unmasked(loss: Loss, model: Model) -> Loss:
    """The loss without the mask of `freeze`: what is handed back for a masked step counts, be it zero."""
    if loss.mask is None:
        return loss
    last, mask = loss.equations[-1], model[loss.mask].at()
    factors = last.value.args if isinstance(last.value, sp.HadamardProduct) else ()
    assert mask in factors, f"the loss {last.value} has no factor {mask}"
    value = tidy.hadamard(*(factor for factor in factors if factor != mask))
    return replace(loss, mask=None, equations=(*loss.equations[:-1], replace(last, value=value)))
