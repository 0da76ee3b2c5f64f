"""Numbers for gradients of a composed model: right, or which gradient was not handed from one part to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symbptt.compose.chain import Chain, How
from symbptt.compose.handed import LINK, SHARE, TURN_IN, Slip, composed, slips
from symbptt.compose.referee import Point
from symbptt.data.arrays import lead, shape
from symbptt.data.values import GIVEN, Array, Data
from symbptt.diagnose.submitted import EXACT
from symbptt.diagnose.values import arrays
from symbptt.errors import BadInput, UnknownName
from symbptt.model.values import Role, Variable

_GROUPS = ("parameters", "inputs", "targets", "states", "cotangents", "gradients")
_SAME = 1e-12
"""Two slips that change a gradient by less cannot be told apart."""
_HOW = {
    How.STEPS: "a direction's gradient is missing: what {reader} hands back for {source} never reaches the part that computes it",
    How.MEMORY: "the memory's gradient is not handed back: {name} gives {source} nothing",
    How.FINAL: "a state is handed over without its gradient: {name} starts at the last {source}, and gives it nothing",
}


@dataclass(frozen=True)
class Verdict:
    """What is to say of each gradient, (name, relative error), and the slips that explain all of them, in words."""

    errors: tuple[tuple[str, float], ...]
    causes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every gradient is right."""
        return all(error <= EXACT for _, error in self.errors)

    def __str__(self) -> str:
        wide = max(len(name) for name, _ in self.errors)
        lines = [f"{name:<{wide}}  {'right' if error <= EXACT else 'wrong'}   error {error:.1e}" for name, error in self.errors]
        lines += [f"  {'or ' * (i > 0)}{cause}" for i, cause in enumerate(self.causes)]
        return "\n".join(lines + ["  no single step between the parts explains it"] * (not self.ok and not self.causes))


def file(chain: Chain, path: Path) -> Verdict:
    """Diagnose the gradients in a .npz file, named as for any model. Raises BadInput if it does not fit the model."""
    groups: dict[str, dict[str, Array]] = {group: {} for group in _GROUPS}
    for key, array in arrays(path).items():
        group, dot, name = key.partition(".")
        if group not in _GROUPS or not dot:
            raise UnknownName("array", key, (f"{g}.NAME" for g in _GROUPS), str(path))
        groups[group][name] = array
    theirs = groups.pop("gradients")
    if not theirs:
        raise BadInput(f"{path}: no gradients in it; expected arrays such as gradients.{chain.with_gradient[0].name}")
    return gradients(chain, theirs, _point(chain, groups, path))


def gradients(chain: Chain, theirs: Mapping[str, Array], point: Point) -> Verdict:
    """Somebody's gradients at a point. Raises BadInput for an unknown name or another shape."""
    right = composed(point)[0]
    for name, array in theirs.items():
        if name not in right:
            raise UnknownName("parameter, input or state", name, right, "gradients")
        if array.shape != right[name].shape:
            raise BadInput(f"gradients.{name} has the shape {array.shape}, expected {right[name].shape}")
    errors = tuple((name, _error(array, right[name])) for name, array in theirs.items())
    causes = () if all(error <= EXACT for _, error in errors) else tuple(_causes(chain, theirs, point, right))
    return Verdict(errors, causes)


def _error(ours: Array, wanted: Array) -> float:
    scale = max(float(np.abs(wanted).max(initial=0.0)), 1e-12)
    return float(np.abs(ours - wanted).max(initial=0.0)) / scale


def _causes(chain: Chain, theirs: Mapping[str, Array], point: Point, right: Mapping[str, Array]) -> Iterator[str]:
    """The slips with which every gradient is the one given, each in one sentence."""
    for slip in slips(chain):
        found = composed(point, slip)[0]
        changes = any(_error(found[name], right[name]) > _SAME for name in theirs)
        if changes and all(_error(array, found[name]) <= EXACT for name, array in theirs.items()):
            yield _said(chain, slip)


def _said(chain: Chain, slip: Slip) -> str:
    part = chain.parts[slip.number]
    reader = f"part {slip.number + 1}"
    if slip.kind == LINK:
        link = next(link for link in part.links if link.name == slip.name)
        return _HOW[link.how].format(reader=reader, source=link.source, name=link.name)
    if slip.kind == SHARE:
        return f"a direction's or phase's gradient is not added: {slip.name} is read by {reader}, too, whose share is missing"
    what = ", ".join(v.name for v in part.model.states)
    if slip.kind == TURN_IN:
        return f"a reversed sequence is not reversed: the gradients of {what} reach {reader} in the order of the steps"
    return f"a reversed input is not reversed back: the gradients of the inputs of {reader} stay in the order of {what}"


def _point(chain: Chain, groups: Mapping[str, Mapping[str, Array]], path: Path) -> Point:
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
    data = Data(dims, T[-1], N, parameters, inputs, groups["targets"], states, groups["cotangents"])
    for part, length in zip(chain.parts, T, strict=True):
        for v in part.model.of(*GIVEN):
            if v.name in data.arrays() and v.name not in part.linked:
                _fits(v, data.arrays()[v.name], (*lead(v, length, N), *shape(v, dims)), path)
    return Point(chain, data, T)


def _fits(variable: Variable, array: Array, wanted: tuple[int, ...], path: Path) -> None:
    classes = variable.classes or (variable.role is Role.TARGET and array.dtype.kind in "iu")
    if array.shape != (wanted[:2] if classes else wanted):
        raise BadInput(f"{path}: {variable.role.group}.{variable.name} has the shape {array.shape}, expected {wanted}")
