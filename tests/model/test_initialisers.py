"""Initialisers: their statistics, and the values drawn for a model."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symbptt.errors import BadInput
from symbptt.model import define, initialisers, read
from symbptt.model.values import Model

Array = NDArray[Any]
N_OUT, N_IN = 400, 150


def model(*names: str, shape: str = "H D") -> Model:
    parameters = {f"W_{i}": shape for i in range(len(names))}
    return define.model(name="m", inputs={"x": "D"}, parameters=parameters, equations={"o": "x"},
                       init={f"W_{i}": name for i, name in enumerate(names)})


def drawn(name: str, shape: str = "H D") -> Array:
    made = model(name, shape=shape)
    return initialisers.draw(made, {d: {"D": N_IN, "H": N_OUT}[d] for d in made.dimensions}, seed=1)["W_0"]


UNIFORM = {"xavier_uniform": (6 / (N_IN + N_OUT)) ** 0.5, "he_uniform": (6 / N_IN) ** 0.5, "uniform": N_IN**-0.5}
NORMAL = {"xavier_normal": (2 / (N_IN + N_OUT)) ** 0.5, "he_normal": (2 / N_IN) ** 0.5}


@pytest.mark.parametrize(("name", "bound"), UNIFORM.items())
def test_uniform_values_fill_their_interval(name: str, bound: float) -> None:
    value = drawn(name)
    assert value.shape == (N_OUT, N_IN) and np.abs(value).max() <= bound
    counts, _ = np.histogram(value, bins=10, range=(-bound, bound))
    # 60000 values, 6000 to a bin, with a deviation of 73
    assert np.abs(counts - 6000).max() < 5 * 73
    np.testing.assert_allclose(value.var(), bound**2 / 3, rtol=0.02)


@pytest.mark.parametrize(("name", "deviation"), NORMAL.items())
def test_normal_values_have_their_variance_and_tails(name: str, deviation: float) -> None:
    value = drawn(name) / deviation
    assert abs(value.mean()) < 5 / 60000**0.5
    np.testing.assert_allclose([value.var(), (value**4).mean()], [1, 3], rtol=0.05)


def test_xavier_keeps_the_variance_of_square_layers_and_he_that_behind_a_relu() -> None:
    x = np.random.default_rng(0).standard_normal((1000, 400))
    square = drawn("xavier_normal", "H H")
    np.testing.assert_allclose((x @ square.T).var(), 1, rtol=0.05)
    behind = np.maximum(x, 0) @ drawn("he_uniform", "H H").T
    np.testing.assert_allclose((behind**2).mean(), 1, rtol=0.1)


@pytest.mark.parametrize(("shape", "size"), (("H D", (400, 150)), ("D H", (150, 400)), ("D D", (150, 150))))
def test_orthogonal_matrices_keep_lengths(shape: str, size: tuple[int, int]) -> None:
    value = drawn("orthogonal", shape)
    small = value.T @ value if size[0] >= size[1] else value @ value.T
    assert value.shape == size
    np.testing.assert_allclose(small, np.eye(min(size)), atol=1e-12)


def test_orthogonal_matrices_are_not_biased() -> None:
    """Every sign of the diagonal is as likely as the other: without the signs of R the first entry is negative."""
    many = model(*["orthogonal"] * 400, shape="H H")
    first = np.array([value[0, 0] for value in initialisers.draw(many, {"D": 1, "H": 2}).values()])
    assert abs((first > 0).mean() - 0.5) < 0.125


def test_constants_and_the_identity() -> None:
    np.testing.assert_array_equal(drawn("identity", "H D"), np.eye(400, 150))
    np.testing.assert_array_equal(drawn("zeros", "H"), np.zeros(400))
    np.testing.assert_array_equal(drawn("ones", "H"), np.ones(400))
    np.testing.assert_array_equal(drawn("-2.5e-1", "H D"), np.full((400, 150), -0.25))
    assert drawn("0.5", "").shape == () and drawn("0.5", "") == 0.5


@pytest.mark.parametrize("shape", ("H", "1", ""))
def test_vectors_and_scalars(shape: str) -> None:
    value = drawn("uniform", shape)
    n = {"H": 400}.get(shape, 1)
    assert value.shape == {"H": (400,), "1": (1,), "": ()}[shape] and np.abs(value).max() <= n**-0.5
    assert np.abs(drawn("xavier_normal", "H")).max() < 5 * 400**-0.5


def test_matrices_are_xavier_uniform_and_the_rest_zero_unless_the_file_says_otherwise() -> None:
    values = initialisers.draw(read.load("lstm"), {"D": 3, "H": 5, "O": 2})
    assert list(values) == [v.name for v in read.load("lstm").parameters]
    assert {name for name, value in values.items() if not value.any()} == {"b_i", "b_g", "b_q", "b_o"}
    np.testing.assert_array_equal(values["b_f"], np.ones(5))
    assert np.abs(values["W_ho"]).max() <= (6 / 7) ** 0.5


@pytest.mark.parametrize("name", read.names())
def test_every_built_in_is_drawn_and_can_learn(name: str) -> None:
    found = read.load(name)
    dims = dict.fromkeys(found.dimensions, 3)
    values = initialisers.draw(found, dims, seed=0, T=2)
    assert set(values) == {v.name for v in found.parameters}
    assert all(value.dtype == np.float64 and np.isfinite(value).all() for value in values.values())
    for v in found.parameters:
        assert values[v.name].shape == (*((2,) if v.timed else ()), *(3 * (1 + axis.count("+")) for axis in v.shape))
    assert any(value.any() for value in values.values())


def test_a_seed_gives_the_same_values_whatever_else_is_in_the_file() -> None:
    one, two = model("he_normal"), model("he_normal", "he_normal")
    first, second = (initialisers.draw(m, {"D": 4, "H": 3}, seed=7) for m in (one, two))
    np.testing.assert_array_equal(first["W_0"], second["W_0"])
    assert not np.array_equal(second["W_0"], second["W_1"])
    assert not np.array_equal(first["W_0"], initialisers.draw(one, {"D": 4, "H": 3}, seed=8)["W_0"])


def test_untied_parameters_are_drawn_for_every_step_and_buffers_are_at_rest() -> None:
    found = read.load("deep_feedforward_batch_norm", training=False)
    values = initialisers.draw(found, {"H": 4}, T=3)
    assert values["W"].shape == (3, 4, 4) and not np.array_equal(values["W"][0], values["W"][1])
    np.testing.assert_array_equal(values["n_mean"], np.zeros((3, 4)))
    np.testing.assert_array_equal(values["n_variance"], np.ones((3, 4)))
    np.testing.assert_array_equal(values["gamma"], np.ones((3, 4)))


def test_packed_values_are_read_back_and_equal_values_give_equal_bytes() -> None:
    values = {"file": np.arange(6.0).reshape(2, 3), "allow_pickle": np.array(0.5)}
    assert initialisers.packed(values) == initialisers.packed(values)
    with np.load(io.BytesIO(initialisers.packed(values))) as back:
        assert {name: value.tolist() for name, value in back.items()} == {n: v.tolist() for n, v in values.items()}


@pytest.mark.parametrize(("options", "message"), (
    ({"dims": {"D": 3, "O": 2}}, "elman needs a size for H, as in H=4"),
    ({"dims": {"D": 3, "H": 4, "O": 2, "K": 1}}, "unknown dimension 'K'"),
    ({"dims": {"D": 0, "H": 4, "O": 2}}, "dimension D must be a positive whole number, not 0"),
    ({"dims": {"D": True, "H": 4, "O": 2}}, "dimension D must be a positive whole number, not True"),
    ({"seed": -1}, "the seed must be a whole number from 0 on, not -1"),
    ({"seed": 0.5}, "the seed must be a whole number from 0 on, not 0.5"),
))
def test_bad_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        initialisers.draw(read.load("elman"), **{"dims": {"D": 3, "H": 4, "O": 2}, **options})
    assert message in str(caught.value)


@pytest.mark.parametrize("T", (None, 0, True, 2.0))
def test_untied_parameters_need_a_number_of_steps(T: Any) -> None:
    with pytest.raises(BadInput, match="W of deep_feedforward has one value per step"):
        initialisers.draw(read.load("deep_feedforward"), {"H": 2}, T=T)


@pytest.mark.parametrize(("line", "message"), (
    ('b = "identity"', "[init] b: identity is for matrices; expected a shape with two dimensions"),
    ('b = "orthogonal"', "[init] b: orthogonal is for matrices; expected a shape with two dimensions"),
    ('b = "xavier"', "[init] b: unknown initialiser 'xavier'; did you mean 'zeros'?"),
    ("b = true", "[init] b: expected a string, not a truth value"),
    ("b = nan", "[init] b: unknown initialiser 'nan'"),
    ('b = "1e999"', "[init] b: unknown initialiser '1e999'"),
    ('b = "1;2"', "[init] b: unknown initialiser '1;2'"),
))
def test_bad_initialisers_are_refused(line: str, message: str) -> None:
    text = f'[inputs]\nx = "D"\n[parameters]\nb = "D"\n[equations]\no = "x + b"\n[init]\n{line}\n'
    with pytest.raises(BadInput) as caught:
        read.from_text(text, "m.toml")
    assert message.replace("did you mean 'zeros'?", "")[:60] in str(caught.value)


@pytest.mark.parametrize("number", ("1", "0.5", "-3", "1e-2"))
def test_a_number_may_stand_without_quotes(number: str) -> None:
    text = f'[inputs]\nx = "D"\n[parameters]\nb = "D"\n[equations]\no = "x + b"\n[init]\nb = {number}\n'
    found = read.from_text(text, "m.toml")
    np.testing.assert_array_equal(initialisers.draw(found, {"D": 2})["b"], np.full(2, float(number)))
