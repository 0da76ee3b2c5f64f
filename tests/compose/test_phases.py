"""Phases: what they hand on, and what is refused in one sentence."""

from __future__ import annotations

import pytest

from symbptt import compose
from symbptt.compose.chain import How
from symbptt.compose.read import from_text
from symbptt.errors import BadInput

ENCODER = (
    '[phase.e]\nsteps = "S"\n[phase.e.inputs]\nx = "D"\n[phase.e.states]\nh = "H"\n[phase.e.parameters]\nW = "H D"\n'
    '[phase.e.equations]\nu = "W @ x"\nh = "tanh(u + h[t-1])"\n'
)
DECODER = '[phase.d.inputs]\nv = "H"\n[phase.d.states]\ns = "H"\n[phase.d.equations]\ns = "tanh(v + s[t-1])"\n'


def test_what_the_decoder_takes() -> None:
    chain = compose.load("seq2seq_attention_additive")
    assert [(part.phase, part.steps) for part in chain.parts] == [("encoder", "S"), ("decoder", "")]
    assert [(link.name, link.source, link.how) for link in chain.parts[1].links] == [
        ("M", "h", How.MEMORY), ("s", "h", How.FINAL),
    ]
    assert chain.parts[1].model["M"].shape == ("S", "H")
    assert [v.name for v in chain.given_states] == ["h"] and "M" not in {v.name for v in chain.variables}


def test_a_phase_has_parts_in_both_directions() -> None:
    chain = compose.load("seq2seq_bilstm")
    assert [(part.phase, part.backward) for part in chain.parts] == [("encoder", False), ("encoder", True), ("decoder", False)]
    assert {(link.name, link.source) for link in chain.parts[2].links} == {
        ("M", "h"), ("B", "b"), ("keep", "mask"), ("m", "h"), ("n", "d"),
    }


@pytest.mark.parametrize(("text", "said"), [
    (ENCODER + DECODER + '[phase.d.initial]\ns = "e.q"', "[phase.d.initial] s: unknown value of an earlier phase 'e.q'"),
    (ENCODER + DECODER + '[phase.d.initial]\ns = "A @ e.h"',
     "[phase.d.initial] s: expected one value of an earlier phase, as in 'e."),
    (ENCODER + DECODER + '[phase.d.initial]\ns = "e.u"', 'as in u_out = "u"'),
    (ENCODER + DECODER + '[phase.d.initial]\nz = "e.h"', "[phase.d.initial]: unknown state 'z'; known: s"),
    (ENCODER + DECODER + '[phase.d.initial]\ns = "e.x"', "the shapes of s and e.x are 'H' and 'D'; expected the same"),
    (ENCODER.replace('steps = "S"', "") + DECODER + '[phase.d.memory]\nM = "e.h"', 'needs a key such as steps = "S"'),
    (ENCODER.replace('"S"', '"H"') + DECODER, "[phase.e] steps: H is a dimension of this phase"),
    (ENCODER.replace('"S"', "3") + DECODER, "[phase.e] steps: expected the name of a dimension"),
    (DECODER + '[phase.d.memory]\nM = "e.h"', "there is no earlier phase"),
    (ENCODER + DECODER.replace("v", "x"), "x is an input of e and an input of d; expected another name in one of them"),
    (ENCODER + DECODER + '[phase.d.parameters]\nW = "D H"', "W is of the shape 'H D' in e and of the shape 'D H' in d"),
    (ENCODER + '[phase.e.loss]\nstep = "sum(h)"\n' + DECODER, "[phase.e.loss]: only the last phase has a loss"),
    (ENCODER + '[inputs]\nq = "H"', "unknown key or section beside [phase] 'inputs'"),
    (ENCODER + '[symbols]\nq = {latex = "q"}', "[symbols]: unknown variable 'q'"),
    (ENCODER + '[phase.e.symbols]\nq = {latex = "q"}', "[phase.e.symbols]: unknown variable 'q'"),
    (ENCODER.replace("tanh(u", "tanh(q"), "[phase.e.equations] h, column 6: unknown variable 'q'"),
    (ENCODER + '[phase.d.states]\ns = "H"\n[phase.d.memory]\nM = "e.h"\n[phase.d.equations]\ns = "M.T @ softmax(M @ s[t-1])"',
     "expected an input besides, which tells their number"),
    ("phase = 3", "[phase]: expected sections [phase.NAME]"),
    ("[phase]\ne = 3", "[phase]: expected sections [phase.NAME]"),
    ('[phase."a b"]', "'a b' cannot name a phase"),
    ("[phase.e]", "expected a section [equations]"),
    ("symbols = 3\n" + ENCODER, "[symbols]: expected a section [symbols]"),
])
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_text(text, "mine.toml", "mine")
    assert str(caught.value).startswith("mine.toml: ") and said in str(caught.value) and "\n" not in str(caught.value)


def test_options_that_change_a_model_are_not_for_phases_yet() -> None:
    with pytest.raises(BadInput, match="not for models with phases yet"):
        compose.load("seq2seq", freeze=True)


def test_the_gradient_of_a_memory_goes_back() -> None:
    report = compose.gradients("seq2seq_attention_multiplicative", T=2, dims={"S": 3})
    report.raise_for_disagreement()
    told = compose.derivation(compose.load("seq2seq_attention_multiplicative"), 2, "adjoint", "W_hh").text()
    assert "∑_{t=1..T} dL/dMₜ, and row k goes back to h of step k" in told
    assert "dL/dMₜ = aₜ δ_{c,t}ᵀ + δ_{e,t} sₜᵀ Wₐᵀ" in told


def test_a_softmax_of_a_single_score_has_no_classes_to_draw() -> None:
    decoder = '[phase.d.inputs]\nv = "H"\n[phase.d.targets]\ny = ""\n[phase.d.initial]\ns = "e.h"\n[phase.d.states]\ns = "H"\n'
    rest = '[phase.d.equations]\ns = "tanh(v + s[t-1])"\nz = "dot(v, s)"\n[phase.d.loss]\nstep = "softmax_cross_entropy(z, y)"\n'
    compose.gradients(from_text(ENCODER + decoder + rest, "single", "single"), T=2, N=2).raise_for_disagreement()
