"""Remedies measured: what each is known to do shows in the numbers."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

import symbptt
from symbptt import analyze
from symbptt.analyze import cliff, remedies
from symbptt.analyze.comparison import Case, compare
from symbptt.analyze.experiments import EXPERIMENTS
from symbptt.cli import main
from symbptt.errors import BadInput, UnknownName


def _rows(group, **options):
    return {row.label: row for row in remedies.remedies(group, **options)}


@pytest.mark.slow
def test_a_larger_forget_bias_lets_the_product_of_gates_last():
    rows = remedies.remedies("forget bias", dims={"H": 8})
    direct = [row.direct for row in rows]
    assert direct == sorted(direct) and direct[0] < 1e-12 and 0.9 < direct[-1] < 1
    assert [row.far for row in rows] == sorted(row.far for row in rows)


def test_the_product_of_forget_gates_is_what_it_says():
    model = symbptt.load("lstm")
    data = analyze.adjusted(model, analyze.point(model, 5), {"b_f": 2.0}, {"W_xf": 0.0, "W_hf": 0.0})
    (row,) = compare([Case("fixed gates", model, data)])
    assert row.direct == pytest.approx((1 + np.exp(-2.0)) ** -5, rel=1e-12)


def test_activations():
    rows = _rows("activation")
    assert rows["sigmoid"].verdict == "vanishing by the bound" and rows["sigmoid"].rate < 0.5 < rows["tanh"].rate
    assert rows["relu"].saturated > 0.2 and rows["elu"].saturated < rows["relu"].saturated


def test_initialisation():
    rows = _rows("initialisation", dims={"H": 16})
    weights = {label: row.analysis.data.parameters["W_hh"] for label, row in rows.items()}
    np.testing.assert_allclose(weights["orthogonal"] @ weights["orthogonal"].T, np.eye(16), atol=1e-12)
    assert np.array_equal(weights["identity"], np.eye(16))
    assert rows["identity"].far > rows["uniform"].far


def test_normalisation_and_the_residual_connection():
    rows = _rows("normalisation", dims={"H": 8}, scale=3.0)
    assert rows["residual"].direct == pytest.approx(1), "the route past the layer is the identity"
    assert rows["layer norm"].saturated < rows["elman"].saturated, "normalised arguments do not saturate"
    assert all(row.analysis.agrees for row in rows.values())


@pytest.mark.slow
def test_every_group_runs_and_an_unknown_one_is_named():
    for group in remedies.REMEDIES:
        rows = remedies.remedies(group, T=4, N=2)
        inputs = [row.analysis.data.inputs["x"] for row in rows]
        assert all(np.array_equal(x, inputs[0]) for x in inputs), "the same data for all"
    with pytest.raises(UnknownName):
        remedies.remedies("magic")


def test_a_gradient_step_is_thrown_off_the_cliff_and_clipping_prevents_it():
    found = cliff.cliff(points=41)
    paths = {path.method: path for path in found.paths}
    assert set(paths) == set(cliff.METHODS)
    assert paths["plain"].longest > 10 and paths["plain"].losses[-1] > 0.04
    for method in ("norm", "value", "normalised", "normalised each"):
        assert paths[method].longest <= 0.05 * np.sqrt(2) + 1e-9, method
        assert paths[method].losses.min() < (1e-3 if method != "normalised each" else 0.01)
    clipped = np.minimum(1, 0.05 / (paths["norm"].norms + 1e-6))
    np.testing.assert_allclose(paths["norm"].rates, clipped, rtol=1e-12)
    assert (paths["plain"].rates == 1).all() and (paths["value"].rates < 1).any()
    np.testing.assert_allclose(paths["normalised"].rates * paths["normalised"].norms, 0.05, rtol=1e-12)
    assert paths["norm"].losses[-1] < 0.01 and paths["norm"].norms.max() > 10
    assert found.norms.max() > 50 * np.median(found.norms)


def test_the_slopes_of_the_cliff_are_those_of_its_loss():
    w, b = np.array([5.0, 4.2, 6.0]), np.array([-2.4, -2.0, -3.5])
    _, by_w, by_b = cliff.loss_and_slopes(w, b)
    for slopes, move in ((by_w, (1e-6, 0.0)), (by_b, (0.0, 1e-6))):
        up, down = (cliff.loss_and_slopes(w + s * move[0], b + s * move[1])[0] for s in (1, -1))
        np.testing.assert_allclose(slopes, (up - down) / 2e-6, rtol=1e-4, atol=1e-9)


def test_the_signal_experiment_and_its_options():
    found = analyze.experiment("signal")
    assert "2.46841" in found.text and "249.496" in found.text and "1.2342" in found.text and "0.000237938" in found.text
    halved = analyze.experiment("signal", analyze.Options(scale={"W_h": 0.5}))
    assert halved.data["series"][0]["norms"] == found.data["series"][1]["norms"]


def test_where_a_sigmoid_enlarges_is_never_wider_than_0_45():
    entries = analyze.experiment("interval").data["entries"]
    widths = [sum(i["x_high"] - i["x_low"] for i in e["intervals"]) for e in entries if e["activation"] == "sigmoid"]
    assert 0.447 < max(widths) < 0.45 and sum(w == 0 for w in widths) == 7
    assert "without end" not in analyze.experiment("interval").text
    assert "0 < z; inf" in analyze.experiment("interval", analyze.Options(activation="relu")).text


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("layout", ["text", "json", "csv"])
def test_experiments_from_the_command_line(capsys, name, layout):
    sizes = ["-T", "4", "-N", "2"] if "T" in EXPERIMENTS[name].takes else []
    assert main(["analyze", "--experiment", name, *sizes, "--format", layout]) == 0
    out = capsys.readouterr().out
    assert json.loads(out)["schema"] == 1 if layout == "json" else out.strip()
    if layout == "csv":
        rows = list(csv.DictReader(io.StringIO(out)))
        assert len(rows) >= 3 and all(None not in row and None not in row.values() for row in rows)


def test_models_side_by_side(capsys):
    assert main(["analyze", "--compare", "elman", "lstm", "gru", "-T", "6", "--format", "json", "--set", "b_f=1"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [row["label"] for row in data["rows"]] == ["elman", "lstm", "gru"] and len(data["rows"][0]["products"]) == 7
    assert main(["analyze", "--compare", "elman", "lstm", "-T", "6", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("label,loss,gradient")
    assert main(["analyze", "--compare", "elman", "lstm", "-T", "6"]) == 0
    assert "side by side" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [
    (), ("elman", "lstm"), ("--compare", "elman"), ("--compare",), ("--compare", "elman", "mlp"), ("--experiment", "nosuch"),
    ("--experiment", "signal", "elman"), ("--experiment", "signal", "--scale", "W=2"), ("--compare", "elman", "lstm", "--modes"),
    ("--compare", "elman", "lstm", "--set", "b_x=1"), ("--compare", "elman", "lstm", "--dims", "Q=1"),
    ("--compare", "elman", "nosuch"),
    ("--compare", "elman", "lstm", "--wrt", "W_hh"),
    ("--experiment", "gates", "--activation", "relu"), ("--experiment", "cliff", "-T", "3"),
    ("--experiment", "signal", "--activation", "nosuch"), ("--experiment", "signal", "--seed", "-1"),
    ("--experiment", "signal", "--seed", str(2**32)), ("--experiment", "signal", "-T", "0"),
    ("--experiment", "signal", "--dims", "D=3"), ("--experiment", "gates", "-N", "0"), ("--experiment", "curves", "--norm", "2"),
    ("--compare", "elman", "lstm", "--loss", "none"),
])
def test_bad_input(capsys, arguments):
    assert main(["analyze", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("symbptt: ") and len(captured.err.splitlines()) == 1


def test_lengths_must_agree():
    model = symbptt.load("elman")
    with pytest.raises(BadInput, match="same numbers"):
        compare([Case("a", model, analyze.point(model, 3)), Case("b", model, analyze.point(model, 4))])
