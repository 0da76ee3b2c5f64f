"""Complex variables: values against NumPy's complex numbers, gradients against PyTorch's, and what cannot be complex."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbptt import emit
from symbptt.data.random_values import random
from symbptt.data.wrt import asked
from symbptt.errors import BadInput, UnknownName
from symbptt.model.model_file import write
from symbptt.model.place import Place
from symbptt.model.read import from_text, load, parsed
from symbptt.model.values import Model
from symbptt.verify.load import resolve

KIND = Path(__file__).parents[1] / "kinds" / "complex-numbers.toml"
TEXT = KIND.read_text(encoding="utf-8")
DIMS = {"D": 3, "H": 4, "O": 2}
EXPRESSIONS = {
    "h": "h", "conj(h) * h": "h.conj() * h", "h * conj(h)": "h.conj() * h", "-h": "-h", "h / (3 + h)": "h / (3 + h)",
    "1 / (2 + h * conj(h) + p)": "1 / (2 + h * h.conj() + p)", "(h + p) ** 3": "(h + p) ** 3", "p ** -2": "p ** -2",
    "h ** 1 + p": "h + p", "exp(h)": "np.exp(h)",
    "p - h": "p - h", "complex(real(p), abs(h)) * h": "(p.real + 1j * abs(h)) * h", "h * imag(p)": "h * p.imag",
    "A.T @ (h + p)": "A.T @ (h + p)", "outer(h, p) @ p": "np.outer(h, p) @ p", "dot(h, p) * p": "(h @ p) * p",
    "sum(h) * p": "h.sum() * p", "mean(A) * h": "A.mean() * h", "concat(h, p)[1:H+1]": "np.concatenate([h, p])[1:5]",
    "A[:, 0] * h": "A[:, 0] * h", "tanh(abs(h)) * h": "np.tanh(abs(h)) * h", "where(real(h) > 0, 0.25, 2) * h":
    "np.where(h.real > 0, 0.25, 2) * h", "diag(h) @ p": "np.diag(h) @ p", "0.1234567890123456 * h": "0.1234567890123456 * h",
}


def _changed(*pairs: tuple[str, str]) -> Model:
    text = TEXT
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return from_text(text, "complex.toml")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("text", EXPRESSIONS)
def test_values_are_those_of_complex_numbers(text: str) -> None:
    shape = 'p = "H complex"\nA = "H H complex"'
    source = f'[inputs]\nx = "D"\n[states]\nh = "H complex"\n[parameters]\n{shape}\nB = "H D complex"\n' \
        f'[equations]\nh = "h[t-1] + B @ x"\nz = "{text}"\n'
    model = from_text(source, "z.toml")
    data = random(model, {d: DIMS[d] for d in model.dimensions}, 2, 1, seed=4)
    outputs, _ = resolve(emit.source(model)).module.forward(*(dict(g) for g in (data.parameters, data.inputs, data.states)))
    given = {name: value for group in data.groups for name, value in group.items()}
    p, A = (given[f"{v}_re"] + 1j * given[f"{v}_im"] for v in "pA")
    for t in range(2):
        h = outputs["h_re"][t, 0] + 1j * outputs["h_im"][t, 0]
        wanted = eval(EXPRESSIONS[text], {"np": np, "h": h, "p": p, "A": A})
        imaginary = outputs["z_im"][t, 0] if "z_im" in outputs else 0
        found = outputs["z_re" if "z_re" in outputs else "z"][t, 0] + 1j * imaginary
        np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-13)


@pytest.mark.frameworks
def test_gradients_are_those_of_complex_autograd() -> None:
    """PyTorch keeps dL/da + i dL/db of z = a + ib."""
    torch = pytest.importorskip("torch")
    model = load(str(KIND))
    data = random(model, DIMS, 5, 2, seed=2)
    parameters, inputs, targets, states = (dict(group) for group in data.groups)
    loss, gradients = resolve(emit.source(model, wrt="all")).module.value_and_grad(parameters, inputs, targets, states)

    def leaf(values: dict[str, Any], name: str) -> Any:
        value = values[name] if name in values else values[f"{name}_re"] + 1j * values[f"{name}_im"]
        return torch.tensor(value, requires_grad=True)

    p = {name: leaf(parameters, name) for name in ("nu", "theta", "B", "C", "W")}
    x, h, start = (leaf(g, name) for g, name in ((inputs, "x"), (states, "h"), (states, "h")))
    start, h, total = h, h, 0.0
    pole = torch.exp(torch.complex(-torch.exp(p["nu"]), p["theta"]))
    for t in range(5):
        h = pole * h + x[t].to(pole.dtype) @ p["B"].T
        u = h / (1 + h * h.conj())
        o = (u @ p["C"].T).real + h.abs() @ p["W"].T
        total = total + 0.5 * (o - torch.tensor(targets["y"][t])).pow(2).sum()
    total.backward()
    assert abs(loss - total.item()) <= 1e-12 * abs(loss)
    for name, value in {**p, "x": x, "h": start}.items():
        pair = gradients[name] if name in gradients else gradients[f"{name}_re"] + 1j * gradients[f"{name}_im"]
        np.testing.assert_allclose(pair, value.grad.numpy(), rtol=1e-11, atol=1e-12, err_msg=name)


def test_the_rest_of_the_file_follows() -> None:
    model = _changed(('C = "O H complex"', 'C = "O H complex"\nstart = "H complex"'),
                     ("[targets]", '[init]\nC = "zeros"\n[initial]\nh = "start"\n[targets]'))
    assert model["h_im"].initial == "start_im" and model["C_re"].init == model["C_im"].init == "zeros"
    assert dict(model["h_re"].description) == {
        "en": "hidden state, real part", "es": "estado oculto, parte real",
    }
    assert model["h_re"].latex == r"\mathbf{h}_{\mathrm{re}}"
    assert any("h = l * h[t-1]" in note for note in model.notes) and "PyTorch" in " ".join(model.notes)
    again = from_text(model.text, "again.toml")
    assert again.equations == model.equations
    document = parsed(model.text, "complex", Place("complex.toml"))
    assert parsed(write(document), "complex", Place("complex.toml")) == document
    assert load(model, freeze=True)["mask"].shape == ()


@pytest.mark.parametrize(("old", "new", "said"), [
    ("real(C @ u)", "C @ u", r"squared_error has no complex values here; of complex values there are abs, complex"),
    ('h = "H complex"', 'h = "H"', "the state h is real, and its expression is complex; see real"),
    ("l * h[t-1] + B @ x", "W.T @ W @ nu", "h is complex, and its equation is real; write complex"),
    ("h / (1 + h * conj(h))", "tanh(h)", "tanh has no complex values here"),
    ("h / (1 + h * conj(h))", "h ** 0.5", "an integer between 1 and 8 or between -8 and -1"),
    ("h / (1 + h * conj(h))", "h ** 9", "an integer between 1 and 8"), ("h / (1 + h * conj(h))", "h ** 0", "between -8 and -1"),
    # of the entry of the file and its names, not of the pair
    ("l * h[t-1] + B @ x", "l * h[t-1] + C @ x", r"\[equations\] h: the shapes \(O, H\) and \(D\) do not fit"),
    ("real(C @ u)", "real(C @ q)", r"\[equations\] o: unknown variable 'q'; known: B, C, W, h, l, nu, theta, u, x$"),
    ("h / (1 + h * conj(h))", "h[t+2]", r"\[equations\] u: real\(h\)\[t\+...\] lies in the future"),
    ("squared_error(o, y)", "squared_error(imag(h), y)", r"\[loss\] step: the shapes \(H\) and \(O\) do not fit"),
    ("h / (1 + h * conj(h))", "2 ** h", "an exponent is real, not complex"),
    ("h / (1 + h * conj(h))", "where(h > 0, h, 2 * h)", "a comparison is real, not complex"),
    ("h / (1 + h * conj(h))", "conj(h, h)", r"conj takes 1 value, as in conj\(z\)"),
    ("h / (1 + h * conj(h))", "complex(h, nu)", r"a part in complex\(a, b\) is real"),
    ("real(C @ u)", "imag(W @ nu)", "that of a real one is zero"),
    ('x = "D"', 'x = "D"\nh_im = "H"', "h_im is what a part of a complex value is called; rename your h_im"),
    ("[targets]", '[initial]\nh = "nu"\n[targets]', "of h and nu one is complex; expected both or none"),
    ('x = "D"', 'x = "complex D"', "it marks a complex variable, as in h = 'H complex'; a backward state is real"),
    ('x = "D"', 'x = "index D complex"', "x is an index, which is an integer"),
])
def test_what_cannot_be_complex_is_said_in_one_sentence(old: str, new: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        _changed((old, new))


def test_a_complex_variable_is_asked_for_by_its_own_name() -> None:
    model = load(str(KIND))
    assert [v.name for v in asked(model, ["B", "W"])] == ["B_re", "B_im", "W"]
    assert emit.source(model, wrt="B").text == emit.source(model, wrt=("B_re", "B_im")).text.replace("B_re,B_im", "B")
    with pytest.raises(UnknownName):
        emit.source(model, wrt="W_re")


def test_a_modulus_has_the_slope_zero_at_zero() -> None:
    """There a complex state starts, if nothing else is said."""
    model = _changed(("l * h[t-1] + B @ x", "abs(h[t-1]) * l + 0.5 * h[t-1] * abs(h[t-1] * l) + B @ x"))
    data = random(model, DIMS, 3, 2, seed=1)
    module = resolve(emit.source(model, wrt="all")).module
    with np.errstate(all="raise"):
        loss, gradients = module.value_and_grad(dict(data.parameters), dict(data.inputs), dict(data.targets))
    assert np.isfinite(loss) and all(np.isfinite(value).all() for value in gradients.values())


def test_a_part_that_is_a_number_is_no_equation() -> None:
    model = _changed(('l = "exp(complex(-exp(nu), theta))"', 'i = "complex(0, theta)"\nl = "exp(i)"'))
    assert "i_re" not in {v.name for v in model.variables} and str(model["l_re"])


def test_a_file_without_complex_variables_may_use_the_names() -> None:
    model = from_text('[inputs]\nreal = "H"\n[states]\nconj = "H"\n[equations]\nconj = "tanh(real + conj[t-1])"\n', "names.toml")
    assert {"real", "conj"} <= {v.name for v in model.variables}
