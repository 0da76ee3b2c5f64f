"""The point at which a composed model is analysed: every part's values, as they are for a model of one recurrence."""

from collections.abc import Mapping

import numpy as np

from symbptt.analyze.data import STEPS, measure, point
from symbptt.compose.chain import Chain
from symbptt.compose.referee import Point, by_group
from symbptt.data.arrays import shows_samples
from symbptt.data.arrays import sizes as usual
from symbptt.data.values import Array, Data
from symbptt.errors import UnknownName


def at(
    chain: Chain, T: int | None, dims: Mapping[str, int] | None, N: int | None, seed: int, *,
    values: Mapping[str, Array] | None = None, init: Mapping[str, str] | str | None = None,
) -> Point:
    """Values for every variable of a composed model, as `analyze.point` draws them for each part; a name has one value.

    Raises BadInput for what does not fit.
    """
    given = {name: np.asarray(array) for name, array in (values or {}).items()}
    known = {v.name for v in chain.variables}
    for name in (*given, *(init if isinstance(init, Mapping) else ())):
        if name not in known:
            raise UnknownName(f"variable of {chain.name}", name, known)
    owned = [{v.name for v in part.model.variables} - part.linked for part in chain.parts]
    measured = [measure(part.model, {n: a for n, a in given.items() if n in own})
                for part, own in zip(chain.parts, owned, strict=True)]
    told = {label: number for found in measured for label, (number, _) in found.items()}
    T = T or measured[-1].get("T", (STEPS, ""))[0]
    lengths = [(dims or {}).get(part.steps, found.get("T", (T, ""))[0])
               for part, found in zip(chain.parts, measured, strict=True)]
    counted = {part.steps: length for part, length in zip(chain.parts, lengths, strict=True) if part.steps in chain.dimensions}
    sizes = usual(chain)  # type: ignore[arg-type]
    sizes |= {name: told[name] for name in sizes if name in told} | counted
    sizes = usual(chain, {**sizes, **(dims or {})})  # type: ignore[arg-type]
    N = (N or told.get("N")) if all(shows_samples(part.model) for part in chain.parts) else 1
    arrays: dict[str, Array] = {}
    for part, own, length in reversed(list(zip(chain.parts, owned, lengths, strict=True))):
        fitting = {name: sizes[name] for name in part.model.dimensions}
        wishes = {n: kind for n, kind in init.items() if n in own} if isinstance(init, Mapping) else init
        mine = {n: a for n, a in given.items() if n in own}
        made = point(part.model, length, fitting, N, seed, values=mine, init=wishes)
        arrays = {name: array for name, array in made.arrays().items() if name in own} | arrays
    about = f"seed {seed}" + (f"; given: {', '.join(given)}" if given else "")
    parameters, inputs, targets, states = by_group(arrays, chain)
    data = Data(sizes, lengths[-1], made.N, parameters, inputs, targets, states, source=about)
    return Point(chain, data, tuple(lengths))
