"""Check a formula: under which circumstances it holds, which edit repairs it, and which of its terms differ."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, pairwise, product

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.derive.recursion import recursion
from symbptt.diagnose import factors
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import RIGHT, SCALED, WRONG, Finding, Suspect
from symbptt.diagnose.formula import pairs, written
from symbptt.diagnose.formula.edits import FAMILIES, PAIRED, Around, edits
from symbptt.diagnose.formula.meaning import Unfit, value
from symbptt.diagnose.formula.world import REGIMES, World
from symbptt.diagnose.formula.written import Formula
from symbptt.errors import BadInput
from symbptt.model.read import load
from symbptt.model.values import Model

STEPS = 4
SEEDS = (1, 2)
MAX_TRIED = 8000
"""Repairs that are tried."""
_EQUAL = 1e-8
_ONLY = {1: "zero-start-only", 2: "scalars-only", 3: "scalars-only"}


@dataclass(frozen=True)
class _Sides:
    """Both sides for every value of the free indices, flat; why they cannot be compared, if they cannot."""

    left: Array
    right: Array
    fault: str = ""

    @property
    def error(self) -> float:
        """The largest difference, relative to the size of the left side."""
        if self.fault or not np.isfinite(self.right).all():
            return float("inf")
        size = np.abs(self.left).max(initial=0.0)
        return float(np.abs(self.left - self.right).max(initial=0.0) / (size if size > 1e-9 else 1.0))


def check_formula(model: Model | str, text: str) -> Diagnosis:
    """Say whether a formula left = right holds for a model, and if not, what to change.

    The left side is dW for the gradient of a parameter (dx[k] and dh[0] for an input and an initial state), or D(u, v). Names
    of steps on the left that nothing binds stand for every step; of several the first is the largest. Raises BadInput for what
    is no formula.
    """
    known = load(model) if isinstance(model, str) else model
    if known.loss is None:
        raise BadInput(f"{known.name} has no loss; choose one with --loss")
    formula = written.read(text)
    worlds = [[World(known, regime, STEPS, seed) for seed in SEEDS] for regime in REGIMES]
    finding = _finding(formula, known, worlds)
    return Diagnosis(known, (finding,), (f"checked with numbers at T = {STEPS}, in double precision",))


def _finding(formula: Formula, model: Model, worlds: list[list[World]]) -> Finding:
    name = _name(formula.left, model)
    sides = [_sides(formula, world) for world in worlds[0]]
    error = max(s.error for s in sides)
    if error <= _EQUAL:
        return Finding(name, RIGHT, error)
    factor = _factor(sides)
    if factor is not None:
        cause = factors.cause(name, factor, {"T": STEPS})
        return Finding(name, SCALED, error, (Suspect(cause, True),), factor)
    suspects: list[Suspect] = []
    note = ""
    holds = next((i for i in range(1, len(REGIMES)) if all(_holds(formula, w) for w in worlds[i])), None)
    if holds is not None:
        note = f"It holds {REGIMES[holds].words}."
        suspects.append(Suspect(Cause(_ONLY[holds], None, "", 0, (("when", REGIMES[holds].words),)), True, 0.0, 0))
    elif sides[0].fault:
        suspects.append(Suspect(Cause("shapes-unfit", None, "", 0, (("fault", sides[0].fault),)), True, 0.0, 0))
    for number, (causes, repaired) in enumerate(_repairs(formula, model, worlds[:holds], holds is None), start=1):
        suspects += [Suspect(cause, True, 0.0, number) for cause in causes]
        note = f"{note} It should read {repaired}.".strip() if number == 1 else note
    number = _number(formula.left, model)
    suspects = [replace(s, cause=replace(s.cause, number=number)) for s in suspects]
    differing = {} if sides[0].fault else pairs.differing(formula, worlds[0][0])
    return Finding(name, WRONG, error, tuple(suspects), differing=differing, note=note)


def _name(left: ast.expr, model: Model) -> str:
    """The variable that the left side is the gradient of, else the left side as it stands."""
    text = ast.unparse(left)
    variables = {v.name for v in model.variables}
    return text[1:] if text[:1] == "d" and text[1:] in variables and text not in variables else text


def _number(left: ast.expr, model: Model) -> int:
    """The number of the equation that the derivation has for the left side, 0 if it has none."""
    base = left.value if isinstance(left, ast.Subscript) else left
    name = base.id[1:] if isinstance(base, ast.Name) and base.id.startswith("d") else ""
    derived = recursion(model)
    return next((e.number for e in (*derived.adjoints, *derived.gradients) if e.variable.name == name), 0)


def _repairs(
    formula: Formula, model: Model, worlds: list[list[World]], pairs_too: bool
) -> Iterator[tuple[tuple[Cause, ...], str]]:
    """Edits, one or two, after which the formula holds, in the most general circumstances for which there is one."""
    for group in worlds:
        seen: set[str] = set()
        for causes, right in islice(_candidates(formula, model, pairs_too), MAX_TRIED):
            if seen and len(causes) > 1:
                break
            repaired = formula.having(right)
            if causes[0].name not in seen and all(_holds(repaired, world) for world in group):
                seen.add(causes[0].name)
                yield causes, str(repaired)
        if seen:
            return


def _candidates(formula: Formula, model: Model, pairs_too: bool) -> Iterator[tuple[tuple[Cause, ...], ast.expr]]:
    """Right sides one edit away, then those that two edits of the commonest kinds make."""
    around = Around(model, tuple(_free(formula.left)))
    for edit in edits(formula.right, around, FAMILIES):
        yield (edit.cause,), edit.right
    for first in edits(formula.right, around, PAIRED) if pairs_too else ():
        for second in edits(first.right, around, PAIRED):
            yield (first.cause, second.cause), second.right


def _holds(formula: Formula, world: World) -> bool:
    try:
        return _sides(formula, world).error <= _EQUAL
    except BadInput:
        return False


def _factor(sides: list[_Sides]) -> float | None:
    """The one number by which the right side differs from the left."""
    if any(s.fault or not np.isfinite(s.right).all() for s in sides):
        return None
    left, right = np.concatenate([s.left for s in sides]), np.concatenate([s.right for s in sides])
    found = factors.factor(right, left)
    size = max(np.abs(left).max(initial=0.0), 1e-12)
    if len(left) < 3 or abs(found) < 1e-6 or np.abs(right - found * left).max() > _EQUAL * size * max(1.0, abs(found)):
        return None
    return found


def _free(left: ast.expr) -> list[str]:
    """The names of steps on the left side, in order."""
    names = [x.id for n in ast.walk(left) if isinstance(n, ast.Subscript) for x in ast.walk(n.slice) if isinstance(x, ast.Name)]
    return [n for n in dict.fromkeys(names) if n != "T"]


def _assignments(names: list[str], T: int) -> Iterator[Mapping[str, int]]:
    for steps in product(range(1, T + 1), repeat=len(names)):
        if all(a >= b for a, b in pairwise(steps)):
            yield dict(zip(names, steps, strict=True))


def _sides(formula: Formula, world: World) -> _Sides:
    lefts, rights = [], []
    for indices in _assignments(_free(formula.left), world.T):
        try:
            left = value(formula.left, world, indices)
        except Unfit as fault:
            raise BadInput(f"{written.PLACE}: the left side: {fault}; formulas are tried at T = {world.T}") from None
        try:
            right = value(formula.right, world, indices)
        except Unfit as fault:
            return _Sides(np.zeros(0), np.zeros(0), str(fault))
        if right.size == 1 and left.size > 1:
            # A sum or product without terms is a number: zero, or one times the identity.
            right = right.item() * np.eye(*left.shape)
        if right.shape != left.shape and not (right.size == left.size and 1 in (len(left), len(right))):
            return _Sides(np.zeros(0), np.zeros(0), f"the right side has the shape {right.shape}, the left side {left.shape}")
        lefts.append(left.ravel())
        rights.append(right.ravel())
    return _Sides(np.concatenate(lefts), np.concatenate(rights))
