"""The blocks of the state Jacobian, as matrices, against the way the sum of products pulls back."""

from __future__ import annotations

import numpy as np
import pytest

import symbptt.model.read as read
from symbptt import data, unroll
from symbptt.algebra.evaluate import evaluate
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import StepAdjoint
from symbptt.derive import step
from symbptt.derive.factors import jacobian_factor
from symbptt.derive.numeric import run

COUPLED = {"deep_feedforward_batch_norm"}
"""Models whose step couples the samples: their Jacobian is no matrix of one sample."""


@pytest.mark.parametrize("name", [n for n in read.names() if read.load(n).states])
def test_blocks_are_the_pullback(name):
    model = read.load(name)
    drawn = data.random(model, T=2, N=2, seed=0)
    done = run(unroll.steps(model, 2), drawn.parameters, drawn.inputs, drawn.targets, drawn.states)
    random = np.random.default_rng(1)
    values = done.at(2)
    seeds = {s.name: random.standard_normal((2, values.size(s.rows), values.size(s.columns))) for s in model.states}
    values.leaves.update({StepAdjoint(s.at()): seeds[s.name] for s in model.states})
    pulled = step.step_vjp(model).run(values)
    blocks = {(b.row, b.column): b.value for b in jacobian_factor(model, 2).blocks}
    if name in COUPLED:
        assert None in blocks.values()
        return
    assert None not in blocks.values()
    for column in model.states:
        expected = pulled.get(column.at(TIME - 1))
        parts = [evaluate(value, done.values) @ seeds[row] for (c, row), value in blocks.items() if c == column.name]
        if expected is None:
            assert not parts
        else:
            np.testing.assert_allclose(sum(parts), np.broadcast_to(expected, seeds[column.name].shape), rtol=1e-12, atol=1e-14)


def test_the_identity_of_a_residual_step_is_seen():
    block = jacobian_factor(read.load("residual_rnn"), 3).blocks[0].value
    assert "I" in str(block) and "W_hh.T" in str(block)


def test_the_direct_route_of_the_lstm_is_one_summand_of_its_block():
    text = str(next(b.value for b in jacobian_factor(read.load("lstm"), 3).blocks if (b.row, b.column) == ("c", "c")))
    assert text == "Diag(f[3])"
    blocks = jacobian_factor(read.load("lstm_peephole"), 3).blocks
    peephole = str(next(b.value for b in blocks if (b.row, b.column) == ("c", "c")))
    assert "Diag(f[3])" in peephole and peephole != "Diag(f[3])"
