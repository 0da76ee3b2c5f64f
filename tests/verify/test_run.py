"""The whole verification: of models, source files, modules on disk and namespaces, and of what is none of these."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import symbptt
from symbptt import emit, verify
from symbptt.errors import BadInput, Disagreement, UnknownName
from symbptt.model.read import from_text
from symbptt.model.values import Model

Elman = Callable[..., Model]
Hand = Callable[..., SimpleNamespace]
NAMES = {"W_xh", "W_hh", "b_h", "W_ho", "b_o"}
ROUTES = [
    "forward", "forward, no states", "complex step", "complex step, own", "complex step, mask", "central differences",
    "Taylor slope", "dot product", "sum of products", "backward recursion", "nested recursion", "recursion and code",
    "scalar oracle",
]


def routes(report: verify.Report) -> list[str]:
    return list(dict.fromkeys(check.name for check in report))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """All routes but the oracle, which takes a second."""
    monkeypatch.setattr(verify.run, "ROUTES", tuple(route for route in verify.run.ROUTES if route is not verify.oracle.check))


def test_a_built_in_by_name_with_all_gradients_and_all_routes() -> None:
    report = verify.gradients("elman")
    report.raise_for_disagreement()
    assert routes(report) == ROUTES and not report.notes
    assert {c.subject for c in report if c.name == "complex step"} == NAMES | {"x", "h"}
    assert max(c.worst_error for c in report if c.name == "complex step") < 1e-12
    assert all(c.seconds >= 0 for c in report) and all(line in report.table() for line in ROUTES)


@pytest.mark.parametrize("loss", ["squared_error", "none"])
def test_losses(loss: str) -> None:
    report = verify.gradients(symbptt.load("elman", loss=loss), T=3, seed=1)
    report.raise_for_disagreement()
    assert ("sum of products" in routes(report)) is (loss != "none")
    assert [note.split(":")[0] for note in report.notes] == (["no loss"] if loss == "none" else [])


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("activation", ["sigmoid", "relu", "identity"])
def test_activations(activation: str) -> None:
    verify.gradients(symbptt.load("elman", activation=activation), T=3, seed=1).raise_for_disagreement()


@pytest.mark.sampled(5)
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("seed", range(12))
def test_no_false_alarm_where_functions_have_kinks(seed: int) -> None:
    verify.gradients(symbptt.load("elman", activation="relu"), T=3, seed=seed).raise_for_disagreement()


@pytest.mark.parametrize("at", ["every", "last"])
def test_a_mean_over_what_counts(at: str) -> None:
    text = symbptt.load("elman").text
    mean = text.replace('at = "every"\n', "").replace("[loss]\n", f'[loss]\nat = "{at}"\nreduction = "mean"\n')
    model = from_text(mean, "mean.toml")
    assert model.loss is not None and (model.loss.at, model.loss.reduction) == (at, "mean")
    verify.gradients(model, T=3).raise_for_disagreement()


@pytest.mark.sampled(5)
@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "squared_error"])
@pytest.mark.parametrize(("T", "N"), [(1, 1), (2, 4), (3, 1), (10, 4)])
@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 5, 3)])
def test_the_complex_step_agrees_to_1e_12(
    loss: str, T: int, N: int, sizes: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verify.run, "ROUTES", (verify.complex_step.check, verify.forms.check))
    report = verify.gradients(symbptt.load("elman", loss=loss), dims=dict(zip("DHO", sizes, strict=True)), T=T, N=N)
    report.raise_for_disagreement()
    assert max(check.worst_error for check in report) < 1e-12


@pytest.mark.usefixtures("quick")
def test_a_source_file_with_the_gradients_asked_for() -> None:
    report = verify.gradients(emit.source(symbptt.load("elman"), wrt=("W_hh", "h")), T=2)
    report.raise_for_disagreement()
    assert {c.subject for c in report if c.name == "complex step"} == {"W_hh", "h"}


@pytest.mark.usefixtures("quick")
def test_a_module_on_disk_is_run_from_its_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = emit.source(symbptt.load("elman")).write(tmp_path / "elman.py")
    report = verify.file(path, T=3, dims={"H": 2})
    report.raise_for_disagreement()
    assert report.subject == str(path) and list(tmp_path.iterdir()) == [path]


def test_an_edited_module_disagrees_and_the_parameter_is_named(tmp_path: Path) -> None:
    """Scale one gradient by 1.001 in the module's text."""
    path = emit.source(symbptt.load("elman")).write(tmp_path / "elman.py")
    text = path.read_text()
    path.write_text(text.replace("def value_and_grad(", "def _right(") + '''
def value_and_grad(parameters, inputs, targets, states=None, mask=None, weights=None):
    loss, gradients = _right(parameters, inputs, targets, states, mask, weights)
    return loss, gradients | {"W_hh": 1.001 * gradients["W_hh"]}
''')
    report = verify.file(path)
    assert not report.ok
    assert {c.subject for c in report.disagreements} == {"W_hh"}
    assert [c.name for c in report.disagreements] == [
        "complex step", "complex step, own", "complex step, mask", "central differences", "Taylor slope", "recursion and code",
        "scalar oracle"]
    with pytest.raises(Disagreement, match=r"W_hh\[\d, \d\]: emitted .* the difference is 0.001 times the whole gradient"):
        report.raise_for_disagreement()


