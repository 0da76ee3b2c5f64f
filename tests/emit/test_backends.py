"""Modules for JAX and PyTorch: gradients as the NumPy code's for every built-in model, and what each framework does with them."""

from __future__ import annotations

import types
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import headed
import numpy as np
import pytest

from symbptt import data, emit, verify
from symbptt.data.values import Data
from symbptt.emit.source_file import FRAMEWORKS
from symbptt.model import define, initialisers, read
from symbptt.model.values import Model
from symbptt.verify.load import resolve

pytestmark = pytest.mark.frameworks
THREE = ("elman", "lstm", "gru_reset_after")


@cache
def text(name: str, backend: str) -> str:
    return emit.source(read.load(name), backend=backend, wrt="all").text


def module(name: str, backend: str) -> Any:
    """The emitted module; skipped where the framework is missing."""
    pytest.importorskip(backend)
    made = types.ModuleType(f"{name}_{backend}")
    exec(compile(text(name, backend), made.__name__, "exec"), made.__dict__)  # our own text
    return made


def close(given: Any, expected: np.ndarray, tolerance: float = 1e-10) -> bool:
    array = np.asarray(given)
    return array.shape == expected.shape and np.abs(array - expected).max() <= tolerance * max(1.0, np.abs(expected).max())


@pytest.mark.share(3)
@pytest.mark.parametrize("backend", FRAMEWORKS)
@pytest.mark.parametrize("name", read.names())
def test_the_gradients_are_those_of_the_numpy_code(name: str, backend: str) -> None:
    agree(read.load(name), backend)


@pytest.mark.parametrize("backend", FRAMEWORKS)
@pytest.mark.parametrize("model", headed.MODELS, ids=lambda m: m.name)
def test_so_are_those_of_heads(model: Model, backend: str) -> None:
    agree(model, backend, 1e-12)


def agree(model: Model, backend: str, tolerance: float = 1e-10) -> None:
    """The loss, the outputs and all gradients of a backend are those of the NumPy code."""
    pytest.importorskip(backend)
    theirs, ours = resolve(emit.source(model, backend=backend, wrt="all")), resolve(emit.source(model, wrt="all"))
    for T, N in ((1, 1), (1, 3), (5, 1), (5, 3)):
        drawn = data.random(model, T=T, N=N, seed=T + N)
        assert close(theirs.value(drawn).real, np.asarray(ours.value(drawn).real), tolerance)
        given, expected = theirs.gradients(drawn), ours.gradients(drawn)
        assert given.keys() == expected.keys()
        assert all(close(given[key], expected[key], tolerance) for key in expected), (T, N)
        outputs, _ = ours.forward(drawn)
        found, _ = theirs.forward(drawn)
        assert all(close(found[key], outputs[key], tolerance) for key in outputs)


@pytest.mark.parametrize("backend", FRAMEWORKS)
def test_verify_reads_the_file_and_refuses_an_edited_one(backend: str, tmp_path: Path) -> None:
    pytest.importorskip(backend)
    path = tmp_path / "module.py"
    made = text("elman", backend)
    path.write_text(made)
    assert verify.file(path, T=3).ok
    assert "d_h = d_h_next + d_h_in" in made
    path.write_text(made.replace("d_h = d_h_next + d_h_in", "d_h = 1.001 * d_h_next + d_h_in"))
    report = verify.file(path, T=3)
    assert not report.ok and "W_hh" in {check.subject for check in report if not check.ok}


@pytest.mark.parametrize("backend", FRAMEWORKS)
def test_nothing_is_computed_on_import(backend: str) -> None:
    made = module("lstm", backend)
    framework = __import__(backend)
    array = framework.Array if backend == "jax" else framework.Tensor
    assert not [name for name, value in vars(made).items() if isinstance(value, array)]


def arguments(made: Any, drawn: Data) -> tuple[dict[str, Any], ...]:
    """Parameters, inputs, targets and states as arrays of the module's framework."""
    if made.BACKEND == "jax":
        import jax.numpy as jnp

        return tuple({k: jnp.asarray(v) for k, v in part.items()} for part in parts(drawn))
    import torch

    return tuple({k: torch.as_tensor(v) for k, v in part.items()} for part in parts(drawn))


def parts(drawn: Data) -> tuple[Any, ...]:
    return drawn.parameters, drawn.inputs, drawn.targets, drawn.states


@pytest.fixture
def jax() -> Any:
    """JAX in double precision."""
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax
    jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("name", THREE)
