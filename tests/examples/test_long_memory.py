"""The example that trains on tasks with a long memory: its data, its rules, and what the terms reach before and after."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from symbptt import analyze

PATH = Path(__file__).resolve().parents[2] / "examples" / "long_memory.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("long_memory", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["long_memory"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["long_memory"]


def test_data_of_the_adding_problem(example):
    inputs, targets = example.adding(np.random.default_rng(0), 10, 50)
    number, mark = inputs["x"][..., 0], inputs["x"][..., 1]
    assert (mark[:5].sum(axis=0) == 1).all() and (mark[5:].sum(axis=0) == 1).all()
    np.testing.assert_allclose(targets["y"][-1, :, 0], (number * mark).sum(axis=0))


def test_data_of_the_copying_task(example):
    inputs, targets = example.copying(np.random.default_rng(0), 12, 50)
    shown = inputs["x"].argmax(axis=-1)
    np.testing.assert_array_equal(targets["y"][-3:], shown[:3])
    assert (targets["y"][:-3] == -1).all() and (shown[9] == 5).all() and (shown[3:9] == 4).all()


def test_adam_by_hand(example):
    step = example.adam(0.1)
    parameters = {"w": np.array([1.0, -2.0])}
    m = v = 0.0
    for t, g in enumerate(([1.0, -3.0], [0.5, 2.0]), start=1):
        expected, g = parameters["w"], np.array(g)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        expected = expected - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        parameters = step(parameters, {"w": g})
        np.testing.assert_allclose(parameters["w"], expected, rtol=1e-12)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("name", "rule", "updates", "share"), [
    ("adding", "adam", 300, 0.3), ("copying", "adam", 200, 0.5), ("copying", "sgd", 300, 0.95),
])
def test_learning_reaches_further_back(example, name, rule, updates, share):
    task = example.TASKS[name]
    model = task.model("gru")
    make, rate = example.RULES[rule]
    first = dict(analyze.point(model, task.T, {**task.sizes, "H": 12}).parameters)
    last, losses = example.train(task, example.module(model), first, task.T, updates, make(rate), 0)
    assert losses[-20:].mean() < share * task.blind
    before, after = (example.lags(task, model, parameters, task.T, 0) for parameters in (first, last))
    assert before.shares.sum() == pytest.approx(1) == after.shares.sum()
    assert after.mean > before.mean + 1 and after.shares[task.T // 2 :].sum() > before.shares[task.T // 2 :].sum()


@pytest.mark.slow
def test_from_the_command_line():
    def run(*arguments):
        environment = {**os.environ, "PYTHONPATH": str(PATH.parents[1])}
        return subprocess.run([sys.executable, PATH, *arguments], capture_output=True, text=True, env=environment)

    done = run("adding", "-T", "4", "--updates", "3", "--hidden", "3", "--rule", "sgd")
    assert done.returncode == 0 and "mean lag" in done.stdout and done.stderr == ""
    for arguments, word in ((["--cell", "nosuch"], "nosuch"), (["--cell", "mlp"], "no state"), (["-T", "1"], "at least 2 steps")):
        wrong = run("adding", *arguments)
        assert wrong.returncode == 2 and word in wrong.stderr and "Traceback" not in wrong.stderr
