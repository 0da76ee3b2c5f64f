"""What is said of a composed model: the backward direction in the order of the steps."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import sympy as sp

from symbptt import compose, resources, words
from symbptt.algebra.nodes import SOURCE, TIME
from symbptt.compose.mirror import WORDS, step
from symbptt.narrative import presentation
from symbptt.narrative.symbols import LAST

KINDS = sorted((Path(__file__).parent / "kinds").glob("*.toml"))


def test_steps_are_counted_from_the_end() -> None:
    assert step(TIME - 1, None) == TIME + 1 and step(SOURCE + 1, None) == SOURCE - 1
    assert step(sp.Integer(0), None) == LAST + 1 and step(sp.Integer(1), 3) == 3 and step(LAST + 1, None) == 0


def test_the_three_forms_of_a_backward_state() -> None:
    chain = compose.load("birnn")
    text = compose.derivation(chain, 2, "sum", "W_bb").text()
    assert "∑_{k=t..T} Φ_{b,k} (∏↷_{j=k−1..t} W_{bb}ᵀ Φ_{b,j}) r_{b,t} bₖ₊₁ᵀ" in text
    assert "(1, 2) : Φ_{b,2} W_{bb}ᵀ Φ_{b,1} r_{b,1} b₃ᵀ" in text and "step k ≥ t" in text and "largest index" in text
    adjoint = compose.derivation(chain, 2, "adjoint", "W_bb").text()
    assert "b̄₁ = g_{b,1}   (base case)" in adjoint and "b̄ₜ = g_{b,t} + Jₜ₋₁ᵀ b̄ₜ₋₁   (t = 2, …, T)" in adjoint
    nested = compose.derivation(chain, 2, "nested", "W_bb").text()
    assert "dbₜ/dW_{bb} = ∂⁺bₜ/∂W_{bb} + Jₜ dbₜ₊₁/dW_{bb}   (t = T, …, 1)" in nested


def test_what_is_shared_by_both_directions_is_added() -> None:
    text = compose.derivation(compose.load("birnn"), 2, wrt="x").text()
    assert "The gradient of x is the sum of those of the parts 1, 2." in text


@pytest.mark.parametrize("language", words.languages())
def test_words_for_reversed_time_stand_in_for_others(language: str) -> None:
    known = words.table(language)
    mirrored = {key.removeprefix(WORDS): text for key, text in known.items() if key.startswith(WORDS)}
    assert mirrored and all(presentation.slots(text) == presentation.slots(known[key]) for key, text in mirrored.items())


@pytest.mark.slow
@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.stem)
@pytest.mark.parametrize("form", ["sum", "adjoint", "nested"])
def test_every_kind_is_told(path: Path, form: str) -> None:
    told = compose.derivation(compose.load(path), 2, form)
    assert told.text() and told.latex() and json.dumps(told.json())


def test_unrolling_goes_through_the_parts_in_order(run: Callable[..., tuple[int, str, str]]) -> None:
    data = json.loads(run("unroll", "birnn", "-T", "2", "--format", "json")[1])
    order = [(row["variable"], row["step"]) for row in data["assignments"]]
    assert order == [("h", 1), ("h", 2), ("b", 2), ("b", 1), ("o", 1), ("L", 1), ("o", 2), ("L", 2)]


@pytest.mark.slow
def test_every_command_works_or_says_that_it_does_not(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    file = tmp_path / "birnn.py"
    for command in (["show", "birnn"], ["show", "birnn", "--format", "toml"], ["derive", "birnn"], ["unroll", "birnn"],
                    ["emit", "birnn", "-o", file], ["verify", "birnn", "-T", "2"], ["diagnose", "birnn", file], ["list"]):
        code, out, _ = run(*command)
        assert code == 0 and out.strip(), command
    assert tomllib.loads(resources.composed_models()["birnn"].read_text("utf-8"))["backward"] == {"b": "H"}
    refused = (
        ["init", "birnn"], ["document", "birnn", "--chunk", "2"], ["analyze", "birnn", "--randomise", "0.5"],
        ["reference", "birnn"],
        *([command, "birnn", "--k1", "3", "--k2", "2"] for command in ("derive", "emit", "verify", "analyze")),
        ["derive", "birnn", "--paths"], ["derive", "birnn", "--chunk", "2"],
        ["emit", "birnn", "--unroll", "-T", "2"], ["emit", "birnn", "--mode", "forward"],
        ["emit", "birnn", "--clipping"], ["show", "birnn", "--layers", "2"],
    )
    for command in refused:
        code, out, err = run(*command)
        said = [line for line in err.splitlines() if not line.startswith("symbptt: note: ")]
        assert code == 2 and not out and len(said) == 1, (command, err)
        assert re.match(r"symbptt: .*(yet|missing|expected)", said[0].lower()), said


@pytest.mark.slow
def test_an_emitted_file_is_verified(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    file = tmp_path / "birnn.py"
    assert run("emit", "birnn", "-o", file)[0] == 0
    code, out, _ = run("verify", file, "-T", "2")
    assert code == 0 and "recursion and code" in out
