"""The harness of the benchmarks: every subject computes the same, and the table in the README is that of the figures."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import measure, peak, subjects, table, training
from benchmarks.case import MODELS, Subject, make
from benchmarks.recurrences import case as layers
from benchmarks.recurrences import rows as recurrences
from benchmarks.recurrences import subjects as forms
from symbptt.emit.fast.writer import PASSES

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"
ELSEWHERE = ROOT / "benchmarks" / "elsewhere.json"
NEEDS = {"pytorch": "torch", "products": "torch", "jax_scan": "jax", "frameworks": "torch", "hips": "autograd"}
PLAIN = [name for name in (item.name for item in pkgutil.iter_modules(subjects.__path__)) if name not in NEEDS]


def made(name: str, model: str, dtype: str = "float64") -> dict[str, Subject]:
    pytest.importorskip(NEEDS.get(name, "numpy"))
    if name == "frameworks":
        pytest.importorskip("jax")
    subject: dict[str, Subject] = importlib.import_module(f"benchmarks.subjects.{name}").make(make(model, (4, 3, 2, 5, 3), dtype))
    return subject


@pytest.mark.sampled(5)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", [*PLAIN, *(pytest.param(name, marks=pytest.mark.frameworks) for name in NEEDS)])
def test_every_subject_gives_the_same_gradients(name: str, model: str) -> None:
    case = make(model, (4, 3, 2, 5, 3), "float64")
    measure.agree(case, {**made("emitted", model), **made(name, model)})


@pytest.mark.frameworks
@pytest.mark.parametrize("model", training.MODELS)
def test_all_that_train_end_at_the_same_loss(model: str) -> None:
    pytest.importorskip("torch"), pytest.importorskip("jax")
    case = make(model, (4, 3, 2, 5, 3), "float64")
    found = training.subjects(case)
    measure.agree(case, found)
    before = made("emitted", model)[measure.OURS].call()[0]
    assert len(found) == 4 and found["symbptt fast"].call() < 0.9 * before


def test_a_wrong_subject_is_refused() -> None:
    case = make("elman", (4, 3, 2, 5, 3), "float64")
    right = made("emitted", "elman")

    def off() -> Any:
        loss, gradients = right[measure.OURS].call()
        return loss, {**gradients, "W_hh": 1.001 * gradients["W_hh"]}

    with pytest.raises(ValueError, match="another gradient of W_hh"):
        measure.agree(case, {**right, "off": Subject(off, lambda result: (float(result[0]), result[1]))})


def test_rows_hold_medians_and_ratios(monkeypatch: pytest.MonkeyPatch) -> None:
    emitted = importlib.import_module("benchmarks.subjects.emitted")
    monkeypatch.setattr(measure, "makers", lambda: {"emitted": emitted.make})
    found = list(measure.rows(make("elman", (3, 2, 2, 3, 2), "float32"), threads=1, rounds=3))
    assert [row.subject for row in found] == ["symbptt fast", "symbptt plain"]
    assert found[0].ratio == 1 and all(row.low <= row.median <= row.high and np.isfinite(row.ratio) for row in found)


@pytest.mark.parametrize(("page", "made"), [
    ("README.md", lambda data: table.readme(data, json.loads(ELSEWHERE.read_text(encoding="utf-8")))),
    ("docs/backends.md", table.beside_autograd),
    ("docs/fast-code.md", lambda data: table.markdown(data, threads=2)),
    ("docs/kernels.md", recurrences.markdown),
])
def test_a_page_has_the_table_of_the_figures(page: str, made: Callable[[Any], str], tmp_path: Path) -> None:
    data = json.loads(RESULTS.read_text(encoding="utf-8"))
    text = (ROOT / page).read_text(encoding="utf-8")
    copy = tmp_path / "page.md"
    copy.write_text(text, encoding="utf-8")
    table.write(copy, made(data))
    assert copy.read_text(encoding="utf-8") == text
    assert {(row["model"], row["threads"]) for row in data["rows"]} == {(model, n) for model in MODELS for n in (1, 2)}


@pytest.mark.sampled(len(layers.STATES))
@pytest.mark.parametrize("name", layers.STATES)
@pytest.mark.parametrize("library", ["", *(pytest.param(name, marks=pytest.mark.frameworks) for name in ("torch", "jax"))])
def test_every_form_of_a_recurrence_gives_the_same_gradients(library: str, name: str) -> None:
    case = layers.make(name, (64, 2, 5, 3, 4))
    found = forms.make_ours(case)
    if library:
        made = {"torch": forms.make_torch, "jax": forms.make_jax}[library]
        found |= made(case, pytest.importorskip(library))
    measure.agree(case, found, forms.CHUNKED)


def test_the_figures_of_recurrences_are_complete() -> None:
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["recurrences"]["rows"]
    subjects_ = {forms.CHUNKED, forms.STEPPED, *recurrences.SHOWN}
    assert {(r["model"], tuple(r["size"])) for r in rows} == {(name, size) for name in layers.STATES for size in layers.SIZES}
    assert len(rows) == len(layers.STATES) * len(layers.SIZES) * len(subjects_) and {r["subject"] for r in rows} == subjects_


@pytest.mark.slow
def test_a_chunk_form_takes_a_fifth_of_the_memory_of_single_steps() -> None:
    for name in layers.STATES:
        made = forms.make_ours(layers.make(name, (2048, 2, 128, 64, 64)))
        chunk, step = (recurrences.peak(made[label].call) for label in (forms.CHUNKED, forms.STEPPED))
        assert 5 * chunk <= step, name


def test_our_backward_pass_takes_no_more_memory_than_theirs() -> None:
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["frameworks"]
    assert {(row["model"], row["library"]) for row in rows} == {(m, library) for m in MODELS for library in ("JAX", "PyTorch")}
    assert all(row["peak_mib"] <= row["their_peak_mib"] for row in rows)


@pytest.mark.frameworks
def test_peaks_are_those_of_what_is_alive_at_once() -> None:
    torch = pytest.importorskip("torch")
    jax = pytest.importorskip("jax")
    given = torch.ones(1000)
    assert 4000 < peak.by_torch(lambda: (given + 1).sum()) < 4100  # and scalars on the way
    assert 8000 <= peak.by_torch(lambda: (given + 1) * 2) < 8100
    compiled = jax.jit(lambda x: x + 1).lower(jax.numpy.ones(1000, "float32")).compile()
    assert peak.by_xla(compiled) == 4000


def test_the_page_names_every_pass() -> None:
    text = (ROOT / "docs" / "fast-code.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE))
    assert list(named) == list(PASSES)
    assert all(named[name] == (run.__doc__ or "").splitlines()[0] for name, run in PASSES.items())
