"""Random data in the contract's shapes."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import elman

from symbptt import data
from symbptt.errors import BadInput, UnknownName
from symbptt.model import define


def test_shapes_are_those_of_the_contract() -> None:
    made = data.random(elman(loss="squared_error", tied=False), {"D": 3, "H": 4, "O": 2}, T=5, N=6)
    assert {name: value.shape for name, value in made.parameters.items()} == {
        "W_xh": (4, 3), "W_hh": (5, 4, 4), "b_h": (4,), "W_ho": (2, 4), "b_o": (2,)}
    assert made.inputs["x"].shape == (5, 6, 3) and made.states["h"].shape == (6, 4) and made.targets["y"].shape == (5, 6, 2)
    assert {name: value.shape for name, value in made.cotangents.items()} == {"h": (5, 6, 4), "o": (5, 6, 2)}


def test_classes_have_one_that_is_ignored_and_distributions_sum_to_one() -> None:
    classes = data.random(elman(), T=4, N=3).targets["y"]
    assert classes.shape == (4, 3) and classes.dtype.kind == "i" and (classes == -1).sum() == 1 and classes.max() < 3
    assert (data.random(elman(), T=4, N=1).targets["y"] >= 0).all()
    real = data.random(elman(), T=4, N=3, distributions=True).targets["y"]
    assert np.allclose(real.sum(axis=-1), 1) and (real > 0).all()


def test_a_target_without_an_axis_takes_no_classes() -> None:
    model = define.model(
        name="scalar", inputs={"x": ""}, targets={"y": ""}, equations={"a": "x * x"}, loss="softmax_cross_entropy(a, y)"
    )
    assert data.random(model, T=2, N=3).targets["y"].dtype == np.float64


def test_the_seed_decides() -> None:
    first, same, other = (data.random(elman(), seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.inputs["x"], same.inputs["x"]) and not np.array_equal(first.inputs["x"], other.inputs["x"])


@pytest.mark.parametrize(("options", "message"), [
    ({"T": 0}, "T must be a positive"), ({"T": 1.5}, "T must be"), ({"N": -1}, "N must be"), ({"N": True}, "N must be"),
    ({"dims": {"H": 0}}, "dimension H must be"), ({"dims": {"H": "4"}}, "dimension H must be"),
])
def test_sizes_that_make_no_sense(options: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        data.random(elman(), **options)  # type: ignore[arg-type]


def test_an_unknown_dimension() -> None:
    with pytest.raises(UnknownName, match="unknown dimension 'K'"):
        data.random(elman(), {"K": 2})


def test_the_first_steps() -> None:
    model = elman(tied=False)
    whole = data.random(model, T=4)
    part = whole.first(model, 2)
    assert part.T == 2 and np.array_equal(part.inputs["x"], whole.inputs["x"][:2])
    assert part.parameters["W_hh"].shape[0] == 2 and part.parameters["W_xh"] is whole.parameters["W_xh"]
