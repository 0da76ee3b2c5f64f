"""What a function is taken to return: the read-out, or the state where the read-out's weights are not among its arguments."""

from __future__ import annotations

import pytest

import symbptt
from symbptt.diagnose.autodiff.declared import declared, result_names, twins
from symbptt.diagnose.autodiff.runner import Facts
from symbptt.diagnose.submission.mapping import Table
from symbptt.errors import BadInput


@pytest.mark.parametrize(("arguments", "output"), [
    (("x", "W_xh", "W_hh", "b_h", "W_ho", "b_o"), "o"), (("x", "h0", "W_xh", "W_hh", "b_h"), "h"), (("params", "x"), "o"),
])
def test_the_result_is_what_the_arguments_reach(arguments: tuple[str, ...], output: str) -> None:
    facts = Facts("torch", "", arguments, frozenset(arguments), False)
    calls = declared("kernels:rnn", facts, Table(), symbptt.load("elman"))
    assert {result_names(call, Table()) for call in calls} == {(f"result {output}",)}


def test_what_the_result_reads_must_be_given() -> None:
    for arguments, absent in ((("x", "W_hh"), "W_xh"), (("x", "W_xh", "W_hh", "b_h", "W_ho"), "b_o")):
        facts = Facts("torch", "", arguments, frozenset(arguments), False)
        with pytest.raises(BadInput, match=f"no argument is {absent} of elman"):
            declared("kernels:rnn", facts, Table(), symbptt.load("elman"))


def test_conventions_of_naming_and_second_biases() -> None:
    """W x + U h is tried beside U x + W h; of two biases that are added, the second one is given as zeros."""
    gru = ("x", "h0", "Wz", "Uz", "bz", "Wr", "Ur", "br", "Wn", "Un", "bn")
    calls = declared("kernels:gru", Facts("torch", "", gru, frozenset(gru), False), Table(), symbptt.load("gru"))
    assert {call.arguments["Wz"].name for call in calls} == {"W_xz", "W_hz"}
    elman = ("x", "h0", "weight_ih", "weight_hh", "bias_ih", "bias_hh")
    (call,) = declared("kernels:rnn", Facts("torch", "", elman, frozenset(elman), False), Table(), symbptt.load("elman"))
    assert call.arguments["bias_hh"].kind == "out" and twins(call) == {"bias_hh": "bias_ih"}
    mingru = ("x", "h_0", "weight_z", "bias_z", "weight_h", "bias_h")
    (call,) = declared("kernels:min", Facts("torch", "", mingru, frozenset(mingru), False), Table(), symbptt.load("mingru"))
    assert [call.arguments[n].name for n in mingru[2:]] == ["W_z", "b_z", "W_h", "b_h"]
