"""Formulas at large: no text is a crash, and of those one token away from right the first cause is the right one."""

from __future__ import annotations

import random
import re
import time

import pytest

import symbptt
from symbptt.diagnose import check_formula
from symbptt.diagnose.formula import check
from symbptt.errors import BadInput
from symbptt.model.values import Model

from . import formulas as kinds

MODELS = {
    **{name: symbptt.load(name) for name in ("elman", "lstm", "gru", "jordan", "scalar", "deep_feedforward")},
    "delta": kinds.MATRIX_STATE, "last": kinds.AT_LAST,
}
TOKEN = re.compile(r"\*\*|[A-Za-z_]\w*|\d+|\S")
STRANGE = (
    "+", "@", "**", "(", ")", "]", ".T", "t", "T", "0", "sum(k, 1, t,", "softmax(", ",", "h[:]", "1.5", "N", "'", "slope(", "1e9",
)


@pytest.mark.parametrize("name", MODELS)
def test_no_formula_is_a_crash(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens deleted, put in, exchanged: a verdict or a refusal that says where, and an end."""
    monkeypatch.setattr(check, "SECONDS", 0.5)
    rng, model = random.Random(name), MODELS[name]
    texts = [f"{left} = {right}" for left, right in kinds.rights(model)]
    for _ in range(8):
        tokens = TOKEN.findall(rng.choice(texts))
        for _ in range(rng.choice((1, 1, 2))):
            at, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
            edits = [tokens[:at] + tokens[at + 1 :], [*tokens[:at], rng.choice(STRANGE), *tokens[at:]]]
            swapped = [tokens[other] if i == at else tokens[at] if i == other else token for i, token in enumerate(tokens)]
            replaced = [rng.choice(tokens) if i == at else token for i, token in enumerate(tokens)]
            tokens = rng.choice([*edits, swapped, replaced, replaced])
        begun = time.process_time()
        try:
            assert str(check_formula(model, " ".join(tokens)))
        except BadInput as refusal:
            assert re.search(r"column \d+: |two sides", str(refusal)) and "\n" not in str(refusal)
        assert time.process_time() - begun < 8


def first_causes(model: Model, equations: int, most: int) -> float:
    """The share of formulas one token away from right of which the first cause is the right one."""
    drawn = list(kinds.mistakes(model, equations))
    drawn = random.Random(2).sample(drawn, min(most, len(drawn)))
    right = 0
    for mistake in drawn:
        try:
            finding = check_formula(model, mistake.text).findings[0]
        except BadInput as refusal:
            right += "steps run from 1 to T" in str(refusal)
            continue
        assert not finding.right, mistake
        right += bool(finding.causes) and finding.causes[0] in mistake.causes
    return right / len(drawn)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ["gru", "delta"])
def test_the_cause_of_one_token_goes_first(name: str) -> None:
    assert first_causes(MODELS[name], 3, 12) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_causes_of_many_tokens(name: str) -> None:
    assert first_causes(MODELS[name], 100, 60) >= 0.93
