"""The runs of one function of somebody's file, in every layout that is open; the one that fits best is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.derive.numeric import to_user
from symbptt.diagnose.foreign import convert, guarded
from symbptt.diagnose.foreign.draw import N, T, draw
from symbptt.diagnose.foreign.guarded import Answer, Limits
from symbptt.diagnose.foreign.guess import Guesser
from symbptt.diagnose.foreign.mapping import Table
from symbptt.diagnose.foreign.meaning import Layout
from symbptt.diagnose.foreign.plans import Call, Plan
from symbptt.diagnose.foreign.results import Results, results
from symbptt.diagnose.problem import Case, case
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role
from symbptt.verify.data import Data, takes_classes

FIRST = (("TND", "NTD", "DNT"), ("column", "row"), ("H",))
"""Layouts that are tried first: axes, weights, biases."""
ALL = (("TND", "NTD", "DNT", "NDT", "TDN", "DTN", "TD", "TD1", "DT", "T1D"), ("column", "row"), ("H", "H1", "1H"))
LAYOUT_FAULTS = ("ValueError", "IndexError", "TypeError", "KeyError", "AttributeError", "AxisError", "AssertionError")
"""Errors that another layout may not raise."""
MAX_GATES = 4
"""Up to this many gates every order is tried."""
_EQUAL = 1e-9


@dataclass(frozen=True)
class Attempt:
    """A plan with its answer, and how well it fits: the loss, the gradients that are right, and the rest's distance."""

    plan: Plan
    case: Case
    answer: Answer
    found: Results
    score: tuple[int, int, float]
    factor: float


class Session:
    """The runs of one function; points of the model are kept by their data."""

    def __init__(
        self, model: Model, path: Path, made: Call, table: Table, limits: Limits, guesser: Guesser
    ) -> None:
        self.by_cotangents = made.uses("cotangent")
        targets = {v.name for v in model.of(Role.TARGET)}
        reads = any(m.kind == "sequence" and m.name in targets for m in made.meanings.values()) or made.uses("target")
        if not self.by_cotangents and not reads:
            raise BadInput(
                f"{path}: {made.function.name} takes neither targets nor cotangents of the outputs (as dh), so what it should "
                "return is unknown; name them in a mapping"
            )
        self.model, self.path, self.call, self.table, self.limits = model, path, made, table, limits
        self.guesser = guesser
        self.cases: dict[int, tuple[Data, Case]] = {}
        self.run: guarded.Run | None = None

    def point(self, samples: int) -> tuple[Data, Case]:
        """Data with this many samples, and the right gradients there."""
        if samples not in self.cases:
            one_hot = frozenset(m.name for n, m in self.call.meanings.items()
                                if n in self.table.own and self.table.own[n].classes and self.model[m.name].role is Role.INPUT)
            data = draw(self.model, self.table.T or T, samples, one_hot, self.table.sizes)
            used = {m.name for m in self.call.meanings.values() if m.kind == "cotangent"}
            if any(m.kind == "group" and m.name == "cotangents" for m in self.call.meanings.values()):
                used = {v.name for v in self.model.outputs}
            cotangents = {n: a for n, a in data.cotangents.items() if n in used}
            given = any(m.kind == "state" or (m.kind == "group" and m.name == "states") for m in self.call.meanings.values())
            states = self._states(data, given)
            known = case(
                self.model, parameters=data.parameters, inputs=data.inputs, states=states,
                **({"cotangents": cotangents} if self.by_cotangents else {"targets": data.targets}),
            )
            self.cases[samples] = (data, known)
        return self.cases[samples]

    def _states(self, data: Data, group: bool) -> Mapping[str, Array]:
        """The initial states that their function is given; others are zero."""
        named = {m.name for m in self.call.meanings.values() if m.kind == "state"}
        whole = any(m.kind == "group" and m.name == "states" for m in self.call.meanings.values())
        return data.states if whole else {n: a for n, a in data.states.items() if n in named}

    def plans(self, choices: Sequence[Sequence[str]]) -> Iterator[Plan]:
        """The plans of some layouts, without those that differ in nothing."""
        wanted = self.table.layout
        axes = [wanted.axes] if wanted.axes else choices[0]
        weights = [wanted.weights] if wanted.weights else choices[1]
        bias = [wanted.bias] if wanted.bias else choices[2]
        classes = [wanted.classes] if wanted.classes is not None else self._forms()
        for order, swapped, a, w, b, c in product(self._orders(), self._swaps(), axes, weights, bias, classes):
            samples = (self.table.N or N) if "N" in a else 1
            layout = Layout(a, w, b, bool(wanted.listed), c)
            yield Plan(self.call, layout, self.point(samples)[0], self.model, self.table, order, swapped)

    def _forms(self) -> list[bool | None]:
        targets = [v for v in self.model.of(Role.TARGET) if takes_classes(self.model, v)]
        return [None, False] if targets and not self.by_cotangents else [None]

    def _orders(self) -> list[tuple[int, ...]]:
        """Orders of the gates, where a guessed name stands for several."""
        counts = {len(m.blocks) for n, m in self.call.meanings.items() if m.kind == "blocks" and n not in self.table.names}
        most = max(counts, default=1)
        return [*permutations(range(most))] if 1 < most <= MAX_GATES else [()]

    def _swaps(self) -> list[bool]:
        guessed = (m for n, m in self.call.meanings.items() if m.kind == "blocks" and n not in self.table.names)
        return [False, True] if any(len(m.blocks[0]) > 1 for m in guessed) else [False]

    def best(self) -> Attempt | None:
        """The attempt that fits best; None if no call came back."""
        found: list[Attempt] = []
        for choices in (FIRST, ALL):
            found += self.attempts([*self.plans(choices)])
            if any(a.score[1] == len(a.found.gradients) > 0 for a in found) or (self.run and self.run.ended):
                break
            if found and not any(a.found.gradients or a.answer.fault.startswith(LAYOUT_FAULTS) for a in found):
                break
        if any(a.found.gradients for a in found):
            return max(found, key=lambda a: a.score)
        # Where every call failed, the commonest failure has least to do with the layout.
        faults = Counter(a.answer.fault for a in found)
        return max(found, key=lambda a: faults[a.answer.fault], default=None)

    def attempts(self, plans: list[Plan]) -> list[Attempt]:
        """Run plans that differ, and score their answers."""
        arrays: dict[str, Array] = {}
        orders: list[dict[str, Any]] = []
        distinct: list[Plan] = []
        seen: set[tuple[object, ...]] = set()
        for plan in plans:
            mine: dict[str, Array] = {}
            order = plan.order_form(f"p{len(orders)}_", mine)
            key = tuple((a.shape, a.dtype.str, a.tobytes()) for a in mine.values())
            if key not in seen:
                seen.add(key)
                arrays |= mine
                orders.append(order)
                distinct.append(plan)
        self.run = guarded.run(self.path, orders, arrays, self.limits)
        return [self._attempt(p, a) for p, a in zip(distinct, self.run.answers, strict=False)]

    def _attempt(self, plan: Plan, answer: Answer) -> Attempt:
        known = self.point(plan.data.N)[1]
        found = results(plan, answer.first, answer.kinds, self.guesser)
        factor = {"sum": 1, "mean": plan.data.T * plan.data.N, "mean over time": plan.data.T,
                  "mean over the batch": plan.data.N}[self.table.loss]
        gradients = {n: a * factor if a.dtype.kind in "iuf" else a for n, a in found.gradients.items()}
        found = replace(found, gradients=gradients)
        return Attempt(plan, known, answer, found, _score(plan, known, answer, found), factor)


