"""Truncated backpropagation through time: every k1 steps, back over at most k2 steps (Williams and Peng 1990).

The module keeps the terms (t, k) with k > k1 ceil(t / k1) - k2 and no others; a sliding window of K is k1 = 1, k2 = K. It runs
the backward pass of the plain module over slices of the residuals, so it costs O(T k2 / k1) steps.
"""

from functools import partial
from typing import Any

from symbptt.checks import whole
from symbptt.emit.layout import residual
from symbptt.emit.lines import Body, Line
from symbptt.emit.plain import Parts, PlainWriter, Variant
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable


def truncated(k1: int, k2: int) -> Variant:
    """The variant that goes back k2 steps every k1 steps; raises BadInput unless both are positive whole numbers."""
    for name, value in (("k1", k1), ("k2", k2)):
        if whole(value, 1) is None:
            raise BadInput(f"{name} must be a positive whole number of steps, not {value!r}")
    options = f"--window {k2}" if k1 == 1 else f"--k1 {k1} --k2 {k2}"
    suffix = f"_window{k2}" if k1 == 1 else f"_k{k1}_{k2}"
    return Variant("numpy/truncated.py.jinja", options, suffix, partial(_extend, k1, k2))


def kept(k1: int, k2: int) -> str:
    """What is kept, in words."""
    if k1 == 1:
        return f"a window of {k2} steps: the terms (t, k) with t - k < {k2} are kept"
    return f"every {k1} steps back over at most {k2}"


def _extend(k1: int, k2: int, writer: PlainWriter, values: dict[str, Any], parts: Parts) -> None:
    model = writer.model
    timed = tuple(v.name for v in model.of(Role.INPUT, Role.PARAMETER, Role.BUFFER) if v.timed)
    values |= {
        "k1": k1, "k2": k2, "kept": kept(k1, k2),
        "per_step": repr(timed),
        "saved_lines": [f'"{s.name}": {residual(model, s, "[first]", "start_values")},' for s in model.states],
        "rerun_lines": [_output(model, v) for v in model.outputs],
    }
    if model.loss is not None:
        # What each step counts is known for the whole sequence before it is cut into pieces.
        values["counts_open"] = list(values["loss_open"])
        values["loss_open"] = [line for line in values["loss_open"] if line not in values["weight_lines"]]
        parts["counts"] = (Body((), (), (Line("return weight"),)), "")


def _output(model: Model, variable: Variable) -> str:
    rows = "[1:]" if variable.role is Role.STATE else ""
    return f'"{variable.name}": {residual(model, variable, rows, "run")},'
