"""Exact checks: the zoo is proved, and every kind of mistake makes a proof fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sympy as sp

import symbptt
from symbptt import cli, verify
from symbptt.algebra import functions, linear, nodes, tidy
from symbptt.derive import adjoint, rules, step, sweep
from symbptt.errors import Disagreement
from symbptt.model.define import model
from symbptt.model.values import Model

QUICK = ("elman", "jordan", "leaky", "linear", "scalar", "deep_feedforward")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", QUICK)
def test_a_model_is_proved(name: str) -> None:
    report = verify.prove(symbptt.load(name))
    assert report.ok, report.table()
    for T in (1, 2):
        assert any(check.name == f"proved: whole graph, T = {T}" for check in report)
        assert any(f"the whole graph, T = {T}, N = 1, at" in note for note in report.notes)
    assert any(check.name.startswith("sampled exactly: recursion") for check in report)


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.parametrize("name", symbptt.names())
def test_the_zoo_is_proved(name: str) -> None:
    report = verify.prove(symbptt.load(name))
    assert report.ok, report.table()
    assert not any("left out" in note for note in report.notes)


EVERYTHING = model(
    name="everything",
    inputs={"x": "D", "u": ""},
    states={"h": "H", "A": "H H"},
    parameters={"W": "H D", "V": "H D+D", "b": "H", "s": "1"},
    targets={"y": "H"},
    equations={
        "p": "softmax(V @ concat(x, sin(x)))",
        "A": "A[t-1] * s + outer(p, tanh(b)) + eye(H)",
        "h": "sin(W @ x * u) + (A.T @ h[t-2] - log(1 + exp(b))) / (2 + b ** 2)",
        "n": "concat(p, h)[1:H+1]",
    },
    loss="squared_error(n, y) + sum(sqrt(p)) + logsumexp(h[t-1]) + 0.5 * mean(relu(h)) + softmax_cross_entropy(h, y) + dot(b, h)",
)


@pytest.mark.slow
def test_a_model_with_nearly_every_node_is_proved() -> None:
    report = verify.prove(EVERYTHING)
    assert report.ok, report.table()


def test_samples_that_are_coupled_are_proved_for_two_of_them() -> None:
    coupled = model(
        name="coupled", inputs={"x": "H"}, parameters={"g": "H"}, equations={"n": "g * batch_norm(x)"}, loss="sum(n ** 3)"
    )
    report = verify.prove(coupled)
    assert report.ok, report.table()
    assert any("N = 2" in note for note in report.notes)


def test_a_model_without_a_loss_has_its_rules_proved() -> None:
    report = verify.prove(symbptt.load("elman", loss="none"))
    assert report.ok and {check.name for check in report} == {"proved: functions", "proved: local rules", "proved: one step"}
    assert "no loss: the whole graph is left out" in report.notes


def names(report: verify.Report) -> set[str]:
    return {check.name.partition(",")[0] for check in report.disagreements}


LOCAL, STEP, GRAPH, SAMPLE = "proved: local rules", "proved: one step", "proved: whole graph", "sampled exactly: recursion"


@pytest.fixture(autouse=True)
def fresh() -> Any:
    """Templates are kept for a model; corrupted ones must go."""
    yield
    for kept in (step.step_vjp, step.loss_vjp, step.step_jvp, step.state_jacobian, step.immediate):
        kept.cache_clear()


def corrupted(kind: type, change: Callable[[rules.Local], rules.Local]) -> Model:
    """A copy of elman, with a change to the rule of a node type."""
    original = rules.local.dispatch(kind)
    rules.local.register(kind)(lambda node, result=None: change(original(node, result)))
    return replace(symbptt.load("elman"), title=f"corrupted {kind.__name__} {change}")


@pytest.fixture
def restored() -> Any:
    """The rules as they were."""
    kept = {kind: rules.local.dispatch(kind) for kind in (sp.MatMul, sp.MatAdd, nodes.Elementwise, nodes.CrossEntropy)}
    yield
    for kind, rule in kept.items():
        rules.local.register(kind)(rule)


FAULTS: dict[str, tuple[type, Callable[[rules.Local], rules.Local]]] = {
    "a sign": (nodes.Elementwise, lambda pairs: tuple((x, linear.compose(linear.Scale(sp.S(-1)), m)) for x, m in pairs)),
    "a slope off by a thousandth": (
        nodes.Elementwise, lambda pairs: tuple((x, linear.compose(linear.Scale(sp.Rational(1001, 1000)), m)) for x, m in pairs),
    ),
    "a dropped operand": (sp.MatMul, lambda pairs: pairs[:1]),
    "a dropped term": (sp.MatAdd, lambda pairs: pairs[1:]),
    "a loss without its target": (
        nodes.CrossEntropy, lambda pairs: tuple((o, linear.Left(tidy.transpose(nodes.Softmax(o)))) for o, _ in pairs),
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_rule_fails_everywhere(fault: str) -> None:
    report = verify.prove(corrupted(*FAULTS[fault]))
    assert names(report) >= {LOCAL, STEP, GRAPH, SAMPLE}
    assert all(check.where for check in report.disagreements)


def test_a_dropped_transpose_fails_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: linear.Left) -> linear.Left:
        rows, columns = self.factor.shape
        return self if rows == columns else linear.Left(tidy.transpose(self.factor))

    monkeypatch.setattr(linear.Left, "transposed", forgetful)
    square = model(
        name="square", states={"h": "H"}, inputs={"x": "H"}, parameters={"W": "H H"}, equations={"h": "tanh(W @ h[t-1] + x)"},
        loss="sum(h)",
    )  # fmt: skip
    report = verify.prove(square)  # elsewhere it does not even fit
    with pytest.raises(Disagreement, match="do not fit"):
        monkeypatch.setattr(linear.Left, "transposed", lambda self: self)
        verify.prove(replace(symbptt.load("elman"), title="no transposes"))
    assert names(report) >= {LOCAL, STEP, GRAPH, SAMPLE}
    assert any("backward" in check.where for check in report.disagreements)


def pulls(monkeypatch: pytest.MonkeyPatch, module: Any, wrong: Callable[..., Any]) -> None:
    """Sweeps of one module alone pull back wrongly."""
    right = module.sweep

    def swept(*given: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(sweep, "pull", wrong)
            return right(*given)

    monkeypatch.setattr(module, "sweep", swept)


def loses(*given: Any) -> Any:
    """A pull that loses its last contribution."""
    return rules.pull(*given)[:-1] or rules.pull(*given)


@pytest.mark.slow
def test_a_wrong_index_fails_the_whole_graph_from_two_steps_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(value: Any, cotangent: Any, result: Any = None) -> Any:
        # What step 2 passes back to h_1 never arrives.
        pairs = rules.pull(value, cotangent, result)
        return [(leaf, item) for leaf, item in pairs if leaf.name != "h" or leaf.step != 1 or result.step == 1]

    pulls(monkeypatch, adjoint, late)
    report = verify.prove(symbptt.load("elman"))
    found = {check.name for check in report.disagreements}
    assert found == {"proved: whole graph, T = 2", "sampled exactly: recursion, T = 3"}


def test_a_contribution_that_is_lost_fails_the_whole_graph_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pulls(monkeypatch, adjoint, loses)
    assert names(verify.prove(symbptt.load("elman"))) == {GRAPH, SAMPLE}


def test_a_template_that_loses_a_state_fails_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    pulls(monkeypatch, step, loses)
    step.step_vjp.cache_clear()
    step.loss_vjp.cache_clear()
    assert names(verify.prove(replace(symbptt.load("elman"), title="loses a state"))) == {STEP}


def test_a_wrong_slope_in_the_table_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(functions.FUNCTIONS["tanh"], by_result=1 - functions.Y**2 / 2)
    monkeypatch.setitem(functions.FUNCTIONS, "tanh", wrong)
    assert "proved: functions" in names(verify.prove(symbptt.load("elman")))


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", "scalar", "--exact", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] and {check["tolerance"] for check in report["checks"]} == {0.0}
    assert cli.main(["verify", "scalar", "--exact"]) == 0
    assert "sampled, not proved: T = 3" in capsys.readouterr().out


@pytest.mark.parametrize("options", [["scalar", "--exact", "-T", "3"], ["model.py", "--exact"]])
def test_exact_goes_with_few_options(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", *options]) == 2
    assert "--exact is for a MODEL" in capsys.readouterr().err
