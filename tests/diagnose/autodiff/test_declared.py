"""What a function is taken to return: the read-out, or the state where the read-out's weights are not among its arguments."""

from __future__ import annotations

import pytest

import symbptt
from symbptt.diagnose.autodiff.declared import declared
from symbptt.diagnose.autodiff.runner import Facts
from symbptt.diagnose.submission.mapping import Table
from symbptt.errors import BadInput


@pytest.mark.parametrize(("arguments", "output"), [
    (("x", "W_xh", "W_hh", "b_h", "W_ho", "b_o"), "o"), (("x", "h0", "W_xh", "W_hh", "b_h"), "h"), (("params", "x"), "o"),
])
def test_the_result_is_what_the_arguments_reach(arguments: tuple[str, ...], output: str) -> None:
    facts = Facts("torch", "", arguments, frozenset(arguments), False)
    assert declared("kernels:rnn", facts, Table(), symbptt.load("elman")).results == (f"result {output}",)


def test_what_the_result_reads_must_be_given() -> None:
    for arguments, absent in ((("x", "W_hh"), "W_xh"), (("x", "W_xh", "W_hh", "b_h", "W_ho"), "b_o")):
        facts = Facts("torch", "", arguments, frozenset(arguments), False)
        with pytest.raises(BadInput, match=f"no argument is {absent} of elman"):
            declared("kernels:rnn", facts, Table(), symbptt.load("elman"))
