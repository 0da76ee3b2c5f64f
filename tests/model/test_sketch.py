"""Bare equations become the model file that people would have written, or are refused in a sentence with the line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from symbptt.errors import BadInput
from symbptt.model.place import Place
from symbptt.model.read import from_text, load, names, parsed
from symbptt.model.sketch import sketched
from symbptt.model.values import Model, Role

KINDS = sorted((Path(__file__).resolve().parents[1] / "kinds").glob("*.toml"))
DECLARED = (Role.INPUT, Role.STATE, Role.PARAMETER, Role.TARGET)


def bare(text: str) -> str:
    """The equations of a model file, with nothing declared."""
    document = parsed(text, "model", Place("model"))
    loss = f"\nloss = {document.loss[0]}" if document.loss else ""
    lines = "\n".join(f"{name} = {value}" for name, value in document.equations)
    return (lines + loss).replace("activation(", f"{document.activation or 'tanh'}(")


def declared(model: Model) -> dict[str, tuple[Role, list[str]]]:
    """Roles and shapes, the dimensions numbered in the order in which they come."""
    known: dict[str, str] = {}
    return {
        v.name: (v.role, [known.setdefault(name, str(len(known))) for name in re.split(r"[|+]", "|".join(v.shape))])
        for v in sorted(model.variables, key=lambda v: v.name) if v.role in DECLARED
    }


@pytest.mark.parametrize("name", names())
def test_every_cell_is_guessed_from_its_equations(name: str) -> None:
    found = from_text(sketched(bare(load(name).text), name), name)
    assert declared(found) == declared(load(name))


@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.stem)
def test_every_kind_gives_a_file_or_a_sentence(path: Path) -> None:
    text = bare(path.read_text(encoding="utf-8"))
    try:
        from_text(sketched(text, "model"), "model")
    except BadInput as error:
        assert str(error).startswith("model: ")


SHAPES = (
    ("h = tanh(W @ x + U @ h[t-1] + b)", {"x": "D", "h": "H", "W": "H D", "U": "H H", "b": "H"}),
    ("a = W @ x + U @ h[t-1]\nf = sigmoid(a[0:H])\ng = tanh(a[H:2*H])\nh = f * h[t-1] + g", {"W": "H+H D", "U": "H+H H"}),
    ("k = W_k @ x\nv = W_v @ x\nS = S[t-1] + outer(v, k)\no = S @ k", {"S": "H M", "W_k": "M D", "W_v": "H D"}),
    ("h = (1 - leak) * h[t-1] + leak * x", {"leak": "", "x": "H"}),
    ("h = tanh(H @ h[t-1] + D @ x)  # names of dimensions that are taken", {"h": "S", "x": "E", "H": "S S", "D": "S E"}),
    ("h[t] = relu(embed(E, i) + U @ h[t-1])", {"i": "K", "E": "H K"}),
    ("h = a * h[t-1] + B @ u\nloss = squared_error(C @ h, y)", {"u": "D", "B": "H D", "C": "O H", "y": "O"}),
)


@pytest.mark.parametrize(("text", "shapes"), SHAPES, ids=[text[:30] for text, _ in SHAPES])
def test_shapes(text: str, shapes: dict[str, str]) -> None:
    model = from_text(sketched(text, "model"), "model")
    assert {name: " ".join(model[name].shape) for name in shapes} == shapes


@pytest.mark.parametrize("text", ["h = concat(x, h[t-1])", "a = concat(x, h[t-1])\nh = concat(a, x)\nx = h"])
def test_a_size_is_no_part_of_itself(text: str) -> None:
    with pytest.raises(BadInput, match=r"^model: "):
        from_text(sketched(text, "model"), "model")


@pytest.mark.parametrize(("text", "message"), [
    ("", "expected an equation such as h = tanh(W @ x + U @ h[t-1] + b), or a model file"),
    ("loss = sum(x)", "expected an equation such as h = tanh(W @ x + U @ h[t-1] + b), or a model file"),
    ("h = x\nh tanh", "line 2: expected an equation such as h = tanh(W @ x + U @ h[t-1] + b)"),
    ("h = x\n\nh = x", "line 3: h is defined twice; give the second value another name"),
    ("\n".join(f"a{i} = x" for i in range(600)), "line 501: expected at most 500 equations"),
    ("h = x +", "[equations] h, column 3: syntax error; expected one expression such as W @ x + b"),
    ("h = tanh(x @ W + h[t-1] @ U)", "[equations] h, column 6: a sample is a column here: write W @ x"),
])
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadInput, match="^" + re.escape(f"model: {message}") + "$"):
        sketched(text, "model")
