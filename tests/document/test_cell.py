"""One step as operations: the walk gives the recursion's adjoints, the picture has every node and stays inside."""

from __future__ import annotations

import pytest
import sympy as sp

from symbptt import typeset
from symbptt.algebra import nodes, tidy
from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import recursion
from symbptt.document.blocks import Figure, LeftOut, Table
from symbptt.document.cell.labels import label
from symbptt.document.cell.operations import operations
from symbptt.document.cell.picture import LATER, complete, largest, picture
from symbptt.document.cell.walk import walk
from symbptt.document.context import DocumentContext
from symbptt.document.parts.cell import cell
from symbptt.draw.scene import PAGE, SLIDE, Arrow, Label, Room
from symbptt.draw.width import width
from symbptt.model.read import from_text, load, names
from symbptt.model.values import Model, Role
from symbptt.narrative.inline import plain
from symbptt.narrative.presentation import ENGLISH
from symbptt.verify.exact.arithmetic import Sampled
from symbptt.verify.exact.entries import Entries, Matrix

QUICK_MODELS = ("elman", "jordan", "mgu", "mlp")


def numbers(model: Model) -> Entries:
    """Random rational numbers for every symbol of a step; adjoints of values without a name follow from the others."""
    entries = Entries(Sampled(3), {name: size for size, name in enumerate(model.dimensions, 2)}, 1)

    def draw(leaf: sp.MatrixSymbol) -> None:
        entries.leaves.setdefault(leaf, [entries.filled(leaf, lambda i, j: Sampled(1).draw(str(leaf), i, j))])

    for equation in model.all_equations:
        for leaf in (*nodes.leaves(equation.value), equation.target.at()):
            draw(leaf)
    for equation in recursion(model).adjoints:
        adjoint = Adjoint(equation.variable.at())
        if equation.variable.definition is None:
            draw(adjoint)
        else:
            entries.leaves[adjoint] = entries(equation.now)
    return entries


def total(entries: Entries, shape: sp.MatrixSymbol, values: list[sp.MatrixExpr]) -> Matrix:
    return entries(tidy.add(sp.ZeroMatrix(*shape.shape), *values))[0]


@pytest.mark.parametrize("name", [name for name in names() if "batch" not in name])
def test_the_walk_gives_the_recursion(name: str) -> None:
    model = load(name)
    made, visits, entries = operations(model), walk(model), numbers(model)
    known = {node.names: n for n, node in enumerate(made) if node.names is not None}
    for equation in recursion(model).adjoints:
        if equation.variable in known:
            arriving = [p.value for visit in visits for p in visit.passes if p.to == known[equation.variable]]
            assert total(entries, equation.variable.at(), arriving) == entries(equation.now)[0], equation.variable.name
    for equation in recursion(model).gradients:
        if equation.variable.role is Role.PARAMETER and not model.starting(equation.variable):
            parts = [p.value for visit in visits for p in visit.passes if p.operand == equation.variable.at() and p.to is None]
            right = [c.value for c in equation.terms]
            assert total(entries, equation.variable.at(), parts) == total(entries, equation.variable.at(), right)


def test_the_elman_cell_has_its_seven_operations() -> None:
    made = [type(node.value).__name__ for node in operations(load("elman")) if not node.given]
    assert made == ["MatMul", "MatMul", "MatAdd", "Elementwise", "MatMul", "MatAdd", "CrossEntropy"]
    assert [visit.node for visit in walk(load("elman"))] == sorted((v.node for v in walk(load("elman"))), reverse=True)


@pytest.mark.parametrize("name", names())
def test_the_picture_shows_every_operation_apart_and_inside(name: str) -> None:
    model = load(name)
    drawn = picture(model, ENGLISH)
    assert drawn is not None and len(drawn.nodes) == len(operations(model))
    for i, a in enumerate(drawn.nodes):
        assert a.half <= a.x <= drawn.width - a.half and 0 < a.y < drawn.height
        for b in drawn.nodes[i + 1 :]:
            assert abs(a.x - b.x) >= a.half + b.half or abs(a.y - b.y) > 30
    numbers_shown = [m for m in drawn.labels if m.kind == "number"]
    assert len(numbers_shown) == len(walk(model))
    assert {a.backward for a in drawn.arrows} == {True, False}


def test_a_cell_with_too_many_operations_has_no_picture() -> None:
    lines = "\n".join(f'z_{i} = "tanh(z_{i - 1})"' for i in range(1, 70))
    text = f"""
title = "deep"
[inputs]
x = "D"
[parameters]
w = "D"
[targets]
y = "D"
[equations]
z_0 = "w * x"
{lines}
[loss]
step = "squared_error(z_69, y)"
"""
    assert picture(from_text(text, "deep.toml", "deep"), ENGLISH) is None


