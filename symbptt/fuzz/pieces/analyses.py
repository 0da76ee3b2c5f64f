"""Analyses: the flow of the gradient in every format, first values, and the verification by all its routes."""

from collections.abc import Iterator
from typing import Any

from symbptt import analyze, compose, verify
from symbptt.fuzz.fault import Fault, Wrong
from symbptt.fuzz.subject import Check, Several, Subject

_LAYOUTS = ("text", "json", "csv")


def routes(of: Subject) -> Iterator[tuple[str, Check]]:
    """The analysis in every format that the model has, and the verification."""
    yield from ((f"analysis as {layout}", _analysing(layout)) for layout in _LAYOUTS if layout != "csv" or of.model.loss)
    yield "verification", _verified


def _analysing(layout: str) -> Check:
    def check(of: Subject, route: str) -> None:
        stage, found = _analysed(of)
        if not getattr(stage, f"as_{layout}")(found):
            raise Wrong(Fault(route, "is empty", ""))
        if not found.agrees and not any(truth.loose for truth in of.truths):
            raise Wrong(Fault(route, "does not add up", stage.as_text(found)))

    return check


def _analysed(of: Subject) -> tuple[Any, Any]:
    """What writes an analysis, and the analysis."""
    sizes = (of.draft.T, of.data.dims, of.data.N, of.draft.seed)
    if isinstance(of, Several):
        return compose.report, compose.flow(of.chain, *sizes, wrt="all")
    return analyze, analyze.at(of.model, analyze.point(of.model, *sizes), "all", samples=True)


def _verified(of: Subject, route: str) -> None:
    sizes: dict[str, Any] = {"dims": of.data.dims, "T": of.draft.T, "N": of.draft.N, "seed": of.draft.seed}
    report = compose.gradients(of.chain, **sizes) if isinstance(of, Several) else verify.gradients(of.model, **sizes)
    if not report.ok:
        raise Wrong(Fault(route, "disagrees", report.summary()[0]))
