"""What passes make of programs: loops only for recurrences, one product for gates, nothing stored that nobody needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from symbptt.model import define as models
from symbptt.model import read
from symbptt.model.values import Model
from symbptt.passes import prepared
from symbptt.passes.components import components
from symbptt.passes.turning import FEW
from symbptt.program import build
from symbptt.program.ir import For, Function, Group, Kind, Product, Statement, Subscript
from symbptt.program.walk import assignments, read_by, written_by


def function(model: Model, name: str = "value_and_grad") -> Function:
    return next(f for f in prepared(build(model, model.parameters)).functions if f.name == name)


def products(body: tuple[Statement, ...]) -> list[Product]:
    return [s for s in body if isinstance(s, Product)]


def loops(made: Function) -> Iterator[For]:
    return (s for s in made.body if isinstance(s, For))


@pytest.mark.parametrize(("name", "inside"), [("elman", 1), ("lstm", 1), ("gru_reset_after", 1), ("gru", 2)])
def test_a_loop_has_one_product_for_all_gates_that_share_an_operand(name: str, inside: int) -> None:
    forward, backward = loops(function(read.load(name)))
    assert (len(products(forward.body)), len(products(backward.body))) == (inside, inside)
    assert not forward.reverse and backward.reverse


@pytest.mark.parametrize(("name", "outside"), [("lstm", 7), ("gru_reset_after", 10)])
def test_gates_share_products_with_inputs_and_products_of_gradients(name: str, outside: int) -> None:
    """Inputs; readout, its gradients and the loss; input weights and recurrent ones. A GRU has a gate apart."""
    assert len(products(function(read.load(name)).body)) == outside


def test_without_a_recurrence_there_is_no_loop() -> None:
    assert not list(loops(function(read.load("mlp"))))


def test_a_state_that_only_inputs_make_is_computed_for_all_steps() -> None:
    model = models.model(
        name="delay", inputs={"x": "D"}, states={"h": "H"}, parameters={"W": "H D", "V": "H H"},
        equations={"h": "tanh(W @ x)", "o": "V @ h[t-1]"}, loss="sum(o * o)",
    )
    assert not list(loops(function(model)))


def test_adjoints_that_live_for_one_line_are_not_stored() -> None:
    backward = list(loops(function(read.load("lstm"))))[1]
    local = {b.name for s in backward.body if isinstance(s, Group) for b in s.local}
    assert {"f", "g", "i", "q"} <= local


def test_what_nobody_reads_is_not_computed() -> None:
    model = models.model(
        name="idle", inputs={"x": "H"}, states={"h": "H"}, parameters={"b": "H"},
        equations={"h": "0.5 * h[t-1] + b * x", "idle": "exp(h)"}, loss="sum(h * h)",
    )
    made = function(model)
    assert all(written_by(s).name != "idle" for s in assignments(made.body))
    assert any(written_by(s).name == "idle" for s in assignments(function(model, "forward").body))


def test_the_values_that_backward_needs_are_kept_by_forward() -> None:
    forward, backward = (function(read.load("lstm"), name) for name in ("forward", "backward"))
    read_there = {r.buffer for s in assignments(backward.body) for r in read_by(s) if r.buffer.kind is Kind.VALUE}
    assert forward.keeps == backward.keeps and read_there <= set(backward.keeps)


@pytest.mark.parametrize(("name", "weights"), [("elman", {"W_hh"}), ("lstm", {"stack_W_hf"})])
def test_a_loop_reads_no_weights_by_columns_where_a_copy_pays(name: str, weights: set[str]) -> None:
    made = function(read.load(name))
    turned = {b.name: b for s in assignments(made.body) if (b := written_by(s)).name.startswith("turned_")}
    assert set(turned) == {f"turned_{weight}" for weight in weights}
    for product in (p for loop in loops(made) for p in products(loop.body)):
        by_rows = product.right.at == (*map(Subscript, product.right.rows), *map(Subscript, product.right.columns))
        assert by_rows == (product.turned is None)
        if product.turned is not None:
            assert product.turned.buffer == turned[f"turned_{product.right.buffer.name}"]
            assert product.turned.at == product.right.at[::-1] and product.unless == FEW
    small = prepared(build(read.load(name), ()), copies=False)
    assert all(p.turned is None for f in small.functions for p in assignments(f.body) if isinstance(p, Product))


def test_components_are_the_cycles() -> None:
    assert components([{1}, {0}, {1}, set()]) == [[0, 1], [2], [3]]


def test_a_gate_lies_where_its_argument_was() -> None:
    made = function(read.load("lstm"))
    buffers = {written_by(s) for s in assignments(made.body)}
    assert not {b.name for b in buffers if b.kind is Kind.VALUE} & {"i", "f", "g", "q", "a_i", "a_f", "a_g", "a_q"}


def test_an_operand_that_is_read_again_keeps_its_place() -> None:
    model = models.model(
        name="again", inputs={"x": "H"}, states={"h": "H"}, parameters={"W": "H H"},
        equations={"a": "W @ x", "b": "tanh(a)", "h": "0.5 * h[t-1] + a * b"}, loss="sum(h * h)",
    )
    buffers = {(b.kind, b.name) for b in map(written_by, assignments(function(model).body))}
    assert {(Kind.VALUE, "a"), (Kind.VALUE, "b")} <= buffers


def test_sums_of_what_a_loop_computes_are_taken_in_it() -> None:
    made = function(read.load("lstm"))
    inside = {written_by(s).name for loop in loops(made) for s in assignments(loop.body) if written_by(s).kind is Kind.GRADIENT}
    assert inside == {"b_i", "b_f", "b_g", "b_q"}, "the bias of the readout is outside, where all its terms are computed at once"


def test_a_sum_of_rows_that_later_steps_change_stays_outside() -> None:
    model = models.model(
        name="outside", inputs={"x": "H"}, states={"h": "H"}, parameters={"W": "H H", "b": "H"},
        equations={"h": "tanh(W @ h[t-1] + x)"}, loss="sum(b * h[t-1])",
    )
    made = function(model)
    assert not any(written_by(s).name == "b" for loop in loops(made) for s in assignments(loop.body))
