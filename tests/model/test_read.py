"""Loading, swapping, and building in Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbptt.algebra.functions import ACTIVATIONS
from symbptt.algebra.nodes import Elementwise
from symbptt.errors import BadInput, UnknownName
from symbptt.model import define, model_file, read, sections
from symbptt.model.losses import LOSSES
from symbptt.model.place import Place
from symbptt.model.values import Model, Role

LOSS_NAMES = (*LOSSES, "none")


def test_elman_is_the_model_of_the_design() -> None:
    model = read.load("elman")
    assert [(e.target.name, e.number) for e in model.all_equations] == [("a", 1), ("h", 2), ("o", 3), ("L", 4)]
    assert [v.name for v in model.parameters] == ["W_xh", "W_hh", "b_h", "W_ho", "b_o"]
    assert [v.name for v in model.outputs] == ["h", "o"]
    assert model.dimensions == ("D", "H", "O")


def test_a_path_a_string_and_a_model_give_the_same(tmp_path: Path) -> None:
    built_in = read.load("gru")
    path = tmp_path / "gru.toml"
    path.write_text(built_in.text, "utf-8")
    assert read.load(path) == read.load(str(path)) == read.load(built_in) == built_in
    assert read.from_text(built_in.text, str(path)) == built_in


def test_a_file_name_cannot_smuggle_anything_into_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a b\n%c.toml"
    path.write_text(read.load("scalar").text, "utf-8")
    assert read.load(path).name == "a_b__c"


def test_an_unknown_name_is_met_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown model 'elmann'; did you mean 'elman'"):
        read.load("elmann")


@pytest.mark.parametrize("name", read.names())
def test_the_text_of_a_document_reads_as_the_same_document(name: str) -> None:
    place = Place(name)
    before = read.parsed(read.load(name).text, name, place)
    assert read.parsed(model_file.write(before), name, place) == before


def test_text_with_quotes_and_backslashes_survives_writing() -> None:
    symbols = {"x": {"latex": r"\hat{x}", "description": "d"}}
    model = define.model(name="m", title='a "b" \\ c', inputs={"x": "D"}, equations={"a": "x"}, symbols=symbols)
    assert read.from_text(model.text, "m") == model
    assert model["x"].latex == r"\hat{x}" and model["x"].description == (("en", "d"),)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("loss", LOSS_NAMES)
@pytest.mark.parametrize("name", read.names())
def test_every_loss_goes_on_every_model(name: str, loss: str) -> None:
    before = read.load(name)
    model = read.load(name, loss=loss)
    assert model.equations == before.equations
    if loss == "none":
        assert model.loss is None and model.of(Role.TARGET) == ()
        return
    assert model.loss is not None and before.loss is not None
    assert (model.loss.name, model.loss.at) == (loss, before.loss.at)
    assert model.of(Role.TARGET) == before.of(Role.TARGET)
    assert read.load(model) is model
    assert read.from_text(model.text, model.name) == model
    assert read.load(before, loss=loss) == model


def test_a_swap_reads_the_output_that_the_present_loss_reads() -> None:
    jordan = read.load("jordan", loss="squared_error")
    assert jordan.loss is not None
    assert "o[t] - y[t]" in str(jordan.loss.equations[-1].value)
    again = read.load(read.load("jordan", loss="none"), loss="squared_error")
    assert "p[t] - y[t]" in str(again.loss.equations[-1].value if again.loss else "")


def test_a_file_without_a_loss_gains_a_target_of_the_read_out_s_shape() -> None:
    def bare(output: str, **inputs: str) -> Model:
        equations = {"a": "W @ x", output: "tanh(a)"}
        return define.model(name="m", inputs={"x": "D", **inputs}, parameters={"W": "H+D D"}, equations=equations)

    model = read.load(bare("o"), loss="mse")
    assert [(v.name, v.shape) for v in model.of(Role.TARGET)] == [("y", ("H+D",))]
    assert read.load(model, loss="huber").of(Role.TARGET) == model.of(Role.TARGET)
    assert [v.name for v in read.load(bare("y"), loss="mse").of(Role.TARGET)] == ["target"]
    assert [v.name for v in read.load(bare("y", target="D"), loss="mse").of(Role.TARGET)] == ["target_1"]


def test_a_target_of_another_shape_makes_way() -> None:
    model = define.model(
        name="m", inputs={"x": "D"}, targets={"y": "H"}, parameters={"W": "H D"}, equations={"a": "W @ x", "o": "tanh(x)"},
        loss="squared_error(W @ o, y)", symbols={"y": {"latex": "y"}, "x": {"latex": "x"}},
    )
    swapped = read.load(model, loss="mse")
    assert [(v.name, v.shape) for v in swapped.of(Role.TARGET)] == [("y", ("D",))]


def test_a_scalar_read_out_has_a_scalar_target() -> None:
    model = define.model(name="m", inputs={"x": "D"}, equations={"o": "sum(x)"})
    assert read.load(model, loss="squared_error")["y"].shape == ()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_activation_of_elman_is_swapped(activation: str) -> None:
    model = read.load("elman", activation=activation)
    value = model.equations[1].value
    assert isinstance(value, Elementwise) and value.name == activation
    both = read.load("elman", activation=activation, loss="mse")
    assert read.load(model, loss="mse") == read.load(read.load("elman", loss="mse"), activation=activation) == both


def test_a_model_without_an_activation_refuses_one() -> None:
    with pytest.raises(BadInput, match=r"^lstm\.toml: the model has no activation to swap"):
        read.load("lstm", activation="relu")
    with pytest.raises(UnknownName, match="unknown activation 'tahn'; did you mean 'tanh'"):
        read.load("elman", activation="tahn")
    with pytest.raises(UnknownName, match="unknown loss 'mes'; did you mean 'mse'"):
        read.load("elman", loss="mes")


def test_building_in_python_is_reading_a_file() -> None:
    elman = read.load("elman")
    built = define.model(
        name="elman",
        title=elman.title,
        inputs={"x": "D"},
        states={"h": "H"},
        parameters={"W_xh": "H D", "W_hh": "H H", "b_h": "H", "W_ho": "O H", "b_o": "O"},
        targets={"y": "O"},
        equations={"a": "W_xh @ x + W_hh @ h[t-1] + b_h", "h": "activation(a)", "o": "W_ho @ h + b_o"},
        loss="softmax_cross_entropy(o, y)",
        activation="tanh",
    )
    assert built.equations and [e.value for e in built.all_equations] == [e.value for e in elman.all_equations]


@pytest.mark.parametrize(
    ("change", "message"),
    (
        ({"name": "a\nb"}, "cannot name a model: expected up to 64 ASCII letters"),
        ({"equations": {"a": "W @ x"}}, r"^model m: \[equations\] a, column 1: unknown variable 'W'"),
        ({"equations": {"a": 3}}, r"^model m: \[equations\] a: expected a string, not an integer"),
        ({"equations": {3: "x"}}, r"^model m: \[equations\] a key: expected a string"),
        ({"equations": "x"}, r"^model m: \[equations\]: expected a section"),
        ({"loss": "sum(x)", "at": "first"}, r"^model m: \[loss\] at: unknown value 'first'"),
    ),
)
def test_building_checks_as_reading_does(change: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        define.model(**({"name": "m", "inputs": {"x": "D"}, "equations": {"a": "x"}} | change))  # type: ignore[arg-type]


def test_a_model_without_text_cannot_be_changed() -> None:
    model = Model("m", "m", (), ())
    assert read.load(model) is model
    with pytest.raises(BadInput, match="has no text to change"):
        read.load(model, loss="none")


def test_the_sections_are_the_known_ones() -> None:
    assert set(sections.TABLES) < set(sections.KEYS)


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path):
    path = tmp_path / "marked.toml"
    path.write_bytes(b"\xef\xbb\xbf" + read.load("elman").text.encode())
    assert read.load(path).all_equations == read.load("elman").all_equations
