"""The example by hand: exact where it can be, and the same numbers from the emitted code."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from zoo import CLASSIC

from symbptt import typeset
from symbptt.document.example.mixed import Mixed
from symbptt.document.example.numbers import NEAR, Example, refusal, required
from symbptt.document.example.substitution import line, matrix, number, signed
from symbptt.document.parts.coded import increments
from symbptt.document.parts.worked import length, total
from symbptt.model.read import from_text, load
from symbptt.model.values import Model
from symbptt.narrative import symbols
from symbptt.narrative.presentation import ENGLISH
from symbptt.typeset.tree import Equality

QUICK_MODELS = ("elman", "jordan", "mgu", "mlp")

WORKED = [name for name in CLASSIC if refusal(load(name)) is None]


def by_name(example: Example, name: str) -> list[float]:
    return [float(e) for of, m in example.gradients.items() if of.name == name for row in m for e in row]


def test_only_models_that_couple_samples_have_no_example() -> None:
    assert {name for name in CLASSIC if name not in WORKED} == {"deep_feedforward_batch_norm"}
    assert refusal(load("deep_feedforward_batch_norm")) == "couples"


@pytest.mark.parametrize("name", ["linear_attention", "mlstm"])
def test_a_sum_that_is_divided_by_starts_at_zero(name: str) -> None:
    example, model = required(load(name), 2), load(name)
    assert all(e == 0 for s in model.states for row in example.value(s.at(0)) for e in row)
    halves = [a.value.operand for a in example.graph.assignments if getattr(a.value, "name", "") == "reciprocal"]
    assert all(abs(float(e)) >= NEAR for under in halves for row in example.value(under) for e in row)


def test_a_denominator_that_cannot_be_zero_leaves_the_states_as_they_are() -> None:
    assert any(e for s in load("lif").states for row in required(load("lif"), 2).value(s.at(0)) for e in row)


ALONE = '[states]\nh = "H"\n[parameters]\nW = "H H"\n[equations]\nh = "tanh(W @ h[t-1])"\n[loss]\nstep = "sum(h * h)"\n'
"""No array has an axis of steps, so its code is written for one T."""


@pytest.mark.sampled(5)
@pytest.mark.parametrize("model", [*map(load, WORKED), from_text(ALONE, "alone.toml")], ids=lambda model: model.name)
def test_the_emitted_code_gives_the_same_numbers(model: Model) -> None:
    example = required(model, length(model))
    for parameter in model.parameters:
        by_hand, by_code = by_name(example, parameter.name), np.asarray(example.by_code[parameter.name]).reshape(-1)
        assert np.allclose(by_hand, by_code, rtol=1e-12, atol=1e-13), parameter.name
    assert model.loss is not None
    losses = [float(example.entries.leaves[model.loss.target.at(t)][0][0][0]) for t in example.graph.loss_steps]
    assert np.isclose(sum(losses), float(example.by_code[model.loss.target.name]), rtol=1e-12)


@pytest.mark.parametrize(("name", "activation"), [("linear", None), ("deep_feedforward", "relu")])
def test_identity_and_relu_stay_exact_to_the_end(name: str, activation: str | None) -> None:
    example = required(load(name, activation=activation), 2)
    assert all(isinstance(e, Fraction) for m in example.gradients.values() for row in m for e in row)


def test_relu_is_exact_until_the_softmax() -> None:
    model = load("irnn")
    example = required(model, 2)
    assert isinstance(example.value(model["h"].at(2))[0][0], Fraction)
    assert isinstance(example.value(model["L"].at(1))[0][0], float)


@pytest.mark.parametrize("name", ["elman", "lstm", "linear"])
def test_most_gradients_of_the_example_move(name: str) -> None:
    example = required(load(name), 2)
    assert all(abs(value) > 0.005 for p in load(name).parameters for value in by_name(example, p.name))


@pytest.mark.parametrize("value, text", [
    (Fraction(-3, 4), "−¾"), (Fraction(5), "5"), (0.369, "0.3690"), (-0.00001, "−0.0000100"), (-1e-9, "0"),
    (Fraction(1, 8192), "0.000122"),
])
def test_numbers_are_short(value: Fraction | float, text: str) -> None:
    assert typeset.text(number(value)) == text


def test_a_decimal_has_its_sign() -> None:
    assert (signed(Fraction(-1, 2)), signed(0.25), signed(-1e-9)) == ("−0.5", "0.2500", "0")


def test_a_line_shows_formula_numbers_and_value() -> None:
    model = load("elman")
    example = required(model, 2)
    shown = [typeset.text(line(example, a.target, a.value, ENGLISH)) for a in example.graph]
    assert shown[0] == (
        "a₁ = Wₓₕ x₁ + Wₕₕ h₀ + bₕ = [1; 1] · (−1) + [−0.5, −0.5; 0.5, −1] · [−1; 0.5] + [−0.5; −1] = [−1.25; −3]"
    )
    assert shown[1] == "h₁ = tanh(a₁) = tanh([−1.25; −3]) = [−0.8483; −0.9951]"
    back = {e.symbol: typeset.text(line(example, e.symbol, e.value, ENGLISH)) for e in example.system.equations}
    said = next(text for text in back.values() if text.startswith("δ_{a,2}"))
    assert said.startswith("δ_{a,2} = δ_{h,2} ⊙ (𝟏 − h₂^{⊙2}) = [") and " ⊙ (𝟏 − ([0.8899; 0.5160])^{⊙2}) = [" in said


HEAD = '[inputs]\nx = "D"\n[states]\nh = "H"\n[targets]\ny = "H"\n[parameters]\nU = "H D"\n'
OWN = {
    "a product without a step": (
        'A = "H H"\nB = "H H"\ns = ""\n[equations]\nh = "tanh(A @ h[t-1] + s * B @ h[t-3] + U @ x)"\n[loss]\n'
        'step = "squared_error(h, y)"\n',
        ["dL/dB = s δ_{(s B),2} + s δ_{(s B),1} = ½ · ["],
    ),
    "a function without a step": (
        'p = ""\n[equations]\nh = "sigmoid(p) * h[t-1] + U @ x"\n[loss]\nstep = "squared_error(h, y)"\n', ["δ_{(σ(p)),1}"],
    ),
    "a power without a step": ('w = "H"\n[equations]\nh = "w * w * h[t-1] + U @ x"\n[loss]\nstep = "squared_error(h, y)"\n', []),
    "a loss with a penalty": (
        'lam = ""\n[equations]\nh = "tanh(U @ x)"\n[loss]\n'
        'step = "mean(exp(h - y)) + 0.1 * sum(h * h) + lam * sum(abs(h - y))"\n',
        ["½ 𝟏ᵀ · [", "0.1 𝟏ᵀ · ([", "|"],
    ),
}
"""Models whose worked lines were once wrong, with what stands in them."""


def _lines(model: Model) -> list[Equality]:
    """Every line of the worked example."""
    example = required(model, length(model))
    made = [line(example, a.target, a.value, ENGLISH) for a in example.graph if a.variable.definition is None]
    made += [line(example, e.symbol, e.value, ENGLISH) for e in example.system.equations]
    L = symbols.loss(model, None)
    for parameter in model.parameters:
        made += [
            line(example, ENGLISH.tree(symbols.total(L, of), model), value, ENGLISH)
            for of, value in total(example, parameter.name)
        ]
    return made


class Entries:
    """Numbers as they are printed: · is a product of matrices, or of a number with one, ⊙ that of the entries."""

    def __init__(self, entries: object) -> None:
        given = entries.entries if isinstance(entries, Entries) else entries
        self.entries = np.atleast_2d(np.asarray(given, dtype=float))

    def __mul__(self, other: Entries) -> Entries:
        a, b = self.entries, other.entries
        return Entries(a * b if 1 in (a.size, b.size) else a @ b)

    def __mod__(self, other: Entries) -> Entries:
        return Entries(self.entries * other.entries)

    def __truediv__(self, other: Entries) -> Entries:
        return Entries(self.entries / other.entries)

    def __add__(self, other: Entries) -> Entries:
        return Entries(self.entries + other.entries)

    def __sub__(self, other: Entries) -> Entries:
        return Entries(self.entries - other.entries)

    def __neg__(self) -> Entries:
        return Entries(-self.entries)

    def __pow__(self, power: Entries) -> Entries:
        return Entries(self.entries ** power.entries)


def norm(given: Entries) -> Entries:
    return Entries(np.linalg.norm(given.entries) if given.entries.size > 1 else abs(given.entries))


SPELLED = {
    "·": "*", "⊙": "%", "½": "(N(1)/N(2))", "¼": "(N(1)/N(4))", "¾": "(N(3)/N(4))", "²": "**N(2)", "³": "**N(3)",
    "σ": "sigmoid", "√": "sqrt", "𝟏": "N(1)", "log softmax": "log_softmax",
}
CALLED: dict[str, Callable[[Entries], Entries]] = {
    name: lambda given, f=f: Entries(f(given.entries)) for name, f in {
        "tanh": np.tanh, "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "sqrt": np.sqrt, "abs": np.abs,
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "softplus": lambda z: np.log1p(np.exp(z)),
        "softmax": lambda z: np.exp(z) / np.exp(z).sum(), "log_softmax": lambda z: z - np.log(np.exp(z).sum()),
    }.items()
} | {"norm": norm, "N": Entries}


def _computed(text: str) -> Entries | None:
    """What a formula of numbers comes to, None for one with other signs in it."""
    parts = re.split(r"\[([^\]]*)\]", text.replace("^{⊙2}", "²").replace("−", "-"))
    for i, part in enumerate(parts):
        rows = ", ".join(f"[{row.strip()}]" for row in part.split(";"))
        parts[i] = f"N([{rows}])" if i % 2 else re.sub(r"\d+(\.\d+)?", r"N(\g<0>)", part)
    text = "".join(parts)
    for sign, meaning in SPELLED.items():
        text = text.replace(sign, meaning)
    text = re.sub(r"‖([^‖]*)‖", r"norm(\1)", re.sub(r"\|([^|]*)\|", r"abs(\1)", text))
    text = re.sub(r"(?<=\)) (?=\(|abs|norm|N)", "*", text)
    names = set(re.findall(r"[^\W\d]+", text))
    if not names <= set(CALLED) or re.search(r"[^\w\s()+*/.,\[\]%-]", text):
        return None
    found = eval(text, {"__builtins__": {}}, CALLED)
    assert isinstance(found, Entries)
    return found


@pytest.mark.parametrize("name", [*OWN, "elman", "gru", "scalar"])
def test_the_numbers_of_a_line_come_to_its_value(name: str) -> None:
    text, parts = OWN.get(name, ("", []))
    lines = [typeset.text(each) for each in _lines(from_text(HEAD + text, "own.toml") if text else load(name))]
    found = [(each, sides[-2], sides[-1]) for each in lines if len(sides := each.split(" = ")) > 2]
    sums = [(each, came, said) for each, given, said in found if (came := _computed(given)) is not None]
    assert len(sums) > len(lines) / 2
    for each, came, said in sums:
        expected = _computed(said)
        assert expected is not None
        assert came.entries * np.ones(expected.entries.shape) == pytest.approx(expected.entries, rel=0.003, abs=2e-3), each
    assert all(any(part in each for each in lines) for part in parts), lines


@pytest.mark.parametrize("T", [2, 3])
@pytest.mark.parametrize("name, theta", [("elman", "W_hh"), ("lstm", "W_hf"), ("linear", "A"), ("scalar", "w")])
def test_the_increments_of_the_loop_add_up_to_the_gradient(name: str, theta: str, T: int) -> None:
    model = load(name)
    example = required(model, T)
    made = [float(example.value(value)[0][0]) for _, value in increments(example, model[theta])]
    assert len(made) == T
    assert np.isclose(sum(made), by_name(example, theta)[0], rtol=1e-12)


def test_functions_outside_their_domain_give_no_number() -> None:
    arithmetic = Mixed()
    assert np.isnan(arithmetic.opaque("log", (), 0, Fraction(-1)))
    assert repr(arithmetic.opaque("tanh", (), 0, Fraction(0))) == "Fraction(0, 1)"
    assert arithmetic.opaque("relu", (), 1, Fraction(1, 3)) == Fraction(1)


def test_a_formula_of_one_head_has_the_numbers_of_the_first_head() -> None:
    example, model = required(load("gla_heads"), 2), load("gla_heads")
    seen = 0
    for a in example.graph:
        made = line(example, a.target, a.value, ENGLISH.about(model))
        shown = typeset.text(made)
        assert "⁽ᵐ⁾" not in shown.replace("]ₘ", ""), shown
        if a.variable.heads is not None:
            rows = len(example.value(a.target)) // example.sizes["M"]
            assert made.sides[-1] in (matrix(example.value(a.target)[:rows], ENGLISH), number(example.value(a.target)[0][0]))
            seen += 1
    assert seen
