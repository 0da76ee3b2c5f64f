"""The generator: reproducible, readable, varied."""

from __future__ import annotations

import pytest

from symbptt.fuzz.draft import Draft
from symbptt.fuzz.generate import draft
from symbptt.fuzz.names import families, hostile
from symbptt.model.complex_algebra import names as parts_of
from symbptt.model.functions import CALLS
from symbptt.model.heads import CALLS as HEADS
from symbptt.model.names import usable
from symbptt.model.read import from_text

DRAFTS = [draft(1, number) for number in range(200)]
TEXTS = [made.text() for made in DRAFTS]


def test_seed_and_number_decide() -> None:
    assert draft(1, 7) == DRAFTS[7]
    assert draft(1, 7).text() == TEXTS[7]
    assert draft(2, 7).text() != TEXTS[7]


@pytest.mark.parametrize("number", range(0, 200, 8))
def test_every_draft_is_a_model_file(number: int) -> None:
    model = from_text(TEXTS[number], "fuzz.toml")
    names = {part for d in DRAFTS[number].used() for part in (parts_of(d.name) if d.suffix else (d.name,))}
    assert names <= {v.name for v in model.variables}


def test_the_whole_language_turns_up() -> None:
    together = "\n".join(TEXTS)
    heads = {call.name for call in HEADS}  # random models have none
    offered = set(CALLS) - {"reciprocal"} - heads  # a reciprocal is written as a quotient
    assert [name for name in offered if f"{name}(" not in together] == []
    for piece in ("[t-2]", "[t-3]", "[t]", ".T", " @ ", "[t-1]", "index ", 'at = "last"', "+", '= ""', '= "1"', "[:", ":]",
                  ' complex"', "conj("):
        assert piece in together
    for line in ("freeze = true", "training = false", 'reduction = "mean"', "[initial]"):
        assert line in together.splitlines()


def test_shapes_states_and_sizes_vary() -> None:
    def count(holds: object) -> int:
        return sum(map(holds, DRAFTS))  # type: ignore[arg-type, call-overload]

    def states(made: Draft) -> list[str]:
        return [d.text for d in made.used() if d.section == "states"]

    assert count(lambda made: len(states(made)) > 1) > 20
    assert count(lambda made: any(" " in text for text in states(made))) > 3
    assert count(lambda made: made.loss is None) > 1
    assert count(lambda made: made.masked) > 10
    assert count(lambda made: not {"x", "u"} & {d.name for d in made.declared}) > 10
    for section in ("inputs", "parameters", "targets"):
        assert count(lambda made, section=section: all(d.section != section for d in made.used())) > 3
    assert count(lambda made: {d.section for d in made.used()} == {"inputs"}) > 0
    assert count(lambda made: bool(made.used()) and not {s.name for d in made.used() for s in d.variable().rows.free_symbols}) > 1
    assert {made.T for made in DRAFTS} == {1, 2, 3, 4}
    assert {made.N for made in DRAFTS} == {1, 2, 3}


@pytest.mark.slow
def test_everything_is_called_by_words_of_code() -> None:
    every, *related = families()
    made = [draft(1, number, words=True) for number in range(20)]
    assert made[3] == draft(1, 3, words=True) != DRAFTS[3]
    for name in {name for one in made for name in (*(d.name for d in one.declared), *one.dims)}:
        assert name in {*every, *hostile()} and usable(name)
    assert {"h", "d_h", "h_prev", "rows", "restrict", "workspace"} <= set(every)
    assert any({"h", "d_h", "h_prev"} <= set(same) for same in related)
