"""What the template of a NumPy module is filled with: finished lines and literals."""

from typing import Any

from symbptt.algebra.nodes import BatchMean
from symbptt.data.arrays import size, sizes
from symbptt.data.classes import class_targets, drawn_as_classes
from symbptt.emit.arguments import of_model
from symbptt.emit.layout import Layout, handed_out, residual, taken
from symbptt.emit.lines import Line, opened
from symbptt.emit.literals import docstring
from symbptt.emit.plain import PlainWriter
from symbptt.model.values import Model, Role, Variable
from symbptt.typeset.equations import numbered


def samples(model: Model) -> int:
    """How many samples the self-check takes: three, or one where neither an input nor an initial state could show more."""
    return 3 if model.of(Role.INPUT) or any(s.initial is None for s in model.states) else 1


def _dtype(writer: PlainWriter) -> str:
    """The line that finds the precision."""
    real = [writer.layout.array(v) for v in (*writer.model.parameters, *writer.opening.inputs) if not v.classes]
    given = "*(np.asarray(s).dtype for s in (states or {}).values())"
    return f"dtype = np.result_type({', '.join(('np.float32', *real, given))})"


def _one_hot_lines(writer: PlainWriter) -> list[str]:
    """The lines that turn inputs of classes into rows of zeros and a one."""
    layout, classes = writer.layout, [v for v in writer.model.of(Role.INPUT) if v.classes]
    return [f"{layout.array(v)} = _one_hot({layout.array(v)}, {layout.dimension(v.shape[0])}, dtype)" for v in classes]


def _reads(writer: PlainWriter) -> set[str]:
    """Names of the arrays that residuals hold."""
    return {v.name for v in (*writer.model.of(Role.INPUT), *writer.model.states, *writer.cell_values())}


def context(writer: PlainWriter, recipe: str) -> dict[str, Any]:
    """What `templates/numpy/module.py.jinja` is filled with, by name; `recipe` is the command that emits the file."""
    model, layout = writer.model, writer.layout
    kept = tuple(v for v in model.variables if v.name in _reads(writer))
    opening = 'T, N, dtype = residuals["T"], residuals["N"], residuals["_dtype"]'
    sizes_forward, given = writer.dimension_lines(), writer.opening.arrays(writer.opening.learned)
    forward = [*given, *writer.opening.arrays(writer.opening.inputs), writer.opening.clock(), _dtype(writer), *sizes_forward]
    forward += _one_hot_lines(writer)
    everything = [*given, opening, *(f'{layout.array(v)} = residuals["{v.name}"]' for v in kept)]
    everything += writer.steps_of(tuple(v for v in kept if v.role in (Role.STATE, Role.LOCAL)))
    residuals = opened(everything + writer.dimension_lines(kept))
    seeded = [v for v in kept if v.name in writer.seeded() or v.role is Role.STATE]
    made: dict[str, Any] = of_model(model, "numpy") | {
        "straight": f" for T = {writer.steps}" if writer.steps is not None else "",
        "recipe": docstring(recipe),
        "equations": [docstring(line) for line in numbered(model)],
        "fixed_steps": writer.fixed if writer.steps is None else writer.steps,
        "tiled": writer.tiled,
        "averages": _averages(model),
        "forward_open": opened(forward),
        "residuals_open": residuals,
        "backward_open": residuals + opened(writer.seed_lines(seeded)),
        "residual_lines": [f'"{v.name}": {layout.array(v)},' for v in kept] + _started(model) + _sizes(model, layout),
        "output_lines": [_output(model, v) for v in model.outputs],
        "outside_lines": _outside_lines(model),
        "gradient_lines": [_gradient(v, layout) for v in writer.wanted],
        "sizes_literal": repr(drawn_sizes(model)),
        "untied_lead": untied_lead(model),
        "buffer_lead": buffer_lead(model),
        "samples": samples(model),
        "class_lines": [
            f'inputs["{v.name}"] = random.integers(length("{v.shape[0]}"), size=(T, N))'
            for v in model.of(Role.INPUT)
            if v.classes
        ],
    }
    if model.loss:
        made.update(_loss_context(writer, residuals))
    return made


