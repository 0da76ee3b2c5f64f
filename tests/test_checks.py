"""What a caller gives by mistake is answered by one sentence that says what was expected; any integer type is a number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import symbptt
from symbptt import analyze, checks, derive, document, emit, unroll, verify
from symbptt.errors import BadInput

MODEL = symbptt.load("elman")
GRAPH = unroll.steps("elman", np.int64(2))
PARAMETERS = {v.name: np.ones([{"D": 3, "H": 4, "O": 2}[d] for d in v.shape]) for v in MODEL.parameters}
INPUTS, TARGETS = {"x": np.ones((2, 5, 3))}, {"y": np.zeros((2, 5), int)}
GRADIENT = derive.gradient(GRAPH, "W_hh")

MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "T is a float": (lambda: unroll.steps(MODEL, 3.0), "T must be between 1 and"),
    "T is a bool": (lambda: unroll.steps(MODEL, True), "T must be between 1 and"),
    "a model for a graph": (lambda: derive.gradient(MODEL, "W_hh"), "expected an unrolled graph, which unroll.steps"),
    "a name for a graph": (lambda: derive.sensitivities("elman", "W_hh"), "expected an unrolled graph"),
    "routes of a model": (lambda: derive.single_routes(MODEL, "W_hh"), "not a Model"),
    "adjoints of a model": (lambda: derive.adjoints(MODEL), "expected an unrolled graph"),
    "several names": (lambda: derive.gradient(GRAPH, ["W_hh"]), "expected the name of one parameter, input or state, not a list"),
    "a number for a model": (lambda: symbptt.load(3), "expected a model, its name or the path of its file, not 3"),
    "classes as floats": (lambda: GRADIENT.evaluate(PARAMETERS, INPUTS, {"y": np.zeros((2, 5))}),
                          "y has shape (2, 5), expected (T, N, O), or integer classes (T, N), not float64"),
    "classes as bools": (lambda: GRADIENT.evaluate(PARAMETERS, INPUTS, {"y": np.zeros((2, 5), bool)}), "not bool"),
    "no samples": (lambda: GRADIENT.evaluate(PARAMETERS, {"x": np.ones((2, 3))}, TARGETS),
                   "x has shape (2, 3), expected (T, N, D)"),
    "bare inputs": (lambda: GRADIENT.evaluate(PARAMETERS, INPUTS["x"], TARGETS), "expected inputs as a dict of arrays by name"),
    "bare parameters": (lambda: derive.adjoints(GRAPH).evaluate(np.ones(3), INPUTS, TARGETS), "expected parameters as a dict"),
    "a seed": (lambda: verify.gradients("elman", seed=-1), "the seed must be a whole number from 0 on, not -1"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_gets_one_sentence(case: str) -> None:
    call, sentence = MISTAKES[case]
    with pytest.raises(BadInput) as error:
        call()
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_every_integer_type_is_a_number() -> None:
    two = np.int64(2)
    assert unroll.steps(MODEL, 2) == GRAPH
    assert "backward" in emit.source(MODEL, T=two, unroll=True, wrt=["W_hh"]).text
    assert analyze.flow("scalar", T=two, seed=np.int32(1)).data.T == 2
    assert verify.gradients("scalar", T=two, N=two, seed=np.uint8(3)).ok
    assert document.compose(MODEL, two, wrt=["W_hh"]).blocks


@pytest.mark.parametrize(("value", "least", "most", "number"), [
    (3, 1, None, 3), (np.int16(3), 1, 3, 3), (0, 1, None, None), (4, 1, 3, None), (True, 0, None, None), (2.0, 1, None, None),
    ("2", 1, None, None), (None, 0, None, None),
])
def test_whole(value: object, least: int, most: int | None, number: int | None) -> None:
    assert checks.whole(value, least, most) == number