def test_jax_transformations(name: str, jax: Any) -> None:
    made, model = module(name, "jax"), read.load(name)
    p, x, y, s = arguments(made, data.random(model, T=4, N=3, seed=1))
    value, gradients = made.value_and_grad(p, x, y, s)
    jitted, of_jit = jax.jit(made.value_and_grad)(p, x, y, s)
    assert close(jitted, np.asarray(value)) and all(close(of_jit[k], np.asarray(gradients[k])) for k in gradients)
    by_grad = jax.grad(made.loss)(p, x, y, s)
    assert all(close(by_grad[k], np.asarray(gradients[k])) for k in by_grad)

    def outer(scale: Any) -> Any:
        outputs, _ = made.forward({k: scale * v for k, v in p.items()}, x, s)
        return (outputs["h"] ** 2).sum() + made.loss(p, x, y, {k: scale * v for k, v in s.items()})

    step = 1e-6
    measured = (outer(1 + step) - outer(1 - step)) / (2 * step)
    assert close(jax.grad(outer)(1.0), np.asarray(measured), 1e-7)
    stacked = {k: jax.numpy.stack([v, 0.5 * v]) for k, v in p.items()}
    values, of_vmap = jax.vmap(made.value_and_grad, in_axes=(0, None, None, None))(stacked, x, y, s)
    halved = made.value_and_grad({k: 0.5 * v for k, v in p.items()}, x, y, s)
    assert close(values[1], np.asarray(halved[0])) and all(close(of_vmap[k][0], np.asarray(gradients[k])) for k in gradients)
    assert all(close(of_vmap[k][1], np.asarray(halved[1][k])) for k in gradients)


def test_jax_differentiates_the_recursion_and_refuses_forward_mode(jax: Any) -> None:
    made, model = module("lstm", "jax"), read.load("lstm")
    p, x, y, s = arguments(made, data.random(model, T=4, N=2, seed=1))
    v = arguments(made, data.random(model, T=4, N=2, seed=2))[0]
    step = 1e-5

    def slope(scale: float) -> Any:
        return jax.grad(made.loss)({k: p[k] + scale * v[k] for k in p}, x, y, s)

    second = jax.grad(lambda q: sum((g * v[k]).sum() for k, g in jax.grad(made.loss)(q, x, y, s).items()))(p)
    up, down = slope(step), slope(-step)
    assert all(close(second[k], np.asarray((up[k] - down[k]) / (2 * step)), 1e-6) for k in p)
    with pytest.raises(TypeError, match="forward-mode"):
        jax.jvp(lambda q: made.loss(q, x, y, s), (p,), (v,))


@pytest.mark.parametrize("backend", FRAMEWORKS)
def test_single_precision_stays_single(backend: str) -> None:
    made, model = module("lstm", backend), read.load("lstm")
    drawn = data.random(model, T=4, N=3, seed=1)
    low = [{k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in part.items()} for part in parts(drawn)]
    given = arguments(made, Data(drawn.dims, 4, 3, *low))
    _, gradients = made.value_and_grad(*given)
    _, expected = resolve(emit.source(model, wrt="all")).module.value_and_grad(*parts(drawn))
    for key, value in gradients.items():
        assert np.asarray(value).dtype == np.float32 and close(value, expected[key], 1e-5)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", THREE)
