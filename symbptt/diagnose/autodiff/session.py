"""The runs of a function whose gradients a library reads off: the layouts are tried as those of any function."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.data.values import Data
from symbptt.diagnose.autodiff.answering import gradient
from symbptt.diagnose.autodiff.declared import result_names, twins
from symbptt.diagnose.autodiff.precision import rounded
from symbptt.diagnose.autodiff.runner import Runner, limits
from symbptt.diagnose.submission import convert, guarded
from symbptt.diagnose.submission.arguments import Call
from symbptt.diagnose.submission.drawn_data import T
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.plans import Plan, without_steps
from symbptt.diagnose.submission.results import results
from symbptt.diagnose.submission.session import Attempt, Session
from symbptt.model.values import Model

_STEP = 1e-5


class Functions(Session):
    """The session of one function in one precision; arguments are rounded to what `table.dtype` holds."""

    of_file = False

    def __init__(self, model: Model, runner: Runner, calls: Sequence[Call], table: Table, kind: str) -> None:
        super().__init__(model, calls[0].source.path, calls, table, limits())
        self._runner, self.kind = runner, kind
        self.passed: set[str] = set()
        """Results that nothing says what they are; their cotangents are zero."""

    def drawn(self, samples: int, sizes: Mapping[str, int], seed: int = 7, steps: int = T) -> Data:
        return rounded(super().drawn(samples, sizes, seed, steps), self.table.dtype)

    def carried_out(self, plans: Sequence[Plan], orders: Sequence[dict[str, Any]], arrays: Mapping[str, Array]) -> guarded.Run:
        names = (result_names(plan.call, self.table) for plan in plans)
        own = [{**order, "results": n, "kind": self.kind} for order, n in zip(orders, names, strict=True)]
        run = self._runner.run(own, arrays)
        self.passed |= {n for p, a in zip(plans, run.answers, strict=False) for n in a.before if n not in p.call.arguments}
        answers = (replace(a, before=_in_our_layout(p, a.before), kinds=_judged(p, a.kinds))
                   for p, a in zip(plans, run.answers, strict=False))
        return replace(run, answers=tuple(answers))

    def fits_itself(self, best: Attempt) -> dict[str, bool]:
        """Whether each gradient is that of their own forward pass, by a central difference along a random direction."""
        rng = np.random.default_rng(11)
        names = [n for n, g in best.found.gradients.items() if g.shape == best.case.right[n].shape and g.dtype.kind == "f"]
        sides: list[Data] = []
        slopes: list[float] = []
        for name in names:
            variable, gradient = self.model[name], best.found.gradients[name]
            value = best.plan.data.value(variable)
            direction = rng.standard_normal(value.shape)
            slopes.append(float(np.vdot(gradient, direction)))
            sides += [best.plan.data.having(variable, value + sign * _STEP * direction) for sign in (1, -1)]
        arrays: dict[str, Array] = {}
        plans = [replace(best.plan, data=data) for data in sides]
        orders = [plan.order_form(f"p{i}_", arrays) for i, plan in enumerate(plans)]
        run = self.carried_out(plans, orders, arrays)
        values = [_objective(p, a) for p, a in zip(plans, run.answers, strict=False)]
        measured = [(one - other) / (2 * _STEP) for one, other in zip(values[::2], values[1::2], strict=False)]
        return {n: abs(s - m) <= 1e-4 * max(abs(s), abs(m), 1e-3) for n, s, m in zip(names, slopes, measured, strict=False)}

    def gradients(self, plan: Plan) -> tuple[Mapping[str, Array], str]:
        """The gradients in this session's precision, called as in a plan, and what it failed with."""
        arrays: dict[str, Array] = {}
        run = self.carried_out([plan], [plan.order_form("p", arrays)], arrays)
        if not run.answers:
            return {}, run.ended
        answer = run.answers[0]
        return results(plan, answer.first, answer.kinds).gradients, answer.fault


def unlike_twins(best: Attempt) -> list[tuple[str, str]]:
    """Biases that are added to each other, and whose gradients differ."""
    first, arguments = best.answer.first, best.plan.call.arguments
    found = ((n, of, first.get(gradient(n, arguments)), first.get(gradient(of, arguments)))
             for n, of in twins(best.plan.call).items())
    return [(n, of) for n, of, mine, theirs in found
            if mine is not None and theirs is not None and not np.allclose(mine, theirs, rtol=1e-6, atol=1e-9)]


def _judged(plan: Plan, kinds: Mapping[str, str]) -> dict[str, str]:
    """The results but for gradients of what has a twin: they are held against each other."""
    second = {gradient(n, plan.call.arguments) for n in twins(plan.call)}
    return {n: kind for n, kind in kinds.items() if n not in second}


def _in_our_layout(plan: Plan, before: Mapping[str, Array]) -> dict[str, Array]:
    """The results by the model's names, in our order of axes, those of the last step as "S at T"."""
    found: dict[str, Array] = {}
    for name, array in before.items():
        meaning = plan.call.arguments.get(name)
        if meaning is None or meaning.kind != "cotangent":
            continue
        variable, ours = plan.model[meaning.name], plan.data.cotangents[meaning.name].shape
        layout = plan.layout_of(name)
        if plan.at_last(meaning):
            layout = replace(layout, axes=without_steps(layout.axes))
            found[f"{meaning.name} at T"] = convert.restored(array, variable, "N", ours[1:], layout, plan.batch)
        else:
            found[meaning.name] = convert.restored(array, variable, "TN", ours, layout, plan.batch)
    return found


def _objective(plan: Plan, answer: guarded.Answer) -> float:
    """The sum of cotangents times results."""
    total = 0.0
    for name, array in answer.before.items():
        cotangent = plan.data.cotangents[name.removesuffix(" at T")]
        total += float(np.sum((cotangent[-1] if name.endswith(" at T") else cotangent) * array))
    return total
