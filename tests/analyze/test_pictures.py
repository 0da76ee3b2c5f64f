"""Pictures: whole, the same bytes every time, in words where there is nothing to draw, and readable in grey."""

from __future__ import annotations

import builtins
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import matplotlib

import symbptt
from symbptt import analyze
from symbptt.analyze import curves, pictures
from symbptt.cli import main
from symbptt.draw import axes as style
from symbptt.errors import UnknownName

ELMAN = symbptt.load("elman")


def _texts(figure):
    root = ElementTree.fromstring(pictures.picture(figure, "svg"))
    return " ".join(element.text or "" for element in root.iter() if element.tag.endswith(("text", "tspan")))


@pytest.fixture(scope="module")
def lstm():
    return analyze.flow("lstm", 6, wrt=["W_hi", "b_f"])


@pytest.mark.sampled(10)
@pytest.mark.parametrize("name", pictures.FIGURES)
@pytest.mark.parametrize("layout", ["png", "svg"])
def test_every_picture_in_both_formats_twice_the_same(lstm, name, layout):
    first, second = (pictures.picture(pictures.of_analysis(lstm, name), layout) for _ in range(2))
    assert first == second and len(first) > 3000
    assert first.startswith(b"\x89PNG" if layout == "png" else b"<?xml")


@pytest.mark.slow
def test_the_overview_names_what_it_shows(lstm):
    said = _texts(pictures.of_analysis(lstm))
    for word in ("lstm", "T = 6", "W_hi", "source step k", "loss step t", "measured", "distance d"):
        assert word in said
    assert "direct route" in _texts(pictures.of_analysis(lstm, "blocks"))
    assert "(γ σ_max)^d" in _texts(pictures.of_analysis(analyze.flow(ELMAN, 5), "distance"))


def test_the_colours_are_those_of_the_numbers():
    found = analyze.flow(ELMAN, 5)
    figure = pictures.of_analysis(found, "terms")
    for axes, item in zip((a for a in figure.axes if a.get_title().startswith("terms")), found.table.terms, strict=True):
        shown = axes.images[-1].get_array()
        np.testing.assert_array_equal(np.ma.getmaskarray(shown), item.norms == 0)
        np.testing.assert_allclose(shown.compressed(), item.norms[item.norms > 0])


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("values", "T", "sentence"), [
    ({"W_ho": np.zeros((3, 4))}, 4, "no term is positive and finite"),
    ({"W_hh": np.full((4, 4), np.nan)}, 4, "no recurrent matrix or Jacobian has a singular value"),
    ({"W_hh": np.zeros((4, 4))}, 4, "no parameter has a term with t > k"),
    ({}, 1, "no parameter has a term with t > k"), ({"W_ho": np.zeros((3, 4))}, 1, "nothing to colour"),
])
def test_words_in_place_of_an_empty_drawing(values, T, sentence):
    assert sentence in _texts(pictures.of_analysis(analyze.flow(ELMAN, T, values=values))).replace("\n", " ")


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", pictures.FIGURES)
def test_no_model_and_no_value_stops_a_picture(name):
    infinite = analyze.flow(ELMAN, 3, values={"x": np.full((3, 2, 3), np.inf)})
    others = (analyze.flow(model, 3) for model in ("mlp", symbptt.load("elman", loss="none"), "deep_feedforward"))
    for found in (infinite, *others):
        assert pictures.picture(pictures.of_analysis(found, name), "svg")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("name", "options"), [
    ("signal", {"T": 5, "activation": "tanh"}), ("cliff", {}), ("curves", {}), ("gates", {"T": 5, "N": 2}), ("interval", {}),
    ("interval", {"activation": "relu"}), ("gates", {"T": 1}), ("initialisation", {"T": 3, "scale": {"W_hh": float("nan")}}),
])
def test_pictures_of_experiments(name, options):
    assert pictures.picture(pictures.of_result(analyze.experiment(name, analyze.Options(**options))), "svg")


def test_lines_differ_without_colour_and_the_map_rises_in_lightness():
    looks = list(zip(map(str, style.DASHES), style.MARKERS, strict=True))
    assert len(set(looks)) == len(looks) == len(style.COLOURS)
    rgb = matplotlib.colormaps[style.MAP](np.linspace(0, 1, 64))[:, :3]
    grey = rgb @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(grey) > 0).all() and grey[-1] - grey[0] > 0.6


def test_the_settings_of_the_caller_stay(lstm):
    before = dict(matplotlib.rcParams)
    pictures.picture(pictures.of_analysis(lstm), "png")
    assert dict(matplotlib.rcParams) == before


def test_activation_curves():
    z = np.linspace(-4, 4, 101)
    np.testing.assert_allclose(curves.values("sigmoid", z, True).max(), 0.25)
    np.testing.assert_allclose(curves.values("tanh", z), np.tanh(z))
    bounds = {c.name: c.bound for c in curves.table()}
    assert bounds["sigmoid"] == 0.25 and bounds["tanh"] == 1.0
    assert "sigmoid′ ≤ 1/4" in _texts(pictures.of_result(analyze.experiment("curves")))


def test_from_the_command_line(tmp_path, capsys):
    for layout in ("png", "svg"):
        path = tmp_path / f"flow.{layout}"
        assert main(["analyze", "elman", "-T", "4", "--format", layout, "-o", str(path), "--picture", "distance"]) == 0
        assert path.stat().st_size > 1000
    assert main(["analyze", "--experiment", "signal", "--format", "svg"]) == 0
    assert "<svg" in capsys.readouterr().out
    for arguments in (["--format", "png"], ["--picture", "terms"], ["--format", "svg", "--picture", "nosuch"]):
        assert main(["analyze", "elman", "-T", "2", *arguments]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_an_unknown_picture(lstm):
    with pytest.raises(UnknownName):
        pictures.of_analysis(lstm, "pie")


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch, capsys, tmp_path):
    for name in [n for n in sys.modules if n.startswith(("matplotlib", "symbptt.analyze.pictures", "symbptt.draw.axes"))]:
        monkeypatch.delitem(sys.modules, name)
    original = builtins.__import__

    def absent(name, *rest):
        if name.split(".")[0] == "matplotlib":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    assert main(["analyze", "elman", "-T", "2", "--format", "png", "-o", str(tmp_path / "x.png")]) == 2
    assert "symbptt[plot]" in capsys.readouterr().err and not (tmp_path / "x.png").exists()
