"""Chunk code: what kernel authors get wrong in it is named, and right code is called right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import symbptt
from symbptt.chunk import NoChunkForm
from symbptt.cli import main
from symbptt.diagnose import Diagnosis
from symbptt.errors import BadInput

from . import chunks


def diagnosed(name: str, text: str, T: int) -> Diagnosis:
    data, theirs = chunks.draw(name, T), chunks.gradients(name, text, T)
    final = np.zeros((T, *data["dS"].shape))
    final[-1] = data["dS"]
    return symbptt.diagnose.gradients(
        chunks.kernel(name), theirs, parameters={}, inputs={n: data[n] for n in chunks.INPUTS[name]}, states={"S": data["S"]},
        cotangents={"o": data["do"], "S": final}, chunk=chunks.CHUNK,
    )


@pytest.mark.parametrize("T", [chunks.RAGGED, chunks.CHUNK, 3])
def test_right_chunk_code_is_right(T):
    found = diagnosed("gla", (chunks.FOLDER / "gla.py").read_text(), T)
    assert found.ok and {f.gradient for f in found.findings} == {"q", "k", "v", "g", "S"}


@pytest.mark.slow
def test_a_mistake_is_told_in_the_equations_of_the_chunk_form():
    text = (chunks.FOLDER / "gla.py").read_text().replace("    dq, dk", "    dS = 0 * dS\n    dq, dk")
    found = diagnosed("gla", text, chunks.RAGGED)
    assert found["g"].suspects[0].cause.name == "final-cotangent-dropped" and found["q"].right
    said = str(found)
    assert "The cotangent of the final state Sₜ does not enter." in said and "δ_{S,t}" in said
    step, sample, key = found["g"].worst.place
    data = chunks.draw("gla", chunks.RAGGED)["g"]
    assert data.shape[0] > step and data.shape[1] > sample and data.shape[2] > key


@pytest.mark.slow
def test_at_least_nine_of_ten_mistakes_of_chunk_code_are_named():
    named = {(name, T, m.what): bool(set(m.causes) & chunks.causes(name, theirs, T)) for name, T, m, theirs in chunks.cases()}
    missed = [case for case, ok in named.items() if not ok]
    assert len(named) >= 140 and len({what for _, _, what in named}) >= 30
    assert len(missed) <= 0.1 * len(named), missed


def test_a_cotangent_that_a_chunk_form_has_no_place_for():
    data = chunks.draw("gated", 6)
    with pytest.raises(BadInput, match="a chunk form has the state of the last alone"):
        symbptt.diagnose.gradients(
            chunks.kernel("gated"), {"q": data["q"]}, parameters={}, inputs={n: data[n] for n in "qkvd"},
            cotangents={"S": np.ones((6, *data["dS"].shape))}, chunk=4,
        )


def test_a_model_without_a_chunk_form(tmp_path: Path):
    path = tmp_path / "theirs.py"
    path.write_text("def backward(parameters, inputs, targets):\n    return {}\n")
    with pytest.raises(NoChunkForm, match="lstm has no chunk form"):
        symbptt.diagnose.code.file("lstm", path, chunk=4)
    with pytest.raises(BadInput, match="at most 64"):
        symbptt.diagnose.code.file("linear_attention", path, chunk=65)


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    path = tmp_path / "gated.toml"
    path.write_text('[inputs]\nq = "K"\nk = "K"\nv = "V"\nd = ""\n[states]\nS = "K V"\n[equations]\n'
                    'S = "exp(-softplus(d)) * S[t-1] + outer(k, v)"\no = "S.T @ q"\n')
    return path


@pytest.mark.slow
def test_the_command_on_an_emitted_module(kernel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    module = tmp_path / "theirs.py"
    assert main(["emit", str(kernel), "--chunk", "4", "--wrt", "all", "-o", str(module)]) == 0
    assert main(["diagnose", str(kernel), str(module), "--chunk", "4", "--wrt", "all"]) == 0
    text = module.read_text()
    (line,) = (line for line in text.splitlines() if line.strip().startswith("grad_d = "))
    module.write_text(text.replace(line, line.replace("grad_d = ", "grad_d = -1 * ")))
    capsys.readouterr()
    assert main(["diagnose", str(kernel), str(module), "--chunk", "4", "--wrt", "all"]) == 1
    assert "d  scaled" in capsys.readouterr().out


@pytest.mark.slow
def test_the_command_on_code_written_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    model, module, mapping = tmp_path / "gla.toml", tmp_path / "theirs.py", tmp_path / "mapping.toml"
    model.write_text('[inputs]\nq = "K"\nk = "K"\nv = "V"\ng = "K"\n[states]\nS = "K V"\n[equations]\n'
                     'S = "diag(exp(g)) @ S[t-1] + outer(k, v)"\no = "S.T @ q"\n')
    text = (chunks.FOLDER / "gla.py").read_text()
    module.write_text(text.replace(chunks._TRI, chunks._STRICT))
    mapping.write_text('function = "backward"\n[names]\ndo = "cotangent o"\ndS = {of = "cotangent S", axes = "N K V"}\n')
    assert main(["diagnose", str(model), str(module), "--mapping", str(mapping), "--chunk", "4", "--wrt", "all"]) == 1
    out = capsys.readouterr().out
    assert "mask-wrong: The mask is" in out
