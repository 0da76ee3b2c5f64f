"""Random composed models: reproducible and varied; they agree, and what is lost between parts is found."""

from __future__ import annotations

import numpy as np
import pytest

from symbptt import cli
from symbptt.compose import handed
from symbptt.fuzz import outcomes
from symbptt.fuzz.several import composed
from symbptt.fuzz.shrink import candidates
from symbptt.fuzz.trial import trial

DRAFTS = [composed(1, number) for number in range(30)]


def test_seed_and_number_decide_and_all_kinds_turn_up() -> None:
    assert composed(1, 7) == DRAFTS[7] != composed(2, 7)
    together = "\n".join(made.text() for made in DRAFTS)
    for piece in ("backward]\n", ".memory]\n", ".initial]\n", "[t+1]", "[t-2]", "[t]", ".T @ softmax(tanh(", 'at = "last"',
                  "freeze = true", "index ", "[phase.third]"):
        assert piece in together
    assert sum(bool(made.before) for made in DRAFTS) > 8 and sum(not made.before for made in DRAFTS) > 8
    assert {phase.T for made in DRAFTS for phase in made.phases} == {1, 2, 3, 4}


def failures(models: int, seed: int, *pieces: str, first: int = 0) -> list[str]:
    return [outcome.file() for outcome in outcomes(models, seed, pieces, first, several=True) if outcome.fault]


@pytest.mark.slow
def test_two_random_models() -> None:
    assert failures(2, 3, "gradients") == []


def test_a_phase_whose_steps_nobody_reads_is_analysed() -> None:
    fault = trial(composed(8, 1), ["analyses"], only="analysis as text").fault
    assert fault is None


@pytest.mark.slow
def test_one_of_more_steps_than_are_written_out_has_its_documents() -> None:
    made = next(made for made in (composed(8, number) for number in range(20)) if made.T > 3)
    assert trial(made, ["documents"]).fault is None


@pytest.mark.slow
@pytest.mark.frameworks
def test_random_models_on_every_target() -> None:
    assert failures(2, 5, "targets") == []


@pytest.mark.slow
def test_a_gradient_that_is_not_handed_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    back = handed.back
    monkeypatch.setattr(handed, "back", lambda *given: np.zeros_like(back(*given)))
    linked = [made for made in DRAFTS if made.finals][:6]
    found = {trial(made, only="recursions of the parts").fault for made in linked} - {None}
    assert found and {fault.kind for fault in found if fault} == {"differs"}


def test_a_failing_model_loses_phases_and_what_they_hand_on() -> None:
    made = next(made for made in DRAFTS if made.before and made.finals)
    smaller = [*candidates(made)]
    assert any(not one.before for one in smaller) and any(one.before and not one.finals for one in smaller)
    assert any(len(one.phases[0].equations) < len(made.phases[0].equations) for one in smaller)


@pytest.mark.slow
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fuzz", "--composed", "--models", "1", "--seed", "2"]) == 0
    assert capsys.readouterr().out == "1 agreed\n"
