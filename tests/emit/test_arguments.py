"""Arguments that do not fit: one sentence with name, expected and given shape, the same from every backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from symbptt import data, emit
from symbptt.data.values import Data
from symbptt.model import read
from symbptt.verify.load import resolve

KINDS: dict[str, dict[str, Any]] = {
    "numpy": {}, "plain": {"style": "plain"}, "forward": {"mode": "forward"}, "window": {"truncation": (1, 2)},
    "unrolled": {"T": 3, "unroll": True}, "segments": {"checkpoint": True},
    "torch": {"backend": "torch"}, "jax": {"backend": "jax"},
}  # fmt: skip
EVERY = [*(kind for kind, options in KINDS.items() if "backend" not in options),
         *(pytest.param(kind, marks=pytest.mark.frameworks) for kind, options in KINDS.items() if "backend" in options)]
OTHERWISE = {"torch": ((" float64", " torch.float64"), (" bool", " torch.bool")),
         "unrolled": ((", with D = 3", ", with T = 3 as in STEPS, D = 3"), ("T = 3 as in x", "T = 3 as in STEPS"))}
"""How a message differs: types by their library, and code that is written out for one T."""


def _otherwise(kind: str) -> tuple[tuple[str, str], ...]:
    """JAX has one type of floats for a process, which another test may have set."""
    return ((" float64", f" {pytest.importorskip('jax.numpy').ones(()).dtype}"),) if kind == "jax" else OTHERWISE.get(kind, ())


Change = Callable[[Data], Data]


def change(part: str, **values: Callable[[Any], Any] | None) -> Change:
    """Data in which some arrays of a part are others; None takes one away."""

    def changed(drawn: Data) -> Data:
        group = dict(getattr(drawn, part))
        for name, how in values.items():
            value = group.pop(name, None)
            if how is not None:
                group[name] = how(value)
        return replace(drawn, **{part: group})

    return changed


WRONG: tuple[tuple[Change, str], ...] = (
    (change("parameters", b_h=None), "parameters lack 'b_h', expected with shape (H,)"),
    (change("parameters", W_hx=lambda _: np.ones((4, 4))),
     "parameters hold 'W_hx', which is none of them; expected: W_xh, W_hh, b_h, W_ho, b_o"),
    (change("parameters", W_hh=lambda a: a[:, :3]), "W_hh has shape (4, 3), expected (H, H), with H = 4 as in W_xh"),
    (change("parameters", b_h=lambda a: a[:1]), "b_h has shape (1,), expected (H,), with H = 4 as in W_xh"),
    (change("inputs", x=None), "inputs lack 'x', expected with shape (T, N, D)"),
    (change("inputs", x=lambda a: a[:, 0]), "x has shape (3, 3), expected (T, N, D), with D = 3 as in W_xh"),
    (change("states", h=lambda a: a[:1]), "h has shape (1, 4), expected (N, H), with N = 2 as in x, H = 4 as in W_xh"),
    (change("states", h0=lambda _: np.zeros((2, 4))), "states hold 'h0', which is none of them; expected: h"),
    (change("targets", y=lambda a: a * 1.0), "y has classes of type float64, expected integers"),
    (change("targets", y=lambda a: a > 0), "y has classes of type bool, expected integers"),
    (change("targets", y=lambda a: a[:2]), "y has shape (2, 2), expected (T, N), with T = 3 as in x, N = 2 as in x"),
    (change("targets", y=lambda a: a[0]),
     "y has shape (2,), expected (T, N, O) or integer classes (T, N), with T = 3 as in x, N = 2 as in x, O = 3 as in W_ho"),
    (lambda d: replace(d, inputs=d.inputs["x"]), "inputs must be a dict of arrays by name, not ndarray"),
    (lambda d: replace(d, parameters=[1.0]), "parameters must be a dict of arrays by name, not list"),
)


def _module(kind: str, name: str = "elman", **options: Any) -> Any:
    pytest.importorskip(KINDS[kind].get("backend", "numpy"))
    return resolve(emit.source(read.load(name, **options), wrt="all", **KINDS[kind])).module


@pytest.mark.parametrize("kind", EVERY)
def test_what_does_not_fit_is_named(kind: str) -> None:
    module = _module(kind)
    drawn = data.random(read.load("elman"), T=3, N=2)
    functions = [f for f in ("value_and_grad", "value_and_grad_in_segments", "loss") if callable(getattr(module, f, None))]
    for spoil, message in WRONG:
        given = spoil(drawn)
        for ours, theirs in _otherwise(kind):
            message = message.replace(ours, theirs)
        for function in functions:
            with pytest.raises((TypeError, ValueError)) as caught:
                getattr(module, function)(given.parameters, given.inputs, given.targets, given.states)
            assert str(caught.value).replace("TypedNdArray", "ndarray") == message  # JAX wraps what it is given
    value = module.value_and_grad(drawn.parameters, drawn.inputs, drawn.targets, drawn.states)[0]
    again = module.value_and_grad(drawn.parameters, drawn.inputs, drawn.targets, drawn.states)[0]
    assert float(value) == float(again)


@pytest.mark.parametrize("kind", EVERY)
def test_cotangents_fit_the_outputs(kind: str) -> None:
    module = _module(kind)
    drawn = data.random(read.load("elman"), T=3, N=2)
    outputs, residuals = module.forward(drawn.parameters, drawn.inputs)
    for cotangents, message in (
        (outputs["h"], "cotangents must be a dict"),
        ({"hh": outputs["h"]}, "cotangents hold 'hh', which is none of them; expected: h, o"),
        ({"h": outputs["h"][:, :1]}, "the cotangent of h has shape (3, 1, 4), expected (T, N, H), with T = 3"),
    ):
        with pytest.raises((TypeError, ValueError)) as caught:
            module.backward(drawn.parameters, residuals, cotangents)
        assert str(caught.value).startswith(message)
    module.backward(drawn.parameters, residuals, outputs)


@pytest.mark.parametrize("kind", [kind for kind in EVERY if kind not in ("unrolled", "segments")])
@pytest.mark.parametrize("name", ["elman", "deep_feedforward"])
def test_no_steps_and_no_samples_are_allowed(kind: str, name: str) -> None:
    model = read.load(name)
    module, drawn = _module(kind, name), data.random(model, T=3, N=2)
    for T, N in ((0, 2), (3, 0), (0, 0)):
        cut = drawn.first(model, T)
        inputs, targets = ({k: v[:, :N] for k, v in group.items()} for group in (cut.inputs, cut.targets))
        states = {k: v[:N] for k, v in drawn.states.items()}
        outputs, residuals = module.forward(cut.parameters, inputs, states)
        given = module.backward(cut.parameters, residuals, {k: v + 1 for k, v in outputs.items()})
        if name == "deep_feedforward" and T == 0:
            with pytest.raises(ValueError, match="T is 0, expected at least 1: the loss is that of the last step"):
                module.value_and_grad(cut.parameters, inputs, targets, states)
            continue
        loss, gradients = module.value_and_grad(cut.parameters, inputs, targets, states)
        assert float(loss) == 0 and not any(np.asarray(g).any() for g in gradients.values())
        assert {k: tuple(v.shape) for k, v in given.items()} == {k: tuple(v.shape) for k, v in gradients.items()}


@pytest.mark.parametrize("kind", ["numpy", pytest.param("torch", marks=pytest.mark.frameworks)])
def test_sizes_that_are_sums_scalars_and_lists(kind: str) -> None:
    """Dimensions are told wherever one is left open; lists and numbers are arrays too."""
    text = ('title = "t"\n[inputs]\nx = "D"\n[states]\nh = "H"\n[parameters]\ng = ""\nW = "H H+D"\n[equations]\n'
            'h = "tanh(g * (W @ concat(h[t-1], x)))"\n[loss]\nstep = "sum(h)"')  # fmt: skip
    module = resolve(emit.source(read.from_text(text, "t.toml"), wrt="all", **KINDS[kind])).module
    x = {"x": np.ones((3, 2, 4))}
    loss, gradients = module.value_and_grad({"g": 0.5, "W": np.ones((2, 6)).tolist()}, x, {})
    assert np.isfinite(float(loss)) and gradients["g"].shape == ()
    with pytest.raises(ValueError, match=r"x has shape \(3, 2, 5\), expected \(T, N, D\), with D = 4 as in W"):
        module.value_and_grad({"g": 0.5, "W": np.ones((2, 6))}, {"x": np.ones((3, 2, 5))}, {})


@pytest.mark.parametrize("kind", EVERY)
def test_a_state_that_alone_tells_a_size_is_asked_for(kind: str) -> None:
    text = ('title = "t"\n[inputs]\nx = ""\n[states]\nh = "H"\n[equations]\nh = "x * sin(h[t-1]) + 0.3"\n'
            '[loss]\nstep = "sum(h)"')  # fmt: skip
    module = resolve(emit.source(read.from_text(text, "t.toml"), wrt="all", **KINDS[kind])).module
    x = {"x": np.ones((3, 2))}
    with pytest.raises(ValueError, match=r"^states lack 'h', expected with shape \(N, H\)$"):
        module.forward({}, x)
    assert "h must be given, since nothing else tells its size" in module.forward.__doc__
    assert module.forward({}, x, {"h": np.ones((2, 4))})[0]["h"].shape == (3, 2, 4)


def test_where_no_array_tells_the_steps_the_module_does() -> None:
    """Loops and straight-line code alike; targets with another number of steps are refused."""
    text = ('title = "t"\n[states]\nh = "H"\n[targets]\ny = "H"\n[equations]\nh = "sin(h[t-1])"\n'
            '[loss]\nstep = "squared_error(h, y)"')  # fmt: skip
    model = read.from_text(text, "t.toml")
    for options in ({}, {"style": "plain"}, {"mode": "forward"}, {"unroll": True}):
        module = resolve(emit.source(model, wrt="all", T=3, **options)).module
        assert module.STEPS == 3 and max(module.self_check().values()) < 1e-9
        with pytest.raises(ValueError, match=r"^y has shape \(6, 2, 4\), expected \(T, N, H\), with T = 3 as in STEPS"):
            module.value_and_grad({}, {}, {"y": np.ones((6, 2, 4))}, {"h": np.ones((2, 4))})


@pytest.mark.frameworks
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_same_for_frameworks(backend: str) -> None:
    pytest.importorskip(backend)
    text = "[states]\nh = 'H'\n[parameters]\nW = 'H H'\n[equations]\nh = 'W @ sin(h[t-1])'\n[loss]\nstep = 'sum(h)'"
    module = resolve(emit.source(read.from_text(text, "t.toml"), wrt="all", T=3, backend=backend)).module
    assert module.STEPS == 3 and max(module.self_check().values()) < 1e-9