def _score(plan: Plan, known: Case, answer: Answer, found: Results) -> tuple[int, int, float]:
    """How much of the forward pass is right, how many gradients are right, and how far the others are off (negative)."""
    if not found.gradients:
        return -1, 0, 0.0
    right_loss = loss(known)
    T, N = known.point.T, known.point.N
    fits = found.loss is not None and right_loss is not None and any(
        abs(found.loss * count - right_loss) <= _EQUAL * abs(right_loss) for count in (1, T, N, T * N)
    )
    right, off = 0, 0.0
    for name, array in found.gradients.items():
        truth = known.right[name]
        if array.dtype.kind not in "iuf" or array.size != truth.size or not np.isfinite(array).all():
            off += 10.0
            continue
        error = float(np.abs(array.reshape(truth.shape) - truth).max() / max(np.abs(truth).max(), 1e-12))
        right += error < 1e-6
        off += min(error, 10.0)
    return int(fits) + int(outputs_agree(plan, known, answer) is True), right, -off


def outputs_agree(plan: Plan, known: Case, answer: Answer) -> bool | None:
    """Whether the forward function returns an output of the model; None if it returns nothing of such a shape."""
    found: bool | None = None
    for v in known.program.model.outputs:
        values = [known.point.run.values.leaves[v.at(t)] for t in range(1, plan.data.T + 1)]
        ours = to_user(v, np.stack([np.broadcast_to(x, (plan.data.N, *x.shape[-2:])) for x in values]), 2)
        for theirs in answer.before.values():
            for wanted in (convert.sequence(ours, plan.layout), convert.state(ours[-1], plan.layout)):
                if theirs.shape == wanted.shape:
                    found = bool(found) or bool(np.allclose(theirs, wanted, rtol=1e-6, atol=1e-9))
    return found


def loss(known: Case) -> float | None:
    """The loss, summed over steps and samples."""
    model, point = known.program.model, known.point
    if model.loss is None:
        return None
    values = (point.weight[t - 1] * point.run.values.leaves[model.loss.target.at(t)] for t in point.losses)
    return float(sum(np.broadcast_to(v, (point.N, 1, 1)).sum() for v in values))
