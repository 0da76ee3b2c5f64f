import pytest
import sympy as sp

from symbptt.algebra import tidy
from symbptt.narrative import shapes

H, D = (sp.Symbol(name, integer=True, positive=True) for name in "HD")
W, x, b = sp.MatrixSymbol("W", H, D), sp.MatrixSymbol("x", D, 1), sp.MatrixSymbol("b", H, 1)


@pytest.mark.parametrize("expression, text", [
    (sp.S.One, "1"), (H, "H"), (H + D, "D+H"), (2 * H, "2H"), (H**2, "H²"), (H * D, "D·H"), (H**12, "H¹²"),
])
def test_a_dimension_reads_like_mathematics(expression: sp.Expr, text: str) -> None:
    assert shapes.size(expression) == text


def test_a_sum_has_parentheses_beside_the_cross() -> None:
    assert shapes.shape(sp.MatrixSymbol("A", H, H + D)) == "(H×(D+H))"


def test_the_check_shows_operands_and_result() -> None:
    value = tidy.add(tidy.mul(W, x), b)
    assert shapes.check(value) == "(H×D)(D×1) + (H×1) = (H×1)"
    assert shapes.check(b) == "(H×1)"


def test_every_summand_has_its_shape() -> None:
    assert shapes.check(tidy.add(tidy.mul(W, x), tidy.mul(W, x), b)) == "(H×D)(D×1) + (H×D)(D×1) + (H×1) = (H×1)"


def test_a_long_sum_has_the_shape_of_its_result_alone() -> None:
    assert shapes.check(tidy.add(*[tidy.mul(W, x)] * 20)) == "(H×1)"


def test_the_result_can_be_that_of_another_formula() -> None:
    assert shapes.check(tidy.mul(tidy.transpose(W), b), W) == "(D×H)(H×1) = (H×D)"
