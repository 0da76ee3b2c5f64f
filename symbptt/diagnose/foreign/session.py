"""The runs of one function of somebody's file, in every layout that is open; the one that fits best is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.foreign import guarded
from symbptt.diagnose.foreign.calls import Call
from symbptt.diagnose.foreign.draw import N, T, draw
from symbptt.diagnose.foreign.fit import counts, score
from symbptt.diagnose.foreign.guarded import Answer, Limits
from symbptt.diagnose.foreign.mapping import Table
from symbptt.diagnose.foreign.meaning import Layout
from symbptt.diagnose.foreign.plans import Plan
from symbptt.diagnose.foreign.results import Results, results
from symbptt.diagnose.problem import Case, case
from symbptt.errors import BadInput
from symbptt.model.arrays import takes_classes
from symbptt.model.values import Model, Role
from symbptt.verify.data import Data

FIRST = (("TND", "NTD", "DNT"), ("column", "row"), ("H",))
"""Layouts that are tried first: axes, weights, biases."""
ALL = (("TND", "NTD", "DNT", "NDT", "TDN", "DTN", "TD", "TD1", "DT", "T1D"), ("column", "row"), ("H", "H1", "1H"))
LAYOUT_FAULTS = ("ValueError", "IndexError", "TypeError", "KeyError", "AttributeError", "AxisError", "AssertionError")
"""Errors that another layout may not raise."""
MAX_GATES = 4
"""Up to this many gates every order is tried."""


@dataclass(frozen=True)
class Attempt:
    """A plan with its answer, and how well it fits: the loss, the gradients that are right, and the rest's distance."""

    plan: Plan
    case: Case
    answer: Answer
    found: Results
    score: tuple[int, int, float]

    @property
    def fits(self) -> bool:
        """Whether this is the layout: the forward pass comes out as the model's, or every gradient does."""
        return bool(self.found.gradients) and (self.score[0] > 0 or self.score[1] == len(self.found.gradients))


