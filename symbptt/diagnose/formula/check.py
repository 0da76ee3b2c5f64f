"""Check a formula: under which circumstances it holds, which edit repairs it, and what the derivation has in its place."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from symbptt.algebra.nodes import BatchMean
from symbptt.diagnose import factors
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.clock import Clock
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import RIGHT, SCALED, WRONG, Finding, Suspect
from symbptt.diagnose.formula import derived, terms, written
from symbptt.diagnose.formula.compare import difference
from symbptt.diagnose.formula.operations import Absent, Unfit
from symbptt.diagnose.formula.readings import readings
from symbptt.diagnose.formula.repairs import SECONDS, SELDOM, Repair, repairs
from symbptt.diagnose.formula.sides import EQUAL, Point
from symbptt.diagnose.formula.tree import Node, shifted, walk
from symbptt.diagnose.formula.vocabulary import Around
from symbptt.diagnose.formula.world import REGIMES, SAMPLES, World
from symbptt.diagnose.formula.written import Formula
from symbptt.errors import BadInput
from symbptt.model.place import Place
from symbptt.model.read import load
from symbptt.model.values import Model

STEPS = 4
SEEDS = (1, 2)
_ONLY = {1: "zero-start-only", 2: "scalars-only", 3: "scalars-only"}


def check_formula(model: Model | str, *texts: str, places: tuple[Place, ...] = ()) -> Diagnosis:
    """Say whether formulas left = right hold for a model, and if not, what to change.

    A left side is dW for the gradient of a parameter (dx[k] and dh[0] for an input and an initial state), dh[t] for an adjoint,
    D(u, v), or any value. Names of steps on the left that nothing binds stand for every step; of several the first is the
    largest. Raises BadInput, with the column, for text that is not a formula; `places` say where each text comes from.
    """
    known = load(model) if isinstance(model, str) else model
    if known.loss is None:
        raise BadInput(f"{known.name} has no loss; choose one with --loss")
    if any(e.value.atoms(BatchMean) for e in known.all_equations):
        raise BadInput(f"{known.name} couples the samples of a batch; formulas are for models of one sample at a time")
    where = places or (written.PLACE,) * len(texts)
    checked = [_Check(written.read(text, known, place), known) for text, place in zip(texts, where, strict=True)]
    findings = tuple(check.finding() for check in checked)
    return Diagnosis(known, findings, tuple(dict.fromkeys(note for check in checked for note in check.notes())))


def formulas(model: Model | str, texts: Iterable[str]) -> Diagnosis:
    """Check several formulas; a text @FILE stands for the lines of a file, where # begins a comment.

    Raises BadInput for a file that cannot be read and for text that is not a formula.
    """
    read = [pair for text in texts for pair in (_lines(Path(text[1:])) if text.startswith("@") else [(written.PLACE, text)])]
    if not read:
        raise BadInput(f"{written.PLACE}: the files hold no formula")
    return check_formula(model, *(text for _, text in read), places=tuple(place for place, _ in read))


def _lines(path: Path) -> list[tuple[Place, str]]:
    """The formulas of a file with their lines."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--formula: {path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    plain = [line.split("#")[0].strip() for line in text.splitlines()]
    return [(Place(f"{path}, line {number}"), line) for number, line in enumerate(plain, start=1) if line]


