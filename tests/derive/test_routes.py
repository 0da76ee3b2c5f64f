"""Single routes add up to the terms; the direct route of a state is what its gates leave open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from zoo import CLASSIC

from symbptt import data, derive, typeset, unroll
from symbptt.algebra.evaluate import evaluate
from symbptt.derive.direct import DirectRoute
from symbptt.derive.numeric import run
from symbptt.derive.step import state_jacobian
from symbptt.errors import BadInput, UnknownName
from symbptt.model import define, read
from symbptt.model.values import Model, Role

Array = NDArray[Any]


def lagged() -> Model:
    return define.model(
        name="lagged", inputs={"x": "D"}, states={"h": "H"}, parameters={"W": "H D", "U": "H H", "V": "H H", "s": "H"},
        targets={"y": "H"}, equations={"h": "tanh(W @ x + U[t] @ h[t-2] + V @ h[t-1])", "o": "V @ h + W @ x"},
        loss="squared_error(o, y) + sum(h[t-1] * (W @ x))", initial={"h": "s"}, freeze=True,
    )


MODELS = [*CLASSIC, "two layers", "lagged"]


def model_of(name: str) -> Model:
    return {"two layers": lambda: read.load("elman", layers=2), "lagged": lagged}.get(name, lambda: read.load(name))()


def point(model: Model, T: int, N: int = 2) -> dict[str, Any]:
    given = data.random(model, T=T, N=N)
    return {"parameters": given.parameters, "inputs": given.inputs, "targets": given.targets, "states": given.states}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", MODELS)
def test_routes_add_up_to_the_terms(name: str) -> None:
    model = model_of(name)
    graph, given = unroll.steps(model, 2), point(model, 2)
    for variable in model.of(Role.PARAMETER, Role.INPUT, Role.STATE):
        routes, terms = derive.single_routes(graph, variable.name), derive.gradient(graph, variable.name).evaluate(**given)
        sums = {pair: np.zeros_like(value) for pair, value in terms.items()}
        for route, value in zip(routes.found, routes.evaluate(**given), strict=True):
            sums[route.loss_step, route.source_step] += value
        for pair, value in terms.items():
            np.testing.assert_allclose(sums[pair], value, rtol=1e-11, atol=1e-12, err_msg=f"{variable.name} {pair}")


def test_weights_masks_and_given_starts_count() -> None:
    model = lagged()
    graph, given = unroll.steps(model, 3), point(model, 3)
    counts = {"mask": np.array([[1.0, 0], [1, 1], [0, 1]]), "weights": np.array([1.0, 0.5, 2])}
    for states in ({}, {"h": np.ones((2, 4))}):
        for name in ("s", "h", "V", "U", "mask"):
            routes = derive.single_routes(graph, name)
            total = derive.gradient(graph, name).total(**{**given, "states": states}, **counts)
            found = np.zeros_like(total)
            for route, value in zip(routes.found, routes.evaluate(**{**given, "states": states}, **counts), strict=True):
                into = found[route.source_step - 1] if name in ("U", "mask") else found
                into += value
            np.testing.assert_allclose(found, total, rtol=1e-11, atol=1e-12)
            assert name != "s" or bool(np.any(found)) == (not states)


def test_a_route_is_a_way_through_the_graph_and_its_product_the_value() -> None:
    model = read.load("gru")
    graph, given = unroll.steps(model, 3), point(model, 3, N=1)
    routes = derive.single_routes(graph, "b_r")
    values, done = routes.evaluate(**given), run(graph, **given)
    targets = {a.target: a for a in graph}
    assert len({route.values for route in routes.found}) == len(routes.found)
    for route, value in zip(routes.found, values, strict=True):
        assert route.values[0] == model["b_r"].at() and route.values[-1] == model["L"].at(route.loss_step)
        assert targets[route.values[1]].step == route.source_step
        for before, after in zip(route.values, route.values[1:], strict=False):
            assert before in targets[after].value.atoms(type(before))
        np.testing.assert_allclose(evaluate(route.product, done.values)[0, :, 0], value, rtol=1e-11, atol=1e-14)
        jacobian = np.eye(1)
        for matrix in reversed(route.jacobians):
            assert matrix is not None
            jacobian = jacobian @ evaluate(matrix, done.values)[0]
        np.testing.assert_allclose(jacobian[0], value, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(("name", "expected"), (("elman", [1, 2, 3, 4]), ("lstm", [1, 5, 24, 115])))
def test_the_number_of_routes_grows_geometrically_where_there_are_gates(name: str, expected: list[int]) -> None:
    """From a bias to the loss of step t: that of an LSTM grows 4.79-fold a step."""
    graph = unroll.steps(read.load(name), 4)
    routes = derive.single_routes(graph, "b_h" if name == "elman" else "b_q")
    assert [sum(len(routes.of(t, k)) for k in range(1, t + 1)) for t in range(1, 5)] == expected


def test_too_many_steps_or_routes_and_other_names_are_refused() -> None:
    with pytest.raises(BadInput, match="single routes are listed for up to T = 4, not 5; terms are for any T"):
        derive.single_routes(unroll.steps(read.load("elman"), 5), "W_hh")
    with pytest.raises(BadInput, match=r"has \d+ routes from W_xi for T = 4, more than 20000"):
        derive.single_routes(unroll.steps(read.load("lstm", layers=3), 4), "W_xi")
    with pytest.raises(BadInput, match="has no loss"):
        derive.single_routes(unroll.steps(read.load("elman", loss="none"), 2), "W_hh")
    with pytest.raises(UnknownName):
        derive.single_routes(unroll.steps(read.load("elman"), 2), "W")


def direct(model: Model) -> dict[str, DirectRoute]:
    return {route.state.name: route for route in derive.direct_routes(model)}


BLOCKS = (
    ("lstm", "c", "diag(fₜ)"), ("lstm_peephole", "c", "diag(fₜ)"), ("lstm_coupled", "c", "diag(𝟏 − iₜ)"),
    ("gru", "h", "diag(zₜ)"), ("gru_reset_after", "h", "diag(zₜ)"), ("mgu", "h", "diag(𝟏 − fₜ)"),
    ("residual_rnn", "h", "I"), ("linear", "h", "A"),
    ("leaky", "h", "diag(𝟏 − α 𝟏)"),
)


@pytest.mark.parametrize(("name", "state", "text"), BLOCKS)
def test_the_direct_block(name: str, state: str, text: str) -> None:
    model = read.load(name)
    found = direct(model)
    assert set(found) == {state} and typeset.text(found[state].block, model) == text


@pytest.mark.parametrize("name", ("elman", "irnn", "indrnn", "jordan", "deep_feedforward", "scalar", "mlp"))
def test_a_state_that_its_equation_reads_inside_a_function_only_has_none(name: str) -> None:
    assert direct(read.load(name)) == {}
    one_line = define.model(name="m", inputs={"x": "H"}, states={"h": "H"}, parameters={"U": "H H"},
                           equations={"h": "tanh(U @ h[t-1] + x)"})
    assert direct(one_line) == {}


@pytest.mark.parametrize("make", [*(lambda n=n: read.load(n) for n, _, _ in BLOCKS), lambda: read.load("gru", freeze=True),
                                  lambda: read.load("lstm", layers=2, freeze=True)])
def test_the_direct_route_and_the_others_are_the_block(make: Any) -> None:
    model = make()
    graph = unroll.steps(model, 2)
    values = run(graph, **point(model, 2)).at(2)
    for name, route in direct(model).items():
        state = model[name]
        whole = state_jacobian(model)[name, name]
        unit = np.eye(4)[:, None, :, None]
        symbol = state.at(99)
        values.leaves[symbol] = unit
        parts = [part.apply(symbol) for part in (route.map, *([route.others] if route.others else []))]
        found = sum(evaluate(part, values) for part in parts)
        np.testing.assert_allclose(*np.broadcast_arrays(found, evaluate(whole.apply(symbol), values)), rtol=1e-12, atol=1e-14)


def test_a_frozen_gate_keeps_by_its_mask_too() -> None:
    model = read.load("gru", freeze=True)
    assert typeset.text(direct(model)["h"].block, model) == "diag(maskₜ 𝟏) diag(zₜ) + diag(𝟏 − maskₜ 𝟏)"


def test_the_product_over_time_is_one_summand_of_the_block() -> None:
    model = read.load("lstm")
    route = direct(model)["c"]
    graph, given = unroll.steps(model, 4), point(model, 4, N=1)
    done = run(graph, **given)
    f = [done.values.leaves[model["f"].at(t)][0, :, 0] for t in range(1, 5)]
    product = route.product(1, 4)
    assert product is not None and typeset.text(product, model) == "diag(f₄ ⊙ f₃ ⊙ f₂)"
    np.testing.assert_allclose(evaluate(product, done.values)[0], np.diag(f[3] * f[2] * f[1]), rtol=1e-13)
    assert route.rest is None and typeset.text(route.product(2, 2), model) == "I"
    # The whole block dc_4/dc_1 has the routes over h and the gates as well.
    jacobian = np.eye(8)
    for t in (2, 3, 4):
        blocks = {pair: item.matrix() for pair, item in state_jacobian(model).items()}
        values = done.at(t)
        rows = [[evaluate(blocks[r, c], values)[0] if (r, c) in blocks else np.zeros((4, 4)) for c in "hc"] for r in "hc"]
        jacobian = np.block(rows) @ jacobian
    assert np.abs(jacobian[4:, 4:] - np.diag(f[3] * f[2] * f[1])).max() > 1e-3


def test_the_product_for_symbolic_steps() -> None:
    model = read.load("lstm")
    chain = direct(model)["c"].chain
    assert typeset.text(chain, model) == "∏↷_{j=k+1..t} diag(fⱼ)"
    assert direct(read.load("linear"))["h"].product(1, 3) is not None
    assert typeset.text(direct(read.load("linear"))["h"].product(1, 3), read.load("linear")) == "A A"
