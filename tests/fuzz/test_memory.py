"""Random memories: model files that have chunk forms, with heads and without."""

from __future__ import annotations

import pytest

from symbptt.chunk import chunked
from symbptt.fuzz.draft import Draft
from symbptt.fuzz.memory import memory
from symbptt.fuzz.trial import trial
from symbptt.model.read import from_text

DRAFTS = [memory(0, number) for number in range(12)]


def test_memories_have_chunk_forms() -> None:
    assert DRAFTS[3] == memory(0, 3) != memory(1, 3)
    forms = [chunked(from_text(made.text(), "fuzz.toml")) for made in DRAFTS]
    assert {form.token.heads is None for form in forms} == {True, False}
    assert any("conv(" in made.text() for made in DRAFTS) and any(made.loss is None for made in DRAFTS)


def test_a_memory_in_chunks_is_that_step_by_step() -> None:
    assert trial(DRAFTS[0], only="chunk form").fault is None


@pytest.mark.slow
@pytest.mark.parametrize("made", DRAFTS[1:3], ids=lambda made: made.note)
def test_memories_agree_in_every_form(made: Draft) -> None:
    assert trial(made).fault is None
