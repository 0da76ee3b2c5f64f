"""The part of a report that was asked for: truncation, random truncation, both modes."""

from collections.abc import Iterator

from symbptt.analyze.analysis import Analysis
from symbptt.analyze.layout import cell, columns, ratio
from symbptt.analyze.modes import Modes
from symbptt.analyze.truncation import Randomised, Truncation


def sections(analysis: Analysis) -> Iterator[list[str]]:
    """The sections that were asked for, each a list of lines."""
    if analysis.truncation is not None:
        yield truncated(analysis.truncation)
    if analysis.randomised:
        yield _randomised(analysis.randomised)
    if analysis.modes is not None:
        yield _modes(analysis.modes)


def truncated(cut: Truncation) -> list[str]:
    """What is left of the gradients, as lines."""
    scheme = f"a window of {cut.k2} steps" if cut.k1 == 1 else f"every {cut.k1} steps back over at most {cut.k2}"
    rows = [(c.name, f"{c.kept} of {c.terms}", ratio(c.bias), ratio(c.cosine), f"{c.error:.0e}") for c in cut.cuts]
    head = ("", "terms kept", "bias/norm", "cosine", "emitted code differs by")
    return [f"truncated: {scheme}", *columns([head, *rows])]


def _randomised(found: tuple[Randomised, ...]) -> list[str]:
    rows = [(r.name, str(r.outcomes), cell(r.mean_error), cell(r.spread), cell(r.always_cut)) for r in found]
    head = ("", "outcomes", "mean differs by", "spread", "bias if always cut")
    return ["randomised truncation, all outcomes enumerated (relative to the norm of the gradient)", *columns([head, *rows])]


def _modes(both: Modes) -> list[str]:
    rows = [(m.name, str(m.holds), f"{m.seconds * 1e3:.3g} ms", f"{m.peak / 1e6:.3g} MB") for m in (both.backward, both.forward)]
    head = ("", "numbers held", "time", "peak")
    return [f"backward and forward mode; gradients differ by {both.error:.0e}", *columns([head, *rows])]
