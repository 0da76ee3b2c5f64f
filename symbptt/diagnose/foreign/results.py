"""What somebody's function returned, as gradients of the model's variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.foreign import convert
from symbptt.diagnose.foreign.meaning import Layout, Meaning
from symbptt.diagnose.foreign.plans import Plan, named


@dataclass(frozen=True)
class Results:
    """Gradients by variable, the loss if one came back, and what else came back; `names` are theirs, by variable."""

    gradients: Mapping[str, Array]
    loss: float | None
    unknown: tuple[str, ...]
    names: Mapping[str, str]


def results(plan: Plan, arrays: Mapping[str, Array], kinds: Mapping[str, str]) -> Results:
    """Sort results by what they are the gradient of; a loss is a single number of no gradient."""
    known = {**plan.table.names, **plan.call.meanings}
    for group in ("parameters", "states"):
        if any(m.kind == "group" and m.name == group for m in plan.call.meanings.values()):
            known = {**plan._group(group), **known}
    gradients: dict[str, Array] = {}
    loss: float | None = None
    names: dict[str, str] = {}
    unknown: list[str] = []
    numbered: list[str] = []
    for name in (*arrays, *(n for n in kinds if kinds[n] != "array")):
        array = arrays.get(name, np.array(None))
        explicit = plan.table.names.get(name)
        said = explicit is not None and explicit.kind in ("loss", "ignore")
        meaning = explicit if said else _fitting(plan, plan.call.guesser.result(name, known), known, array)
        if meaning is not None and meaning.kind == "loss":
            loss = float(array.reshape(-1)[0]) if array.size == 1 and array.dtype.kind in "iuf" else loss
        elif meaning is not None and meaning.kind in ("blocks", "sequence", "state"):
            ours = _ours(plan, name, meaning, array)
            gradients.update(ours)
            names.update(dict.fromkeys(ours, name))
        elif name.startswith("#"):
            numbered.append(name)
        elif explicit is None or explicit.kind != "ignore":
            unknown.append(name)
    if numbered:
        loss = _in_order(plan, numbered, arrays, gradients, loss)
    return Results(gradients, loss, tuple(unknown), names)


def _fitting(plan: Plan, guessed: Meaning | None, known: Mapping[str, Meaning], array: Array) -> Meaning | None:
    """A guess, or the one argument of the array's size where the guess is of no argument and of another size."""
    if guessed is None or guessed.kind != "blocks" or guessed in known.values():
        return guessed

    def size(meaning: Meaning) -> int:
        return sum(int(np.size(plan.data.parameters[name])) for name in meaning.variables)

    others = [m for m in known.values() if m.kind == "blocks" and size(m) == array.size]
    return others[0] if size(guessed) != array.size and len(others) == 1 else guessed


def _in_order(
    plan: Plan, numbered: list[str], arrays: Mapping[str, Array], gradients: dict[str, Array], loss: float | None
) -> float | None:
    """Results without names are the gradients of the parameters in the order of the arguments, a loss in front."""
    wanted = named(plan.call.meanings, ("blocks",))
    rest = [n for n in numbered if n in arrays]
    if len(rest) == len(wanted) + 1 and arrays[rest[0]].size == 1:
        loss = float(arrays[rest[0]].reshape(-1)[0])
        rest = rest[1:]
    if len(rest) == len(wanted):
        for name, of in zip(rest, wanted, strict=True):
            gradients.update(_ours(plan, of, plan.call.meanings[of], arrays[name]))
    return loss


def _ours(plan: Plan, name: str, meaning: Meaning, array: Array) -> dict[str, Array]:
    of = next((n for n, m in {**plan.table.names, **plan.call.meanings}.items() if m == meaning), name)
    layout: Layout = plan.layout_of(of)
    if array.dtype.kind not in "biuf":
        return dict.fromkeys(meaning.variables, array)
    if meaning.kind == "blocks":
        return convert.unblocked(plan.meaning(meaning), layout, array, plan.data.parameters)
    if meaning.kind == "state":
        shape = np.shape(plan.data.states[meaning.name])
        return {meaning.name: convert.restored(array, layout, "ND"[: len(shape)], shape)}
    if meaning.name not in plan.data.inputs:
        return {}
    shape = np.shape(plan.data.inputs[meaning.name])
    return {meaning.name: convert.restored(array, layout, "TND"[: len(shape)], shape)}
