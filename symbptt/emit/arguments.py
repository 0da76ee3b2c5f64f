"""What a module tells of its model, and what its functions compare their arguments with: the same for every backend."""

from typing import Any

from symbptt.data.classes import class_targets
from symbptt.emit.literals import docstring, file_literal, literal, shapes
from symbptt.model.dimensions import told_by_states
from symbptt.model.values import Model, Role
from symbptt.version import VERSION

AS_ARRAY = {"numpy": "np.asarray", "jax": "jnp.asarray", "torch": "torch.as_tensor"}
NOT_INTEGERS = {
    "numpy": "not np.issubdtype(array.dtype, np.integer)",
    "jax": "not jnp.issubdtype(array.dtype, jnp.integer)",
    "torch": "array.is_floating_point() or array.is_complex() or array.dtype == torch.bool",
}
BACKWARD = {True: '"parameters", "cotangents"', False: '"parameters", "inputs", "states", "cotangents"'}
"""The groups that `backward` knows: NumPy's residuals tell T and N, those of other backends hold what was given."""


def of_model(model: Model, backend: str) -> dict[str, Any]:
    """What every module takes from its model: names, literals, and the values of `templates/arguments.py.jinja`."""
    inputs = tuple(v.name for v in model.of(Role.INPUT) if v.classes)
    needed = tuple(v.name for v in told_by_states(model.variables))
    targets = tuple(name for name in class_targets(model) if len(model[name].shape) == 1)
    return {
        "version": VERSION,
        "title": docstring(model.title),
        "name": model.name,
        "name_literal": repr(model.name),
        "file_literal": file_literal(model.text),
        "has_loss": model.loss is not None,
        "reduction": "mean" if model.loss and model.loss.reduction == "mean" else "summed",
        "starts": {s.name: s.initial for s in model.states if s.initial is not None},
        "axes": tuple(_free(names, model.dimensions) for names in (("T", "steps", "T_"), ("N", "samples", "N_"))),
        "as_array": AS_ARRAY[backend],
        "not_integers": NOT_INTEGERS[backend],
        "backward_groups": BACKWARD[backend == "numpy"],
        "last_only": model.loss is not None and model.loss.at == "last",
        "products": _products(model),
        "class_names": literal((*inputs, *targets)),
        "per_step_parameters": literal(tuple(v.name for v in model.of(Role.PARAMETER, Role.BUFFER) if v.timed)),
        "parameters_literal": shapes(model.parameters),
        "buffers_literal": shapes(model.buffers) if model.buffers else "",
        "inputs_literal": shapes(model.of(Role.INPUT)),
        "states_literal": shapes(model.states),
        "states_needed": literal(needed) if needed else "",
        "initial_states": _initial_states(needed),
        "targets_literal": shapes(model.of(Role.TARGET)),
        "outputs_literal": shapes(model.outputs),
    }


def _products(model: Model) -> dict[str, tuple[str, ...]]:
    """The products such as M*K, which count the entries of all heads, with their factors."""
    parts = dict.fromkeys(part for v in model.variables for length in v.shape for part in length.split("+") if "*" in part)
    return {part: tuple(part.split("*")) for part in parts}


def _free(names: tuple[str, ...], dimensions: tuple[str, ...]) -> str:
    """What messages call an axis that a dimension of the model is called like; no dimension ends with an underscore."""
    return next(name for name in names if name not in dimensions)


def _initial_states(needed: tuple[str, ...]) -> str:
    """What the docstring of `forward` says of them."""
    return "Initial states default to zero" + (
        f"; {', '.join(needed)} must be given, since nothing else tells its size." if needed else "."
    )
