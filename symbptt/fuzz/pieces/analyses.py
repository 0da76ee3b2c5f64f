"""Analyses: the flow of the gradient in every format, first values, and the verification by all its routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from symbptt import analyze, verify
from symbptt.fuzz.fault import Fault, Wrong
from symbptt.fuzz.subject import Check, Subject

_LAYOUTS: dict[str, Callable[[analyze.Analysis], str]] = {
    "text": analyze.as_text, "json": analyze.as_json, "csv": analyze.as_csv,
}


def routes(of: Subject) -> Iterator[tuple[str, Check]]:
    """The analysis in every format that the model has, and the verification."""
    yield from ((f"analysis as {layout}", _analysing(layout)) for layout in _LAYOUTS if layout != "csv" or of.model.loss)
    yield "verification", _verified


def _analysing(layout: str) -> Check:
    def check(of: Subject, route: str) -> None:
        point = analyze.point(of.model, of.draft.T, of.data.dims, of.data.N, of.draft.seed)
        found = analyze.at(of.model, point, "all", samples=True)
        if not _LAYOUTS[layout](found):
            raise Wrong(Fault(route, "is empty", ""))
        if not found.agrees and not any(truth.loose for truth in of.truths):
            raise Wrong(Fault(route, "does not add up", next(note for note in found.notes)))

    return check


def _verified(of: Subject, route: str) -> None:
    report = verify.gradients(of.model, dims=of.data.dims, T=of.draft.T, N=of.draft.N, seed=of.draft.seed)
    if not report.ok:
        raise Wrong(Fault(route, "disagrees", report.summary()[0]))
