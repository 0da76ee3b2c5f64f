"""What a submission's forward pass computed, held against the model's: the evidence for a layout, and the first difference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from symbptt.algebra.evaluate import Array, softmax
from symbptt.diagnose.case import Known
from symbptt.diagnose.submission.guess import plain
from symbptt.model.values import Model, Role, Variable

_PLURALS = ("", "s", "t", "all", "seq", "list", "states", "hist", "history", "out")
_LETTERS = {"h": ("h", "hidden", "state"), "c": ("c", "cell"), "o": ("o", "out", "logits", "scores")}
_PROBABILITIES = ("p", "ps", "prob", "probs", "yhat", "ypred", "yprob")
MOST = 400
"""Arrays that are looked at."""


@dataclass(frozen=True)
class Difference:
    """The first value that is not the model's: what it is called there and in the model, the step, and both numbers."""

    theirs: str
    ours: str
    step: int
    place: tuple[int, ...]
    given: float
    right: float

    def __str__(self) -> str:
        entry = ", entry " + ", ".join(str(i + 1) for i in self.place[1:]) if self.place[1:] else ""
        where = f" (sample {self.place[0] + 1}{entry})"
        called = f"{self.theirs}, which should be {self.ours}," if plain(self.theirs) != plain(self.ours) else self.theirs
        return f"{called} at step {self.step} is {self.given:.6g}, the model's is {self.right:.6g}{where}"


@dataclass(frozen=True)
class Witness:
    """`agreed` counts the values (variable, step) that were found, `whole` the variables that were found at every step;
    `states` says whether those that are states all agree, None if none was seen; `first` is the first difference; `called` is
    what those that were found are called."""

    agreed: int
    whole: frozenset[str]
    states: bool | None
    first: Difference | None
    called: Mapping[str, str]


def witness(known: Known, held: Mapping[str, Array]) -> Witness:
    """Look for the model's values among the arrays that their code held."""
    arrays = dict(list(held.items())[:MOST])
    model = known.model
    seen = {v.name: _seen(v, values, steps, arrays, model) for v, values, steps in known.computed()}
    whole = frozenset(n for n, s in seen.items() if s.whole)
    found = [s for n, s in seen.items() if model[n].role is Role.STATE and s.visible]
    # A local that is called like one of the model's may be another thing, unless a state or an output is off as well.
    ends = [s.first for n, s in seen.items() if s.first is not None and model[n] in model.outputs]
    firsts = [s.first for s in seen.values() if s.first is not None] if ends else []
    first = min(firsts, key=lambda d: d.step, default=None)
    states, called = all(s.whole for s in found) if found else None, {n: s.name for n, s in seen.items() if s.name}
    return Witness(sum(s.agreed for s in seen.values()), whole, states, first, called)


@dataclass(frozen=True)
class _Seen:
    agreed: int = 0
    whole: bool = False
    first: Difference | None = None
    name: str = ""

    @property
    def visible(self) -> bool:
        return self.whole or self.first is not None


def _seen(variable: Variable, values: Array, steps: list[int], held: Mapping[str, Array], model: Model) -> _Seen:
    """How far a variable is found; a difference only if it is found nowhere in full and something has its name."""
    best, first = 0, None
    outputs = {v.name for v in model.outputs}
    for name, array in held.items():
        called = _called(next((part for part in reversed(name.split(".")) if not part.isdigit()), ""))
        forms = [(values, _named(called, variable.name))]
        if variable.name in outputs and len(variable.shape) == 1:
            forms.append((softmax(values[..., None])[..., 0], called in _PROBABILITIES))
        for form, is_named in forms:
            for theirs in _trajectories(array, form.shape, len(steps)):
                rtol, atol = (1e-4, 1e-5) if theirs.dtype == np.float32 else (1e-6, 1e-9)
                equal = np.isclose(theirs, form, rtol=rtol, atol=atol).reshape(len(steps), -1).all(axis=1)
                if equal.all():
                    return _Seen(len(steps), True, name=called)
                count = int(np.argmin(equal))
                best = max(best, count)
                if is_named and first is None and len(steps) > 1:
                    first = _difference(name.rpartition(".")[2], variable.name, steps, theirs, form, count)
    return _Seen(best, False, first)


def computed(known: Known, array: Array) -> bool:
    """Whether an array is a value of the forward pass, of one step or of all."""
    if array.dtype.kind != "f" or array.size < 2:
        return False
    flat = np.sort(array, axis=None)
    wholes = (values for _, values, _ in known.computed())
    return any(
        part.size == flat.size and np.allclose(np.sort(part, axis=None), flat) for whole in wholes for part in (whole, *whole)
    )


def _difference(theirs: str, ours: str, steps: list[int], given: Array, right: Array, at: int) -> Difference:
    off = np.where(np.isfinite(given[at]), np.abs(given[at] - right[at]), np.inf)
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))
    return Difference(theirs, ours, steps[at], place, float(given[at][place]), float(right[at][place]))


def _trajectories(array: Array, shape: tuple[int, ...], steps: int) -> Iterator[Array]:
    """An array in the shape (steps, N, ...): its axes in another order, without axes of length one, or with the start."""
    bare = [n for n in shape if n != 1]
    squeezed = array.reshape([n for n in array.shape if n != 1])
    if array.dtype.kind not in "fiu" or squeezed.ndim != len(bare) or squeezed.ndim > 5:
        return
    for extra in (0, 1):
        wanted = ([steps + extra] if steps != 1 or extra else []) + [n for n in shape[1:] if n != 1]
        if sorted(squeezed.shape) != sorted(wanted):
            continue
        for order in permutations(range(squeezed.ndim)):
            turned = squeezed.transpose(order)
            if list(turned.shape) == wanted:
                for part in ((turned[1:], turned[:-1]) if extra else (turned,)):
                    yield part.reshape(shape)


def _called(name: str) -> str:
    return plain(name)


def _named(theirs: str, ours: str) -> bool:
    letters = _LETTERS.get(ours, (plain(ours),))
    return theirs in {letter + end for letter in letters for end in _PLURALS}
