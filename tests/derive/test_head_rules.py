"""The rules of the nodes of heads, proved entry by entry."""

from __future__ import annotations

import pytest
import sympy as sp

from symbptt import derive, unroll
from symbptt.algebra import heads
from symbptt.algebra.head_nodes import HEADS, CutHeads, EachHead, HeadBroadcast, HeadProduct, HeadTranspose, JoinHeads, SumHeads
from symbptt.algebra.nodes import dimension
from symbptt.analyze.recurrent import recurrent
from symbptt.model.define import model
from symbptt.verify.exact.arithmetic import Symbolic
from symbptt.verify.exact.identity import proved
from symbptt.verify.exact.local_rule import identities

M, K, V, P = map(dimension, "MKVP")
SIZES = {"M": 2, "K": 2, "V": 3, "P": 2}
A, B = sp.MatrixSymbol("a", M * K, V), sp.MatrixSymbol("b", M * V, P)
U, R, S = sp.MatrixSymbol("u", M * K, 1), sp.MatrixSymbol("r", M, V), sp.MatrixSymbol("s", M, 1)
NODES = [
    HeadProduct(A, B, M), HeadProduct(U, R, M), HeadProduct(R, sp.MatrixSymbol("v", M * V, 1), M),
    HeadTranspose(A, M), HeadTranspose(U, M),
    HeadBroadcast(S, K, V, M), HeadBroadcast(U, K, V, M), HeadBroadcast(R, K, V, M), EachHead(sp.MatrixSymbol("x", K, V), M),
    SumHeads(A, M), SumHeads(S, M), JoinHeads(U, M), CutHeads(U, M),
]


@pytest.mark.parametrize("node", NODES, ids=str)
def test_a_rule_is_proved(node: sp.MatrixExpr) -> None:
    arithmetic = Symbolic()
    assert proved("rule", str(node), tuple(identities(node, arithmetic, SIZES)), arithmetic).ok


def test_every_node_is_met() -> None:
    assert {type(node) for node in NODES} == set(HEADS)


def test_transposes_and_copies_cancel() -> None:
    assert heads.transpose(heads.transpose(A, M), M) == A and heads.transpose(S, M) == S
    assert heads.joined(heads.cut(U, M), M) == U == heads.cut(heads.joined(U, M), M)
    assert heads.transpose(heads.product(A, B, M), M) == HeadProduct(HeadTranspose(B, M), HeadTranspose(A, M), M)
    assert heads.product(sp.ZeroMatrix(M * K, V), B, M) == sp.ZeroMatrix(M * K, P)


def test_a_joined_state_that_is_taken_apart_a_step_later():
    given = model(name="m", heads="M", inputs={"x": "M*K"}, states={"s": "M*K", "h": "M K"}, parameters={"w": "M*K"},
                  equations={"h": "tanh(split_heads(s[t-1]) + h[t-1])", "s": "w * x"}, loss="sum(s)")
    assert len(derive.gradient(unroll.steps(given, 2), "w").terms) == 3 and recurrent(given) == ()
