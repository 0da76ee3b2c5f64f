"""`analyze --structure`: which states are affine, in words and as data."""

from __future__ import annotations

import json

import pytest

from symbptt.analyze import structure_json, structure_text
from symbptt.cli import main
from symbptt.model.define import model
from symbptt.model.read import from_text


def gated(decay):
    sizes = {"k": "K", "v": "V", "g": "K"}
    equation = f"outer({decay}, v - v + 1) * S[t-1] + outer(k, v)"
    return model(name="gated", inputs=sizes, states={"S": "K V"}, equations={"S": equation})


@pytest.mark.parametrize(("decay", "said", "weights"), [
    ("sigmoid(g)", "between 0 and 1: products of them do not grow", [0, 1]),
    ("exp(-softplus(g) / 16)", "between 0 and 1: products of them do not grow", [0, 1]),
    ("tanh(g) + 0.5", "between -0.5 and 1.5", [-0.5, 1.5]),
    ("exp(g)", "at least 0", [0, None]),
])
def test_weights_have_the_bounds_of_their_functions(decay, said, weights):
    text = structure_text(gated(decay))
    assert f"  weights  {said}\n" in text and "A_t diagonal, one factor per row" in text
    (part,) = json.loads(structure_json(gated(decay)))["components"]
    assert part["affine"] and part["transition"] == {"kind": "diagonal", "axes": ["rows"], "weights": weights}


def test_the_command_and_what_it_refuses(capsys):
    assert main(["analyze", "lstm", "--structure"]) == 0
    out = capsys.readouterr().out
    assert "(h, c): not affine: its Jacobian depends on its own past through i, f, g, q" in out and "affine all the same" in out
    assert main(["analyze", "mlp", "--structure"]) == 0 and capsys.readouterr().out == "mlp: no states\n"
    for wrong in (["-T", "3"], ["--compare"], ["--format", "csv"], ["--set", "b_f=1"]):
        assert main(["analyze", "lstm", "--structure", *wrong]) == 2
        first = "--structure" if wrong[0] in ("--compare", "--format") else wrong[0]
        assert capsys.readouterr().err.startswith(f"symbptt: {first}")


HEADED = """
heads = "M"
[inputs]
x = "M K"
k = "M K"
g = "M"
[states]
z = "M K"
c = "M*K"
n = "M"
S = "M K V"
[parameters]
R = "M K K"
[equations]
z = "{}"
c = "0.5 * merge_heads(split_heads(c[t-1])) + merge_heads(x)"
n = "sigmoid(g) * n[t-1] + mean(x)"
S = "sigmoid(g) * (S[t-1] - outer(k, S[t-1].T @ k))"
"""


@pytest.mark.parametrize(("equation", "said"), [
    ("sigmoid(x) * z[t-1] + x", "diagonal, in each head"),
    ("z[t-1] - dot(k, z[t-1]) * k", "identity plus rank one, in each head"),
    ("R @ z[t-1] + x", "dense"),
    ("0.5 * z[t-1] + sum_heads(z[t-1]) + x", "dense"),
])
def test_what_a_transition_is_in_each_head(equation, said):
    found = structure_text(from_text(HEADED.format(equation), "headed.toml")).splitlines()
    affine = {line.partition(":")[0]: line.partition(" with A_t ")[2] for line in found if " with A_t " in line}
    assert affine == {
        "z": said, "c": "scalar", "n": "scalar, in each head", "S": "scalar plus rank one, mixing rows, in each head",
    }
