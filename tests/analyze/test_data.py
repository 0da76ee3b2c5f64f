"""The point of an analysis: sizes, initial weights, given arrays, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

import symbptt
from symbptt import analyze
from symbptt.analyze import recurrent
from symbptt.errors import BadInput, UnknownName
from symbptt.model import initialisers

ELMAN = symbptt.load("elman")


def test_defaults():
    point = analyze.point(ELMAN)
    assert (point.T, point.N, dict(point.dims)) == (20, 2, {"D": 3, "H": 4, "O": 3})
    assert not point.states["h"].any() and not point.parameters["b_h"].any() and point.parameters["W_hh"].any()
    assert point.targets["y"].dtype.kind == "i" and point.targets["y"].shape == (20, 2)
    same = analyze.point(ELMAN)
    assert all(np.array_equal(value, same.arrays()[name]) for name, value in point.arrays().items())
    assert not np.array_equal(point.inputs["x"], analyze.point(ELMAN, seed=1).inputs["x"])


@pytest.mark.parametrize("name", symbptt.names())
def test_every_model_has_a_point_whose_gradient_is_not_zero(name):
    model = symbptt.load(name)
    found = analyze.flow(model, 3, wrt="all")
    assert found.agrees and not any("nan" in note for note in found.notes)
    assert all(np.isfinite(item.norms).all() for item in found.table.terms)


@pytest.mark.parametrize(("name", "variance"), [("xavier", 2 / 300), ("he", 2 / 150), ("orthogonal", 1 / 150)])
def test_short_names_and_their_variances(name, variance):
    drawn = analyze.point(ELMAN, 1, {"H": 150}, init=name).parameters["W_hh"]
    assert drawn.var() == pytest.approx(variance, rel=0.05)


def test_weights_are_those_of_the_command_init():
    assert np.array_equal(
        analyze.point(ELMAN, 5, seed=3).parameters["W_hh"], initialisers.draw(ELMAN, {"D": 3, "H": 4, "O": 3}, 3)["W_hh"]
    )


def test_models_with_the_same_names_get_the_same_data():
    elman, lstm = analyze.point(ELMAN), analyze.point(symbptt.load("lstm"))
    for name, value in {**elman.inputs, **elman.targets}.items():
        np.testing.assert_array_equal(value, {**lstm.inputs, **lstm.targets}[name])
    np.testing.assert_array_equal(elman.parameters["W_ho"], lstm.parameters["W_ho"])


def test_identity_is_for_recurrent_matrices_alone():
    point = analyze.point(ELMAN, dims={"D": 4, "H": 4, "O": 4}, init="identity")
    assert np.array_equal(point.parameters["W_hh"], np.eye(4)) and not np.array_equal(point.parameters["W_xh"], np.eye(4))


def test_a_model_file_says_how_to_start_and_the_caller_may_differ():
    irnn = symbptt.load("irnn")
    assert np.array_equal(analyze.point(irnn).parameters["W_hh"], np.eye(4))
    assert not np.array_equal(analyze.point(irnn, init="he").parameters["W_hh"], np.eye(4))
    assert np.array_equal(analyze.point(ELMAN, init={"W_hh": "identity"}).parameters["W_hh"], np.eye(4))


def test_filled_and_scaled_parameters():
    lstm = symbptt.load("lstm")
    point = analyze.point(lstm)
    changed = analyze.adjusted(lstm, point, {"b_f": 2.0}, {"W_hf": 0.5, "b_f": 3.0})
    assert set(changed.parameters["b_f"]) == {6.0} and "b_f = 2" in changed.source
    np.testing.assert_array_equal(changed.parameters["W_hf"], point.parameters["W_hf"] / 2)
    with pytest.raises(UnknownName):
        analyze.adjusted(lstm, point, {"b_z": 1.0}, {})


def test_given_arrays_decide_the_sizes():
    point = analyze.point(ELMAN, values={"x": np.zeros((7, 5, 2)), "W_ho": np.zeros((6, 9))})
    assert (point.T, point.N, dict(point.dims)) == (7, 5, {"D": 2, "H": 9, "O": 6})
    columns = analyze.point(ELMAN, values={"y": np.full((4, 2, 3), 1 / 3)})
    assert columns.targets["y"].shape == (4, 2, 3) and columns.T == 4


@pytest.mark.parametrize(("options", "message"), [
    ({"values": {"x": np.zeros((3, 2))}}, "x has shape"),
    ({"values": {"x": np.zeros((3, 2, 2)), "W_xh": np.zeros((4, 3))}}, "D is 2 in x but 3 in W_xh"),
    ({"values": {"W_xx": np.zeros(3)}}, "W_xx"),
    ({"T": 4, "values": {"x": np.zeros((3, 2, 2))}}, "T is 4 as asked but 3 in x"),
    ({"T": 0}, "T must be"), ({"T": 2.5}, "T must be"), ({"T": True}, "T must be"), ({"N": -1}, "N must be"),
    ({"dims": {"H": 0}}, "H must be"), ({"dims": {"K": 2}}, "dimension 'K'"), ({"seed": -1}, "seed"),
    ({"dims": {"H": 100_000}}, "entries"), ({"init": "glorot"}, "initialiser 'glorot'"), ({"init": {"W": "he"}}, "parameter 'W'"),
    ({"init": {"b_h": "identity"}}, "matrices"),
    ({"values": {"x": np.zeros((0, 2, 3))}}, "T is 0"),
])
def test_what_does_not_fit(options, message):
    with pytest.raises(BadInput, match=message):
        analyze.point(ELMAN, **options)


def test_files(tmp_path):
    path = tmp_path / "values.npz"
    np.savez(path, W_hh=np.eye(4), y=np.zeros((6, 2), dtype=int))
    point = analyze.point(ELMAN, values=analyze.load(path))
    assert point.T == 6 and np.array_equal(point.parameters["W_hh"], np.eye(4))
    (tmp_path / "text.npz").write_text("no numbers")
    (tmp_path / "empty.npz").write_bytes(b"")
    np.savez(tmp_path / "words.npz", x=np.array(["a"]))
    np.savez(tmp_path / "objects.npz", x=np.array([{}], dtype=object))
    np.save(tmp_path / "one.npy", np.eye(2))
    for name in ("missing.npz", "text.npz", "empty.npz", "words.npz", "objects.npz", "one.npy", ""):
        with pytest.raises(BadInput):
            analyze.load(tmp_path / name)


def test_which_matrices_are_recurrent():
    assert recurrent.recurrent(symbptt.load("lstm_peephole")) == ("W_hi", "W_hf", "W_hg", "W_hq")
    assert recurrent.recurrent(ELMAN) == ("W_hh",) and recurrent.recurrent(symbptt.load("mlp")) == ()