@pytest.mark.parametrize(("name", "shown"), [("lstm_peephole", True), ("deep_feedforward_batch_norm", False)])
def test_a_table_wider_than_a_page_is_left_out_and_said_so(name: str, shown: bool) -> None:
    made = cell(DocumentContext((load(name),), 2, ENGLISH))
    assert any(isinstance(block, Table) for block in made) is shown
    assert any(isinstance(block, LeftOut) for block in made) is not shown


@pytest.mark.parametrize("name", ["elman", "gru", "lstm"])
def test_the_picture_fits_a_page_upright_at_its_full_size(name: str) -> None:
    drawn = picture(load(name), ENGLISH)
    assert drawn is not None and drawn.size(PAGE) == 1.0


def test_every_factor_stands_at_its_product() -> None:
    model = load("linear_attention")
    drawn = picture(model, ENGLISH)
    assert drawn is not None and complete(model, ENGLISH, drawn)
    rules = [typeset.text(mark.text) for mark in drawn.labels if mark.kind == "rule"]
    assert {"·qₜᵀ", "Sₜᵀ", "·kₜ", "vₜᵀ"} <= {rule.replace(" ", "") for rule in rules}


def covered(label: Label) -> tuple[float, float, float, float]:
    wide = 15 * width(label.text)
    left = label.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
    return left - 1, label.y - 8, left + wide + 1, label.y + 8


def on(arrow: Arrow) -> list[tuple[float, float]]:
    """Points of an arrow."""
    weights = [((1 - s) ** 2, 2 * s * (1 - s), s * s) for s in (i / 16 for i in range(17))]
    return [(a * arrow.x1 + b * arrow.cx + c * arrow.x2, a * arrow.y1 + b * arrow.cy + c * arrow.y2) for a, b, c in weights]


@pytest.mark.parametrize("room", [PAGE, SLIDE])
@pytest.mark.parametrize("name", ["elman", "gru", "lstm", "linear_attention", "mingru"])
def test_no_label_lies_on_a_label_a_node_or_an_arrow(name: str, room: Room) -> None:
    drawn = largest(load(name), ENGLISH, room)
    boxes = [covered(label) for label in drawn.labels]
    nodes = [(n.x - n.half, n.y - n.tall, n.x + n.half, n.y + n.tall) for n in drawn.nodes]
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0 and top >= 0 and right <= drawn.width and bottom <= drawn.height
        for x, y, r, b in boxes[i + 1 :] + nodes:
            assert not (left < r - 1 and x < right - 1 and top < b - 1 and y < bottom - 1)
        assert not any(left < x < right and top < y < bottom for arrow in drawn.arrows for x, y in on(arrow))


def test_a_value_that_is_squared_is_one_node() -> None:
    text = """
title = "squares"
[inputs]
x = "D"
[states]
h = "D"
[parameters]
w = "D"
[targets]
y = "D"
[equations]
h = "tanh(w * x + h[t-1])"
[loss]
step = "sum((h - y) * (h - y))"
"""
    model = from_text(text, "squares.toml", "squares")
    square = next(n for n in operations(model) if isinstance(n.value, sp.HadamardProduct) and len(set(n.value.args)) == 1)
    assert typeset.text(label(model, ENGLISH, square)) == "(·)^{⊙2}" and len(square.reads) == 1
    (visit,) = [v for v in walk(model) if operations(model)[v.node] == square]
    assert [p.to for p in visit.passes] == list(square.reads)
    assert len(operations(model)) == len(walk(model)) + 2, "every operation is visited"


def test_what_flows_back_from_a_choice_goes_to_the_values_and_not_to_the_condition() -> None:
    model = load("mingru")
    (n,) = [n for n, node in enumerate(operations(model)) if type(node.value).__name__ == "Choice"]
    (visit,) = [v for v in walk(model) if v.node == n]
    made = operations(model)
    assert [made[p.to].value for p in visit.passes if p.to is not None] == [
        made[s].value for s in made[n].reads[1:]]


def test_a_factor_without_room_is_said_to_be_left_out() -> None:
    for name in ("linear_attention", "gru"):
        drawn, model = picture(load(name), ENGLISH), load(name)
        (figure,) = [block for block in cell(DocumentContext((model,), 3)) if isinstance(block, Figure)]
        assert drawn is not None
        assert ("had no room" in plain(figure.caption, typeset.text)) is not complete(model, ENGLISH, drawn)


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_arrows_stay_inside(name: str) -> None:
    drawn = picture(load(name), ENGLISH)
    assert drawn is not None and all(max(a.x1, a.x2) < drawn.width for a in drawn.arrows)


def test_the_next_step_stands_beside_every_state_that_it_reads() -> None:
    drawn = picture(load("lstm"), ENGLISH)
    assert drawn is not None and sum(label.text == ENGLISH.steps(LATER) for label in drawn.labels) == 2
