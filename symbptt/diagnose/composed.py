"""Gradients of a composed model in a file: numbers, or a function that computes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symbptt.compose.chain import Chain
from symbptt.compose.referee import Point, lengths
from symbptt.data.arrays import lead, shape
from symbptt.data.values import GIVEN, Array, Data
from symbptt.diagnose import values
from symbptt.diagnose.between_parts import Composed, findings
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.submission.composed import draw
from symbptt.diagnose.submission.composed import file as code
from symbptt.errors import BadInput, UnknownName
from symbptt.model.values import Role, Variable

__all__ = ["at", "code", "draw", "file"]


def file(chain: Chain, path: Path) -> Diagnosis:
    """Diagnose the gradients in a .npz file, named as for any model. Raises BadInput if it does not fit the model."""
    theirs, parts, alone = values.groups(path)
    if "T" in alone:
        raise BadInput(f"{path}: T is not for models with two directions or phases: the inputs tell the steps of each phase")
    entries = parts.pop("entries")
    known = Composed(_point(chain, parts, alone, path))
    return Diagnosis(known.model, findings(known, theirs, entries))


def at(chain: Chain, theirs: Mapping[str, Array], data: Data) -> Diagnosis:
    """Diagnose gradients at data that were drawn; raises BadInput if there are none."""
    if not theirs:
        raise BadInput("no gradients to check")
    known = Composed(Point(chain, data, lengths(chain, data.T, data.dims)))
    return Diagnosis(known.model, findings(known, theirs))


def _point(chain: Chain, groups: Mapping[str, Mapping[str, Array]], alone: Mapping[str, Any], path: Path) -> Point:
    """The values of a file as a point of the model: sizes are told by the arrays, and states that are left out are zero."""
    needed = (Role.PARAMETER, Role.BUFFER, Role.INPUT, *([Role.TARGET] if chain.loss else []))
    for v in chain.of(*needed):
        if v.name not in groups[v.role.group]:
            raise BadInput(f"{path}: {v.role.group}.{v.name} is missing")
    for group, given in groups.items():
        variables = chain.outputs if group == "cotangents" else chain.variables
        known = {v.name for v in variables if group in (v.role.group, "cotangents")}
        if strange := sorted(given.keys() - known):
            raise UnknownName(f"array of {group}", strange[0], known, str(path))
    inputs = groups["inputs"]
    if flat := [name for name, array in inputs.items() if array.ndim < 2]:
        raise BadInput(f"{path}: inputs.{flat[0]} has the shape {inputs[flat[0]].shape}, expected (steps, samples, ...)")
    steps = {part.phase: len(inputs[v.name]) for part in chain.parts for v in part.model.of(Role.INPUT) if v.name in inputs}
    if not all(part.phase in steps for part in chain.parts):
        raise BadInput(f"{chain.name}: each phase needs an input, which tells the number of its steps")
    T = tuple(steps[part.phase] for part in chain.parts)
    dims = {part.steps: t for part, t in zip(chain.parts, T, strict=True) if part.steps}
    for v in (*chain.of(*GIVEN), *chain.outputs):
        group = "cotangents" if v in chain.outputs and v.name in groups["cotangents"] else v.role.group
        array = groups.get(group, {}).get(v.name)
        behind = () if array is None or v.classes or array.dtype.kind in "iu" else v.shape
        for extent, length in zip(behind, array.shape[array.ndim - len(behind):] if array is not None else (), strict=False):
            dims |= {extent: length} if extent.isidentifier() and extent not in dims else {}
    if untold := sorted(set(chain.dimensions) - dims.keys()):
        raise BadInput(f"{path}: no array tells the size of {untold[0]}")
    N = next(iter(inputs.values())).shape[1]
    states = {v.name: groups["states"].get(v.name, np.zeros((N, *shape(v, dims)))) for v in chain.given_states if not v.initial}
    states |= groups["states"]
    parameters = {v.name: groups["parameters"][v.name] for v in chain.of(Role.PARAMETER, Role.BUFFER)}
    data = Data(dims, T[-1], N, parameters, inputs, groups["targets"], states, groups["cotangents"], **alone)
    for part, length in zip(chain.parts, T, strict=True):
        for v in part.model.of(*GIVEN):
            if v.name in data.arrays() and v.name not in part.linked:
                _fits(v, data.arrays()[v.name], (*lead(v, length, N), *shape(v, dims)), path)
    return Point(chain, data, T)


def _fits(variable: Variable, array: Array, wanted: tuple[int, ...], path: Path) -> None:
    classes = variable.classes or (variable.role is Role.TARGET and array.dtype.kind in "iu")
    if array.shape != (wanted[:2] if classes else wanted):
        raise BadInput(f"{path}: {variable.role.group}.{variable.name} has the shape {array.shape}, expected {wanted}")
