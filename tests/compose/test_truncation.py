"""Long sequences of composed models: every part truncated by itself, and segments that run again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbptt import compose, emit
from symbptt.compose.emission import source
from symbptt.compose.referee import drawn
from symbptt.emit import SourceFile
from symbptt.errors import BadInput
from symbptt.verify.library import call
from symbptt.verify.load import loaded

KINDS = sorted((Path(__file__).parent / "kinds").glob("*.toml"))
HIDDEN = Path(__file__).parent / "kinds" / "hidden-gate.toml"
ATTENTION = "seq2seq_attention_multiplicative"
Run = Callable[..., tuple[int, str, str]]


def truncated(name: str, *scheme: int) -> SourceFile:
    return compose.truncated(compose.load(name), scheme)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "scheme"), [("birnn", (1, 2)), pytest.param(ATTENTION, (2, 3), marks=pytest.mark.slow)])
def test_truncated_gradients_are_those_of_cut_parts(name: str, scheme: tuple[int, int]) -> None:
    report = compose.gradients(truncated(name, *scheme), T=4)
    report.raise_for_disagreement()
    assert {"complex step", "complex step, mask", "complex step, backward", "terms and code"} <= {c.name for c in report.checks}


@pytest.mark.slow
@pytest.mark.share(2)
@pytest.mark.parametrize("name", ["seq2seq_bilstm", *map(str, KINDS)], ids=lambda name: Path(name).stem)
def test_every_kind_is_truncated(name: str) -> None:
    compose.gradients(truncated(name, 1, 2), T=3).raise_for_disagreement()


@pytest.mark.parametrize("scheme", [(1, 2), (3, 2)])
def test_a_model_of_one_recurrence_is_its_only_part(scheme: tuple[int, int]) -> None:
    compose.gradients(compose.truncated(emit.source("jordan").model, scheme), T=4).raise_for_disagreement()


@pytest.mark.slow
@pytest.mark.parametrize(("right", "wrong"), [("K1, K2 = 1, 2", "K1, K2 = 1, 3"), ('_add(cotangents, "b", found["b"])', "pass")])
def test_another_window_and_a_lost_direction_are_seen(right: str, wrong: str) -> None:
    made = truncated("birnn", 1, 2)
    assert right in made.text
    assert not compose.gradients(replace(made, text=made.text.replace(right, wrong)), T=4).ok


def test_what_cannot_be_truncated_is_refused() -> None:
    chain = compose.load("birnn")
    cases = (({"truncation": (3, 2)}, "k1 <= k2"), ({"checkpoint": True, "backend": "c"}, "NumPy, JAX and PyTorch"),
             ({"truncation": (1, 2), "checkpoint": True}, "without truncation"),
             ({"truncation": (1, 2), "backend": "c", "static": {"T": 2}}, "for whole sequences"))
    for options, said in cases:
        with pytest.raises(BadInput, match=said):
            source(chain, **options)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize(("name", "scheme", "T"), [("birnn", (1, 2), 3), (str(HIDDEN), (2, 3), 4)], ids=["birnn", "hidden-gate"])
def test_a_file_in_c_knows_how_it_is_cut(
    name: str, scheme: tuple[int, int], T: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows one step apart, and two with a rest; learned starts, and a loss at the last step."""
    compiler = tmp_path / "quick"
    compiler.write_text('#!/bin/sh\nexec gcc "$@" -O0\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    path = source(compose.load(name), "c", "all", stem="made", truncation=scheme).write(tmp_path / "made.c")
    report = compose.file(path, T=T)
    report.raise_for_disagreement()
    assert {"complex step, backward", "terms and code"} <= {c.name for c in report.checks}


@pytest.mark.slow
def test_the_commands(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "made.py"
    assert run("emit", "birnn", "--window", "2", "-o", file)[0] == 0 and "birnn --window 2" in file.read_text()
    assert run("verify", "birnn", "--k1", "2", "--k2", "2", "-T", "3")[0] == 0
    text = run("derive", "birnn", "--window", "2", "--wrt", "W_bb")[1]
    assert "(2, 3) :" in text and "(1, 3) :" not in text and "5 in all" in text and "k − t < 2" in text
    assert "truncated by itself" in text
    data = json.loads(run("derive", "birnn", "--window", "1", "--wrt", "W_hh", "--format", "json")[1])
    terms = next(r for part in data["parts"] for r in part["results"] if r["wrt"] == "W_hh")["terms"]
    assert [(t["loss_step"], t["source_step"]) for t in terms] == [(1, 1), (2, 2), (3, 3)]
    words = ("analyze", "birnn", "-T", "4", "--window", "2", "--wrt", "x,W_ho")
    assert "a window of 2 steps" in run(*words)[1]
    found = json.loads(run(*words, "--format", "json")[1])["truncation"]
    assert [(p["name"], p["kept"], p["terms"]) for p in found["parameters"]] == [("x", 14, 20), ("W_ho", 4, 4)]
    assert all(p["error"] < 1e-12 for p in found["parameters"]) and found["parameters"][0]["bias"] > 0.01


@pytest.mark.slow
def test_a_truncated_file_is_verified_and_checks_what_is_whole(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "made.py"
    assert run("emit", ATTENTION, "--k1", "2", "--k2", "3", "-o", file)[0] == 0
    code, out, _ = run("verify", file)
    assert code == 0 and "terms and code" in out
    space: dict[str, Any] = {"__name__": "made"}
    exec(file.read_text(), space)
    assert max(space["self_check"]().values()) < 1e-11
    assert max(space["self_check"](T=4).values()) > 1e-3


def in_segments(name: str, backend: str, cases: int = 4) -> None:
    """The function of segments equals value_and_grad, for any number of segments, with mask and weights, states given or not."""
    chain = compose.load(name)
    module = loaded(source(chain, backend, "all", checkpoint=True).text, name)
    data = drawn(chain, dict.fromkeys({p.steps for p in chain.parts if p.steps}, 7), 5, 2, 1).data
    random = np.random.default_rng(0)
    counts = {"mask": (random.random((5, 2)) < 0.7) * 1.0, "weights": random.uniform(0.5, 1.5, 5)}
    for segments, states in ((2, {}), (None, data.states), (1, data.states), (9, {}))[:cases]:
        setattr(module, f"in_{segments}", partial(module.value_and_grad_in_segments, segments=segments))
        arguments = (dict(data.parameters), dict(data.inputs), dict(data.targets), dict(states))
        loss, whole = call(module, "value_and_grad", arguments, counts)
        value, found = call(module, f"in_{segments}", arguments, counts)
        assert abs(float(loss) - float(value)) < 1e-12 and whole.keys() == found.keys()
        for variable, gradient in whole.items():
            assert np.asarray(gradient).shape == np.asarray(found[variable]).shape
            assert np.abs(np.asarray(gradient) - np.asarray(found[variable])).max(initial=0) < 1e-12


@pytest.mark.parametrize("name", ["birnn", ATTENTION])
def test_segments_run_again(name: str) -> None:
    in_segments(name, "numpy")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hidden-gate", "free-running", "forward-reads-backward"])
def test_segments_of_other_kinds(name: str) -> None:
    in_segments(str(Path(__file__).parent / "kinds" / f"{name}.toml"), "numpy")


@pytest.mark.frameworks
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends(backend: str) -> None:
    pytest.importorskip(backend)
    compose.gradients(source(compose.load("birnn"), backend, "all", truncation=(1, 2)), T=3).raise_for_disagreement()
    in_segments("birnn", backend, 1)


@pytest.mark.frameworks
@pytest.mark.parametrize("window", [1, 2])
def test_windows_are_those_of_detached_states_in_pytorch(window: int) -> None:
    """Attention over an encoder in both phases written by hand; every state comes from one that is detached a window before."""
    torch = pytest.importorskip("torch")
    chain = compose.load(ATTENTION)
    made = source(chain, wrt="all", truncation=(1, window))
    data = drawn(chain, {"S": 4}, 5, 2, 3).data
    _, found = loaded(made.text, made.path).value_and_grad(data.parameters, data.inputs, data.targets, data.states)
    leaf = {n: torch.tensor(a, requires_grad=True) for n, a in {**data.parameters, **data.inputs, **data.states}.items()}

    def states(inputs: Any, start: Any, W: str, U: str, b: str) -> Any:
        def cell(x: Any, h: Any) -> Any:
            return torch.tanh(x @ leaf[W].T + h @ leaf[U].T + leaf[b])

        whole = [start]
        for x in inputs:
            whole.append(cell(x, whole[-1]))
        rows = []
        for t in range(1, len(inputs) + 1):
            first = max(t - window, 0)
            h = whole[first].detach() if first else start
            for x in inputs[first:t]:
                h = cell(x, h)
            rows.append(h)
        return torch.stack(rows)

    encoded = states(leaf["x"], leaf["h"], "W_xh", "W_hh", "b_h")
    s = states(leaf["v"], encoded[-1], "W_vs", "W_ss", "b_s")
    a = torch.softmax(torch.einsum("snh,tnh->tns", encoded, s @ leaf["W_a"].T), -1)
    o = s @ leaf["W_so"].T + torch.einsum("tns,snh->tnh", a, encoded) @ leaf["W_co"].T + leaf["b_o"]
    y = torch.as_tensor(data.targets["y"])
    torch.nn.functional.cross_entropy(o.reshape(10, -1), y.reshape(10), reduction="sum", ignore_index=-1).backward()
    assert found.keys() <= leaf.keys()
    assert all(np.abs(found[n] - leaf[n].grad.numpy()).max() < 1e-12 for n in found)
