"""Drawings of numbers: places, dashes, boxes and ticks."""

from __future__ import annotations

import re

import numpy as np
import pytest

from symbptt.draw import plot, plot_svg
from symbptt.draw.chart import Cells, Curves


def test_a_curve_is_cut_where_a_value_is_missing_and_ends_at_its_values():
    values = np.array([1.0, 0.1, 0.0, 1e-4, np.nan, 1e-2])
    drawn = plot.chart(Curves((("one", values),), "d"))
    curves = [line.points for line in drawn.lines if line.dash == 0][:-1]
    assert [len(points) for points in curves] == [2, 2, 2], "a single value is a dot: two equal ends"
    height = lambda v: plot.TOP + plot.HEIGHT * (0 - np.log10(v)) / 4  # noqa: E731
    assert curves[0][1] == pytest.approx((plot.LEFT + plot.WIDTH / 5, height(0.1)))
    assert curves[1][0] == curves[1][1] == pytest.approx((plot.LEFT + 3 * plot.WIDTH / 5, height(1e-4)))


def test_drawings_tell_values_apart_without_colour():
    drawn = plot.chart(Curves(tuple((str(i), np.array([1.0, 0.5])) for i in range(4)), "d"))
    dashes = re.findall(r'stroke-dasharray="([^"]*)"', plot_svg.write(drawn, "t"))
    assert len(set(dashes)) == 3, "the first curve is solid"
    boxes = plot.table(Cells(np.array([[0.0, 0.0], [1.0, np.nan]]), ((1, 1), (2, 1), (2, 2)), "t", "k")).boxes
    assert [box.look for box in boxes] == [plot.Look.EMPTY, plot.Look.SHADED, plot.Look.CROSSED]


@pytest.mark.parametrize("last", [1, 2, 9, 10, 19, 20, 47, 100, 999])
def test_ticks_are_few_and_start_at_the_beginning(last):
    found = plot.ticks(last)
    assert found == sorted(set(found)) and len(found) <= 11 and found[-1] <= last and found[0] <= max(2, 1)
