"""What passes make of programs: loops only for recurrences, one product for gates, nothing stored that nobody needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from symbptt.model import define as models
from symbptt.model import read
from symbptt.model.values import Model
from symbptt.passes import PASSES, prepared
from symbptt.passes.components import components
from symbptt.passes.laying import FEW
from symbptt.passes.overwriting import overwrite
from symbptt.program import build
from symbptt.program.ir import For, Function, Group, Kind, Product, Read, Statement, Subscript
from symbptt.program.statements import assigned, everywhere
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


@pytest.mark.parametrize(("name", "weight"), [("elman", "W_hh"), ("lstm", "stack_W_hf")])
def test_a_loop_multiplies_with_copies_in_the_order_of_the_kernel(name: str, weight: str) -> None:
    made = function(read.load(name))
    laid = {b.name: b for s in assignments(made.body) if (b := written_by(s)).kind is Kind.LAID}
    assert set(laid) == {f"turned_{weight}", f"laid_{weight}"}
    for product in (p for loop in loops(made) for p in products(loop.body)):
        by_rows = (*map(Subscript, product.right.rows), *map(Subscript, product.right.columns))
        assert product.laid is not None and product.laid.at == by_rows and product.unless == FEW
        assert product.laid.buffer == laid[("laid_" if product.right.at == by_rows else "turned_") + product.right.buffer.name]
    small = prepared(build(read.load(name), ()), copies=False)
    assert all(p.laid is None for f in small.functions for p in assignments(f.body) if isinstance(p, Product))


def test_adjoints_take_the_place_of_their_gates() -> None:
    made = function(read.load("lstm"))
    backward = list(loops(made))[1]
    (group,) = (s for s in backward.body if isinstance(s, Group) and any(a.target.kind is Kind.STACK for a in s.assignments))
    stack = next(a.target for a in group.assignments if a.target.kind is Kind.STACK)
    reads = [[r.buffer for r in read_by(a)] for a in group.assignments]
    assert all(read == [stack] for read in reads[:4]) and not any(stack in read for read in reads[4:])
    assert {a.target for a in group.assignments[:4]} <= group.local
    assert stack in {written_by(s) for s in assignments(made.body[: made.body.index(backward)])}


def test_what_is_read_again_is_not_overwritten() -> None:
    model = read.load("lstm")
    made = next(f for f in build(model, model.parameters).functions if f.name == "value_and_grad")
    for item in PASSES[:-1]:
        made = item(made)
    gates = next(b for s in assignments(made.body) if (b := written_by(s)).kind is Kind.STACK and b.timed)
    again = assigned(replace(gates, name="again"), everywhere(gates), Read(gates, everywhere(gates)))
    longer = replace(made, body=(*made.body, again))
    assert overwrite(made) != made and overwrite(longer) == longer


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
