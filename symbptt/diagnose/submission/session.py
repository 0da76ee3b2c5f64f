"""The runs of one function of somebody's file, in every layout that is open; the evidence of the forward pass decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from math import prod
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.data.classes import takes_classes
from symbptt.data.values import Data
from symbptt.diagnose.case import Case, case
from symbptt.diagnose.submission import guarded
from symbptt.diagnose.submission.agreement import Fit, Forward, counts, fit
from symbptt.diagnose.submission.arguments import Call
from symbptt.diagnose.submission.drawn_data import N, T, draw
from symbptt.diagnose.submission.guarded import Answer, Limits
from symbptt.diagnose.submission.guess import of_vocabulary
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.meaning import Layout
from symbptt.diagnose.submission.plans import Plan, batch, ends
from symbptt.diagnose.submission.results import Results, results
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role

ROUNDS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("TND", "NTD", "DNT"), ("column", "row"), ("H",), ("float", "array")),
    (("TND", "NTD", "DNT", "NDT", "TDN", "DTN"), ("column", "row"), ("H", "H1", "1H"), ("float", "array")),
    (("TD", "TD1", "DT", "T1D"), ("column", "row"), ("H", "H1", "1H"), ("float", "array")),
)
"""Layouts in the order in which they are tried: axes, weights, biases, scalars. Several samples go before one."""
LAYOUT_FAULTS = ("ValueError", "IndexError", "TypeError", "KeyError", "AttributeError", "AxisError", "AssertionError",
                 "RuntimeError")
"""Errors that another layout may not raise."""
MAX_GATES = 4
"""Up to this many gates every order is tried."""


@dataclass(frozen=True)
class Attempt:
    """A plan with its answer, and how well it fits."""

    plan: Plan
    case: Case
    answer: Answer
    found: Results
    fit: Fit

    @property
    def fits(self) -> bool:
        """Whether this is the layout: the forward pass comes out as the model's, and gradients have their shapes."""
        return self.fit.complete and self.fit.forward is Forward.AGREES and not self.fit.wrong_loss


