"""The corpus: mistakes made in the text of emitted modules, each with the cause that should be named.

The mistakes are edits of source lines, found by their equation numbers or their form, so the corpus shares nothing with the
hypotheses of `symbptt.diagnose.hypotheses` but the names of causes. A case whose gradients are still right makes no mistake at
its point and is left out; what counts as found is decided by the names alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

import symbptt
from symbptt.data.random_values import random
from symbptt.data.values import Data
from symbptt.model.values import Model

Arrays = dict[str, np.ndarray]
MODELS = ("elman", "lstm", "gru")
SIZES = (
    {"D": 3, "H": 4, "O": 3, "K": 3, "V": 4, "T": 4, "N": 2},
    {"D": 2, "H": 3, "O": 5, "K": 4, "V": 3, "T": 5, "N": 3},
    {"D": 4, "H": 4, "O": 4, "K": 4, "V": 4, "T": 3, "N": 1},
)


@dataclass(frozen=True)
class Mistake:
    """A change of a module's text: `cause` should be named; `state` where the cause has one."""

    cause: str
    what: str
    old: str
    new: str
    state: str | None = None
    also: tuple[tuple[str, str], ...] = ()
    appended: str = ""

    def made_in(self, text: str) -> str | None:
        """The text with the mistake, or None where it no longer fits."""
        for old, new in ((self.old, self.new), *self.also):
            if old not in text:
                return None
            text = text.replace(old, new)
        return text + self.appended


@cache
def load(name: str) -> Model:
    """A model of the corpus."""
    return symbptt.load(name)


@cache
def source(name: str) -> str:
    """The textbook module of a model, with all gradients of parameters."""
    return symbptt.emit.source(load(name), style="plain").text


def _lines(text: str, pattern: str) -> list[re.Match[str]]:
    return list(re.finditer(pattern, text, re.M))


def mistakes(name: str, text: str) -> Iterator[Mistake]:
    """Every mistake of the corpus that fits a module."""
    model = load(name)
    yield from _of_carries(model, text)
    yield from _of_steps(model, text)
    yield from _of_slopes(text)
    yield from _of_factors(model, text)
    yield from _of_gates(text)
    yield from _of_loss_and_start(model, text)
    yield from _of_results(model, text)


def _of_carries(model: Model, text: str) -> Iterator[Mistake]:
    for state in model.states:
        yield Mistake("carry-dropped", f"{state.name}", f" + d_{state.name}_next ", " ", state.name)
    if len(model.states) > 1:
        first, *rest = ((f" + d_{s.name}_next ", " ") for s in model.states)
        yield Mistake("carry-dropped", "all", *first, also=tuple(rest))
    for match in _lines(text, r"^        d_(\w+)_next = (.+?)( +# .*)$"):
        summands = match[2].split(" + ")
        for i, summand in enumerate(summands) if len(summands) > 1 else ():
            rest = " + ".join(s for j, s in enumerate(summands) if j != i)
            new = match[0].replace(match[2], rest)
            yield Mistake("route-missing", f"{match[1]} without {summand}", match[0], new, match[1])
        for weight in re.findall(r"@ (W_h\w)\b(?!\.T)", match[2]):
            new = match[0].replace(f"@ {weight}", f"@ {weight}.T")
            yield Mistake("transpose-missing", weight, match[0], new, match[1])


def _of_steps(model: Model, text: str) -> Iterator[Mistake]:
    loop = "for t in reversed(range(T)):"
    for step, wrong in ((1, "for t in reversed(range(1, T)):"), ("T", "for t in reversed(range(T - 1)):")):
        yield Mistake("step-missing", f"{step}", loop, wrong)
    for window in (2, 3):
        yield Mistake("truncated", f"stretches of {window}", loop + "\n", loop + "\n" + _restart(model, window))
        yield Mistake("truncated", f"window of {window}", loop, f"for t in reversed(range(max(0, ONLY - {window} + 1), T)):",
                      appended=_PER_LOSS, also=((_ADD, _ADD + " * (t == ONLY)"),))
    yield Mistake("overwritten", "every gradient", " += d_", " = d_")
    for match in _lines(text, r"^        (grad_\w+) \+= (.+?)( +# .*)$"):
        yield Mistake("overwritten", match[1], match[0], match[0].replace("+=", "="))
        for old, new in ((" @ h[t]", " @ h[t + 1]"), (" @ h[t + 1]", " @ h[t]"), (" @ x[t]", " @ x[t - 1]"),
                         (" @ a_n_1[t]", " @ a_n_1[t - 1]")):
            if old in match[0]:
                yield Mistake("off-by-one", f"{match[1]}:{new}", match[0], match[0].replace(old, new))
    for match in _lines(text, r"^        d_f = d_c \* c\[t\].*$"):
        yield Mistake("off-by-one", "c in d_f", match[0], match[0].replace("c[t]", "c[t + 1]"))
    for match in _lines(text, r"^        d_[rz] = .*h\[t\].*$"):
        yield Mistake("off-by-one", f"h in{match[0][:12]}", match[0], match[0].replace("h[t]", "h[t + 1]"))


