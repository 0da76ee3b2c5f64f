"""Long lines of a listing: cut where Python reads on, and none is wider than half a page."""

from __future__ import annotations

import ast

import pytest

from symbptt.document.printed.lines import WIDEST, wrapped

LINES = [
    "return y.sum(axis=-1, keepdims=True) * _log_sum_exp(o) - (y * o).sum(axis=-1, keepdims=True)",
    "grad_W_xh, grad_W_hh, grad_b_h, grad_W_ho, grad_b_o = (np.zeros(p.shape) for p in (W_xh, W_hh, b_h, W_ho, b_o,))",
    "d_h_next = d_a @ W_hh                               # (24), t -> t-1",
    "return loss, {'W_xh': grad_W_xh, 'W_hh': grad_W_hh, 'b_h': grad_b_h, 'W_ho': grad_W_ho, 'b_o': grad_b_o}",
    "d_c[t] += d_h * q[t] * (1 - np.tanh(c[t + 1]) ** 2) + d_c_next * f[t + 1] - 0.5 * d_x   # (24), t -> t-1",
    "W_xh, W_hh, b_h, W_ho, b_o = (np.asarray(parameters[p]) for p in 'W_xh W_hh b_h W_ho b_o'.split())",
    "a[t] = -x[t] @ W_input_to_hidden.T + -h[t] @ W_hidden_to_hidden.T + b_hidden, 2 ** -1 * some_other_value_here",
]


@pytest.mark.parametrize("line", LINES)
def test_a_long_line_says_the_same_in_short_ones(line: str) -> None:
    made = wrapped("    " + line)
    assert max(map(len, made)) <= WIDEST
    assert ast.dump(ast.parse("def f():\n" + "\n".join(made))) == ast.dump(ast.parse("def f():\n    " + line))
    assert line.count("#") == sum(one.count("#") for one in made)


def test_a_sum_is_cut_between_its_summands() -> None:
    made = wrapped("    total = first_of_them * second_of_them + third_of_them * fourth_of_them")
    assert made == ["    total = (first_of_them * second_of_them", "        + third_of_them * fourth_of_them)"]


def test_short_lines_and_what_is_no_statement_stay() -> None:
    for line in ("    h = x", '    """' + "A sentence that is longer than a line may be, which no place can cut. " * 2 + '"""'):
        assert wrapped(line) == [line]


def test_a_number_stands_in_the_first_line_that_has_room_for_it() -> None:
    line = f"    {'d_next = d_long * value_of_the_gate[t] + d_other * another_value[t]':<58}  # (24), t -> t-1"
    first, second = "    d_next = (d_long * value_of_the_gate[t]  # (24), t -> t-1", "        + d_other * another_value[t])"
    assert wrapped(line) == [first, second]
    assert wrapped(f"    {'x' * 50} = y  # (24), t -> t-1") == [f"    {'x' * 50} = y  # (24)"]