class Session:
    """The runs of one function; points of the model are kept by their data."""

    of_file = True
    """Whether every call reads the file anew, so that an edited copy can be run."""

    def __init__(self, model: Model, path: Path, calls: Sequence[Call], table: Table, limits: Limits) -> None:
        made = calls[0]
        self.by_cotangents = made.uses("cotangent")
        targets = {v.name for v in model.of(Role.TARGET)}
        reads = any(m.kind == "sequence" and m.name in targets for m in made.meanings.values()) or made.uses("target")
        if not self.by_cotangents and not reads and (targets or model.loss is None):
            raise BadInput(
                f"{path}: {made.function.full} takes neither targets nor cotangents of the outputs (as dh), so what it should "
                'return is unknown; say it in a mapping: [names] NAME = "cotangent '
                f'{model.outputs[0].name}"' + (f' or "{min(targets)}"' if targets else "")
            )
        sizes = of_vocabulary(model, {n: m.name for n, m in made.meanings.items() if m.kind == "size"})
        self.model, self.path, self.calls, self.limits = model, path, calls, limits
        self.table = replace(table, sizes={**sizes, **table.sizes})
        self._data: dict[int, Data] = {}
        self._cases: dict[tuple[object, ...], Case] = {}
        self.run: guarded.Run | None = None
        self.tried = 0
        """Layouts for which a call came back."""
        self.rivals: tuple[Attempt, ...] = ()
        self.alike: tuple[Attempt, ...] = ()
        """Layouts that fit as well and in which fewer gradients are right."""
        """Attempts that fit as well as the best one and say something else."""
        self.larger: Attempt | None = None
        """Where the best attempt is of one sample: one of several that came back, but with another forward pass."""
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

    def drawn(self, samples: int, sizes: Mapping[str, int], seed: int = 7, steps: int = T) -> Data:
        """Another draw of data, with these sizes of dimensions."""
        return draw(self.model, self.table.T or steps, samples, self.one_hot, sizes, seed)

    @property
    def one_hot(self) -> frozenset[str]:
        """The inputs that their function takes as classes."""
        own = self.table.own
        return frozenset(m.name for n, m in self.call.meanings.items()
                         if n in own and own[n].classes and self.model[m.name].role is Role.INPUT)

    def with_classes(self) -> Session | None:
        """The same with inputs as integer classes, where vectors are given and nothing is said of them: an embedding is read by
        its rows, and code that does so runs with integers only. None if no time is left for it."""
        given = (n for n, m in self.call.meanings.items() if m.kind == "sequence" and self.model[m.name].role is Role.INPUT)
        names = [n for n in given if n not in self.table.own and self.model[self.call.meanings[n].name].shape]
        if not names or self._left <= 0:
            return None
        own = {**self.table.own, **dict.fromkeys(names, replace(self.table.layout, classes=True))}
        made = type(self)
        return made(self.model, self.path, self.calls, replace(self.table, own=own), replace(self.limits, seconds=self._left))

    def case(self, plan: Plan, way: str) -> Case:
        """The right gradients for a plan, of a loss that is taken in one of the ways of a mapping."""
        key = plan.data.T, plan.data.N, way, _lasts(plan)
        if key not in self._cases:
            self._cases[key] = self.right(plan, way)
        return self._cases[key]

    def right(self, plan: Plan, way: str) -> Case:
        """The same for a plan with any data."""
        data, last = plan.data, {*_lasts(plan), *(v.name for v in self.model.states if plan.ends_with(v))}
        weights = np.full(data.T, 1 / counts(data.T, data.N)[way])
        weighed = self._given("cotangent", "cotangents", data.cotangents)
        outside = {"cotangents": {n: _ended(a) if n in last else a for n, a in weighed.items()}}
        given = outside if self.by_cotangents else {"targets": data.targets, "weights": weights}
        return self.evaluated(data, self._given("state", "states", data.states), **given)

    def evaluated(self, data: Data, states: Mapping[str, Array], **given: Any) -> Case:
        """The model at data, with these states and what is given for its loss or its outputs."""
        return case(self.model, T=data.T, parameters=data.parameters, inputs=data.inputs, states=states, **given)

    def ask(self, plan: Plan, data: Sequence[Data]) -> list[Mapping[str, Array]]:
        """The gradients that their function gives at other data, called as in a plan; fewer if its time is over."""
        return [found.gradients for found in self._asked(plan, data)]

    def losses(self, plan: Plan, data: Sequence[Data]) -> Array | None:
        """The losses that their function returns at other data; None unless it returns one for each."""
        found = [r.loss for r in self._asked(plan, data)]
        return None if len(found) < len(data) or None in found else np.array(found, float)

    def _asked(self, plan: Plan, data: Sequence[Data]) -> list[Results]:
        arrays: dict[str, Array] = {}
        plans = [replace(plan, data=d) for d in data]
        orders = [p.order_form(f"p{i}_", arrays) for i, p in enumerate(plans)]
        run = self.carried_out(plans, orders, arrays)
        return [results(p, a.first, a.kinds) for p, a in zip(plans, run.answers, strict=False)]

    def carried_out(self, plans: Sequence[Plan], orders: Sequence[dict[str, Any]], arrays: Mapping[str, Array]) -> guarded.Run:
        """The answers to plans, which are handed over as orders."""
        return guarded.run(self.path, orders, arrays, replace(self.limits, seconds=max(self._left, 1.0)))

    def _given(self, kind: str, group: str, arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        """The arrays that their function is given; others are zero."""
        named = {m.name for m in self.call.meanings.values() if m.kind == kind}
        whole = any(m.kind == "group" and m.name == group for m in self.call.meanings.values())
        return arrays if whole else {n: a for n, a in arrays.items() if n in named}

    def plans(self, call: Call, choices: Sequence[Sequence[str]]) -> Iterator[Plan]:
        """The plans of a call in some layouts, the gates in the model's order."""
        wanted = self.table.layout
        axes, weights, bias, scalars = (
            [said] if said else some
            for said, some in zip((wanted.axes, wanted.weights, wanted.bias, wanted.scalars), choices, strict=True)
        )
        scalars = scalars if any(not v.shape for v in self.model.parameters) else scalars[:1]
        classes = [wanted.classes] if wanted.classes is not None else self._forms()
        for a, w, b, s, c in product(axes, weights, bias, scalars, classes):
            layout = Layout(a, w, b, bool(wanted.listed), c, s)
            yield Plan(call, layout, self.data(self._samples(layout)), self.model, self.table)

    def _samples(self, layout: Layout) -> int:
        several = batch(self.table, self.model)
        return prod(several.values()) if several else (self.table.N or N) if layout.batched else 1

    def _forms(self) -> list[bool | None]:
        targets = [v for v in self.model.of(Role.TARGET) if takes_classes(self.model, v)]
        return [None, False] if targets and not self.by_cotangents else [None]

    def _in_other_orders(self, attempt: Attempt) -> Iterator[Plan]:
        """The plan with the gates in every order, and [x, h] for [h, x], where a guessed name stands for several."""
        guessed = [m for n, m in attempt.plan.call.meanings.items() if m.kind == "blocks" and n not in self.table.names]
        most = max((len(m.blocks) for m in guessed), default=1)
        orders = [*permutations(range(most))] if 1 < most <= MAX_GATES else [()]
        swaps = [False, True] if any(len(m.blocks[0]) > 1 for m in guessed) else [False]
        for order, swapped in [*product(orders, swaps)][1:]:
            yield replace(attempt.plan, order=order, swapped=swapped)

    def best(self) -> Attempt | None:
        """The attempt with the most evidence of its forward pass; None if no call came back.

        Of several with as much evidence the first in the order of `ROUNDS` is taken: the axes of emitted code go before others.
        `rivals` are those of them in which something is right that is not in the first; the verdict would be another there.
        """
        found: list[Attempt] = []
        for choices, call in product(ROUNDS, self.calls):
            found += self._round(call, choices, any(a.fit.complete and a.fit.batched for a in found))
            if any(a.fits for a in found) or (self.run and self.run.ended):
                break
            if found and not any(a.found.gradients or a.answer.fault.startswith(LAYOUT_FAULTS) for a in found):
                break
        self.tried = len(found)
        own = any(a.answer.fault and a.fit.forward is Forward.AGREES for a in found)
        if any(a.found.gradients and (a.fit.forward is Forward.AGREES or not own) for a in found):
            top = max(a.fit.rank for a in found)
            best = [a for a in found if a.fit.rank == top]
            self.rivals = tuple(a for a in best if not a.fit.right <= best[0].fit.right)
            self.alike = tuple(a for a in best[1:] if a.fit.right < best[0].fit.right)
            several = [a for a in found if a.plan.data.N > 1 and a.fit.complete and a.fit.agreed]
            self.larger = next((a for a in several if best[0].plan.data.N == 1), None)
            return best[0]
        # Where every call failed, one behind a forward pass that is the model's failed in the right layout, and the one that came
        # farthest for a reason of theirs. Of others one that came back goes before, then one that no layout may cause, then the
        # commonest.
        faults = Counter(a.answer.fault for a in found)

        def telling(a: Attempt) -> tuple[Any, ...]:
            fault = a.answer.fault
            far = len(a.answer.held) if a.fit.forward is Forward.AGREES else 0
            return far, not fault, a.fit.forward, not fault.startswith(LAYOUT_FAULTS), faults[fault]

        return max(found, key=telling, default=None)

    def _round(self, call: Call, choices: Sequence[Sequence[str]], ordered: bool = False) -> list[Attempt]:
        """The layouts of a round, as far as none fits: whole sequences, then cotangents and targets of the last step alone, then
        gates in other orders. An order leaves shapes as they are, so it is open only where gradients came back in theirs, and
        not again once it was tried with several samples."""
        plans = [*self.plans(call, choices)]
        found = self.attempts(plans)
        if any(ends(m, self.model) and not m.last for m in call.meanings.values()) and self._open(found):
            found += self.attempts([replace(plan, last=True) for plan in plans])
        others = [p for a in found if a.fit.complete and not ordered for p in self._in_other_orders(a)]
        return found + (self.attempts(others) if others and self._open(found) else [])

    def _open(self, found: Sequence[Attempt]) -> bool:
        return not any(a.fits for a in found) and not (self.run and self.run.ended)

    def attempts(self, plans: list[Plan]) -> list[Attempt]:
        """Run plans that differ, and look at their answers."""
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
        self.run = self.carried_out(distinct, orders, arrays)
        self._left -= monotonic() - begun
        return [self._attempt(p, a) for p, a in zip(distinct, self.run.answers, strict=False)]

    def _attempt(self, plan: Plan, answer: Answer) -> Attempt:
        known = self.case(plan, self.table.loss)
        found = results(plan, answer.first, answer.kinds)
        return Attempt(plan, known, answer, found, fit(known, answer, found))


def _lasts(plan: Plan) -> tuple[str, ...]:
    """The outputs whose cotangents are those of the last step alone."""
    return tuple(sorted(m.name for m in plan.call.meanings.values() if m.kind == "cotangent" and plan.at_last(m)))


def _ended(array: Array) -> Array:
    """The last step alone, the others zero."""
    made = np.zeros_like(array)
    made[-1] = array[-1]
    return made
