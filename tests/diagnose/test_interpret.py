"""The interpreter of backward passes agrees with the derivation, term by term; its displaced values are what they claim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from zoo import CLASSIC

import symbptt
from symbptt import derive, unroll
from symbptt.algebra.nodes import TIME, Timed
from symbptt.data.random_values import random
from symbptt.diagnose import displaced
from symbptt.diagnose.case import case

from .conftest import Bench

FOLDER = Path(__file__).parents[1] / "kinds"
KINDS = sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != "states-only" and symbptt.load(path).loss)
WITH_LOSS = [name for name in CLASSIC if symbptt.load(name).loss is not None]


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", WITH_LOSS)
def test_the_right_pass_gives_the_right_terms(bench: Callable[..., Bench], name: str) -> None:
    made = bench(name)
    graph = unroll.steps(made.model, 4)
    for variable, gradient in made.case.right.items():
        form = derive.gradient(graph, variable)
        np.testing.assert_allclose(gradient, form.total(**made.point), rtol=1e-11, atol=1e-13)
    for variable in made.model.parameters:
        if not variable.tied or made.model.starting(variable):
            continue
        array = made.case.terms.arrays[variable.name].sum(axis=2)
        for (t, k), value in derive.gradient(graph, variable.name).evaluate(**made.point).items():
            mine = array[made.case.terms.losses.index(t), k - 1].reshape(value.shape)
            np.testing.assert_allclose(mine, value, rtol=1e-11, atol=1e-13)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("given", [True, False], ids=["states", "no-states"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_right_gradients_of_every_kind(kind: str, given: bool) -> None:
    """With initial states and without, where what is learned as a start has a gradient."""
    model = symbptt.load(FOLDER / f"{kind}.toml")
    data = random(model, None, 3, 2, 0)
    states = data.states if given else {}
    point = {"parameters": data.parameters, "inputs": data.inputs, "targets": data.targets, "states": states}
    right = derive.adjoints(unroll.steps(model, 3)).evaluate(**point)
    for name, gradient in case(model, **point).right.items():
        np.testing.assert_allclose(gradient, right[name], rtol=1e-11, atol=1e-11 * max(1.0, np.abs(right[name]).max()))


def test_cotangents_take_the_place_of_the_loss(bench: Callable[..., Bench]) -> None:
    made = bench("lstm")
    point = {k: v for k, v in made.point.items() if k != "targets"}
    rng = np.random.default_rng(0)
    cotangents = {"h": rng.standard_normal((4, 2, 4))}
    module = symbptt.verify.load.resolve("lstm").module
    _, residuals = module.forward(point["parameters"], point["inputs"], point["states"])
    theirs = module.backward(point["parameters"], residuals, cotangents)
    parameters = {v.name: theirs[v.name] for v in made.model.parameters}
    assert symbptt.diagnose.gradients("lstm", parameters, cotangents=cotangents, **point).ok


def test_displaced_values(bench: Callable[..., Bench]) -> None:
    made = bench("elman")
    h = made.model["h"]
    point, leaves = made.case.point, made.case.point.run.values.leaves
    at = [leaves[h.at(t)] for t in range(5)]

    def steps(symbol: Timed) -> list[np.ndarray]:
        return [value[0] for value in point.constant(symbol)]

    np.testing.assert_array_equal(steps(h.at(TIME - 1)), at[:4])
    np.testing.assert_array_equal(steps(h.at(TIME + 1)), [*at[2:], np.zeros_like(at[0])])
    np.testing.assert_array_equal(steps(displaced.at(4)(h.at())), [at[4]] * 4)
    np.testing.assert_array_equal(steps(displaced.Unset(h.at(TIME - 1))), [np.zeros_like(at[0]), *at[1:4]])
    np.testing.assert_array_equal(steps(displaced.Wrapped(h.at(TIME - 2))), [at[4], *at[:3]])