def test_straight_line_code_is_verified_at_its_own_T() -> None:
    source = emit.source(symbptt.load("elman"), T=3, unroll=True)
    verify.gradients(source).raise_for_disagreement()
    with pytest.raises(BadInput, match="straight-line code for T = 3, not 4"):
        verify.gradients(source, T=4)


@pytest.mark.usefixtures("quick")
def test_a_namespace_with_the_functions_of_the_contract(elman_model: Elman, hand_made: Hand) -> None:
    model = elman_model()
    verify.gradients(hand_made(model), model=model).raise_for_disagreement()
    with pytest.raises(BadInput, match=r"elman.py: no model file in MODEL_FILE"):
        verify.gradients(hand_made(model))


@pytest.mark.parametrize(("text", "message"), [
    ("", "no MODEL_FILE"),
    ("print('hello')", "no MODEL_FILE"),
    ("MODEL_FILE = ''", "no model file in MODEL_FILE"),
    ("MODEL_FILE = (", "cannot be run: SyntaxError"),
    ("import no_such_library\nMODEL_FILE = ''", "cannot be run: ModuleNotFoundError"),
    ("MODEL_FILE = 1 / 0", "cannot be run: ZeroDivisionError"),
    ("MODEL_FILE = 'title ='", "MODEL_FILE"),
])
def test_files_that_are_no_emitted_modules(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "other.py"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        verify.file(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes(b"# \xe9")
    for name in ("missing.py", ".", "latin.py"):
        with pytest.raises(BadInput, match="cannot be read"):
            verify.file(tmp_path / name)


@pytest.mark.parametrize(("spoil", "message"), [
    (lambda *a: 1 / 0, "value_and_grad fails: ZeroDivisionError"), (lambda *a: (0.0, {"W": 1.0}), "a gradient for 'W'"),
])
def test_code_that_fails_disagrees(elman_model: Elman, hand_made: Hand, spoil: Callable[..., object], message: str) -> None:
    module = hand_made(elman_model())
    module.value_and_grad = spoil
    with pytest.raises(Disagreement, match=message):
        verify.gradients(module, model=elman_model())


@pytest.mark.parametrize("options", [{"T": 0}, {"T": -1}, {"N": 0}, {"dims": {"H": -1}}])
def test_sizes_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        verify.gradients("elman", **options)  # type: ignore[arg-type]


def test_unknown_names() -> None:
    with pytest.raises(UnknownName, match="did you mean 'elman'"):
        verify.gradients("elmen")
    with pytest.raises(UnknownName, match="unknown dimension"):
        verify.gradients("elman", dims={"X": 2})


def test_a_model_that_no_array_gives_steps_is_verified_as_straight_line_code() -> None:
    text = '[states]\nh = "H"\n[parameters]\nW = "H H"\n[equations]\nh = "tanh(W @ h[t-1])"\n[loss]\nstep = "sum(h * h)"\n'
    report = verify.gradients(from_text(text, "alone.toml"), T=4)
    report.raise_for_disagreement()
    assert {c.subject for c in report if c.name == "complex step"} == {"W", "h"}


@pytest.mark.parametrize(("old", "new"), [
    ("z *= weight * share / total", "z *= weight / total"),
    ("minus_log = minus_log + share * np.log(total)", "minus_log = minus_log - share * np.log(total)"),
])
def test_targets_that_sum_to_something_else_and_the_loss_itself_are_checked(old: str, new: str, tmp_path: Path) -> None:
    text = emit.source("elman").text
    assert old in text
    path = tmp_path / "edited.py"
    path.write_text(text.replace(old, new))
    assert {check.name for check in verify.file(path) if not check.ok} == {"complex step, mask"}


def test_a_truncated_module_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "window.py"
    path.write_text(emit.source("elman", truncation=(1, 2)).text)
    with pytest.raises(BadInput, match="truncated on purpose"):
        verify.file(path)


def test_a_seed_is_a_whole_number() -> None:
    with pytest.raises(BadInput, match="seed must be a whole number"):
        verify.gradients("elman", seed=-1)