class _Check:
    """One formula of one model, at points of every kind."""

    def __init__(self, formula: Formula, model: Model) -> None:
        self.formula, self.model = formula, model
        steps = [int(n.label) for n in _indices(formula) if n.op == "number"]
        self.T = max([STEPS, *steps])
        self._points: dict[int, list[Point]] = {}
        self._behind = False
        self._refuse_missing_steps()

    def points(self, regime: int) -> list[Point]:
        """The points of a regime."""
        if regime not in self._points:
            worlds = [World(self.model, REGIMES[regime], self.T, seed) for seed in SEEDS]
            self._points[regime] = [Point(self.formula, world) for world in worlds]
        return self._points[regime]

    def notes(self) -> tuple[str, ...]:
        """How the formula was tried, and how its signs were read."""
        first = self.points(0)[0]
        read = [*readings(first), *(["adjoints behind step T are zero"] if self._behind else [])]
        if self.model.loss is not None and self.model.loss.at == "last":
            read.append("the loss is that of step T alone")
        if self.formula.left == self.formula.right:
            read.append("both sides are the same, which says nothing about the model")
        tried = f"checked with numbers at T = {self.T}, in double precision"
        return (tried, *([f"Read as: {'; '.join(read)}."] if read else []))

    def _refuse_missing_steps(self) -> None:
        """Raise BadInput where a part names, by number, a step that has no value."""
        point = self.points(0)[0]
        for node in walk(self.formula.right):
            if node.op == "step" and not node.free:
                try:
                    point.evaluator.part(node, {})
                except Unfit as fault:
                    raise self.formula.of(node).error(f"{fault}; steps run from 1 to T, and only a state has a step 0") from None

    def finding(self) -> Finding:
        """The verdict."""
        points = self.points(0)
        name = _name(self.formula.left, self.model)
        error = max(p.error for p in points)
        self._behind = points[0].world.behind
        if error <= EQUAL:
            return Finding(name, RIGHT, error)
        factor = self._factor()
        if factor is not None:
            cause = factors.cause(name, factor, {"T": self.T, "N": SAMPLES})
            return Finding(name, SCALED, error, (Suspect(cause, True),), factor)
        holds = next((i for i in range(1, len(REGIMES)) if all(p.error <= EQUAL for p in self.points(i))), None)
        ours, number = self._ours()
        found = self._repairs(holds, ours)
        if not found:
            self._refuse_absent()
        suspects = self._suspects(holds, found, number)
        note, beside = self._explained(found, ours)
        differing = {} if points[0].fault() else terms.differing(self.formula, points[0])
        return Finding(name, WRONG, error, suspects, differing=differing, note=note, beside=beside)

    def _refuse_absent(self) -> None:
        """Raise BadInput where a part reads a step that has no value, and no edit makes sense of it."""
        if (found := self.points(0)[0].fault()) is not None and isinstance(found[1], Absent):
            raise self.formula.of(found[0]).error(f"{found[0]}: {found[1]}; steps run from 1 to T, and only a state has a step 0")

    def _suspects(self, holds: int | None, found: list[Repair], number: int) -> tuple[Suspect, ...]:
        """The causes of the repairs; the circumstances under which the formula holds, or why it has no value."""
        around, fault = list[Cause](), self.points(0)[0].fault()
        if holds is not None:
            around.append(Cause(_ONLY[holds], None, "", 0, (("when", REGIMES[holds].words),)))
        elif fault is not None and not isinstance(fault[1], Absent):
            told = f"{fault[0]}: {fault[1].told(self.points(0)[0].shown)}"
            around.append(Cause("shapes-unfit", None, "", 0, (("fault", told),)))
        # What holds only for numbers, or does not fit, follows from the first mistake where one is known.
        causes = [[replace(cause, number=number) for cause in repair.causes] for repair in found] or [[]]
        causes[0] += around
        return tuple(Suspect(cause, True, hypothesis=i) for i, group in enumerate(causes, start=1) for cause in group)

    def _repairs(self, holds: int | None, ours: Node | None) -> list[Repair]:
        """Repairs in the most general circumstances for which there is one."""
        clock = Clock(SECONDS, SELDOM)
        for regime in range(2 if holds is None else min(holds, 2)):
            points = self.points(regime)
            around = Around(self.model, written.free(self.formula), points[0].shape, ours, self._fixed())
            if found := repairs(points, around, clock, pairs=holds is None):
                return found
        return []

    def _fixed(self) -> tuple[Node, ...]:
        """The steps that the formula names by their number, and those beside them."""
        found = [n for side in (self.formula.left, self.formula.right) for n in walk(side) if n.op == "step" and not n.free]
        return tuple(dict.fromkeys(shifted(n.parts[0], by) for n in found for by in (0, 1, -1)))

    def _ours(self) -> tuple[Node | None, int]:
        """The derivation's right side and its number, if it has the left side and the language can say it."""
        first, its_number = self.points(0)[0], 0
        for left, right, number in derived.equations(self.model):
            ours = derived.fitted(left, right, self.formula.left)
            if ours is not None:
                its_number = number
                if first.holds(ours):
                    return ours, number
        ours = derived.total(self.formula.left, self.model)
        return (ours if ours is not None and first.holds(ours) else None), its_number

    def _explained(self, found: list[Repair], ours: Node | None) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The repaired formula; where there is none, the derivation's own equation and the first part that differs."""
        if found:
            return "", (("should read", str(self.formula.having(found[0].right))),)
        if ours is None:
            return "", ()
        theirs, mine = difference(self.points(0)[0], ours)
        lines = [("yours", str(self.formula)), ("derivation", str(self.formula.having(ours)))]
        if theirs is None:
            return f"The part {mine} is missing.", tuple(lines)
        if mine is None:
            return f"The derivation has nothing in place of {theirs}.", tuple(lines)
        if theirs == self.formula.right:
            return "", tuple(lines)
        return f"The first part that differs is {theirs}; the derivation has {mine} there.", tuple(lines)

    def _factor(self) -> float | None:
        """The one number by which the right side differs from the left."""
        points = self.points(0)
        if any(not np.isfinite(p.error) for p in points):
            return None
        left, right = (np.concatenate(sides) for sides in zip(*(p.both for p in points), strict=True))
        found = factors.factor(right, left)
        size = max(np.abs(left).max(initial=0.0), 1e-12)
        if len(left) < 3 or abs(found) < 1e-6 or np.abs(right - found * left).max() > EQUAL * size * max(1.0, abs(found)):
            return None
        return found


def _indices(formula: Formula) -> list[Node]:
    steps = [n for side in (formula.left, formula.right) for n in walk(side) if n.op == "step"]
    return [leaf for step in steps for leaf in walk(step.parts[0])] or [Node("number", "0")]


def _name(left: Node, model: Model) -> str:
    """The variable that the left side is the gradient of, else the left side as it stands."""
    variables = {v.name for v in model.variables}
    if left.op == "name" and left.label[:1] == "d" and left.label[1:] in variables and left.label not in variables:
        return left.label[1:]
    return str(left)
