"""A sum of parts with zeros around them: one stack where they fill the column, else the sum as it was."""

from __future__ import annotations

from itertools import permutations

import pytest
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.maps import EmbedMap
from symbptt.algebra.nodes import Concat, dimension

H = dimension("H")
A, B, C = (sp.MatrixSymbol(name, H, 1) for name in "ABC")
WHOLE = sp.MatrixSymbol("W", 3 * H, 1)


def placed(part: MatrixExpr, at: int) -> MatrixExpr:
    return EmbedMap(at * H, (at + 1) * H, 3 * H).apply(part)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_parts_that_fill_the_column_are_a_stack(order: tuple[int, ...]) -> None:
    terms = [placed((A, B, C)[i], i) for i in order]
    assert tidy.joined(*terms) == Concat(A, B, C)
    assert tidy.joined(WHOLE, *terms) == tidy.add(WHOLE, Concat(A, B, C))
    assert tidy.joined(*map(tidy.transpose, terms)) == sp.Transpose(Concat(A, B, C))


def test_two_that_meet_in_one_place_are_added_there() -> None:
    assert tidy.joined(*(placed(one, i) for i, one in enumerate((A, B, C))), placed(B, 0)) == Concat(tidy.add(A, B), B, C)


def test_a_column_with_a_gap_and_mixed_orientations_stay_a_sum() -> None:
    overlapping = [placed(A, 0), EmbedMap(H, 3 * H, 3 * H).apply(Concat(B, C)), placed(B, 1)]
    for terms in ([placed(A, 0), placed(C, 2)], overlapping, [WHOLE]):
        assert tidy.joined(*terms) == tidy.add(*terms)
    square = [EmbedMap(i, i + 1, sp.Integer(2)).apply(sp.MatrixSymbol(f"r{i}", 1, 2)) for i in range(2)]
    mixed = square[0], sp.Transpose(square[1])
    assert tidy.joined(*mixed) == tidy.add(*mixed)


def test_terms_that_differ_by_a_number_are_one_at_the_place_of_the_first() -> None:
    half, third = sp.Rational(1, 2), sp.Rational(1, 3)
    assert tidy.joined(tidy.scale(half, A), B, tidy.scale(third, A), A) == tidy.add(tidy.scale(half + third + 1, A), B)
    assert tidy.joined(A, B, tidy.scale(-1, A)) == B
    assert tidy.joined(A, tidy.scale(-1, A)) == tidy.add(A, tidy.scale(-1, A)), "the value of a formula that is there"
