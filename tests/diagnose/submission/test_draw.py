"""The data that somebody's function is called with."""

from __future__ import annotations

import pytest

import symbptt
from symbptt.diagnose.submission.drawn_data import draw


@pytest.mark.parametrize("N", [1, 2, 5])
def test_no_step_of_a_mask_stands_for_all(N: int) -> None:
    mask = draw(symbptt.load("elman", freeze=True), T=6, N=N).inputs["mask"]
    assert set(mask.ravel()) == {0.0, 1.0} and mask[-1].any()
    assert (mask.min(axis=0) != mask.max(axis=0)).all()
    assert N == 1 or (mask.min(axis=1) != mask.max(axis=1)).all()