_ADD = "c_o[t] += _cross_entropy_slope(o[t], y[t]) * weight[t]"
_PER_LOSS = """

_whole = value_and_grad


def value_and_grad(parameters, inputs, targets, states=None):
    global ONLY
    total = 0
    for ONLY in range(len(next(iter(inputs.values())))):
        loss, gradients = _whole(parameters, inputs, targets, states)
        total = {n: g + (total[n] if total else 0) for n, g in gradients.items()}
    return loss, total
"""
"""Runs a module once for each loss step ONLY, and adds the gradients up."""


def _restart(model: Model, window: int) -> str:
    """Lines that forget the carries at the ends of stretches of steps."""
    forget = "".join(f"            d_{s.name}_next = np.zeros_like(d_{s.name}_next)\n" for s in model.states)
    return f"        if (t + 1) % {window} == 0:\n{forget}"


def _of_slopes(text: str) -> Iterator[Mistake]:
    for match in _lines(text, r"^        (d_\w+) = (d_\w+) \* \((1 - (\w+\[[^\]]+\]) \*\* 2)\)(.*)$"):
        line, y = match[0], match[4]
        yield Mistake("slope-missing", match[1], line, line.replace(f" * ({match[3]})", ""))
        yield Mistake("slope-argument", match[1], line, line.replace(match[3], f"1 - np.tanh({y}) ** 2"))
        yield Mistake("slope-wrong", f"{match[1]} of sigmoid", line, line.replace(match[3], f"{y} * (1 - {y})"))
        yield Mistake("slope-wrong", f"{match[1]} without square", line, line.replace(match[3], f"1 - {y}"))
    for match in _lines(text, r"^        (d_\w+) = (d_\w+) \* \(((\w+\[t\]) \* \(1 - \w+\[t\]\))\)(.*)$"):
        line, y = match[0], match[4]
        yield Mistake("slope-missing", match[1], line, line.replace(f" * ({match[3]})", ""))
        yield Mistake("slope-argument", match[1], line, line.replace(match[3], f"_sigmoid({y}) * (1 - _sigmoid({y}))"))
        yield Mistake("slope-wrong", f"{match[1]} of tanh", line, line.replace(match[3], f"1 - {y} ** 2"))
        yield Mistake("slope-wrong", f"{match[1]} half", line, line.replace(match[3], f"1 - {y}"))
    for match in _lines(text, r"^        d_c = (.*) \* \(1 - h_1\[t\] \*\* 2\)(.*)$"):
        yield Mistake("slope-missing", "tanh(c)", match[0], match[0].replace(" * (1 - h_1[t] ** 2)", ""))
        yield Mistake("slope-argument", "tanh(c) at c", match[0], match[0].replace("h_1[t] ** 2", "c[t + 1] ** 2"))


def _of_factors(model: Model, text: str) -> Iterator[Mistake]:
    for match in _lines(text, r"^        (d_\w+) = (d_\w+) \* (\w+\[[^\]]+\])( +# .*)$"):
        yield Mistake("factor-missing", match[1], match[0], match[0].replace(f" * {match[3]}", ""))
    for match in _lines(text, r"^        (grad_W_h(?!o)\w+) \+= (\w+)\.T @ (\w+\[[^\]]+\])( +# .*)$"):
        turned = match[0].replace(f"{match[2]}.T @ {match[3]}", f"{match[3]}.T @ {match[2]}")
        yield Mistake("transpose-missing", match[1], match[0], turned)


