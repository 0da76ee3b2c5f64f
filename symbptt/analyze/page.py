"""A self-contained page whose sliders switch between tables that are computed here, beforehand.

The page looks up texts, shades and the points of curves by (weight scale, activation, T, parameter) and the window; it computes
no number of its own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from symbptt.algebra.functions import COMMON
from symbptt.analyze.analysis import Analysis, at
from symbptt.analyze.charts import NAMES, growing
from symbptt.analyze.data import adjusted, point
from symbptt.analyze.layout import cell, percent
from symbptt.analyze.recurrent import recurrent
from symbptt.analyze.table import Terms
from symbptt.draw.lookup import HEIGHT, WIDTH, points, shades
from symbptt.errors import BadInput
from symbptt.model.read import load
from symbptt.model.values import Model
from symbptt.template import template

SCALES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
STEPS = (5, 10, 20)
PARAMETERS = 4
"""The most parameters on one page."""
CELL = 15


@dataclass(frozen=True)
class Choice:
    """What the sliders choose between; a model without a named activation has only its own, called "".

    `names` are the parameters, by default the first four, recurrent matrices first.
    """

    scales: Sequence[float] = SCALES
    activations: Sequence[str] = COMMON
    steps: Sequence[int] = STEPS
    names: Sequence[str] | None = None


def page_of(
    model: Model, dims: Mapping[str, int] | None = None, N: int | None = None, seed: int = 0, choice: Choice | None = None, *,
    init: Mapping[str, str] | str | None = None, fill: Mapping[str, float] | None = None, norm: str = "fro",
) -> str:
    """The page of a model as HTML; `fill` sets parameters to a number, the other options are those of `analysis.flow`.

    Raises BadInput for a model without a loss or without states.
    """
    if model.loss is None or not model.states:
        raise BadInput(f"{model.name} has no {'loss' if model.loss is None else 'state'}, so there is no page to make")
    chosen = _possible(model, choice or Choice())
    shown_names = names(model) if chosen.names is None else tuple(chosen.names)
    tables = {}
    for activation in chosen.activations:
        changed = load(model, activation=activation) if activation else model
        for T in chosen.steps:
            data = point(changed, T, dims, N, seed, init=init)
            for scale in chosen.scales:
                factor = dict.fromkeys(recurrent(changed), scale)
                found = at(changed, adjusted(changed, data, fill or {}, factor), shown_names, norm=norm, every=False)
                tables[f"{scale:g}|{activation}|{T}"] = _entry(found)
    shown = {
        "scales": [f"{s:g}" for s in chosen.scales], "activations": list(chosen.activations), "steps": list(chosen.steps),
        "parameters": list(shown_names), "tables": tables, "cell": CELL,
    }
    drawn = adjusted(model, point(model, 1, dims, N, seed, init=init), fill or {}, {})
    sizes = ", ".join(f"{name} = {size}" for name, size in {"N": drawn.N, **drawn.dims}.items())
    return _written(model, f"{sizes}; {drawn.source}; {norm} norm", shown)


def _possible(model: Model, choice: Choice) -> Choice:
    if not choice.scales or not choice.steps or not choice.activations:
        raise BadInput("a page needs at least one weight scale, one activation and one number of steps")
    swaps = 'activation = "' in model.text
    return choice if swaps else replace(choice, activations=("",))


def names(model: Model) -> tuple[str, ...]:
    """The parameters on the page: recurrent matrices first, then others in file order."""
    first = recurrent(model)
    return (*first, *(v.name for v in model.parameters if v.name not in first))[:PARAMETERS]


def _entry(found: Analysis) -> dict[str, Any]:
    """Everything that the page shows for one setting of the sliders."""
    assert found.table is not None and found.growth is not None
    return {
        "loss": cell(found.table.loss), "verdict": found.growth.verdict.words, "notes": list(found.notes),
        "chart": points(growing(found.growth)),
        "terms": {item.name: _terms(item) for item in found.table.terms},
    }


def _terms(item: Terms) -> dict[str, Any]:
    """Rows of cells as [text, shade], the shade -1 for zero and -2 for what is not finite; the bias of every window."""
    rows = []
    shaded = shades(item.norms)
    for t in range(1, len(item.norms) + 1):
        known = [k for loss, k in item.pairs if loss == t]
        rows.append([[cell(item.norms[t - 1, k - 1]), int(shaded[t - 1, k - 1])] for k in known])
    total = item.total or 1.0
    return {
        "total": cell(item.total), "rows": rows, "by_distance": [percent(share) for share in item.by_distance],
        "bias": [cell(value / total) for value in item.bias],
    }


def _written(model: Model, about: str, shown: dict[str, Any]) -> str:
    # A script element ends at the first "</", whatever it is quoted in.
    data = json.dumps(shown, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return template("html/gradient_flow.html.jinja", escapes=True).render(
        name=model.name, title=model.title, about=about, data=data, width=WIDTH, height=HEIGHT,
        curves=tuple(NAMES.values())[: max(len(entry["chart"]["lines"]) for entry in shown["tables"].values())],
    )
