"""A sample of the corpus: mistakes and pairs of mistakes in emitted code are named, correct code in any layout is called right.

`python -m tests.diagnose.measure_corpus` runs the whole of it and prints the tables of docs/diagnose.md.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

import symbptt
from symbptt.diagnose import code
from symbptt.diagnose.submission.mapping import table
from symbptt.mistakes import catalogue

from . import corpus, measure_corpus, right

SINGLES = [(m, mistake) for m in corpus.MODELS for mistake in islice(corpus.mistakes(m, corpus.source(m)), 0, None, 9)]


@pytest.mark.sampled(18)
@pytest.mark.parametrize(("model", "mistake"), SINGLES, ids=[f"{m}-{x.cause}-{x.what}" for m, x in SINGLES])
def test_a_mistake_in_emitted_code_is_named(model: str, mistake: corpus.Mistake) -> None:
    found = measure_corpus.outcome(model, len(mistake.what) % 3, 5, mistake)
    assert found is None or found.named, found


@pytest.mark.sampled(3)
@pytest.mark.parametrize("model", corpus.MODELS)
def test_two_mistakes_are_both_named(model: str) -> None:
    found = [*measure_corpus.pairs(3, seed=3, models=(model,))]
    assert sum(o.named for o in found) == 3, [str(o) for o in found if not o.named]


@pytest.mark.sampled(8)
@pytest.mark.parametrize("case", [*right.drawn(9, seed=4)], ids=lambda r: f"{r.model}-{r.axes}-{r.packing}")
def test_correct_code_is_right_in_every_layout(tmp_path: Path, case: right.Right) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(case.text())
    model = symbptt.load(case.model)
    found = code.file(model, path, "gradients", table(case.mapping(), model))
    assert found.ok, str(found)
    assert {v.name for v in (*model.parameters, *model.states)} | {"x"} == {f.gradient for f in found.findings}


def test_every_cause_of_the_corpus_is_in_the_table() -> None:
    causes = {x.cause for m in corpus.MODELS for x in corpus.mistakes(m, corpus.source(m))}
    assert len(causes) >= 18 and causes <= {mistake.name for mistake in catalogue()}
