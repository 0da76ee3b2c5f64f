"""The test file for kernels: right kernels pass it, wrong ones fail where they are wrong, and every kind of model has one."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from symbptt.emit import reference, source
from symbptt.emit.kernel_test import gates
from symbptt.errors import BadInput
from symbptt.model.define import model
from symbptt.model.read import load, names
from symbptt.model.values import Role

GATED = model(
    name="gated",
    inputs={"q": "K", "k": "K", "v": "V", "b": "", "g": "K"},
    states={"S": "K V"},
    equations={
        "S": "outer(exp(g), v - v + 1) * S[t-1] + b * outer(k, v)",
        "o": "S.T @ q",
    },
)
LAYER = model(
    name="layer",
    inputs={"x": "D", "i": "index D"},
    states={"h": "H"},
    parameters={"W": "H D", "E": "H D", "s": "", "h0": "H"},
    initial={"h": "h0"},
    equations={"z": "sigmoid(W @ x)", "h": "(1 - z) * h[t-1] + s * embed(E, i)", "o": "h * h"},
)
RIGHT = """
import {module} as emitted

def kernel({arguments}):
    given = dict({keywords})
    groups = [{{n: given[n] for n in names if given[n] is not None}}
              for names in (emitted.PARAMETERS, emitted.INPUTS, emitted.STATES)]
    out = emitted.run(*groups)
    return tuple(out[n[6:]][-1] if n.startswith("final ") else out[n] for n in {returns}){wrong}
"""


def ran(folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", "."]
    here = {"PYTHONPATH": ":".join([str(folder), *sys.path])}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=here)
    return done.returncode, done.stdout


def written(given, folder: Path, arguments: str, returns: tuple[str, ...], wrong: str = "") -> Path:
    (folder / "emitted_module.py").write_text(source(given, backend="torch", wrt="all").text)
    keywords = ", ".join(f"{name}={name}" for name in arguments.split(", "))
    text = RIGHT.format(module="emitted_module", arguments=arguments, keywords=keywords, returns=returns, wrong=wrong)
    (folder / "kernels.py").write_text(text)
    (folder / "test_it.py").write_text(reference(given, "kernels:kernel", chunk=4).text)
    return folder


@pytest.mark.frameworks
@pytest.mark.parametrize(("given", "arguments", "returns"), [
    (GATED, "q, k, v, b, g, S", ("o", "final S")), (LAYER, "x, i, W, E, s, h0, h", ("o", "final h")),
], ids=["gated", "layer"])
def test_a_right_kernel_passes(given, arguments, returns, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    code, out = ran(written(given, tmp_path, arguments, returns))
    assert code == 0 and "skipped" not in out, out


@pytest.mark.frameworks
def test_a_wrong_kernel_fails_in_the_cases_that_show_it(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    written(GATED, tmp_path, "q, k, v, b, g, S", ("o", "final S"))
    kernel = (tmp_path / "kernels.py").read_text()
    (tmp_path / "kernels.py").write_text(kernel.replace("given = dict(", "g = g * (q.shape[0] % 4 == 0)\n    given = dict("))
    code, out = ran(tmp_path)
    assert code == 1 and set(re.findall(r"^FAILED .*?\[(T\d+)", out, re.M)) == {"T1", "T3", "T5", "T9"}


@pytest.mark.parametrize("name", [name for name in names() if load(name).of(Role.INPUT)])
def test_every_model_has_one(name: str) -> None:
    text = reference(name).text
    tree = ast.parse(text)
    assert {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} > {"recurrence", "kernel", "test_kernel"}


def test_gates_are_the_inputs_that_a_decay_is_made_of() -> None:
    assert gates(GATED) == {"g": "log"} and gates(LAYER) == {} and gates(load("lstm")) == {}
    plain = model(name="m", inputs={"a": "H", "x": "H"}, states={"h": "H"}, equations={"h": "a * h[t-1] + x"})
    assert gates(plain) == {"a": "factor"}


@pytest.mark.parametrize(("options", "said"), [
    ({"kernel": "kernels.kernel"}, "--kernel: expected MODULE:NAME"), ({"kernel": "a:b;import os"}, "--kernel: expected"),
    ({"kernel": "a:class"}, "--kernel: expected"), ({"axes": "B H"}, "--axes: expected T"), ({"axes": "T"}, "--axes: expected T"),
    ({"axes": "T N N"}, "--axes"), ({"chunk": 0}, "the chunk must be a positive whole number"),
])
def test_bad_options(options, said) -> None:
    with pytest.raises(BadInput, match=said):
        reference("elman", **options)


def test_a_model_without_inputs_has_none() -> None:
    still = model(name="still", states={"h": "H"}, equations={"h": "tanh(h[t-1])"})
    with pytest.raises(BadInput, match="still has no inputs"):
        reference(still)
