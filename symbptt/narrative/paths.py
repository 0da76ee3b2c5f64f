"""Single routes: the terms (t, k) taken apart, each route with the values that it leads through and its product."""

from itertools import groupby

from symbptt.derive import Routes
from symbptt.derive.routes import Route
from symbptt.model.values import Model
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.products import pair
from symbptt.narrative.values import Section, Step
from symbptt.typeset.tree import Aligned, Equality, Operator, Row, Tree


def way(model: Model, presentation: Presentation, route: Route) -> Tree:
    """W -> a_1 -> h_1 -> L_1."""
    arrow = Operator("→")
    first, *others = (presentation.tree(value, model) for value in route.values)
    return Row((first, *(part for other in others for part in (arrow, other))))


def section(routes: Routes, presentation: Presentation) -> Section:
    """One step for each term that has routes; a line of it is a route."""
    model = routes.graph.model
    steps = []
    for (t, k), found in groupby(routes.found, key=lambda route: (route.loss_step, route.source_step)):
        lines = tuple(Equality(way(model, presentation, r), (presentation.tree(r.product, model),), ":") for r in found)
        claim = presentation.prose("derivation.paths.term", term=pair(t, k), number=str(len(lines)))
        steps.append(Step(Aligned(lines), presentation.prose("derivation.paths.rule"), "", claim))
    intro = presentation.prose("derivation.paths.intro", by=presentation.tree(routes.parameter.at(), model),
        number=str(len(routes.found)))
    return Section(presentation.text("derivation.paths.heading"), tuple(steps), (intro,))
