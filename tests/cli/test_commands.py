"""What each command prints and writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import symbptt
from symbptt.draw import font

Run = Callable[..., tuple[int, str, str]]


def test_list_and_show(run: Run) -> None:
    code, out, _ = run("list")
    assert code == 0 and re.search(r"^elman +Elman network", out, re.M)
    code, out, _ = run("show", "elman")
    assert code == 0
    for word in ("W_hh", "H H", "tanh", "softmax_cross_entropy", "Elman (1990)"):
        assert word in out
    code, out, _ = run("show", "elman", "--loss", "squared_error", "--activation", "relu")
    assert code == 0 and "ReLU" in out and "tanh" not in out and "squared_error" in out


def test_show_prints_a_file_that_is_a_model(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(run("show", "elman", "--format", "toml")[1], encoding="utf-8")
    code, out, err = run("show", path)
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == run("show", "elman")[1].splitlines()[1:]


def test_unroll(run: Run) -> None:
    code, out, _ = run("unroll", "elman", "-T", "2")
    assert code == 0 and [line.split(" = ")[0] for line in out.splitlines()].count("h₂") == 1
    data = json.loads(run("unroll", "elman", "-T", "2", "--format", "json")[1])
    assert data["schema"] == 1 and data["T"] == 2
    assert [(a["variable"], a["step"]) for a in data["assignments"]] == [(name, t) for t in (1, 2) for name in "ahoL"]
    assert r"\tanh" in run("unroll", "elman", "--format", "latex")[1]


@pytest.mark.parametrize("form", ["sum", "adjoint", "nested"])
@pytest.mark.parametrize("layout", ["text", "latex", "json"])
def test_derive(form: str, layout: str, run: Run) -> None:
    code, out, err = run("derive", "elman", "-T", "2", "--wrt", "W_hh", "--form", form, "--format", layout)
    assert (code, err) == (0, "") and out.strip()
    if layout == "json":
        assert json.loads(out)["schema"] == 1


def test_derive_shows_the_blocks_once_and_the_direct_route(run: Run) -> None:
    out = run("derive", "lstm", "-T", "2", "--wrt", "b_f,b_i")[1]
    assert out.count("∂⁺hₜ/∂cₜ₋₁ = ") == 1 and out.count("∂⁺cₜ/∂cₜ₋₁ = diag(fₜ)") == 1 and "∏↷_{j=k+1..t} diag(fⱼ)" in out
    assert out.count("dL/db_f = ") == out.count("dL/dbᵢ = ") == 1


def test_derive_without_a_loss_is_for_cotangents_of_the_outputs(run: Run) -> None:
    code, out, err = run("derive", "elman", "--loss", "none", "-T", "2")
    assert code == 0 and err.startswith("symbptt: note: elman has no loss: derived for cotangents")
    assert out == run("derive", "elman", "--loss", "cotangents", "-T", "2")[1]


def test_derive_lists_single_routes(run: Run) -> None:
    out = run("derive", "lstm", "-T", "2", "--wrt", "b_f", "--paths")[1]
    assert "The term (2, 1) has 5:" in out
    assert "b_f → a_{f,1} → f₁ → c₁ → c₂ → tanh(c₂) → h₂ → o₂ → L₂ : diag(f₁ ⊙ (𝟏 − f₁)) diag(c₀) diag(f₂)" in out
    data = json.loads(run("derive", "lstm", "-T", "2", "--wrt", "b_f", "--paths", "--format", "json")[1])
    assert [(r["loss_step"], r["source_step"]) for r in data["routes"]] == [(1, 1)] + 5 * [(2, 1)] + [(2, 2)]
    assert data["form"] == "routes" and data["routes"][0]["values"][-1] == "L₁"
    assert r"\to" in json.dumps(run("derive", "lstm", "-T", "1", "--wrt", "b_f", "--paths", "--format", "latex")[1])


def test_derive_in_another_notation_layout_and_language(run: Run) -> None:
    out = run("derive", "elman", "-T", "2", "--wrt", "W_hh", "--notation", "scratch", "--form", "adjoint", "--lang", "zh")[1]
    assert "dWₕ = ∑_{t=1..T} hₜ₋₁ᵀ daₜ" in out and "反向递推" in out and "对 t 求和" in out
    out = run("derive", "elman", "-T", "2", "--wrt", "W_hh", "--notation", "suwv", "--layout", "row", "--format", "latex")[1]
    assert r"\frac{\partial L}{\partial W}" in out and r"S_{0}^{\mathrm{T}}" in out
    data = json.loads(run("derive", "elman", "-T", "1", "--wrt", "W_xh", "--layout", "row", "--format", "json")[1])
    assert data["shape"] == "(D×H)" and data["terms"][0]["value"]["text"].startswith("x₁ᵀ (softmax(o₁) − y₁)")


def test_derive_several(run: Run) -> None:
    data = json.loads(run("derive", "elman", "-T", "2", "--format", "json")[1])
    assert data["schema"] == 1 and len(data["results"]) == len(symbptt.load("elman").parameters)
    everything = json.loads(run("derive", "elman", "-T", "2", "--wrt", "all", "--format", "json")[1])
    assert len(everything["results"]) == len(data["results"]) + 2
    pair = json.loads(run("derive", "elman", "-T", "2", "--wrt", "x, h", "--format", "json")[1])
    assert len(pair["results"]) == 2


def test_document_writes_one_file_per_format(run: Run, tmp_path: Path) -> None:
    code, out, err = run("document", "elman", "-T", "2", "-o", tmp_path / "new" / "folder")
    assert (code, err) == (0, "")
    assert sorted(out.split()) == sorted(str(p) for p in (tmp_path / "new" / "folder").iterdir())
    assert sorted(Path(p).suffix for p in out.split()) == [".html", ".tex"]
    assert run("document", "elman", "-T", "2", "--format", "tex", "-o", tmp_path)[0] == 0
    assert [p.suffix for p in tmp_path.iterdir() if p.is_file()] == [".tex"]


@pytest.mark.parametrize(("command", "name", "start"), [
    (("document", "scalar", "-T", "1"), "handed/out.tex", "% Generated by symbptt from templates/latex"),
    (("document", "scalar", "-T", "1"), "out.myst.md", "---"),
    (("quiz", "scalar", "--count", "2"), "bank.xml", "<?xml"), (("quiz", "scalar", "--count", "2"), "sheet.tex", "%"),
    (("emit", "scalar"), "scalar.c", "/*"), (("analyze", "scalar"), "flow.json", "{"),
], ids=lambda value: value if isinstance(value, str) else value[0])
def test_the_ending_of_a_file_says_what_goes_into_it(
    run: Run, tmp_path: Path, command: tuple[str, ...], name: str, start: str,
) -> None:
    code, out, _ = run(*command, "-o", tmp_path / name)
    assert code == 0 and out.splitlines()[0] == str(tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


@pytest.mark.parametrize("given", [
    ("--variants", "2", "--kind", "handout"), ("--format", "html"), ("--format", "tex", "--format", "html"),
])
def test_what_does_not_go_into_one_file_is_refused(run: Run, tmp_path: Path, given: tuple[str, ...]) -> None:
    code, _, err = run("document", "scalar", "-T", "1", *given, "-o", tmp_path / "out.tex")
    assert code == 2 and "out.tex is one file" in err and "give the name of a folder" in err
    assert not any(tmp_path.iterdir())


def test_a_page_without_fonts_is_noted(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(font, "find_spec", lambda name: None)
    code, out, err = run("document", "scalar", "-T", "1", "-o", tmp_path)
    assert code == 0 and len(out.splitlines()) == 2
    assert err.startswith("symbptt: note: the page relies on installed fonts; with pip install 'symbptt[html]'")
    assert run("document", "scalar", "-T", "1", "--format", "md", "-o", tmp_path)[2] == ""


def test_emit_writes_what_it_prints(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "elman.py"
    assert run("emit", "elman", "-o", path) == (0, f"{path}\n", "")
    assert run("emit", "elman")[1] == path.read_text(encoding="utf-8")
    code, unrolled, _ = run("emit", "elman", "-T", "2", "--unroll", "--wrt", "all")
    assert code == 0 and unrolled != path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_existing_files_are_replaced_only_by_force(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "elman.py"
    path.write_text("mine")
    code, out, err = run("emit", "elman", "-o", path)
    assert (code, out) == (2, "") and err == f"symbptt: {path}: exists already; --force replaces it\n"
    assert path.read_text() == "mine"
    assert run("emit", "elman", "-o", path, "--force")[0] == 0
    assert path.read_text() != "mine"
    written = run("document", "elman", "-T", "1", "-o", tmp_path)[1].split()
    first = [Path(p).read_bytes() for p in written]
    Path(written[1]).write_text("mine")
    Path(written[0]).unlink()
    assert run("document", "elman", "-T", "1", "-o", tmp_path)[0] == 2
    assert Path(written[1]).read_text() == "mine" and not Path(written[0]).exists()
    assert run("document", "elman", "-T", "1", "-o", tmp_path, "--force")[0] == 0
    assert [Path(p).read_bytes() for p in written] == first


@pytest.mark.slow
def test_verify_a_model_and_a_file(run: Run, tmp_path: Path) -> None:
    code, out, err = run("verify", "elman", "-T", "2", "--dims", "D=2,H=2,O=2", "-N", "1", "--seed", "1")
    assert (code, err) == (0, "") and "complex step" in out
    path = tmp_path / "elman.py"
    assert run("emit", "elman", "-o", path)[0] == 0
    code, out, err = run("verify", path, "--format", "json")
    assert (code, err) == (0, "") and json.loads(out)["schema"] == 1 and json.loads(out)["ok"]
    text = path.read_text(encoding="utf-8")
    path.write_text(text + _WRONG, encoding="utf-8")
    code, out, err = run("verify", path)
    assert code == 1 and "W_hh" in out and "DISAGREES" in out
    assert re.fullmatch(rf"symbptt: {re.escape(str(path))}: \d+ of \d+ checks disagree\n", err)


_WRONG = '''

_right = value_and_grad


def value_and_grad(*arguments, **options):
    loss, gradients = _right(*arguments, **options)
    return loss, gradients | {"W_hh": 1.001 * gradients["W_hh"]}
'''


def test_init_draws_values_into_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "values.npz"
    arguments = ("init", "irnn", "--layers", "2", "--dims", "D=3,H=4,O=2", "--seed", "5")
    assert run(*arguments, "-o", str(file)) == (0, f"{file}\n", "")
    with np.load(file) as values:
        assert set(values) == {v.name for v in symbptt.load("irnn", layers=2).parameters}
        np.testing.assert_array_equal(values["W_hh_l2"], np.eye(4))
    code, out, _ = run(*arguments)
    assert code == 0 and "W_hh_l2" in out and "identity" in out
    before = file.read_bytes()
    assert run(*arguments, "-o", str(file))[0] == 2 and file.read_bytes() == before
    assert run(*arguments, "-o", str(file), "--force")[0] == 0 and file.read_bytes() == before
    assert run("init", "elman", "--dims", "D=3")[0] == 2
