"""The graph with numbers: all of the example's values are in their boxes, nothing overlaps, and it grows step by step."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo import CLASSIC

from symbptt import document
from symbptt.algebra.related import Adjoint
from symbptt.document import DocumentOptions
from symbptt.document.blocks import Figure
from symbptt.document.context import DocumentContext
from symbptt.document.example.numbers import Example, refusal, required
from symbptt.document.graph.numbered import DIGITS, scene, short
from symbptt.document.parts.pictured import graph
from symbptt.document.parts.worked import length
from symbptt.draw import svg, tikz
from symbptt.draw.scene import Label, Scene
from symbptt.model.read import load
from symbptt.narrative.presentation import ENGLISH

KINDS = sorted((Path(__file__).parents[1] / "kinds").glob("*.toml"))
WHOLE = [name for name in CLASSIC if refusal(load(name)) is None]


def drawing(name: str, T: int) -> tuple[Example, Scene]:
    model = load(name)
    example = required(model, length(model, T))
    made = scene(example, model.parameters, ENGLISH)
    assert made is not None
    return example, made


def of(made: Scene, name: str, step: int, kind: str) -> list[Label]:
    return [label for label in made.labels if label.key == (name, step) and label.kind == kind]


@pytest.mark.parametrize("name, T", [("elman", 3), ("elman", 4), ("lstm", 3), ("deep_feedforward", 4)])
def test_it_fits_a_page_and_nothing_overlaps(name: str, T: int) -> None:
    _, made = drawing(name, T)
    assert made.size((786.0, 500.0)) > 0.95
    for i, a in enumerate(made.nodes):
        assert a.half <= a.x <= made.width - a.half and a.tall <= a.y <= made.height - a.tall
        assert all(abs(a.x - b.x) >= a.half + b.half or abs(a.y - b.y) >= a.tall + b.tall for b in made.nodes[i + 1 :])
        inside = [label for label in made.labels if label.key == a.key]
        assert all(abs(label.x - a.x) <= a.half and abs(label.y - a.y) <= a.tall for label in inside)


@pytest.mark.parametrize("name", ["lru", "linear_attention", "lstm"])
def test_an_arrow_goes_round_the_boxes_that_it_does_not_join(name: str) -> None:
    _, made = drawing(name, 3)
    for a in made.arrows:
        for s in (i / 24 for i in range(25)):
            x = (1 - s) ** 2 * a.x1 + 2 * s * (1 - s) * a.cx + s * s * a.x2
            y = (1 - s) ** 2 * a.y1 + 2 * s * (1 - s) * a.cy + s * s * a.y2
            assert not any(abs(x - n.x) < n.half and abs(y - n.y) < n.tall for n in made.nodes if n.key not in (a.ends or ()))


def test_the_boxes_hold_the_numbers_of_the_example() -> None:
    example, made = drawing("elman", 3)
    model = example.model
    for name, step in (("h", 2), ("o", 3), ("h", 1)):
        for kind, symbol in (("value", model[name].at(step)), ("adjoint", Adjoint(model[name].at(step)))):
            symbol_, *numbers = [label.text for label in of(made, name, step, kind)]
            assert symbol_ == ENGLISH.tree(symbol, model)
            assert numbers == [short(row[0]) for row in example.entries.leaves[symbol][0]]
    left, right = of(made, "h", 2, "value")[1], of(made, "h", 2, "adjoint")[1]
    assert right.x - left.x == DIGITS and not of(made, "h", 0, "adjoint") and not of(made, "x", 1, "adjoint")


def test_what_comes_back_from_the_next_step_has_an_arrow() -> None:
    _, made = drawing("lstm", 3)
    back = {a.ends for a in made.arrows if a.backward}
    assert {(("h", 2), ("h", 1)), (("c", 2), ("c", 1)), (("c", 3), ("h", 2))} <= back
    assert not any(ends and ends[1][1] == 0 for ends in back), "initial states have no adjoint here"


def test_it_grows_forwards_and_then_backwards() -> None:
    _, made = drawing("elman", 3)
    stages = {(label.key, label.kind): label.stage for label in made.labels}
    assert [stages[("h", t), "value"] for t in range(4)] == [0, 1, 2, 3]
    assert [stages[("h", t), "adjoint"] for t in (3, 2, 1)] == [4, 5, 6]
    assert r"\stage{6}{\node[" in tikz.write(made) and r"\stage{0}" not in tikz.write(made)
    assert '<g class="adjoint" data-of="h 1">' in svg.write(made, "t")
    slides = document.render("elman", 3, "tex", options=DocumentOptions(kind="slides"))
    assert r"\renewcommand{\stage}[2]{\uncover< #1->{#2}}" in slides and r"\stage{6}" in slides


@pytest.mark.parametrize("file", KINDS, ids=lambda file: file.stem)
@pytest.mark.slow
@pytest.mark.share(3)
def test_every_kind_of_model_has_a_graph(file: Path) -> None:
    model = load(str(file))
    if model.loss is not None:
        made = graph(DocumentContext((model,), 3, presentation=ENGLISH))
        assert any(isinstance(block, Figure) for block in made)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.slow
def test_every_model_has_its_numbers(name: str) -> None:
    for T in (3, 4):
        assert drawing(name, T)[1].size((786.0, 500.0)) > 0.95
