"""The forms on their own: text, LaTeX and JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from zoo import CLASSIC

from symbptt import derive, narrative, unroll
from symbptt.errors import MissingRule
from symbptt.model import define
from symbptt.model.read import load, names
from symbptt.model.values import Model


def results(name: str, T: int) -> list[Any]:
    model = load(name)
    graph = unroll.steps(model, T)
    wrt = model.parameters[0].name
    return [derive.gradient(graph, wrt), derive.adjoints(graph), derive.sensitivities(graph, wrt)]


def balanced(text: str) -> bool:
    return text.count("{") == text.count("}") and text.count(r"\left") == text.count(r"\right")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", names())
def test_every_model_has_every_form(name: str) -> None:
    for result in results(name, 2):
        assert narrative.text(result)
        assert balanced(narrative.latex(result))
        assert json.loads(json.dumps(narrative.json(result)))["schema"] == 1


def test_the_terms_in_json() -> None:
    made = narrative.json(derive.gradient(unroll.steps(load("elman"), 3), "W_hh"))
    assert [made[key] for key in ("schema", "model", "T", "form", "wrt", "shape")] == [1, "elman", 3, "sum", "W_hh", "(H×H)"]
    assert [(t["loss_step"], t["source_step"]) for t in made["terms"]] == [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3)]
    deepest = made["terms"][3]
    assert [(f["kind"], f["step"]) for f in deepest["factors"]] == [
        ("immediate", 1), ("state_jacobian", 2), ("state_jacobian", 3), ("loss", 3),
    ]
    assert all(f["latex"] and f["text"] for f in deepest["factors"])
    assert deepest["value"]["text"].endswith("h₀ᵀ")


def test_the_adjoints_in_json_are_those_of_every_step() -> None:
    made = narrative.json(derive.adjoints(unroll.steps(load("elman"), 3)))
    assert [(a["variable"], a["step"], a["number"]) for a in made["adjoints"][:4]] == [
        ("o", 3, 5), ("h", 3, 6), ("a", 3, 7), ("o", 2, 5),
    ]
    assert {g["variable"] for g in made["gradients"]} == {"x", "h", "W_xh", "W_hh", "b_h", "W_ho", "b_o"}
    two = next(a for a in made["adjoints"] if (a["variable"], a["step"]) == ("h", 2))
    assert sorted((t["through"], t["step"]) for t in two["terms"]) == [("a", 3), ("o", 2)]


def test_several_states_name_their_blocks() -> None:
    made = narrative.json(derive.gradient(unroll.steps(load("lstm"), 2), "W_xf"))
    factor = next(f for f in made["terms"][1]["factors"] if f["kind"] == "state_jacobian")
    assert {(b["row"], b["column"]) for b in factor["blocks"]} == {("h", "h"), ("h", "c"), ("c", "h"), ("c", "c")}
    assert made["terms"][1]["value"] is None


def test_text_has_rules_shapes_and_numbers() -> None:
    text = narrative.text(derive.adjoints(unroll.steps(load("elman"), 2)))
    assert "(11)  dL/dWₕₕ = ∑_{t=1..T} δ_{a,t} hₜ₋₁ᵀ" in text
    assert "[from a: matrix product; sum over t; (H×1)(1×H) = (H×H)]" in text


def test_latex_is_readable() -> None:
    text = narrative.latex(derive.sensitivities(unroll.steps(load("elman"), 2), "b_h"))
    total = r"\frac{\mathrm{d} \mathbf{h}_{2}}{\mathrm{d} \mathbf{b}_{h}}"
    assert total + r" = \frac{\partial^{+} \mathbf{h}_{2}}{\partial \mathbf{b}_{h}}" in text
    assert text.isascii() or set(c for c in text if not c.isascii()) <= {"×", "²", "…"}, "only comments may have other letters"


def unread() -> Model:
    """A parameter, an input and an initial state that nothing reads; a parameter that only a last loss reads."""
    return define.model(
        name="unread", inputs={"x": "D", "u": "D"}, states={"h": "H", "c": "H"}, parameters={"W": "H D", "V": "H H", "v": "H"},
        equations={"h": "tanh(W @ x)", "c": "h * h"}, loss="dot(c, v)", at="last",
    )


@pytest.mark.parametrize("name", ("V", "u", "h", "c"))
def test_the_gradient_by_what_nothing_reads_is_zero_in_every_form(name: str) -> None:
    graph = unroll.steps(unread(), 2)
    system = derive.adjoints(graph)
    only = replace(system, gradients=tuple(g for g in system.gradients if g.variable.name == name))
    for result in (derive.gradient(graph, name), only, derive.sensitivities(graph, name)):
        text = narrative.text(result)
        assert narrative.json(result)["T"] == 2
        if name in ("V", "u"):
            assert re.search(rf"dL/d{name}\S* = 𝟎", text)


def test_routes_of_every_model() -> None:
    for name in CLASSIC:
        model = load(name)
        routes = derive.single_routes(unroll.steps(model, 2), model.parameters[0].name)
        text, data = narrative.text(routes), narrative.json(routes)
        assert text.count(" → ") == sum(len(route.values) - 1 for route in routes.found)
        assert len(data["routes"]) == len(routes.found) and balanced(narrative.latex(routes))


def test_anything_else_is_refused() -> None:
    with pytest.raises(MissingRule, match=r"narrative/forms\.py"):
        narrative.json(3)
