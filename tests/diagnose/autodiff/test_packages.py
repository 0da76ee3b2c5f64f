"""Functions of packages, whose gradients PyTorch and JAX read off behind the guard, and what is said of each mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import symbptt
from symbptt.cli import main
from symbptt.diagnose import Diagnosis, autodiff
from symbptt.diagnose.submission import mapping
from symbptt.errors import BadInput

THEIRS = Path(__file__).parents[1] / "theirs"
MODEL = THEIRS / "gated_attention.toml"
HEADS: dict[str, Any] = {
    "axes": "B T H D", "returns": ["o", "S_T"], "constants": {"scale": 0.5, "output_final_state": True},
    "names": {"initial_state": {"of": "S", "axes": "B H K V"}, "S_T": {"of": "S", "axes": "B H K V"},
              "k": {"of": "k", "axes": "B T H K"}},
}
ONE = {"axes": "B T H D", "returns": ["o"], "constants": {"scale": 0.5}}
SAMPLES = {"returns": ["o", "S_T"], "names": {"S_T": {"of": "S", "axes": "N D"}, "S0": "S"}, "constants": {"scale": 0.5}}


def found(target: str, **table: Any) -> Diagnosis:
    model = symbptt.load(MODEL)
    return autodiff.package(model, f"kernels.{target}", mapping.table(table, model), paths=[str(THEIRS)])


@pytest.mark.frameworks
@pytest.mark.parametrize(("target", "table"), [
    ("gla_torch:Right", HEADS), ("gla_torch:attention", HEADS), ("gla_torch:single_inside", ONE), ("gla_jax:right", SAMPLES),
    ("gla_torch:Right", HEADS | {"dtype": "bfloat16"}), ("gla_jax:right", SAMPLES | {"dtype": "float32"}),
])
def test_right_functions_are_right(target: str, table: dict[str, Any]) -> None:
    """Sequences in heads, initial and final states, constants, low precision."""
    made = found(target, **table)
    assert made.ok, str(made)
    assert {f.gradient for f in made.findings} == set("qkvgb") | ({"S"} if "S_T" in table["returns"] else set())
    if "dtype" in table:
        assert any(note.startswith(f"{table['dtype']} is held against a double-precision run") for note in made.notes)


@pytest.mark.frameworks
@pytest.mark.parametrize(("target", "table", "wrong", "cause"), [
    ("gla_torch:CarryWithoutDecay", HEADS, set("kvgbS"), "factor-missing"),
    ("gla_jax:state_after", SAMPLES, set("gb"), "off-by-one"),
    ("gla_torch:dropout", ONE, set("qkvgb"), "not-deterministic"),
    ("gla_torch:coarse_in_low", ONE | {"dtype": "bfloat16"}, None, "precision-lost"),
])
def test_mistakes_are_named(target: str, table: dict[str, Any], wrong: set[str] | None, cause: str) -> None:
    made = found(target, **table)
    wrongs = {f.gradient: f for f in made.findings if not f.right}
    assert not made.ok and (wrong is None or set(wrongs) == wrong), str(made)
    assert wrongs and all(f.certain and cause in f.causes for f in wrongs.values()), str(made)
    if target.endswith("CarryWithoutDecay"):
        assert "gla_torch.py, line" in str(made)


@pytest.mark.frameworks
def test_axes_of_heads_are_found() -> None:
    made = found("layers_torch:heads")
    assert made.ok and "heads" in made.notes[0], str(made)


@pytest.mark.frameworks
def test_biases_that_are_added_have_one_gradient() -> None:
    made = autodiff.package("elman", "kernels.layers_torch:ForgottenBias", paths=[str(THEIRS)])
    assert not made.ok and "gradients of bias_ih and bias_hh" in made.opening[0], str(made)
    assert all(f.right for f in made.findings)


@pytest.mark.frameworks
def test_another_forward_pass_is_told_first_and_judged_for_itself() -> None:
    made = found("gla_torch:other_forward", **ONE)
    assert not made.ok and "o at step 1 is" in made.opening[0] and "q, k, v, g, b are right for it" in made.opening[-1], str(made)


def test_a_function_of_numpy_in_a_package_with_relative_imports() -> None:
    assert autodiff.package("elman", "kernels.elman_numpy:backward", paths=[str(THEIRS)]).ok


@pytest.mark.parametrize(("target", "table", "message"), [
    ("kernels.nowhere:f", {}, "ModuleNotFoundError"), ("kernels.helpers:nothing", {}, "no attribute 'nothing'"),
    ("kernels:__doc__", {}, "is no function but a str"), ("../x:f", {}, "expected package.module:Name"),
    ("kernels.helpers:slope", {"library": "torsch"}, "did you mean 'torch'"),
    ("os:_Environ", {}, "is a class"),
])
def test_functions_that_cannot_be_found(target: str, table: dict[str, Any], message: str) -> None:
    model = symbptt.load("elman")
    with pytest.raises(BadInput, match=message):
        autodiff.package(model, target, mapping.table(table, model), paths=[str(THEIRS)])


@pytest.mark.frameworks
@pytest.mark.parametrize(("table", "message"), [
    (HEADS | {"returns": ["o", "T_S"]}, "unknown output 'T_S'"), (HEADS | {"returns": ["o", "k"]}, "k is no output"),
    (ONE | {"names": {"k": "q"}}, "no argument is k"),
])
def test_declarations_that_make_no_sense(table: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        found("gla_torch:Right", **table)


@pytest.mark.frameworks
def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = tmp_path / "table.toml"
    table.write_text('axes = "B T H D"\nreturns = ["o"]\n[constants]\nscale = 0.5\n')
    command = ["diagnose", str(MODEL), "--function", "kernels.gla_torch:single_inside", "--path", str(THEIRS)]
    assert main([*command, "--mapping", str(table), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] and {f["gradient"] for f in told["findings"]} == set("qkvgb")
    assert main(["diagnose", "elman", "--path", "x", "--values", "y.npz"]) == 2