def test_torch_autograd(name: str) -> None:
    import torch

    made, model = module(name, "torch"), read.load(name)
    p, x, y, s = arguments(made, data.random(model, {"D": 2, "H": 3, "O": 2}, T=3, N=2, seed=1))
    names = (*p, *x, *s)
    leaves = [value.clone().requires_grad_() for value in (*p.values(), *x.values(), *s.values())]

    def given(*values: Any) -> tuple[Any, ...]:
        table = dict(zip(names, values, strict=True))
        return tuple({k: table[k] for k in part} for part in (p, x, s))

    def loss(*values: Any) -> Any:
        parameters, inputs, states = given(*values)
        return made.loss(parameters, inputs, y, states)

    def outputs(*values: Any) -> Any:
        return tuple(made.run(*given(*values)).values())

    assert torch.autograd.gradcheck(loss, leaves) and torch.autograd.gradcheck(outputs, leaves)
    first = torch.autograd.grad(loss(*leaves), leaves, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivatives here"):
        torch.autograd.grad(sum(g.sum() for g in first), leaves)
    _, gradients = made.value_and_grad(p, x, y, s)
    assert not any(value.requires_grad for value in gradients.values())
    assert all(torch.allclose(g, gradients[n], rtol=1e-10, atol=1e-12) for n, g in zip(names, first, strict=True))


@pytest.mark.parametrize("checkpoint", [False, True])
def test_a_penalty_on_a_torch_gradient_is_refused_and_parametrised_weights_are_known(checkpoint: bool) -> None:
    """A gradient may be read with create_graph=True; what would need its derivative raises, and is not dropped."""
    torch = pytest.importorskip("torch")
    made = resolve(emit.source("elman", backend="torch", checkpoint=checkpoint)).module
    layer = made.Module(D=3, H=4, O=3, dtype=torch.float64)
    _, x, y, _ = arguments(made, data.random(read.load("elman"), T=4, N=3, seed=1))
    losses = [lambda: made.loss(layer.given(), x, y), lambda: layer(x)["h"].square().sum()]
    losses += [lambda: made.loss_in_segments(layer.given(), x, y)] if checkpoint else []
    for loss in losses:
        value = loss()
        (g,) = torch.autograd.grad(value, layer.W_hh, create_graph=True)
        with pytest.raises(RuntimeError, match="no second derivatives here"):
            (value + 10 * g.square().sum()).backward()
        value = loss()
        (g,) = torch.autograd.grad(value, layer.W_hh, create_graph=True)
        (value + 10 * g.detach().square().sum()).backward()
    torch.nn.utils.parametrizations.weight_norm(layer, "W_hh")
    torch.nn.utils.parametrizations.orthogonal(layer, "W_xh")
    made.loss(layer.given(), x, y).backward()
    assert len(list(layer.parameters())) == 6 and all(p.grad is not None for p in layer.parameters())


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")  # PyTorch's own, while it traces
@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", THREE)
def test_the_torch_module_trains_and_compiles(name: str) -> None:
    import torch

    made, model = module(name, "torch"), read.load(name)
    _, x, y, s = arguments(made, data.random(model, T=4, N=3, seed=1))
    layer = made.Loss(D=3, H=4, O=3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert {k: tuple(v.shape) for k, v in layer.named_parameters()}.keys() == made.PARAMETERS.keys()
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.05)
    losses = []
    for _ in range(20):
        optimiser.zero_grad()
        value = layer(x, y, s)
        value.backward()
        optimiser.step()
        losses.append(value.item())
    assert losses[-1] < losses[0]
    compiled = torch.compile(layer, backend="eager")
    assert torch.allclose(compiled(x, y, s), layer(x, y, s), rtol=1e-12)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("kind", [*initialisers.INITIALISERS, "-2", "1e-3"])
def test_torch_parameters_start_as_init_draws_them(kind: str) -> None:
    import torch

    model = define.model(
        name="m", inputs={"x": "D"}, states={"h": "H"}, parameters={"W": "H D"}, init={"W": kind},
        equations={"h": "tanh(W @ x) + h[t-1]"}, loss="sum(h)",
    )
    made = types.ModuleType("m")
    exec(emit.source(model, backend="torch").text, made.__dict__)  # our own text
    sizes = {"H": 60, "D": 90}
    W = made.Module(**sizes, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).W.detach().numpy()
    expected = initialisers.draw(model, sizes, seed=1)["W"]
    assert W.shape == expected.shape
    if kind == "orthogonal":
        assert close(W @ W.T, expected @ expected.T, 1e-12)
    else:
        assert W.std() == pytest.approx(expected.std(), rel=0.05)
        assert np.abs(W).max() == pytest.approx(np.abs(expected).max(), rel=0.3)


@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_torch_draws_every_head_and_step_as_a_parameter_of_its_own() -> None:
    import torch

    made = types.ModuleType("mixed")
    exec(emit.source(headed.MIXED, backend="torch").text, made.__dict__)  # our own text
    sizes = {"D": 3, "K": 40, "M": 2, "V": 50}
    drawn = made.Module(T=2, **sizes, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).given()
    expected = initialisers.draw(headed.MIXED, sizes, T=2)
    assert {k: tuple(v.shape) for k, v in drawn.items()} == {k: v.shape for k, v in expected.items()}
    for name in ("W", "P", "Q"):
        assert np.abs(drawn[name].detach().numpy()).max() == pytest.approx(np.abs(expected[name]).max(), rel=0.05)
