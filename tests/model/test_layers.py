"""Stacked cells: names, shapes and texts of the layers, numbers against a plain recurrence, and what cannot be stacked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symbptt import data, unroll
from symbptt.errors import BadInput
from symbptt.model import define, read
from symbptt.verify import complex_step
from symbptt.verify.case import Case
from symbptt.verify.load import resolve

Array = NDArray[Any]
Walk = Callable[..., dict[tuple[str, int], Array]]
DIMS = {"D": 2, "H": 3, "O": 4, "K": 5}
STACKED = ("elman", "gru", "gru_reset_after", "indrnn", "irnn", "leaky", "linear", "lstm", "lstm_coupled", "lstm_peephole", "mgu",
           "residual_rnn", "scalar")


@pytest.mark.parametrize("name", STACKED)
@pytest.mark.parametrize("layers", (2, 3))
def test_the_text_of_a_stacked_model_is_true(name: str, layers: int) -> None:
    model = read.load(name, layers=layers)
    assert read.from_text(model.text, f"{name}.toml") == model
    assert len(model.states) == layers * len(read.load(name).states)
    assert model.options == f"--layers {layers}"
    for variable in model.variables:
        assert variable.definition is not None or variable.role in ("loss", "target") or variable.description, variable.name


def test_one_layer_changes_nothing() -> None:
    assert read.load("lstm", layers=1) == read.load("lstm")


def test_the_first_layer_and_the_read_out_keep_their_names() -> None:
    model = read.load("elman", layers=3)
    parameters = "W_xh W_hh b_h W_xh_l2 W_hh_l2 b_h_l2 W_xh_l3 W_hh_l3 b_h_l3 W_ho b_o"
    assert [v.name for v in model.parameters] == parameters.split()
    assert (model["W_xh"].shape, model["W_xh_l2"].shape, model["W_xh_l3"].shape) == (("H", "D"), ("H", "H"), ("H", "H"))
    assert dict(model["W_xh_l2"].description)["en"] == "input weights, layer 2"
    assert {s.name for s in model["o"].name and model.equations[-1].value.atoms(type(model["h"].at()))} == {"h_l3"}


@pytest.mark.parametrize("layers", (2, 3))
def test_a_stacked_elman_is_a_loop_over_the_layers(layers: int, walk: Walk, random: Walk) -> None:
    model = read.load("elman", layers=layers)
    T, N = 3, 2
    given = random(model, DIMS, T, N)
    found = walk(model, given, DIMS, T)
    suffixes = ["", *(f"_l{k}" for k in range(2, layers + 1))]
    state = {s: given["h" + s, 0] for s in suffixes}
    for t in range(1, T + 1):
        below = given["x", t]
        for s in suffixes:
            a = given["W_xh" + s, 0] @ below + given["W_hh" + s, 0] @ state[s] + given["b_h" + s, 0]
            below = state[s] = np.tanh(a)
        np.testing.assert_allclose(found["o", t], given["W_ho", 0] @ below + given["b_o", 0], rtol=1e-12)


@pytest.mark.parametrize("name", ("elman", "lstm", "gru_reset_after", "mgu", "leaky"))
def test_gradients_of_two_layers(name: str) -> None:
    model = read.load(name, layers=2)
    given = data.random(model, {"D": 2, "H": 3, "O": 2}, T=3, N=2)
    code = resolve(model)
    case = Case(code, unroll.steps(model, 3), given, code.gradients(given))
    checks = list(complex_step.check(case, np.random.default_rng(0)))
    assert len(checks) == len(model.parameters) + len(model.states) + 1
    assert all(check.ok for check in checks), checks


def cell(equations: Mapping[str, str], **more: Any) -> Any:
    sections: dict[str, Any] = {
        "inputs": {"x": "D"}, "states": {"h": "H"}, "parameters": {"W": "H D", "U": "H H", "V": "O H"}, "targets": {"y": "O"},
        "loss": "squared_error(o, y)",
    }
    return define.model(name="m", equations=equations, **{**sections, **more})


def test_dimensions_lags_and_keywords_are_renamed_and_nothing_else() -> None:
    model = cell(
        {"n": "W @ power(x[0:D], n=3) + U @ h[t-2]", "h": "tanh(n + h[t-1])", "o": "V @ h + V @ h[t-1]"}, init={"W": "identity"}
    )
    stacked = read.load(model, layers=2)
    lines = dict(line.split(" = ", 1) for line in stacked.text.splitlines() if " = " in line)
    assert lines["n_l2"] == '"W_l2 @ power(h[0:H], n=3) + U_l2 @ h_l2[t-2]"'
    assert lines["o"] == '"V @ h_l2 + V @ h_l2[t-1]"'
    assert [v.init for v in stacked.parameters] == ["identity", None, "identity", None, None]
    assert {"h_lag2", "h_l2_lag2"} <= {v.name for v in stacked.states}


def test_taken_names_are_left_alone() -> None:
    model = cell({"h": "tanh(W @ x + W_l2 @ h[t-1])", "o": "V @ h"}, parameters={"W": "H D", "W_l2": "H H", "V": "O H"})
    assert [v.name for v in read.load(model, layers=2).parameters] == ["W", "W_l2", "W_layer2", "W_l2_layer2", "V"]


def test_the_input_may_have_the_size_of_the_state_or_be_a_number() -> None:
    same = cell({"h": "tanh(x + U @ h[t-1])", "o": "V @ h"}, inputs={"x": "H"}, parameters={"U": "H H", "V": "O H"})
    assert [v.shape for v in read.load(same, layers=2).parameters] == [("H", "H"), ("H", "H"), ("O", "H")]
    fixed = cell(
        {"h": "tanh(W @ concat(x, h[t-1]))", "o": "V @ h"}, inputs={"x": "28"}, parameters={"W": "H 28+H", "V": "O H"}
    )
    assert read.load(fixed, layers=2)["W_l2"].shape == ("H", "H+H")


def test_a_model_without_a_loss_is_stacked_by_its_read_out() -> None:
    model = read.load("lstm", loss="none", layers=2)
    assert model.loss is None and [v.name for v in model.states] == ["h", "c", "h_l2", "c_l2"]


def test_layers_go_with_the_other_changes() -> None:
    model = read.load("elman", layers=2, loss="squared_error", activation="relu", freeze=True)
    assert model.loss is not None and model.loss.name == "squared_error"
    assert read.load(read.load("elman", layers=2), activation="relu", loss="squared_error", freeze=True).text == model.text


REFUSED = (
    (lambda: read.load("mlp", layers=2), "mlp.toml: the model has no state, so there is no cell to stack"),
    (lambda: read.load("deep_feedforward", layers=2), "which here has none"),
    (lambda: read.load("jordan", layers=2), "o is read out and part of the recurrence, so there is no cell below the read-out"),
    (lambda: read.load("elman", layers=0), "elman.toml: layers: expected a whole number between 1 and 16, not 0"),
    (lambda: read.load("elman", layers=17), "not 17"),
    (lambda: read.load("elman", layers=True), "not True"),
    (lambda: read.load("elman", layers="2"), "not '2'"),
    (lambda: read.load(cell({"h": "tanh(W @ x + h[t-1])", "o": "V @ h"}, notes=["n" * 1000] * 66), layers=2),
     "the model so changed has more than 64 KiB as a file"),
    (lambda: read.load(cell({"h": "tanh(W @ x + W @ z + h[t-1])", "o": "V @ h"}, inputs={"x": "D", "z": "D"}), layers=2),
     "which here has x and z"),
    (lambda: read.load(cell({"h": "tanh(embed(W, x) + h[t-1])", "o": "V @ h"}, inputs={"x": "index D"}), layers=2),
     "x is an integer input, which no state can take the place of"),
    (lambda: read.load(cell({"h": "x + tanh(h[t-1])", "o": "V @ h"}, inputs={"x": ""}), layers=2),
     "h cannot take the place of x: the shapes are a scalar and H"),
    (lambda: read.load(cell({"h": "W @ x", "c": "c[t-1] + h", "o": "V @ (h + c)"}, states={"h": "H", "c": "H"}), layers=2),
     "the read-out reads h and c; a layer hands up the one state"),
    (lambda: read.load(cell({"h": "W @ x + h[t-1]", "c": "c[t-1] + h", "o": "tanh(y_0 * x)"},
                            states={"h": "H", "c": "H"}, parameters={"W": "H D", "y_0": "D"}, targets={"y": "D"}), layers=2),
     "the read-out reads none of h and c"),
)


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_what_cannot_be_stacked_is_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        make()
    assert message in str(caught.value)


def test_a_multiple_of_a_dimension_is_renamed() -> None:
    equations = {"z": "W @ concat(h[t-1], x)", "h": "tanh(z[0:H] * z[H:2*H])", "o": "V @ h"}
    doubled = cell(equations, parameters={"W": "2*H 2*D+H", "V": "O H"}, inputs={"x": "D*2"})
    assert doubled["W"].shape == ("H+H", "D+D+H")
    with pytest.raises(BadInput, match=r"h cannot take the place of x: the shapes are D\+D and H"):
        read.load(doubled, layers=2)
    plain = cell(equations, parameters={"W": "2*H H+D", "V": "O H"})
    assert read.load(plain, layers=2)["W_l2"].shape == ("H+H", "H+H")
