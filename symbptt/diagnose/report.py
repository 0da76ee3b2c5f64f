"""A diagnosis for a terminal: a verdict per gradient, and for each wrong one the cause, the equation and a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import sympy as sp

from symbptt import emit, typeset
from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Adjoint
from symbptt.derive.adjoint import initial
from symbptt.derive.recursion import RecursionEquation, contribution, recursion
from symbptt.diagnose import words
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.findings import RIGHT, Finding, Suspect
from symbptt.diagnose.heat import SHADES, drawn
from symbptt.errors import BadInput
from symbptt.model.values import Model, Variable
from symbptt.terminal import wrapped

_SHOWN = 4
"""Causes that are printed for a gradient; JSON has them all."""


def text(findings: Sequence[Finding], notes: Sequence[str], model: Model, opening: Sequence[str] = ()) -> str:
    """What comes first, the table of verdicts, then the causes, each told once with the gradients that it concerns."""
    width = max((len(f.gradient) for f in findings), default=0)
    lines = [*(line for note in opening for line in wrapped(note, "")), *([""] if opening and findings else [])]
    lines += [_verdict(f, width) for f in findings]
    told: dict[tuple[tuple[str, str], ...], list[Finding]] = {}
    for finding in findings:
        if finding.verdict != RIGHT:
            key = (*((s.cause.name, s.cause.explanation) for s in finding.suspects), *finding.beside)
            told.setdefault(key, []).append(finding)
    derivation = Derivation(model)
    for group in told.values():
        lines += ["", *_group(group, derivation)]
    lines += [*([""] if notes else []), *(line for note in notes for line in wrapped(note, ""))]
    return "\n".join(lines)


def _verdict(finding: Finding, width: int) -> str:
    size = "" if finding.error == float("inf") else f"error {finding.error:.1e}"
    names = ", ".join(finding.causes[:_SHOWN]) if finding.certain else ""
    extra = f"factor {finding.factor:.6g}" if finding.factor != 1 else finding.layout
    parts = (f"{finding.gradient:<{width}}", f"{finding.verdict:<6}", f"{size:<13}", extra, names)
    return "  ".join(part for part in parts if part.strip()).rstrip()


def _group(findings: list[Finding], derivation: Derivation) -> Iterator[str]:
    """Findings with the same causes: the cause, its equation, their line, what to write; then what shows it."""
    yield ", ".join(f.gradient for f in findings) + ":"
    first = findings[0]
    if not first.suspects:
        yield "  No single mistake and no pair of the table gives these numbers."
    elif not first.certain and all(s.share < 1 for s in first.suspects):
        yield "  No mistake of the table gives these numbers; the nearest are:"
    for number, lead, suspect in _told(first.suspects):
        yield from wrapped(f"{lead}{suspect.cause.name}{_sure(suspect)}: {suspect.cause.sentence}", "  ")
        if suspect.hypothesis == first.suspects[0].hypothesis:
            yield from _remedy(suspect.cause, derivation, [] if number else [f.line for f in findings if f.line])
    yield from _evidence(findings)


def _told(suspects: Sequence[Suspect]) -> Iterator[tuple[int, str, Suspect]]:
    """The suspects that are printed, each with its number and what stands before it; of an alternative what is its own."""
    first = [s for s in suspects if s.hypothesis == suspects[0].hypothesis] if suspects else []
    before, number = None, 0
    for suspect in suspects:
        mine = [s.cause for s in suspects if s.hypothesis == suspect.hypothesis]
        if suspect in first:
            lead = "and " if number else ""
        elif suspect.cause in {s.cause for s in first}:
            continue
        else:
            names = {c.name for c in mine}
            replaced = [s.cause.name for s in first if s.cause.name not in names] if len(first) > 1 else []
            place = f", in place of {' and '.join(dict.fromkeys(replaced))}," if replaced else ""
            lead = "and " if before == suspect.hypothesis else f"or{place} "
        if number == _SHOWN:
            return
        yield number, lead, suspect
        before, number = suspect.hypothesis, number + 1


def _evidence(findings: Sequence[Finding]) -> Iterator[str]:
    """What shows it: a number, what calls at other data showed, and the map of terms."""
    finding = findings[0]
    if finding.worst is not None:
        place = "[" + ", ".join(map(str, finding.worst.place)) + "]" if finding.worst.place else ""
        yield f"  {finding.gradient}{place} is {finding.worst.given:.8g}, should be {finding.worst.right:.8g}"
    if finding.note:
        yield from wrapped(finding.note, "  ")
    yield from (f"    {label}: {line}" for label, line in finding.beside)
    yield from _measured(findings)
    mapped = next((f for f in findings if f.probe and f.probe.table.separated and f.probe.table.wrong), finding)
    measured = mapped.probe.table if mapped.probe and mapped.probe.table.separated and mapped.probe.table.whole else None
    if map_ := drawn(measured.shades if measured else mapped.differing):
        legend = f"{SHADES[0]} none, {SHADES[-1]} {'as large as the term' if measured else 'largest'}"
        how = "Measured difference" if measured else "Difference"
        yield f"  {how} by term, loss step t and source step k ({legend}), in {mapped.gradient}:"
        yield from ("    " + line for line in map_.splitlines())


def _measured(findings: Sequence[Finding]) -> Iterator[str]:
    """What probes showed, each sentence once; where terms were told apart in one gradient, those of losses say no more."""
    apart = any(f.probe and f.probe.table.separated and f.probe.table.wrong for f in findings)
    said: dict[str, list[str]] = {}
    for f in findings:
        table = f.probe.table if f.probe else None
        for sentence in f.probe.sentences if f.probe else ():
            if not (apart and table and sentence == table.sentence and not table.separated):
                said.setdefault(sentence, []).append(f.gradient)
    if said:
        yield "  Measured by calls at other data:"
    for sentence, names in said.items():
        where = "" if len(names) == len(findings) or (apart and len(said) == 1) else f"{', '.join(names)}: "
        yield from wrapped(f"{where}{sentence}", "    ")


def _remedy(cause: Cause, derivation: Derivation, theirs: Sequence[str]) -> Iterator[str]:
    """The equation, their lines, and what to write in their place."""
    equation = derivation.equation(cause.number)
    if equation:
        yield f"    equation ({cause.number}): {equation}"
    yield from (f"    look at {line}" for line in dict.fromkeys(theirs))
    yield from wrapped(cause.remedy, "    ")
    if equation:
        yield from (f"    right in code: {line}" for line in derivation.lines(cause.number, cause.carry)[:1])


def _sure(suspect: Suspect) -> str:
    if suspect.certain:
        return ""
    if suspect.share < 1:
        return f" (explains {min(100 * suspect.share, 99.9):.3g} % of the difference)"
    return " (gives this gradient, but then others would not be what they are)"


class Derivation:
    """The equations of the backward pass by number, and the lines of the emitted code that carry the number."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._lines: dict[tuple[int, bool], list[str]] | None = None

    @cached_property
    def _adjoints(self) -> dict[int, RecursionEquation]:
        return {e.number: e for e in recursion(self._model).adjoints}

    @cached_property
    def _gradients(self) -> dict[int, RecursionEquation]:
        return {e.number: e for e in recursion(self._model).gradients}

    def equation(self, number: int) -> str:
        """The equation with a number; empty if it is none of the backward pass."""
        if not number:
            return ""
        if number in self._adjoints:
            found = self._adjoints[number]
            left = typeset.text(Adjoint(found.variable.at()), self._model)
            return f"{left} = {self._right(found)}"
        if number in self._gradients:
            return self._gradient(self._gradients[number])
        return ""

    @property
    def told(self) -> Iterator[tuple[int, str]]:
        """All of them, with their numbers."""
        return ((number, self.equation(number)) for number in sorted({*self._adjoints, *self._gradients}))

    def _gradient(self, equation: RecursionEquation) -> str:
        """A parameter collects every step; an input has a gradient at each, what a state starts from only that of step 1."""
        v = equation.variable
        if initial(self._model, v):
            return f"d{self._named(v, 0)} = {self._right(equation, 1)}"
        return f"d{self._named(v, TIME)} = {'' if v.timed else 'Σₜ '}{self._right(equation)}"

    def _named(self, variable: Variable, step: sp.Expr | int) -> str:
        return typeset.text(variable.at(step), self._model) if variable.timed else variable.name

    def _right(self, equation: RecursionEquation, step: sp.Expr | int = TIME) -> str:
        if not (*equation.terms, *equation.carries):
            return "0"
        first = initial(self._model, equation.variable)
        now = (contribution(self._model, term) if first else term.value for term in equation.terms)
        value = tidy.joined(*now, *(contribution(self._model, term) for term in equation.carries))
        return words.text(value.xreplace({TIME: sp.sympify(step)}), self._model)

    def lines(self, number: int, carry: bool = False) -> list[str]:
        """The lines that carry a number of the derivation, none for 0; with `carry` those that lead to the step before."""
        if not number:
            return []
        if self._lines is None:
            self._lines = _numbered(self._model)
        return self._lines.get((number, carry), [])


def _numbered(model: Model) -> dict[tuple[int, bool], list[str]]:
    """The statements of the textbook module by number, those that lead to the step before apart; none where there is no loop."""
    found: dict[tuple[int, bool], list[str]] = {}
    try:
        lines = emit.statements(model)
    except BadInput:
        return found
    for line in lines:
        for note in line.notes:
            found.setdefault((note.number, note.after != ""), []).append(line.text)
    return found
