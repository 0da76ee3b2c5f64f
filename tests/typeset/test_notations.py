"""The notation files: every one can be read, is told apart from the others, and clashes are resolved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

from symbptt import typeset
from symbptt.algebra.nodes import TIME, Partial
from symbptt.errors import BadInput
from symbptt.model.read import load, names
from symbptt.model.values import Model
from symbptt.typeset import notations
from symbptt.typeset.notation import TEXTBOOK, Notation
from symbptt.typeset.roles import roles

ALL = notations.names()
ELMAN = {
    "textbook": ("aₜ = Wₓₕ xₜ + Wₕₕ hₜ₋₁ + bₕ", "hₜ = tanh(aₜ)", "oₜ = Wₕₒ hₜ + bₒ"),
    "goodfellow": ("a⁽ᵗ⁾ = U x⁽ᵗ⁾ + W h⁽ᵗ⁻¹⁾ + b", "h⁽ᵗ⁾ = tanh(a⁽ᵗ⁾)", "o⁽ᵗ⁾ = V h⁽ᵗ⁾ + c"),
    "suwv": ("aₜ = U Xₜ + W Sₜ₋₁ + b", "Sₜ = tanh(aₜ)", "oₜ = V Sₜ + c"),
    "awx": ("fₜ = Wₐₓ xₜ + Wₐₐ aₜ₋₁ + bₐ", "aₜ = tanh(fₜ)", "oₜ = W_{ya} aₜ + b_y"),
    "angle": ("z^{⟨t⟩} = Wₐₓ x^{⟨t⟩} + Wₐₐ a^{⟨t−1⟩} + bₐ", "a^{⟨t⟩} = tanh(z^{⟨t⟩})", "o^{⟨t⟩} = W_{ya} a^{⟨t⟩} + b_y"),
    "scratch": ("aₜ = xₜ Wₓ + hₜ₋₁ Wₕ + b", "hₜ = tanh(aₜ)", "oₜ = hₜ Wₕₒ + bₒ"),
    "pascanu": ("aₜ = Wᵢₙ uₜ + W_{rec} xₜ₋₁ + b", "xₜ = tanh(aₜ)", "oₜ = Wₒᵤₜ xₜ + bₒ"),
    "werbos": ("net(t) = W X(t) + W′ x(t − 1) + bₕ", "x(t) = tanh(net(t))", "Y\u0302(t) = Wₕₒ x(t) + bₒ"),
}


def written(model: Model, notation: Notation) -> tuple[str, ...]:
    return tuple(
        typeset.text(typeset.equation(e.target.at(), e.value, model=model, notation=notation))
        for e in model.equations if e.target.definition is None
    )


@pytest.mark.parametrize("name", ALL)
def test_the_elman_network_in_every_notation(name: str) -> None:
    assert written(load("elman"), notations.load(name)) == ELMAN[name]


@pytest.mark.parametrize("name", ALL)
def test_every_notation_says_where_it_comes_from(name: str) -> None:
    notation = notations.load(name)
    assert notation == TEXTBOOK or set(dict(notation.note)) & set(dict(notation.source)) >= {"en", "zh"}
    assert notation.immediate != notation.total


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("model", names())
def test_no_two_variables_look_alike(name: str, model: str) -> None:
    found = load(model)
    for notation in (notations.load(name), replace(notations.load(name), layout="row")):
        shown = [v for v in found.variables if v.definition is None]
        texts = [typeset.latex(typeset.name_of(sp.MatrixSymbol(v.name, v.rows, v.columns), found, notation)) for v in shown]
        assert len(set(texts)) == len(texts)


def test_the_two_senses_of_the_plus_sign() -> None:
    h, theta = sp.MatrixSymbol("h", 3, 1), sp.MatrixSymbol("theta", 3, 1)

    def heads(name: str) -> list[str]:
        return [typeset.text(Partial(h, theta, kind), notation=notations.load(name)) for kind in ("immediate", "total")]

    assert heads("pascanu") == ["∂⁺h/∂θ", "∂h/∂θ"]
    assert heads("werbos") == ["∂h/∂θ", "∂⁺h/∂θ"]
    assert heads("awx") == ["∂h/θ", "∂h/∂θ"]


def test_gradients_and_adjoints_by_notation() -> None:
    model = load("elman")
    gradient = Partial(sp.MatrixSymbol("L", 1, 1), model["W_hh"].at(), "total")
    adjoint = typeset.adjoint_of(model["h"].at())

    def shown(name: str) -> list[str]:
        return [typeset.text(x, model, notations.load(name)) for x in (gradient, sp.Transpose(adjoint))]

    assert shown("textbook") == ["dL/dWₕₕ", "δ_{h,t}ᵀ"]
    assert shown("goodfellow") == ["∇_W L", "(∇_{h⁽ᵗ⁾} L)ᵀ"]
    assert shown("scratch") == ["dWₕ", "(dhₜ)ᵀ"]
    assert shown("angle") == ["dWₐₐ", "(da^{⟨t⟩})ᵀ"]
    assert shown("werbos") == ["∂⁺E/∂W′", "Fₓ(t)ᵀ"]


def test_the_copy_of_a_weight_carries_the_step() -> None:
    model, notation = load("elman"), notations.load("goodfellow")
    immediate = Partial(model["h"].at(TIME), model["W_hh"].at(), "immediate")
    assert typeset.text(immediate, model, notation) == "∂h⁽ᵗ⁾/∂W⁽ᵗ⁾"
    assert typeset.text(Partial(*immediate.args[:2], "total"), model, notation) == "dh⁽ᵗ⁾/dW"


def test_roles_are_found_by_what_multiplies_what() -> None:
    assert roles(load("elman")) == {
        "x": "input", "h": "state", "y": "target", "L": "loss", "a": "preactivation", "o": "output", "W_xh": "input_weights",
        "W_hh": "recurrent_weights", "W_ho": "readout_weights", "b_h": "bias", "b_o": "readout_bias",
    }
    assert "recurrent_weights" not in roles(load("lstm")).values(), "four weights have no one symbol"
    assert roles(load("scalar"))["w"] == "recurrent_weights"


def test_a_taken_symbol_is_not_given_away(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("""
        title = "Taken"
        [inputs]
        S = "H"
        [states]
        h = "H"
        [parameters]
        W = "H H"
        [equations]
        h = "tanh(W @ h[t-1] + S)"
    """)
    model, suwv = load(str(path)), notations.load("suwv")
    assert typeset.kept(model, suwv) == ()
    assert written(model, suwv) == ("Sₜ = tanh(W Sₜ₋₁ + Xₜ)",)
    only_state = replace(suwv, roles=(("state", "S"),))
    assert typeset.kept(model, only_state) == ("h",)
    assert written(model, only_state) == ("hₜ = tanh(W hₜ₋₁ + Sₜ)",)


@pytest.mark.parametrize("symbol", ["J", r"\theta", "s", "t", r"\mathbf{v}"])
def test_letters_of_the_derivation_are_not_given_away(symbol: str) -> None:
    model = load("elman")
    assert typeset.kept(model, Notation(names=(("h", symbol),))) == ("h",)


def test_a_symbol_for_one_model_alone() -> None:
    notation = Notation(names=(("elman.h", "Q"), ("x", "Z")))
    assert "Qₜ = tanh(aₜ)" in written(load("elman"), notation)
    assert "hₜ = ReLU(aₜ)" in written(load("irnn"), notation)
    assert written(load("irnn"), notation)[0] == "aₜ = Wₓₕ Zₜ + Wₕₕ hₜ₋₁ + bₕ"


def test_cells_with_gates_have_names_of_their_own() -> None:
    model, notation = load("lstm"), notations.load("angle")
    assert "c^{⟨t⟩} = Γ_f^{⟨t⟩} ∗ c^{⟨t−1⟩} + Γᵤ^{⟨t⟩} ∗ c̃^{⟨t⟩}" in written(model, notation)
    assert typeset.kept(load("lstm"), notations.load("goodfellow")) == ("b_o",), "c is the memory there"


BAD = {
    "[writing]\ntime = 'up'": "notation for time 'up'",
    "[writing]\nbold = 'yes'": r"\[writing\] bold: expected true or false",
    "[writing]\ntotal = '∂⁺'": "both written '∂⁺'",
    "[writing]\nnode_adjoint = '\\delta'": "node_adjoint",
    "[writing]\nfont = 'x'": "entry of \\[writing\\] 'font'",
    "[roles]\nstate = '\\input{x}'": "command .input is not allowed",
    "[roles]\nstat = 'S'": "role 'stat'",
    "[names]\nh = 3": r"\[names\] h: expected a string",
    "[names.lstm]\nh = '<script>'": "'<' is not allowed",
    "[functions]\nsigmoid = '}'": "expected up to 20 letters",
    "source = 'x'": "source: expected a table",
    "[note]\nen = 'a\\u0000b'": "source and note",
    "[more]": "section 'more'",
    "x": "not TOML",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_file_is_named_with_its_entry(text: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text.replace("'a\\u0000b'", '"a\\u0000b"'))
    with pytest.raises(BadInput, match=BAD[text]) as error:
        notations.load(str(path))
    assert str(path) in str(error.value)


def test_ones_own_file_is_a_notation(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[roles]\nstate = 'q'\n[writing]\nbold = false\n")
    assert written(load("elman"), notations.load(str(path)))[1] == "qₜ = tanh(aₜ)"
    with pytest.raises(BadInput, match="No such file"):
        notations.load(str(tmp_path / "none.toml"))
    with pytest.raises(BadInput, match=r"notation 'mine'.*textbook"):
        notations.load("mine")
