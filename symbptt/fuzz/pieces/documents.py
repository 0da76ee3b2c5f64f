"""Documents: every kind in the formats of text, and the derivation as the command line prints it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from symbptt import compose, derive, document, narrative
from symbptt.fuzz.fault import Fault, Wrong
from symbptt.fuzz.subject import Check, Several, Subject
from symbptt.narrative.presentation import presentation_in

_FORMATS = ("tex", "html", "md")
_PRESENTATIONS = (("en", "textbook", None), ("zh", "textbook", "row"), ("en", "goodfellow", None), ("en", "pascanu", "row"))


def routes(of: Subject) -> Iterator[tuple[str, Check]]:
    """Every kind of document of one model, in a language, notation and layout by chance, and the three forms."""
    for kind, row in document.KINDS.items():
        if row.models == 1:
            yield kind, _writing(kind)
    if of.model.loss is not None:
        yield from ((f"{form} as {layout}", _printing(form, layout)) for form in _FORMS for layout in _LAYOUTS)


def _writing(kind: str) -> Check:
    def check(of: Subject, route: str) -> None:
        language, notation, orientation = _PRESENTATIONS[of.draft.seed % len(_PRESENTATIONS)]
        options = document.DocumentOptions(
            kind=kind, language=language, notation=notation, layout=orientation, seed=of.draft.seed
        )
        made = document.compose(of.model, of.few, None, options)
        for format in _FORMATS:
            if len(str(document.finished(made, format, options))) < 500:
                raise Wrong(Fault(route, "is empty", f"as {format}"))

    return check


def _sums(of: Subject) -> list[Any]:
    return [derive.gradient(of.short, wrt=name) for name in of.gradients]


def _recursion(of: Subject) -> list[Any]:
    system = derive.adjoints(of.short)
    return [replace(system, gradients=tuple(g for g in system.gradients if g.variable.name in of.gradients))]


def _nested(of: Subject) -> list[Any]:
    return [derive.sensitivities(of.short, wrt=name) for name in of.gradients]


_FORMS: dict[str, Callable[[Subject], list[Any]]] = {"sum": _sums, "adjoint": _recursion, "nested": _nested}
_LAYOUTS: dict[str, Callable[..., Any]] = {"text": narrative.text, "latex": narrative.latex, "json": narrative.json}


def _printing(form: str, layout: str) -> Check:
    def check(of: Subject, route: str) -> None:
        presentation = presentation_in(*_PRESENTATIONS[of.draft.seed % len(_PRESENTATIONS)])
        if isinstance(of, Several):
            told = compose.derivation(of.chain, of.few, form, tuple(of.gradients), presentation)
            written = [getattr(told, layout)()]
        else:
            written = [_LAYOUTS[layout](result, presentation) for result in _FORMS[form](of)]
        if not all(written):
            raise Wrong(Fault(route, "is empty", ""))

    return check
