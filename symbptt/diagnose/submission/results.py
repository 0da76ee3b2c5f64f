"""What somebody's function returned, as gradients of the model's variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.submission import convert
from symbptt.diagnose.submission.guess import plain
from symbptt.diagnose.submission.meaning import Layout, Meaning
from symbptt.diagnose.submission.plans import Plan, named
from symbptt.model.values import Role

_OF = ("blocks", "sequence", "state")
"""What there can be gradients of."""


@dataclass(frozen=True)
class Results:
    """Gradients by variable, the loss if one came back, and what else came back; `names` are theirs, by variable."""

    gradients: Mapping[str, Array]
    loss: float | None
    unknown: tuple[str, ...]
    names: Mapping[str, str]
    listed: tuple[str, ...] = ()
    """Results that came as a list with one gradient for each step; they are added up."""
    losses: bool = False
    """Whether the loss came as several numbers, as that of code for one sample does that is called with several."""


@dataclass
class _Sorter:
    """Results are taken one after the other; `left` are those that no name explains."""

    plan: Plan
    known: Mapping[str, Meaning]
    kinds: Mapping[str, str]
    listed: list[str] = field(default_factory=list)
    gradients: dict[str, Array] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    loss: float | None = None
    losses: bool = False
    doubtful: dict[str, Meaning] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def take(self, name: str, array: Array) -> None:
        """Sort one result by its name."""
        explicit = self.plan.table.names.get(name)
        if explicit is not None and explicit.kind == "ignore":
            return
        guessed = self.plan.call.guesser.result(name, self.known)
        said = explicit is not None and explicit.kind == "loss"
        meaning = explicit if said else _fitting(self.plan, guessed, self.known, array)
        if meaning is not None and meaning.kind == "loss":
            self.loss = float(array.reshape(-1)[0]) if array.size == 1 and array.dtype.kind in "iuf" else self.loss
            self.losses = self.losses or array.size > 1
        elif meaning is not None and meaning.kind in _OF and not self._taken(meaning) and not self._values(name, meaning):
            if meaning.kind != "blocks" and explicit is None and not self._fits(array, meaning):
                self.doubtful[name] = meaning  # gx may be the gradient of W_x
                self.left.append(name)
            else:
                self.add(name, name, meaning, array)
        else:
            self.left.append(name)

    def _taken(self, meaning: Meaning) -> bool:
        return all(v in self.gradients for v in meaning.variables)

    def _values(self, name: str, meaning: Meaning) -> bool:
        """Whether what is called after a variable is no gradient: of a target or of classes, or a state under its own name beside
        gradients under names of theirs, as in `return loss, dW, db, h`."""
        if meaning.kind == "state" and name not in self.plan.table.names:
            named_alike = [n for n, m in self.known.items() if m.kind == "blocks"]
            bare = not named_alike or any(n in named_alike for n in self.kinds)
            return not bare and meaning in (self.known.get(name), self.plan.call.guesser.table.get(plain(name)))
        return meaning.kind == "sequence" and self.plan.model[meaning.name].role is not Role.INPUT

    def add(self, name: str, of: str, meaning: Meaning, array: Array) -> None:
        """A result that is the gradient of a meaning."""
        size = self._size(meaning)
        if meaning.kind == "blocks" and self.kinds.get(name) == "list" and array.shape[:1] == (self.plan.data.T,) \
                and array.size == self.plan.data.T * size:
            self.listed.append(name)
            array = array.sum(axis=0)
        ours = _ours(self.plan, of, meaning, array)
        self.gradients.update(ours)
        self.names.update(dict.fromkeys(ours, name))

    def in_order(self, order: Sequence[str], arrays: Mapping[str, Array]) -> None:
        """Results without names are the gradients of the arguments that are left: in order if their count or their shapes say
        so, else those that only one argument fits."""
        if self.loss is None and self.left and self.left[0] == order[0] and _is_number(arrays.get(order[0])):
            wanted = self._wanted()
            if len(self.left) > len(wanted) or not any(self._fits(arrays[order[0]], m) for m in wanted.values()):
                self.loss = float(arrays[order[0]].reshape(-1)[0])
                self.left.remove(order[0])
        self._split(arrays)
        wanted = self._wanted()
        rest = [n for n in self.left if n in arrays]
        pairs = list(zip(rest, wanted, strict=True)) if len(rest) == len(wanted) and not self._grouped else []
        if pairs and all(self._fits(arrays[n], wanted[of]) for n, of in pairs):
            self._add_all(pairs, arrays)
            return
        self._add_all(self._only(rest, wanted, arrays) or pairs, arrays)

    def _only(self, rest: Sequence[str], wanted: Mapping[str, Meaning], arrays: Mapping[str, Array]) -> list[tuple[str, str]]:
        """Results and arguments that fit each other and nothing else."""
        fits = {n: [of for of, m in wanted.items() if self._fits(arrays[n], m)] for n in rest}
        return [(n, of[0]) for n, of in fits.items() if len(of) == 1 and sum(of[0] in o for o in fits.values()) == 1]

    def _add_all(self, pairs: Sequence[tuple[str, str]], arrays: Mapping[str, Array]) -> None:
        for name, of in pairs:
            self.add(of, of, self.known[of], arrays[name])
            self.left.remove(name)

    def _split(self, arrays: Mapping[str, Array]) -> None:
        """A list of like arrays that are several gradients, one result each."""
        wanted = self._wanted()
        for name in [n for n in self.left if self.kinds.get(n) == "list"]:
            parts = arrays[name]
            if len(parts) == len(wanted) and all(self._fits(p, m) for p, m in zip(parts, wanted.values(), strict=True)):
                for of, part in zip(wanted, parts, strict=True):
                    self.add(of, of, wanted[of], part)
                self.left.remove(name)

    def _wanted(self) -> dict[str, Meaning]:
        """The parameters among the arguments whose gradients have not come; without any, the inputs."""
        meanings = self.known if self._grouped else self.plan.call.meanings
        names = named(meanings, ("blocks",))
        names = names or [n for n in named(meanings, ("sequence",)) if self.plan.model[meanings[n].name].role is Role.INPUT]
        return {n: meanings[n] for n in names if not self._taken(meanings[n])}

    @property
    def _grouped(self) -> bool:
        """Whether the parameters come as a dict, which has no order that results could follow."""
        return any(m.kind == "group" and m.name == "parameters" for m in self.plan.call.arguments.values())

    def _fits(self, array: Array, meaning: Meaning) -> bool:
        """Whether an array has the size of a gradient; where two sizes are alike, positions decide."""
        return int(array.size) == self._size(meaning)

    def _size(self, meaning: Meaning) -> int:
        return sum(int(np.size(self.plan.data.value(self.plan.model[v]))) for v in meaning.variables)


def _is_number(array: Array | None) -> bool:
    return array is not None and array.size == 1 and array.dtype.kind in "iuf"


def results(plan: Plan, arrays: Mapping[str, Array], kinds: Mapping[str, str]) -> Results:
    """Sort results by what they are the gradient of; a loss is a single number of no gradient."""
    known = {**plan.table.names, **plan.call.meanings}
    for items in map(plan.rows, plan.call.gates):
        known = {**items, **known}
    if not plan.call.gates:  # what an inner dict is called says something of gates only: dW["f"]
        arrays, kinds = {_own(n): a for n, a in arrays.items()}, {_own(n): kind for n, kind in kinds.items()}
    for group in ("parameters", "states", "inputs"):
        if any(m.kind == "group" and m.name == group for m in plan.call.meanings.values()):
            known = {**plan.group(group), **known}
    sorter = _Sorter(plan, known, kinds)
    order = [n for n in kinds if kinds[n] != "None"] or list(arrays)
    for name in order:
        if name.startswith("#"):
            sorter.left.append(name)
        else:
            sorter.take(name, arrays.get(name, np.array(None)))
    if sorter.left:
        sorter.in_order(order, arrays)
    for name in [n for n in sorter.left if n in sorter.doubtful]:
        sorter.add(name, name, sorter.doubtful[name], arrays.get(name, np.array(None)))
        sorter.left.remove(name)
    return Results(sorter.gradients, sorter.loss, tuple(sorter.left), sorter.names, tuple(sorter.listed), sorter.losses)


def _own(name: str) -> str:
    return name if name.startswith("#") else name.rpartition(".")[2]


def _fitting(plan: Plan, guessed: Meaning | None, known: Mapping[str, Meaning], array: Array) -> Meaning | None:
    """A guess, or the one argument of the array's size where the guess is of no argument and of another size."""
    if guessed is None or guessed.kind != "blocks" or guessed in known.values():
        return guessed

    def size(meaning: Meaning) -> int:
        return sum(int(np.size(plan.data.parameters[name])) for name in meaning.variables)

    others = [m for m in known.values() if m.kind == "blocks" and size(m) == array.size]
    return others[0] if size(guessed) != array.size and len(others) == 1 else guessed


def _ours(plan: Plan, name: str, meaning: Meaning, array: Array) -> dict[str, Array]:
    of = next((n for n, m in {**plan.table.names, **plan.call.meanings}.items() if m == meaning), name)
    layout: Layout = plan.layout_of(of)
    if array.dtype.kind not in "biuf":
        return dict.fromkeys(meaning.variables, array)
    if meaning.kind == "blocks":
        return convert.unblocked(plan.meaning(meaning), layout, array, plan.data.parameters, plan.model)
    variable = plan.model[meaning.name]
    shape = np.shape(plan.data.value(variable))
    lead = "N" if meaning.kind == "state" else "TN"
    return {meaning.name: convert.restored(array, variable, lead, shape, layout, plan.batch)}
