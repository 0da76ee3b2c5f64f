"""An emitted JAX or PyTorch module: what its template is filled with."""

from typing import Any

from symbptt.data.arrays import sizes
from symbptt.data.classes import drawn_as_classes
from symbptt.emit.arguments import of_model
from symbptt.emit.context import buffer_lead, drawn_sizes, samples, untied_lead
from symbptt.emit.frameworks.functions import Parts
from symbptt.emit.frameworks.libraries import LIBRARIES
from symbptt.emit.frameworks.long import Long
from symbptt.emit.lines import Line, aligned
from symbptt.emit.literals import docstring, literal
from symbptt.model import initialisers
from symbptt.model.values import Model, Role, Variable
from symbptt.typeset.equations import numbered

WIDTH = 92
"""The column at which equation numbers stand."""


def context(
    model: Model, backend: str, wanted: tuple[Variable, ...], recipe: str, long: Long, fixed: int | None = None,
    core: Model | None = None,
) -> dict[str, Any]:
    """The values of the template `templates/<backend>/module.py.jinja`, and of what comes with long sequences.

    `core` is the model of the forward and backward pass where that is another one, whose step takes a chunk of tokens.
    """
    parts = Parts(model, LIBRARIES[backend], long.gaps)
    inner = parts if core is None else Parts(core, LIBRARIES[backend])
    backward = inner.backward()
    made: dict[str, Any] = of_model(model, backend) | {
        "recipe": docstring(recipe),
        "equations": [docstring(line) for line in numbered(core or model)],
        "buffers": tuple(v.name for v in model.buffers),
        "wrt": literal(tuple(v.name for v in wanted)),
        "forward_body": aligned(inner.forward(), width=WIDTH),
        "backward_body": aligned(backward, width=WIDTH),
        "loss_body": aligned(parts.loss() if model.loss else (), width=WIDTH),
        "outputs": parts.outputs(),
        "taken": parts.taken(),
        "output_tuple": literal(tuple(v.name for v in model.outputs)),
        "sizes_literal": repr(drawn_sizes(model)),
        "sizes_call": _sizes_call(model),
        "size_names": literal(_size_names(model)),
        "joined_sizes": _joined_sizes(model),
        "untied": tuple(v.name for v in model.parameters if not v.tied),
        "pieces": _pieces(model) if model.heads is not None else {},
        "untied_lead": untied_lead(model),
        "buffer_lead": buffer_lead(model),
        "samples": samples(model),
        "input_classes": [(v.name, _drawn(v)) for v in model.of(Role.INPUT) if v.classes],
        "target_classes": [(v.name, _drawn(v)) for v in drawn_as_classes(model)],
        "initialisers": {v.name: initialisers.name_of(v) for v in model.parameters},
        "fixed_steps": fixed,
        **long.values(parts),
    }
    if fixed is not None:
        made["check_steps"] = "STEPS"
    return made | _needed(inner, backward)


def _needed(parts: Parts, backward: list[Line]) -> dict[str, Any]:
    """The values that the backward pass reads, and how one of them tells T and N."""
    taken = {name for line in backward for name in line.assigns}
    read = [v for v in parts.blocks.kept() if parts.layout.array(v) in taken] or [*parts.blocks.kept()[:1]]
    rows = f'len(residuals["values"]["{read[0].name}"])' + (" - 1" if read[0].role is Role.STATE else "")
    return {"needed": tuple(v.name for v in read), "known": read[0].name, "steps": rows}


def _drawn(variable: Variable) -> str:
    """How many classes the self-check draws from."""
    return " + ".join(part if part.isdigit() else f'size["{part}"]' for part in variable.shape[0].split("+"))


_ARGUMENTS = ("self", "dtype", "device", "generator")
"""What the constructor of `Module` calls its other arguments; a dimension of such a name is given with a `_` behind it."""


def _size_names(model: Model) -> tuple[str, ...]:
    """The sizes that a module is made with."""
    names = {s.name for v in model.parameters for d in (v.rows, v.columns) for s in d.free_symbols}
    return (*(["T"] if any(not v.tied for v in model.parameters) else []), *sorted(names))


def _joined_sizes(model: Model) -> list[tuple[str, str]]:
    """The products such as M*K that stand in shapes of parameters, each with what computes it."""
    texts = dict.fromkeys(part for v in model.parameters for d in v.shape for part in d.split("+") if "*" in part)
    factors = {text: text.split("*") for text in texts}
    return [(text, " * ".join(f if f.isdigit() else f'sizes["{f}"]' for f in parts)) for text, parts in factors.items()]


def _pieces(model: Model) -> dict[str, int]:
    """How many leading axes count steps and heads, which are drawn one by one, of parameters that have such axes."""
    axes = {v.name: int(not v.tied) + int(v.heads is not None) for v in model.parameters}
    return {name: count for name, count in axes.items() if count}


def _sizes_call(model: Model) -> str:
    """The sizes as arguments, such as "D=3, H=4, O=3"."""
    example = sizes(model) | {"T": 4}
    return ", ".join(f"{name}{'_' * (name in _ARGUMENTS)}={example[name]}" for name in _size_names(model))
