"""Forward mode in C: derivatives along a direction are those of a complex step, and of the gradients."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbptt import data, emit
from symbptt.data import arrays
from symbptt.errors import BadInput
from symbptt.model import read
from symbptt.verify.load import resolve

FOLDER = Path(__file__).parents[1]
FILES = ("kinds/learned-start.toml", "kinds/loss-at-last.toml", "kinds/no-loss.toml", "heads/heads.toml")
KINDS = [str(FOLDER / path) for path in FILES]
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wvla", "-Werror", "-O1",
          "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
needs_cc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
models = pytest.mark.parametrize(
    "name", ["elman", *(pytest.param(name, marks=pytest.mark.slow) for name in ("lstm", *KINDS))],
    ids=lambda name: Path(name).stem,
)


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is left in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def along(part: dict[str, Any], tangents: dict[str, Any]) -> dict[str, Any]:
    """The arrays a complex step further on."""
    return {name: array + 1e-30j * tangents[name] if name in tangents else array for name, array in part.items()}


def same(given: Any, expected: Any) -> bool:
    given, expected = np.asarray(given), np.asarray(expected)
    size = max(1, np.abs(expected).max(initial=0))
    return given.shape == expected.shape and bool(np.abs(given - expected).max(initial=0) <= 1e-11 * size)


@pytest.mark.slow
@needs_cc
@models
def test_derivatives_along_a_direction_are_those_of_a_complex_step(name: str) -> None:
    model, random = read.load(name), np.random.default_rng(0)
    ours = resolve(emit.source(model, backend="c", python=True, mode="forward", wrt="all")).module
    numpy: Any = resolve(emit.source(model, wrt="all")).module
    for started in (True, False):
        drawn = data.random(model, T=16, N=4, seed=1)
        states = drawn.states if started else {}
        given = {**drawn.parameters, **drawn.inputs, **states}
        tangents = {v.name: random.standard_normal(np.shape(given[v.name])) for v in model.with_gradient if v.name in given}
        outputs, rates = ours.jvp(drawn.parameters, drawn.inputs, tangents, states)
        stepped, _ = numpy.forward(along(drawn.parameters, tangents), along(drawn.inputs, tangents), along(states, tangents))
        assert rates.keys() == outputs.keys() == stepped.keys()
        assert all(same(outputs[k], stepped[k].real) and same(rates[k], stepped[k].imag / 1e-30) for k in stepped)
        if model.loss is not None:
            loss, rate = ours.value_and_jvp(drawn.parameters, drawn.inputs, drawn.targets, tangents, states)
            expected, gradients = numpy.value_and_grad(drawn.parameters, drawn.inputs, drawn.targets, states)
            assert same(loss, expected) and same(rate, sum((gradients[k] * v).sum() for k, v in tangents.items()))


@pytest.mark.slow
@needs_cc
def test_a_direction_has_the_name_and_shape_of_its_variable() -> None:
    model = read.load("elman")
    ours = resolve(emit.source(model, backend="c", python=True, mode="forward", wrt="all")).module
    drawn = data.random(model, T=3, N=2, seed=1)
    assert not any(rate.any() for rate in ours.jvp(drawn.parameters, drawn.inputs, {})[1].values())
    for tangents, message in (({"y": drawn.targets["y"]}, "no parameter, input or state is called y"),
                              ({"b_h": np.ones(2)}, r"the tangent of b_h has shape \(2,\), expected \(4,\)")):
        with pytest.raises(ValueError, match=message):
            ours.jvp(drawn.parameters, drawn.inputs, tangents)
    with pytest.raises(BadInput, match="truncation is for the backward recursion"):
        emit.source(model, backend="c", mode="forward", truncation=(1, 2))


@pytest.mark.slow
@needs_cc
@models
@pytest.mark.parametrize("sizes", ["any", "fixed"])
def test_the_file_compares_them_with_its_gradients(name: str, sizes: str, tmp_path: Path) -> None:
    model = read.load(name)
    fixed = {"T": 3, "N": 2, **arrays.sizes(model)} if sizes == "fixed" else None
    made = emit.source(model, backend="c", mode="forward", wrt="all", static=fixed)
    place, prefix = made.write(tmp_path / made.path), Path(made.path).stem.upper().replace("-", "_")
    subprocess.run(["gcc", *STRICT, f"-D{prefix}_MAIN", f"-D{prefix}_DOUBLE", place, "-lm", "-o", tmp_path / "check"], check=True)
    told = subprocess.run([tmp_path / "check"], check=True, capture_output=True, text=True).stdout
    assert "WRONG" not in told and "jvp" in told.splitlines()[-1]
