"""What names are taken to mean: whatever is guessed can be made of the model's own arrays."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbptt.diagnose.submission.guess import CONVENTIONS, Guesser
from symbptt.diagnose.submission.meaning import fits
from symbptt.model.read import load, names

KINDS = sorted((Path(__file__).resolve().parents[2] / "kinds").glob("*.toml"))
NAMES = ("w", "W_f", "W_i", "b", "Wx", "Wh", "U_z", "W_z", "U_r", "W_r", "wb")


@pytest.mark.parametrize("convention", CONVENTIONS, ids=["beside", "w-of-state", "w-of-input"])
def test_guessed_blocks_fit_beside_and_below_each_other(convention: dict[tuple[str, str], str]) -> None:
    for read in map(load, [*names(), *KINDS]):
        for name, meaning in Guesser.of(read, NAMES, convention).table.items():
            assert meaning.kind != "blocks" or fits(read, meaning), (read.name, name, meaning.blocks)
