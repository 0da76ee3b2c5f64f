"""The table of elementwise functions: what its rows claim beside value and slope."""

from __future__ import annotations

import pytest
import sympy as sp

from symbptt.algebra.functions import COMMON, FUNCTIONS, Z, slope
from symbptt.cli import options

POINTS = (sp.Rational(-7, 2), sp.S.Zero, sp.Rational(2, 3), sp.S(5))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_and_slope_are_real_numbers_in_the_domain_and_only_there(name: str) -> None:
    row = FUNCTIONS[name]
    for point in POINTS:
        at = {Z: point} | dict(zip(row.symbols(), (default for _, default in row.arguments), strict=True))
        numbers = [sp.sympify(form).subs(list(at.items())[::-1]) for form in (row.value, slope(name))]
        assert all(number.is_real for number in numbers) == (point in row.domain), point


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_written_form_is_the_function(name: str) -> None:
    row = FUNCTIONS[name]
    if row.written is not None:
        for point in filter(lambda p: p in row.domain, POINTS):
            assert row.written.subs(Z, point) == row.value.subs(Z, point)


def test_the_help_shows_the_common_activations() -> None:
    assert options.ACTIVATIONS == COMMON
    assert all(FUNCTIONS[name].activation for name in COMMON)
