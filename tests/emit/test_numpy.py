"""The emitted NumPy module keeps its contract, for every built-in model, as a loop and written out."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import symbptt.model.read as read
from symbptt import data, derive, emit, unroll
from symbptt.errors import BadInput, UnknownName
from symbptt.model.values import Role

KINDS = Path(__file__).parents[1] / "kinds"
BOTH = pytest.mark.parametrize("straight", [False, True], ids=["loop", "unrolled"])


def _module(model, straight=False, T=3, **options):
    text = emit.source(model, T=T if straight else None, unroll=straight, **options).text
    module = types.ModuleType("emitted")
    exec(compile(text, "emitted", "exec"), module.__dict__)  # the text is ours
    return module


def _draw(model, T=3, N=3, seed=0):
    return data.random(model, T=T, N=N, seed=seed)


@pytest.mark.sampled(5)
@BOTH
@pytest.mark.parametrize("name", read.names())
def test_the_self_check_passes(name, straight):
    assert max(_module(read.load(name), straight, wrt="all").self_check().values()) < 1e-11


def test_nothing_is_checked_where_no_gradient_is_asked_for():
    assert _module(read.load(KINDS / "no-parameters.toml")).self_check() == {}


@pytest.mark.sampled(5)
@BOTH
@pytest.mark.parametrize("name", read.names())
def test_it_equals_the_recursion(name, straight):
    model = read.load(name)
    drawn = _draw(model)
    loss, gradients = _module(model, straight, wrt="all").value_and_grad(
        drawn.parameters, drawn.inputs, drawn.targets, drawn.states
    )
    expected = derive.adjoints(unroll.steps(model, 3)).evaluate(drawn.parameters, drawn.inputs, drawn.targets, drawn.states)
    assert np.isfinite(loss) and set(gradients) == set(expected)
    for key, value in expected.items():
        assert gradients[key].shape == value.shape
        np.testing.assert_allclose(gradients[key], value, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", read.names())
def test_shapes_dtypes_and_untouched_inputs(name):
    model = read.load(name)
    drawn = _draw(model)
    low = [
        {k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in g.items()}
        for g in (drawn.parameters, drawn.inputs, drawn.targets, drawn.states)
    ]
    for group in low:
        for value in group.values():
            value.setflags(write=False)
    module = _module(model, wrt="all")
    _, gradients = module.value_and_grad(*low)
    for key, gradient in gradients.items():
        given = next(g[key] for g in low if key in g)
        assert gradient.shape == given.shape and gradient.dtype == np.float32, key
    assert {v.name: v.shape for v in model.parameters} == module.PARAMETERS
    assert {v.name: v.shape for v in model.states} == module.STATES
    assert {v.name: v.shape for v in model.of(Role.INPUT)} == module.INPUTS
    assert {v.name: v.shape for v in model.of(Role.TARGET)} == module.TARGETS


def test_outputs_are_states_and_unread_values():
    drawn = _draw(read.load("elman"), T=4, N=2)
    module = _module(read.load("elman"))
    outputs, _ = module.forward(drawn.parameters, drawn.inputs)
    assert {k: v.shape for k, v in outputs.items()} == {"h": (4, 2, 4), "o": (4, 2, 3)}


def test_backward_is_the_vjp_of_forward_alone():
    model = read.load("lstm")
    drawn = _draw(model)
    module = _module(model, wrt="all")
    outputs, residuals = module.forward(drawn.parameters, drawn.inputs, drawn.states)
    random = np.random.default_rng(5)
    cotangents = {k: random.standard_normal(v.shape) for k, v in outputs.items() if k != "o"}
    gradients = module.backward(drawn.parameters, residuals, cotangents)
    for name, value in drawn.parameters.items():
        direction = random.standard_normal(value.shape)
        moved = {**drawn.parameters, name: value + 1e-30j * direction}
        stepped, _ = module.forward(moved, drawn.inputs, drawn.states)
        left = sum((cotangents[k] * stepped[k].imag).sum() / 1e-30 for k in cotangents)
        np.testing.assert_allclose(left, (gradients[name] * direction).sum(), rtol=1e-11, atol=1e-12)


def test_calls_do_not_share_memory():
    model = read.load("elman")
    drawn, other = _draw(model), _draw(model, seed=1)
    module = _module(model)
    outputs, residuals = module.forward(drawn.parameters, drawn.inputs)
    kept = {k: v.copy() for k, v in outputs.items()}
    before = module.backward(drawn.parameters, residuals, outputs)
    module.forward(other.parameters, other.inputs)
    for array in outputs.values():
        array += 1
    after = module.backward(drawn.parameters, residuals, kept)
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


def test_non_contiguous_inputs():
    model = read.load("elman")
    drawn = _draw(model)
    module = _module(model)
    flipped = {k: np.asfortranarray(v)[::1] for k, v in drawn.inputs.items()}
    strided = {k: np.repeat(v, 2, axis=-1)[..., ::2] for k, v in drawn.inputs.items()}
    loss, _ = module.value_and_grad(drawn.parameters, drawn.inputs, drawn.targets)
    assert module.value_and_grad(drawn.parameters, flipped, drawn.targets)[0] == pytest.approx(loss, rel=1e-14)
    assert module.value_and_grad(drawn.parameters, strided, drawn.targets)[0] == pytest.approx(loss, rel=1e-14)


def test_a_class_below_zero_counts_nothing_and_distributions_are_accepted():
    model = read.load("elman")
    drawn = _draw(model, T=2, N=2)
    module = _module(model)
    classes = np.array([[0, -1], [2, 1]])
    hot = (classes[..., None] == np.arange(3)).astype(float)
    by_class = module.value_and_grad(drawn.parameters, drawn.inputs, {"y": classes})
    by_rows = module.value_and_grad(drawn.parameters, drawn.inputs, {"y": hot})
    assert by_class[0] == by_rows[0]
    outputs, _ = module.forward(drawn.parameters, drawn.inputs)
    p = np.exp(outputs["o"]) / np.exp(outputs["o"]).sum(-1, keepdims=True)
    assert by_class[0] == pytest.approx(-np.log(p[0, 0, 0]) - np.log(p[1, 0, 2]) - np.log(p[1, 1, 1]), rel=1e-13)
    with pytest.raises(ValueError, match="class 3"):
        module.value_and_grad(drawn.parameters, drawn.inputs, {"y": classes + 1})


def test_only_what_is_asked_for():
    module = _module(read.load("elman"), wrt=("W_hh", "x", "h"))
    drawn = _draw(read.load("elman"))
    _, gradients = module.value_and_grad(drawn.parameters, drawn.inputs, drawn.targets)
    assert set(gradients) == {"W_hh", "x", "h"}
    assert "grad_W_xh" not in emit.source("elman", wrt=("W_hh",)).text
    with pytest.raises(UnknownName, match="did you mean 'W_hh'"):
        emit.source("elman", wrt=("W_hhh",))


def test_without_a_loss():
    module = _module(read.load("elman", loss="none"), wrt="all")
    assert not hasattr(module, "value_and_grad") and not hasattr(module, "_loss")
    assert max(module.self_check().values()) < 1e-11


def test_bad_requests():
    with pytest.raises(BadInput, match="number of steps"):
        emit.source("elman", unroll=True)
    for T in (0, -1, 10**9):
        with pytest.raises(BadInput, match="T must be"):
            emit.source("elman", unroll=True, T=T)
    with pytest.raises(UnknownName, match="backend"):
        emit.source("elman", backend="numpi")


def test_text_from_a_model_file_stays_text():
    """A title cannot leave the docstring, a model file cannot leave its literal."""
    text = read.load("elman").text
    evil = (
        text.replace('title = "Elman network"', 'title = \'Quote """ and \\\\ here\'') + '\n# """ + print("escaped") + """ \\\n'
    )
    model = read.from_text(evil, "evil.toml")
    source = emit.source(model).text
    module = _module(model)
    assert evil == module.MODEL_FILE
    assert source.count('print("escaped")') == source.count('\\"\\"\\" + print("escaped")')


