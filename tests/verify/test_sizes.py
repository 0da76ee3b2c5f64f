"""Sizes: small, never degenerate for a norm, refused before they fill the memory; and what rounding explains is no mistake."""

from __future__ import annotations

import numpy as np
import pytest

import symbptt
from symbptt import verify
from symbptt.data.random_values import random
from symbptt.errors import BadInput
from symbptt.model.initialisers import draw
from symbptt.model.read import from_text
from symbptt.model.values import Model
from symbptt.unroll.graph import steps
from symbptt.verify.conditioning import Conditioning
from symbptt.verify.report import Check
from symbptt.verify.sizes import chosen

NORM = """
[inputs]
x = "1"
[states]
h = "K"
[parameters]
W = "K 1"
R = "K K"
[targets]
y = "K"
[equations]
h = "layer_norm(tanh(W @ x) + batch_norm(R @ h[t-1]))"
[loss]
step = "squared_error(h, y)"
"""
STARTED = """
[states]
h = "H"
[parameters]
A = "H H"
start = "H"
[targets]
y = "H"
[equations]
h = "tanh(A @ h[t-1])"
[initial]
h = "start"
[loss]
step = "squared_error(h, y)"
"""


def model(text: str) -> Model:
    return from_text(text, "own.toml")


@pytest.mark.parametrize(("dims", "T", "N"), [
    ({"H": 3000}, 5, 2), ({"D": 999_999}, 5, 2), ({}, 5, 999_999_999), ({}, 10**8, 1), ({"H": 300}, 5, 2),
])
def test_what_would_fill_the_memory_is_refused_before_it_starts(dims: dict[str, int], T: int, N: int) -> None:
    with pytest.raises(BadInput, match=r"elman at T = .* the checks would take about .* choose smaller sizes"):
        verify.gradients("elman", dims=dims, T=T, N=N)


def test_first_values_that_would_fill_the_memory_are_refused() -> None:
    with pytest.raises(BadInput, match="GiB of memory; choose smaller sizes"):
        draw(symbptt.load("elman"), {"H": 999_999, "D": 999_999, "O": 3})


def test_a_norm_has_more_than_two_entries_and_samples() -> None:
    sizes = chosen(model(NORM), None, 5, None)
    assert sizes.dims["K"] > 2 and sizes.N > 2
    assert chosen(model(NORM), {"K": 1}, 5, 1).dims == {"K": 1}
    verify.gradients(model(NORM)).raise_for_disagreement()


@pytest.mark.parametrize("seed", [0, 4])
def test_what_rounding_explains_is_no_mistake(seed: int) -> None:
    """A norm of two entries or samples, whose slope has no bound: strict tolerances were exceeded thirtyfold here."""
    verify.gradients(model(NORM), dims={"K": 2}, N=2, seed=seed).raise_for_disagreement()


def test_what_rounding_does_not_explain_is_one() -> None:
    elman = symbptt.load("elman")
    conditioning = Conditioning(steps(elman, 3), random(elman, T=3))
    for error in (1e-9, 1e-3, np.nan):
        wrong = Check("complex step", "W_hh", error, 1e-11, "W_hh[0, 0]")
        assert conditioning.judged(wrong) is wrong


def test_where_nothing_shows_the_number_of_samples_there_is_one() -> None:
    report = verify.gradients(model(STARTED), N=2)
    report.raise_for_disagreement()
    assert any(note.startswith("one sample") for note in report.notes)


def test_the_terms_of_many_steps_are_compared_over_the_first_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify.forms, "_EVALUATIONS", 300)
    report = verify.gradients("elman", T=9)
    report.raise_for_disagreement()
    assert report.notes == ("all pairs of 9 steps take too long: the three forms are compared over 3 steps",)
