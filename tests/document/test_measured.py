"""The measured flow of the gradient in documents: the numbers of the engine, drawn for both formats, in every language."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from base64 import b64decode

import numpy as np
import pytest

from symbptt import analyze, typeset
from symbptt.analyze.layout import cell
from symbptt.cli import main
from symbptt.document.blocks import Paragraph, Plotted, Table
from symbptt.document.context import DocumentContext
from symbptt.document.options import DocumentOptions
from symbptt.document.parts import measured
from symbptt.document.renderer import Renderer
from symbptt.document.sizes import written
from symbptt.document.writers.html import Html
from symbptt.document.writers.latex import Latex
from symbptt.document.writers.markdown import Markdown
from symbptt.document.writing import render
from symbptt.draw import plot
from symbptt.errors import UnknownName
from symbptt.model.read import from_text, load, names
from symbptt.narrative.inline import plain
from symbptt.narrative.presentation import Presentation

QUICK_MODELS = ("elman", "mgu", "mlp")


def blocks(name, language="en", parts=()):
    models = tuple(map(load, name.split("+")))
    return measured.measured(DocumentContext(models, 3, None, Presentation(language), analysis=parts))


def said(made):
    return " ".join(plain(b.text, typeset.text) for b in made if isinstance(b, Paragraph))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*names(), "elman+lstm", "mlp+elman"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_model_in_every_format(name, language):
    made = blocks(name, language)
    html, tex, md = ("".join(map(Renderer(writer(language), "derivation").block, made)) for writer in (Html, Latex, Markdown))
    for image in re.findall(r"base64,([^)]*)\)", md):
        assert "xmlns" in (drawn := b64decode(image).decode()) and ElementTree.fromstring(drawn).tag.endswith("svg")
    for drawing in re.findall(r"<svg.*?</svg>", html, re.S):
        ElementTree.fromstring(drawing)
    plots = sum(isinstance(b, Plotted) for b in made)
    assert html.count("<svg") == md.count("base64,") == tex.count(r"\begin{tikzpicture}") == plots >= 1
    assert "[U+" not in tex
    assert tex.count("{") == tex.count("}") and "nan" not in tex


def test_the_boxes_are_shaded_by_the_norms_of_the_terms():
    drawn = next(b for b in blocks("elman") if isinstance(b, Plotted)).plot
    item = analyze.main(analyze.flow("elman", 20))
    assert item.name == "W_hh" and len(drawn.boxes) == len(item.pairs) == 210
    norms = np.array([item.norms[t - 1, k - 1] for t, k in item.pairs])
    shades = np.array([box.shade for box in drawn.boxes])
    assert [box.look is plot.Look.EMPTY for box in drawn.boxes] == [value == 0 for value in norms]
    order = np.argsort(norms[norms > 0])
    assert (np.diff(shades[norms > 0][order]) >= 0).all() and shades.max() == 1
    logs = np.log10(norms[norms > 0])
    np.testing.assert_allclose(shades[norms > 0], 0.06 + 0.94 * (logs - logs.min()) / (logs.max() - logs.min()))
    for (t, k), box in zip(item.pairs, drawn.boxes, strict=True):
        assert (box.x, box.y) == (plot.LEFT + (k - 1) * plot.CELL, plot.TOP + (t - 1) * plot.CELL)


@pytest.mark.slow
def test_tables_have_the_numbers_of_the_analysis():
    found = analyze.flow("lstm", 20)
    tables = [b for b in blocks("lstm") if isinstance(b, Table)]
    shares, window, spectra = tables[:3]
    assert [row[1][0] for row in shares.rows] == [cell(item.total) for item in found.table.terms]
    bias = {item.name: item.bias[1] / item.total for item in found.table.terms if item.bias[1]}
    assert [row[1][0] for row in window.rows] == [cell(value) for value in bias.values()]
    assert [row[1][0] for row in spectra.rows[:4]] == [cell(s.largest) for s in found.spectra]
    assert cell(found.growth.verdict.rate) in said(blocks("lstm"))


def test_parts_can_be_chosen_and_a_wrong_one_is_named():
    assert sum(isinstance(b, Plotted) for b in blocks("elman", parts=("distance",))) == 1
    assert not any(isinstance(b, Plotted) for b in blocks("elman", parts=("units", "shares")))
    with pytest.raises(UnknownName, match="pie"):
        blocks("elman", parts=("pie",))


@pytest.mark.slow
def test_several_models_are_put_side_by_side():
    made = blocks("elman+lstm")
    assert "side by side" in said(made) and [row[0] for row in made[-2].rows] == [("elman",), ("lstm",)]
    assert "side by side" not in said(blocks("mlp+elman"))


def test_words_where_there_is_nothing_to_draw():
    text = "[inputs]\nx='D'\n[states]\nh='D'\n[parameters]\nw='D'\n[equations]\nh='w * x'\n[loss]\nstep='relu(0 - sum(h ** 2))'"
    made = measured.measured(DocumentContext((from_text(text, "nothing"),), 2, analysis=("terms", "distance")))
    assert "No term of" in said(made)
    cell = "'exp(exp(exp(h[t-1] * h[t-1] + 4 + x * x))) * w'"
    wild = from_text(text.replace("'w * x'", cell).replace("relu(0 - sum(h ** 2))", "sum(h)"), "wild")
    made = measured.measured(DocumentContext((wild,), 2))
    assert "not finite" in said(made) and "No term of" in said(made)


def test_a_disagreement_is_said(monkeypatch):
    monkeypatch.setattr("symbptt.analyze.table.ROUNDING", -1.0)
    assert "do not add up" in said(blocks("elman"))


@pytest.mark.slow
def test_a_document_has_the_section_before_its_references(tmp_path, capsys):
    assert main(["document", "elman", "-T", "2", "--with-analysis", "--format", "html", "-o", str(tmp_path)]) == 0
    html = (tmp_path / "elman_T2.html").read_text(encoding="utf-8")
    assert html.index('id="code"') < html.index('id="analysis"') < html.index('id="references"')
    assert html.count('<svg class="plot"') == 2 and "--analysis all" in html
    plain = render("elman", 2, "html")
    assert 'id="analysis"' not in plain and render("elman", 2, "html", options=DocumentOptions(analysis="all")) == html
    assert main(["document", "elman", "-T", "2", "--analysis", "distance", "--format", "tex", "-o", str(tmp_path)]) == 0
    assert (tmp_path / "elman_T2.tex").read_text(encoding="utf-8").count(r"\draw[thick, dashed]") == 2
    capsys.readouterr()
    assert main(["document", "elman", "--analysis", "pie", "-o", str(tmp_path / "new")]) == 2
    assert "terms" in capsys.readouterr().err and not (tmp_path / "new").exists()


def test_the_author_can_add_to_the_section(tmp_path):
    (tmp_path / "own.toml").write_text('[parts.measured]\nbefore = ["Look at the corner."]\n', encoding="utf-8")
    options = DocumentOptions(analysis="units", prose=tmp_path / "own.toml")
    assert "Look at the corner." in render("elman", 2, "html", options=options)


@pytest.mark.parametrize(("value", "text"), [(0.25, "0.250"), (-0.25, "−0.250"), (3e-3, "3.0 · 10⁻³"), (-1.5e-4, "−1.5 · 10⁻⁴")])
def test_numbers_in_running_text_may_be_below_zero(value, text):
    assert plain(written(value), typeset.text) == text
