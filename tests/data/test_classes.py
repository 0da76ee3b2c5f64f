"""Where integer classes stand for columns of numbers."""

from __future__ import annotations

import numpy as np

from symbptt.data import classes
from symbptt.model import define, read


def test_a_class_below_zero_is_a_row_of_zeros() -> None:
    rows = classes.one_hot(np.array([[2, -1], [0, 1]]), 3)
    assert rows.tolist() == [[[0, 0, 1], [0, 0, 0]], [[1, 0, 0], [0, 1, 0]]] and rows.dtype == float


def test_classes_are_integers_by_step_and_sample() -> None:
    y = read.load("elman")["y"]
    assert classes.are_classes(y, np.zeros((2, 3), int)) and not classes.are_classes(y, np.zeros((2, 3)))
    assert not classes.are_classes(y, np.zeros((2, 3, 4), int)) and not classes.are_classes(y, np.zeros((2, 3), bool))
    assert classes.class_targets(read.load("elman")) == ("y",)


def test_a_target_that_others_read_too_takes_no_classes() -> None:
    model = read.load("elman")
    assert classes.takes_classes(model, model["y"])
    assert not classes.takes_classes(read.load("elman", loss="squared_error"), model["y"])


def test_a_target_that_is_read_in_a_sum_too_takes_no_classes() -> None:
    model = define.model(
        name="smoothed", inputs={"x": "H"}, targets={"y": "H"}, equations={"a": "x + x"},
        loss="softmax_cross_entropy(a, y) + softmax_cross_entropy(a, y + 0.1)",
    )
    assert not classes.takes_classes(model, model["y"])
