"""The slips between parts are named in every layout of the corpus, and right code is judged right."""

from __future__ import annotations

from pathlib import Path

import pytest

from .composed_corpus import LAYOUTS, MODELS, VALUES, outcomes

LEAST = 0.95
"""The share of the slips of a model in a layout that is named."""
QUICK = ("seq2seq", "class")


@pytest.mark.share(4)
@pytest.mark.parametrize(("name", "layout"), [
    pytest.param(name, layout, marks=() if (name, layout) == QUICK else pytest.mark.slow)
    for name in MODELS for layout in (VALUES, *LAYOUTS)
])
def test_slips_are_named(name: str, layout: str, tmp_path: Path) -> None:
    (_, _, right), *slipped = outcomes(name, layout, tmp_path)
    assert right
    assert sum(ok for _, _, ok in slipped) >= LEAST * len(slipped), [slip for slip, _, ok in slipped if not ok]
