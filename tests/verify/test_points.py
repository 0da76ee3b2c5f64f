"""Values at which a model is defined are looked for; a model that has none is told so in one sentence."""

from __future__ import annotations

import pytest

from symbptt import document, verify
from symbptt.errors import BadInput
from symbptt.model.define import model
from symbptt.model.values import Model


def logarithm(inside: str) -> Model:
    return model(
        name="logarithm", inputs={"x": "H"}, states={"h": "H"}, parameters={"W": "H H"}, targets={"y": "H"},
        equations={"a": inside, "h": "log(a)"}, loss="squared_error(h, y)",
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_values_are_drawn_until_the_model_is_defined(seed: int) -> None:
    report = verify.gradients(logarithm("W @ h[t-1] + x + 2"), seed=seed)
    assert report.ok, report.table()
    assert any(f"with those of seed {seed} h is not finite at step" in note for note in report.notes)


@pytest.mark.slow
def test_a_model_that_is_defined_nowhere_is_refused_and_has_a_document_without_that_part() -> None:
    nowhere = logarithm("W @ h[t-1] - 40 - x * x")
    with pytest.raises(BadInput, match="h is not finite at step 1, nor with other values"):
        verify.gradients(nowhere)
    assert "at random values the model is not defined everywhere" in document.render(
        nowhere, 2, "md", options=document.DocumentOptions(kind="handout", length="full")
    )