def drawn_sizes(model: Model) -> dict[str, int]:
    """Small sizes for the self-check; products such as M*K, which count the entries of all heads, have theirs, too."""
    made = sizes(model)
    joined = {text: size(axis, made) for v in model.variables for text, axis in zip(v.shape, v.axes, strict=True) if "*" in text}
    return made | joined


def _started(model: Model) -> list[str]:
    """The residual that tells which states start from a parameter in this call."""
    names = tuple(s.name for s in model.states if s.initial is not None)
    return [f'"_started": tuple(name for name in {names!r} if name not in (states or {{}})),'] if names else []


def _sizes(model: Model, layout: Layout) -> list[str]:
    """The residual with the sizes of a model with heads, whose arrays inside do not tell them."""
    return [] if model.heads is None else [f'"_sizes": ({", ".join(map(layout.dimension, model.dimensions))},),']


def _averages(model: Model) -> list[str]:
    """The batch statistics of every step, as (T, ...), by name."""
    means = [e.target for e in model.equations if isinstance(e.value, BatchMean)]
    return [f'"{v.name}": residuals["{v.name}"][:, 0]{handed_out(v)},' for v in means]


def untied_lead(model: Model) -> str:
    """What the self-check puts in front of a parameter's shape: T, if some have a value per step."""
    untied = tuple(v.name for v in model.parameters if not v.tied)
    return f", *((T,) if name in {untied!r} else ())" if untied else ""


def buffer_lead(model: Model) -> str:
    """The same for what is given and not learned: moving averages have a value per step, constants one."""
    untied = tuple(v.name for v in model.buffers if not v.tied)
    if len(untied) == len(model.buffers):
        return ", T"
    return f", *((T,) if name in {untied!r} else ())" if untied else ""


def _output(model: Model, variable: Variable) -> str:
    return f'"{variable.name}": {residual(model, variable, "[1:]" if variable.role is Role.STATE else "")}.copy(),'


def _outside_lines(model: Model) -> list[str]:
    lines = []
    for v in model.outputs:
        given = taken(v, f'np.asarray(cotangents["{v.name}"])') if taken(v, "") else f'cotangents["{v.name}"]'
        flag = ", state=True" if v.role is Role.STATE else ""
        lines.append(f'**({{"{v.name}": _outside({given}{flag})}} if "{v.name}" in cotangents else {{}}),')
    return lines


def _gradient(variable: Variable, layout: Layout) -> str:
    return f'"{variable.name}": _as({layout.handed(variable, layout.gradient(variable))}, {layout.array(variable)}),'


def _loss_context(writer: PlainWriter, opening: list[Line]) -> dict[str, Any]:
    model, layout = writer.model, writer.layout
    targets = opened(writer.target_line(v) for v in model.of(Role.TARGET))
    read = writer.loss_reads()
    direct = writer.loss_direct()
    weight = _weight_lines(writer)
    read_pairs = [f'"{v.name}": {layout.cotangent(v)}' for v in read]
    direct_pairs = [f'"{v.name}": {layout.handed(v, layout.gradient(v))}' for v in direct]
    classes = [f'targets["{v.name}"] = random.integers(length("{v.shape[0]}"), size=(T, N))' for v in drawn_as_classes(model)]
    return {
        "loss_open": [*opening, *targets, *weight],
        "weight_lines": weight,
        "loss_cotangents": "{" + ", ".join(read_pairs) + "}",
        "direct_lines": [", ".join(direct_pairs)],
        "target_lines": classes,
    }


def _weight_lines(writer: PlainWriter) -> list[Line]:
    model, layout = writer.model, writer.layout
    assert model.loss is not None
    lines = [Line("weight = _weight(T, N, dtype, mask, weights)", optional=True)]
    if model.loss.reduction == "mean":
        steps = "slice(T - 1, T)" if model.loss.at == "last" else "slice(T)"
        rows = "".join(f", {layout.array(model[name])}" for name in class_targets(model))
        rows += f", {layout.array(model[model.loss.mask])}.real > 0.5" if model.loss.mask else ""
        lines.append(Line(f"weight /= _number(T, N, mask, {steps}{rows})"))
    return lines