class Session:
    """The runs of one function; points of the model are kept by their data."""

    def __init__(self, model: Model, path: Path, calls: Sequence[Call], table: Table, limits: Limits) -> None:
        made = calls[0]
        self.by_cotangents = made.uses("cotangent")
        targets = {v.name for v in model.of(Role.TARGET)}
        reads = any(m.kind == "sequence" and m.name in targets for m in made.meanings.values()) or made.uses("target")
        if not self.by_cotangents and not reads:
            raise BadInput(
                f"{path}: {made.function.name} takes neither targets nor cotangents of the outputs (as dh), so what it should "
                "return is unknown; name them in a mapping"
            )
        self.model, self.path, self.calls, self.table, self.limits = model, path, calls, table, limits
        self._data: dict[int, Data] = {}
        self._cases: dict[tuple[int, str], Case] = {}
        self.run: guarded.Run | None = None
        self.tried = 0
        """Layouts for which a call came back."""
        self._left = limits.seconds

    @property
    def call(self) -> Call:
        """How their function is called, but for what its parameters are."""
        return self.calls[0]

    def data(self, samples: int) -> Data:
        """Data with this many samples."""
        if samples not in self._data:
            self._data[samples] = self.drawn(samples, self.table.sizes)
        return self._data[samples]

    def drawn(self, samples: int, sizes: Mapping[str, int], seed: int = 7) -> Data:
        """Another draw of data, with these sizes of dimensions."""
        return draw(self.model, self.table.T or T, samples, self.one_hot, sizes, seed)

    @property
    def one_hot(self) -> frozenset[str]:
        """The inputs that their function takes as classes."""
        own = self.table.own
        return frozenset(m.name for n, m in self.call.meanings.items()
                         if n in own and own[n].classes and self.model[m.name].role is Role.INPUT)

    def case(self, data: Data, way: str) -> Case:
        """The right gradients there, of a loss that is taken in one of the ways of a mapping."""
        key = data.N, way
        if key not in self._cases:
            self._cases[key] = self.right(data, way)
        return self._cases[key]

    def right(self, data: Data, way: str) -> Case:
        """The same for any data."""
        weights = np.full(data.T, 1 / counts(data.T, data.N)[way])
        outside = {"cotangents": self._given("cotangent", "cotangents", data.cotangents)}
        return case(
            self.model, parameters=data.parameters, inputs=data.inputs, states=self._given("state", "states", data.states),
            T=data.T, **(outside if self.by_cotangents else {"targets": data.targets, "weights": weights}),
        )

    def ask(self, plan: Plan, data: Sequence[Data]) -> list[Mapping[str, Array]]:
        """The gradients that their function gives at other data, called as in a plan; fewer if its time is over."""
        arrays: dict[str, Array] = {}
        plans = [replace(plan, data=d) for d in data]
        orders = [p.order_form(f"p{i}_", arrays) for i, p in enumerate(plans)]
        run = guarded.run(self.path, orders, arrays, replace(self.limits, seconds=max(self._left, 1.0)))
        return [results(p, a.first, a.kinds).gradients for p, a in zip(plans, run.answers, strict=False)]

    def _given(self, kind: str, group: str, arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        """The arrays that their function is given; others are zero."""
        named = {m.name for m in self.call.meanings.values() if m.kind == kind}
        whole = any(m.kind == "group" and m.name == group for m in self.call.meanings.values())
        return arrays if whole else {n: a for n, a in arrays.items() if n in named}

    def plans(self, call: Call, choices: Sequence[Sequence[str]]) -> Iterator[Plan]:
        """The plans of a call in some layouts."""
        wanted = self.table.layout
        axes = [wanted.axes] if wanted.axes else choices[0]
        weights = [wanted.weights] if wanted.weights else choices[1]
        bias = [wanted.bias] if wanted.bias else choices[2]
        classes = [wanted.classes] if wanted.classes is not None else self._forms()
        for order, swapped, a, w, b, c in product(self._orders(call), self._swaps(call), axes, weights, bias, classes):
            samples = (self.table.N or N) if "N" in a else 1
            layout = Layout(a, w, b, bool(wanted.listed), c)
            yield Plan(call, layout, self.data(samples), self.model, self.table, order, swapped)

    def _forms(self) -> list[bool | None]:
        targets = [v for v in self.model.of(Role.TARGET) if takes_classes(self.model, v)]
        return [None, False] if targets and not self.by_cotangents else [None]

    def _orders(self, call: Call) -> list[tuple[int, ...]]:
        """Orders of the gates, where a guessed name stands for several."""
        counts = {len(m.blocks) for n, m in call.meanings.items() if m.kind == "blocks" and n not in self.table.names}
        most = max(counts, default=1)
        return [*permutations(range(most))] if 1 < most <= MAX_GATES else [()]

    def _swaps(self, call: Call) -> list[bool]:
        guessed = (m for n, m in call.meanings.items() if m.kind == "blocks" and n not in self.table.names)
        return [False, True] if any(len(m.blocks[0]) > 1 for m in guessed) else [False]

    def best(self) -> Attempt | None:
        """The attempt that fits best; None if no call came back."""
        found: list[Attempt] = []
        for choices, call in product((FIRST, ALL), self.calls):
            found += self.attempts([*self.plans(call, choices)])
            if any(a.fits for a in found) or (self.run and self.run.ended):
                break
            if found and not any(a.found.gradients or a.answer.fault.startswith(LAYOUT_FAULTS) for a in found):
                break
        self.tried = len(found)
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
        begun = monotonic()
        self.run = guarded.run(self.path, orders, arrays, replace(self.limits, seconds=max(self._left, 1.0)))
        self._left -= monotonic() - begun
        return [self._attempt(p, a) for p, a in zip(distinct, self.run.answers, strict=False)]

    def _attempt(self, plan: Plan, answer: Answer) -> Attempt:
        known = self.case(plan.data, self.table.loss)
        found = results(plan, answer.first, answer.kinds)
        return Attempt(plan, known, answer, found, score(plan, known, answer, found))