def test_as_a_program(tmp_path):
    path = emit.source("gru", wrt="all", style="plain").write(tmp_path / "gru.py")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "W_hr" in done.stdout
    broken = tmp_path / "broken.py"
    broken.write_text(path.read_text().replace("(1 - r[t])", "(1.001 - r[t])"))
    if broken.read_text() == path.read_text():
        raise AssertionError("the corruption did not apply")
    assert subprocess.run([sys.executable, str(broken)], capture_output=True, check=False).returncode == 1


def test_the_text_of_the_backward_loop():
    """The loop reads like the derivation."""
    text = emit.source("elman", style="plain").text
    for line in (
        "d_h = c_h[t + 1] + d_o @ W_ho + d_h_next",
        "d_a = d_h * (1 - h[t + 1] ** 2)",
        "grad_W_hh += d_a.T @ h[t]",
        "d_h_next = d_a @ W_hh",
    ):
        assert line in text


def test_a_dimension_that_parameters_have_only_in_sums():
    text = """
[inputs]
x = "D"
[states]
h = "H"
[parameters]
W = "H+D H+D"
[targets]
y = "H"
[equations]
z = "tanh(W @ concat(h[t-1], x))"
h = "z[0:H]"
[loss]
step = "squared_error(h, y)"
"""
    model = read.from_text(text, "sums.toml")
    module = _module(model, wrt="all")
    assert max(module.self_check().values()) < 1e-11
    drawn = _draw(model)
    assert np.isfinite(module.value_and_grad(drawn.parameters, drawn.inputs, drawn.targets)[0]), "states left out"


@pytest.mark.parametrize("name", ["elman", "lstm"])
def test_an_empty_batch_has_no_loss_and_no_gradient(name):
    model = read.load(name)
    drawn = _draw(model, T=3, N=1)
    loss, gradients = _module(model).value_and_grad(
        drawn.parameters, {"x": drawn.inputs["x"][:, :0]}, {"y": drawn.targets["y"][:, :0]}
    )
    assert loss == 0 and not any(g.any() for g in gradients.values())
