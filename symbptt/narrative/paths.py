"""Single routes: the terms (t, k) taken apart, each route with the values that it leads through and its product."""

from __future__ import annotations

from itertools import groupby

from symbptt.derive import Routes
from symbptt.derive.routes import Route
from symbptt.model.values import Model
from symbptt.narrative.products import pair
from symbptt.narrative.values import Section, Step
from symbptt.narrative.voice import Voice
from symbptt.typeset.tree import Aligned, Equality, Operator, Row, Tree


def way(model: Model, voice: Voice, route: Route) -> Tree:
    """W -> a_1 -> h_1 -> L_1."""
    arrow = Operator("→")
    first, *others = (voice.tree(value, model) for value in route.values)
    return Row((first, *(part for other in others for part in (arrow, other))))


def section(routes: Routes, voice: Voice) -> Section:
    """One step for each term that has routes; a line of it is a route."""
    model = routes.graph.model
    steps = []
    for (t, k), found in groupby(routes.found, key=lambda route: (route.loss_step, route.source_step)):
        lines = tuple(Equality(way(model, voice, r), (voice.tree(r.product, model),), ":") for r in found)
        claim = voice.say("derivation.paths.term", term=pair(t, k), number=str(len(lines)))
        steps.append(Step(Aligned(lines), voice.say("derivation.paths.rule"), "", claim))
    intro = voice.say("derivation.paths.intro", by=voice.tree(routes.parameter.at(), model), number=str(len(routes.found)))
    return Section(voice.word("derivation.paths.heading"), tuple(steps), (intro,))
