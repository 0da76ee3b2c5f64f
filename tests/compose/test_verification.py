"""Composed models through the whole pipe: emitted code, the referee, and the derivations of the parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from symbptt import compose
from symbptt.compose.emission import source
from symbptt.errors import Disagreement

KINDS = sorted((Path(__file__).parent / "kinds").glob("*.toml"))
EVERY = [*compose.names(), *map(str, KINDS)]


def test_a_bidirectional_network_agrees_with_all_routes() -> None:
    report = compose.gradients("birnn", T=3)
    report.raise_for_disagreement()
    routes = {check.name for check in report.checks}
    assert {"forward", "complex step", "complex step, mask", "dot product"} <= routes
    assert {"part 2, sum of products", "part 2, nested recursion", "recursion and code"} <= routes


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY, ids=lambda name: Path(name).stem)
@pytest.mark.parametrize(("T", "N"), [(1, 1), (2, 3), (5, 2)])
def test_every_kind_agrees(name: str, T: int, N: int) -> None:
    compose.gradients(name, T=T, N=N, seed=3).raise_for_disagreement()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in compose.names() if not compose.load(name).parts[0].phase])
def test_ragged_lengths(name: str) -> None:
    compose.gradients(compose.load(name, freeze=True), T=4, N=3).raise_for_disagreement()


@pytest.mark.share(3)
@pytest.mark.frameworks
@pytest.mark.parametrize("name", EVERY, ids=lambda name: Path(name).stem)
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends(name: str, backend: str) -> None:
    pytest.importorskip(backend)
    compose.gradients(source(compose.load(name), backend, "all"), T=3).raise_for_disagreement()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("right", "wrong"), [
    ('_add(cotangents, "b", found["b"])', 'found["b"]'),
    ('_add(gradients, "x", _turn(found["x"]))', '_add(gradients, "x", found["x"])'),
    ("    values |= _turned(made)", "    values |= made"),
])
def test_a_mistake_in_the_module_is_seen(right: str, wrong: str) -> None:
    """Among them the published ones: the gradient of a direction lost, and a reversed sequence not turned back."""
    made = source(compose.load("birnn"), wrt="all")
    broken = made.text.replace("values |= _turned(made)", right.strip()) if "values" in right else made.text
    assert right in broken
    report = compose.gradients(replace(made, text=broken.replace(right.strip(), wrong.strip())), T=3)
    with pytest.raises(Disagreement):
        report.raise_for_disagreement()


def test_what_is_handed_out_belongs_to_the_caller() -> None:
    chain = compose.load("birnn")
    space: dict = {}
    exec(source(chain, wrt="all").text, space)
    rng = np.random.default_rng(0)
    sizes = {"D": 2, "H": 3, "O": 2}
    draw = lambda shape, *lead: rng.standard_normal((*lead, *(sizes[s] for s in shape)))  # noqa: E731
    parameters = {name: draw(shape) for name, shape in space["PARAMETERS"].items()}
    outputs, residuals = space["forward"](parameters, {"x": draw(("D",), 4, 2)})
    cotangents = {name: np.ones_like(array) for name, array in outputs.items()}
    first = space["backward"](parameters, residuals, cotangents)
    for array in outputs.values():
        array[...] = 0
    second = space["backward"](parameters, residuals, cotangents)
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("change", "said"), [
    ({"x": None}, "inputs lack 'x'"), ({"z": np.zeros(3)}, "inputs hold 'z'"), ({"x": np.zeros((3, 2, 7))}, "x has shape"),
])
def test_wrong_inputs_are_refused(change: dict, said: str) -> None:
    space: dict = {}
    exec(source(compose.load("birnn")).text, space)
    parameters = {name: np.zeros([{"D": 2, "H": 3, "O": 2}[s] for s in shape]) for name, shape in space["PARAMETERS"].items()}
    inputs = {name: a for name, a in ({"x": np.zeros((3, 2, 2))} | change).items() if a is not None}
    with pytest.raises(ValueError, match=said):
        space["forward"](parameters, inputs)
