"""The figure: one scene, two writers."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from symbptt import typeset
from symbptt.document.graph import flow
from symbptt.document.graph.picture import RADIUS, scene
from symbptt.draw import svg, tikz
from symbptt.draw.scene import Scene
from symbptt.model.read import load, names
from symbptt.model.values import Role
from symbptt.narrative.presentation import ENGLISH

QUICK_MODELS = ("elman", "jordan", "mgu", "mlp")


def drawing(name: str, T: int, wrt: str = "parameters") -> Scene:
    model = load(name)
    return scene(model, T, model.parameters if wrt == "parameters" else model.variables)


def labels(item: Scene, backward: bool) -> list[str]:
    return [typeset.text(a.label) for a in item.arrows if a.backward == backward and a.label is not None]


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("T", [1, 3, 9])
def test_everything_is_inside_and_nothing_overlaps(name: str, T: int) -> None:
    item = drawing(name, T, "all")
    for node in item.nodes:
        assert RADIUS <= node.x <= item.width - RADIUS and RADIUS <= node.y <= item.height - RADIUS
    for i, a in enumerate(item.nodes):
        for b in item.nodes[i + 1 :]:
            assert (a.x - b.x) ** 2 + (a.y - b.y) ** 2 > (2 * RADIUS) ** 2
    for arrow in item.arrows:
        assert 0 <= arrow.lx <= item.width and 0 <= arrow.ly <= item.height


def test_the_elman_figure_says_what_flows() -> None:
    item = drawing("elman", 3)
    assert labels(item, False).count("Wₕₕ") == 3
    assert [s for s in labels(item, True) if s.startswith("Wₕₕ")] == ["Wₕₕᵀ δ_{a,2}", "Wₕₕᵀ δ_{a,3}"]
    assert "softmax(o₃) − y₃" in labels(item, True)
    assert len([n for n in item.nodes if n.role is Role.LOSS]) == 3


def test_gradients_reach_inputs_and_initial_states_only_if_asked_for() -> None:
    plain, full = drawing("elman", 2), drawing("elman", 2, "all")
    assert "Wₕₕᵀ δ_{a,1}" not in labels(plain, True) and "Wₕₕᵀ δ_{a,1}" in labels(full, True)
    assert "Wₓₕᵀ δ_{a,1}" not in labels(plain, True) and "Wₓₕᵀ δ_{a,1}" in labels(full, True)


def test_a_matrix_is_shown_only_where_it_stands_alone() -> None:
    assert "W₁" not in labels(drawing("mlp", 1), False), "three matrices lie between x and o"


def test_a_matrix_stands_on_every_arrow_through_it_or_on_none() -> None:
    for name, shown in (("linear_attention", set()), ("elman", {"W_xh", "W_hh", "W_ho"}), ("lstm", {"W_ho"})):
        model = load(name)
        found = flow.forward_labels(model, ENGLISH, flow.edges(model, flow.shown_values(model)))
        assert {typeset.text(tree) for tree in found.values()} == {typeset.text(model[v].at(), model) for v in shown}


@pytest.mark.parametrize("name", ["linear_attention", "lstm"])
def test_arrows_of_several_states_have_no_labels(name: str) -> None:
    item = drawing(name, 3, "all")
    assert not labels(item, False) and not labels(item, True)


def test_edges_skip_values_that_are_not_shown() -> None:
    model = load("lstm")
    shown = flow.shown_values(model)
    assert [v.name for v in shown] == ["x", "c", "h", "o", "L"]
    found = {(e.source.name, e.lag, e.target.name) for e in flow.edges(model, shown)}
    assert found == {
        ("x", 0, "c"), ("h", 1, "c"), ("c", 1, "c"), ("x", 0, "h"), ("h", 1, "h"), ("c", 0, "h"), ("h", 0, "o"), ("o", 0, "L"),
    }


def test_many_steps_are_abridged() -> None:
    item = drawing("elman", 50)
    texts = {typeset.text(n.label) for n in item.nodes}
    assert {"h₀", "h₁", "h₂", "h₅₀"} <= texts and "h₃" not in texts
    assert len(item.gaps) == 1
    assert r"$\cdots$" in tikz.write(item) and "⋯" in svg.write(item, "t")


def test_the_svg_is_well_formed_and_names_itself() -> None:
    root = ElementTree.fromstring(svg.write(drawing("lstm", 3), 'a <b> & "c"'))
    assert root[0].tag == "title" and root[0].text == 'a <b> & "c"'
    arrows = [e for e in root.iter("g") if e.get("class") == "arrow gradient"]
    assert len(arrows) > 5 and all([p.get("class") for p in e.iter("path")] == ["line", "head"] for e in arrows)
    assert root[1].tag == "desc" and "c₂ ⇢ c₁" in (root[1].text or "") and "h₁ → h₂" in (root[1].text or "")
    assert all(e.get("id") is None for e in root.iter()), "a page may hold several drawings"


def test_the_svg_says_which_values_flow_where() -> None:
    root = ElementTree.fromstring(svg.write(drawing("lstm", 3), "t"))
    values = {e.get("data-at") for e in root.iter("g") if e.get("data-at")}
    assert {"h 0", "c 3", "L 2", "x 1"} <= values
    assert all({e.get("data-source"), e.get("data-target")} <= values for e in root.iter("g") if "arrow" in e.get("class", ""))
    assert {"h 1 c", "c 1 c", "c 0 h", "o 0 L"} <= set(root.get("data-routes", "").split(";"))
    entries = dict(entry.split(" ", 1) for entry in root.get("data-entries", "").split(";"))
    assert entries["W_hf"] == "c" and entries["W_hq"] == "h" and entries["W_ho"] == "o"


def test_the_tikz_picture_is_balanced() -> None:
    text = tikz.write(drawing("lstm", 3))
    assert text.count("{") == text.count("}")
    assert r"\draw[gradient]" in text and r"\draw[forward]" in text
