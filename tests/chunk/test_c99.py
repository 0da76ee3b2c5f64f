"""Chunk forms in C: equal to the step form in NumPy, from the file itself too, and by the file's own check."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from chunkable import SHIFTED, SMALL, kernel, layer

from symbptt import verify
from symbptt.chunk import chunked
from symbptt.emit import SourceFile, chunk_source
from symbptt.errors import BadInput
from symbptt.model.values import Model
from symbptt.passes import prepared
from symbptt.program import build
from symbptt.program.check import check
from symbptt.program.ir import Product
from symbptt.program.walk import assignments
from symbptt.verify.chunk_form import of_code
from symbptt.verify.load import resolve

CC = shutil.which("gcc") or shutil.which("clang")
needs_cc = pytest.mark.skipif(CC is None, reason="no C compiler")
CLOSE = 1e-11
LENGTHS = (1, 2, 3, 9)


def emitted(given: Model | str, chunk: int = 3) -> SourceFile:
    """With a loader that has the compiler hurry."""
    made = chunk_source(given, chunk, "all", "c", python=True)
    return replace(made, others=tuple((name, text.replace('"-O3"', '"-O0"')) for name, text in made.others))


def agree(given: Model | str, chunk: int = 3) -> None:
    code = resolve(emitted(given, chunk))
    for N in (1, 3):
        for T in LENGTHS:
            report = of_code(code, chunk, T=T, N=N)
            assert max(check.worst_error for check in report.checks) < CLOSE, report


@needs_cc
def test_heads_in_the_wy_form() -> None:
    agree(kernel("gated delta rule", heads="M"))


@needs_cc
@pytest.mark.slow
@pytest.mark.parametrize("given", [layer(at="last"), SHIFTED, SMALL], ids=lambda given: given.name)
def test_losses_values_of_earlier_tokens_and_names(given: Model) -> None:
    agree(given)


@needs_cc
@pytest.mark.long
@pytest.mark.parametrize(
    "name", ["linear_attention", "retnet", "gla", "mamba2", "hgrn2", "deltanet", "gated_deltanet", "kda"])
def test_layers_of_the_zoo(name: str) -> None:
    agree(name, 4)


@needs_cc
@pytest.mark.slow
def test_a_file_is_verified_and_checks_itself(tmp_path: Path) -> None:
    path = chunk_source(kernel("sigmoid decay"), 3, ("q", "g", "S"), "c", stem="made").write(tmp_path / "made.c")
    report = verify.file(path, T=7, N=2)
    assert report.ok and {c.subject for c in report.checks if c.name == "vjp, T = 7"} == {"q", "g", "S"}
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wvla", "-Werror"]
    command = [str(CC), *strict, "-fsanitize=address,undefined", "-DKERNEL_MAIN", "-DKERNEL_DOUBLE", str(path), "-o",
               str(tmp_path / "made"), "-lm"]
    subprocess.run(command, check=True, timeout=120)
    shown = subprocess.run([str(tmp_path / "made")], check=True, capture_output=True, text=True, timeout=60).stdout
    assert shown.count("ok") == 3, shown


def test_products_of_each_sample_are_calls_of_the_kernel() -> None:
    model = chunked(kernel("gated delta rule", heads="M")).model_without_loss
    program = prepared(build(model, model.with_gradient, (), final=True))
    for function in program.functions:
        check(function)
    batched = [s for f in program.functions for s in assignments(f.body) if isinstance(s, Product) and s.batch]
    assert len(batched) > 10 and {i.name for s in batched for i in s.batch} == {"t", "n", "m"}


def test_a_loader_goes_with_c_alone() -> None:
    with pytest.raises(BadInput, match="numpy is Python already"):
        chunk_source(layer(), 3, python=True)
