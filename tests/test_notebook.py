"""Every object with mathematics shows it in a notebook."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import pytest

from symbptt import analyze, derive, document, emit, notebook, typeset, unroll, verify
from symbptt.model.read import load, names


@pytest.mark.parametrize("name", names())
def test_every_object_shows_itself(name: str) -> None:
    model = load(name)
    graph = unroll.steps(model, 3)
    objects = [model, graph, typeset.compose(model.equations[0].value, model=model)]
    wrt = model.parameters[0].name
    objects += [derive.adjoints(graph), derive.gradient(graph, wrt), derive.sensitivities(graph, wrt)]
    for item in objects:
        shown = item._repr_html_()
        ElementTree.fromstring(shown)
        assert "<math" in shown and 'alttext="' in shown
        text = item._repr_latex_()
        assert text.startswith(r"$\displaystyle ") and text.endswith("$")
        assert text.count("{") == text.count("}") and text.count("$") == 2


def test_a_model_shows_its_equations() -> None:
    assert r"\mathbf{h}_{t} &= \tanh(\mathbf{a}_{t})" in load("elman")._repr_latex_()


def test_a_gradient_shows_its_terms_and_shortens_many() -> None:
    few = derive.gradient(unroll.steps(load("elman"), 2), "W_hh")._repr_latex_()
    assert few.count(r"\partial^{+} L") == 3 and r"\cdots" not in few
    many = derive.gradient(unroll.steps(load("elman"), 4), "W_hh")._repr_latex_()
    assert many.count(r"\partial^{+} L") == 3 and r"\cdots" in many


def test_where_the_loss_reads_the_state_before_nothing_is_lost() -> None:
    shown = derive.gradient(unroll.steps(load("jordan"), 2), "W_xh").terms[1].partial
    assert typeset.text(shown) == "(∂⁺p₁/∂Wₓₕ)ᵀ ((∂⁺p₂/∂p₁)ᵀ (∂⁺L₂/∂p₂)ᵀ + (∂⁺L₂/∂p₁)ᵀ)"


def test_the_nested_form_keeps_the_derivatives_apart() -> None:
    text = derive.sensitivities(unroll.steps(load("elman"), 3), "W_hh")._repr_latex_()
    assert r"\frac{\mathrm{d} \mathbf{h}_{t}}{\mathrm{d} \mathbf{W}_{hh}} = \frac{\partial^{+} \mathbf{h}_{t}}" in text


def test_long_graphs_are_cut_off() -> None:
    text = unroll.steps(load("elman"), 100)._repr_latex_()
    assert text.count(r"\\") <= notebook.MOST_LINES + 1 and r"\vdots" in text


def test_tables_and_code_show_themselves_as_text() -> None:
    source = emit.source("scalar")
    analysis = analyze.flow("scalar", T=2)
    for item, word in ((source, "def backward"), (verify.gradients("scalar", T=2), "worst error"), (analysis, "(t, k)")):
        shown = item._repr_html_()
        assert shown.startswith("<pre") and word in "".join(ElementTree.fromstring(shown).itertext())


def test_a_document_shows_itself_as_a_page_in_a_frame() -> None:
    shown = document.compose("scalar", 1)._repr_html_()
    frame = re.fullmatch(r'<iframe title="[^"]+" srcdoc="([^"]+)" style="[^"]+"></iframe>', shown)
    assert frame is not None and unescape(frame[1]) == document.render("scalar", 1, "html")

EVERY = re.compile(r"<[A-Z]\w+ [^\n]*>")


@pytest.mark.parametrize("name", ("elman", "lstm", "jordan"))
def test_a_repr_is_one_line_and_the_mathematics_is_in_str(name: str) -> None:
    model = load(name)
    graph = unroll.steps(model, 2)
    system, gradient = derive.adjoints(graph), derive.gradient(graph, model.parameters[0].name)
    values = [model, model.equations[0], model.states[0], model.loss, graph, graph.assignments[0], system, system.equations[0]]
    values += [system.equations[0].terms[0], system.gradients[0], gradient, gradient.terms[1], gradient.terms[1].factors[0]]
    routes = derive.single_routes(graph, model.parameters[0].name)
    values += [derive.sensitivities(graph, model.parameters[0].name), routes, routes.found[0], emit.source(model)]
    for value in values:
        assert EVERY.fullmatch(repr(value)) and len(repr(value)) < 160, repr(value)
    assert repr(gradient).endswith("T=2: 3 terms>")
    assert "=" in str(gradient) and "∂⁺" in str(gradient.terms[1])