def _of_gates(text: str) -> Iterator[Mistake]:
    gates = list(dict.fromkeys(m[1] for m in _lines(text, r"^        d_(a_[a-z]) = .*$")))
    for match in _lines(text, r"^        d_(a_[a-z]) = (.+?)( +# .*)$"):
        yield Mistake("gate-missing", match[1], match[0], match[0].replace(match[2], f"0 * ({match[2]})"))
    if len(gates) > 1:
        first = _lines(text, r"^        grad_W_x\w \+= .*$")
        for a, b in pairwise(gates):
            swap = f"        d_{a}, d_{b} = d_{b}, d_{a}\n"
            yield Mistake("gates-permuted", f"{a} and {b}", first[0][0], swap + first[0][0])


def _of_loss_and_start(model: Model, text: str) -> Iterator[Mistake]:
    add = _ADD
    yield Mistake("last-loss-only", "", add, add + " * (t == T - 1)")
    for step in (1, 2):
        yield Mistake("loss-missing", f"{step}", add, add + f" * (t != {step - 1})")
    slope = "y.sum(axis=-1, keepdims=True) * _softmax(o) - y"
    for what, wrong in (("no softmax", "o - y"), ("no target", "_softmax(o)"), ("diagonal", "-y * (1 - _softmax(o))"),
                        ("twice", "(_softmax(o) - y) * _softmax(o) * (1 - _softmax(o))")):
        yield Mistake("loss-slope", what, slope, wrong)
    for state in model.states:
        name = state.name
        line = f'    {name} = residuals["{name}"]\n'
        yield Mistake("initial-state-ignored", name, line, line + f"    {name} = {name}.copy()\n    {name}[0] = 0\n", name)
        for what, rows in (("", "1:"), (" with its start", ":")):
            old = f"    {name} = {name}.copy()\n    {name}[{rows}] = {name}[-1]\n"
            yield Mistake("stale-buffer", name + what, line, line + old, name)
        yield Mistake("stale-buffer", f"carry of {name}", f"d_{name}_next = d_", f"d_{name}_next = d_{name}_next + d_", name)
        start = f'_initial(states, "{name}",'
        yield Mistake("initial-state-ignored", f"{name} forward", start, start.replace("states", "{}"), name)


def _of_results(model: Model, text: str) -> Iterator[Mistake]:
    for match in _lines(text, r"^        (grad_b_\w+) \+= (\w+)\.sum\(axis=0\)( +# .*)$"):
        yield Mistake("bias-not-summed", f"{match[1]} over the batch", match[0], match[0].replace(".sum(axis=0)", "[0]"))
        yield Mistake("bias-not-summed", f"{match[1]} over time", match[0], match[0].replace("+=", "="))
    for match in _lines(text, r'^        "(\w+)": _as\((grad_\w+), \w+\),$'):
        if match[1].startswith("W_h"):
            yield Mistake("clipped", match[1], match[0], match[0].replace(match[2], f"np.clip({match[2]}, -0.05, 0.05)"))
    yield Mistake("clipped", "every gradient", "    return gradient.astype(", "    gradient = np.clip(gradient, -0.03, 0.03)\n"
                  "    return gradient.astype(")


def module(text: str) -> ModuleType:
    """A module of a text."""
    made = ModuleType("corpus_case")
    exec(compile(text, "corpus_case.py", "exec"), made.__dict__)
    return made


def data(name: str, size: dict[str, int], seed: int) -> Data:
    """A point of a size."""
    model = load(name)
    return random(model, {d: size[d] for d in model.dimensions}, T=size["T"], N=size["N"], seed=seed)


def gradients(text: str, at: Data) -> Arrays | None:
    """What a module returns at a point; None if it fails there."""
    try:
        _, found = module(text).value_and_grad(at.parameters, at.inputs, at.targets, at.states)
    except (ValueError, IndexError, KeyError, TypeError):
        return None
    return {n: np.asarray(a) for n, a in found.items()}


def arguments(at: Data) -> dict[str, Any]:
    """A point as a diagnosis takes it."""
    return {"parameters": at.parameters, "inputs": at.inputs, "targets": at.targets, "states": at.states}
