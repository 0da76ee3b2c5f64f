"""The LaTeX compiles without an error, an undefined reference or a missing letter, and no line sticks out."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from symbptt import document, typeset
from symbptt.algebra.functions import FUNCTIONS
from symbptt.document import KINDS, DocumentOptions, pdf
from symbptt.document.cell.picture import largest
from symbptt.draw import tikz
from symbptt.model.read import from_text, load, names
from symbptt.narrative import forward, local
from symbptt.narrative.presentation import ENGLISH
from symbptt.typeset import notations

LATEXMK = shutil.which("latexmk") and shutil.which("pdflatex")
pytestmark = [pytest.mark.tex, pytest.mark.skipif(LATEXMK is None, reason="latexmk is not installed")]
needs_xelatex = pytest.mark.skipif(shutil.which("xelatex") is None, reason="xelatex is not installed")
VERSIONS = [(name, version) for name, kind in KINDS.items() for version in ("teacher", "student")[: 1 + kind.exercises]]
LANGUAGES = ["en", "es", pytest.param("zh", marks=needs_xelatex)]


def compiled(tex: Path) -> str:
    """The log of the last run."""
    command = pdf.command(pdf.program(tex.read_text(encoding="utf-8")), tex.name)
    done = subprocess.run(command, cwd=tex.parent, capture_output=True, timeout=240, env=pdf.environment())
    assert done.returncode == 0, pdf.complaint(tex.with_suffix(".log").read_text(encoding="utf-8", errors="replace"))
    return tex.with_suffix(".log").read_text(encoding="utf-8", errors="replace").replace("\n", "")


def faults(log: str) -> list[str]:
    """What is wrong in a log: boxes that stick out by a point or more, references without a place, letters without a shape."""
    wide = [box for box, points in re.findall(r"(Overfull \\[hv]box \(([0-9.]+)pt.{60})", log) if float(points) >= 1]
    return wide + re.findall(r"(?:Reference|Citation|Hyper reference) .{1,60} undefined|Missing character: .{60}", log)


def test_the_faults_of_a_log_are_found() -> None:
    rest = "." * 80
    assert faults(f"Overfull \\hbox (12.3pt too wide) in paragraph at lines 7--8{rest}")
    assert not faults(f"Overfull \\hbox (0.9pt too wide) in paragraph{rest}")
    assert faults("LaTeX Warning: Reference `eq:1' on page 1 undefined on input line 3.")
    assert faults(f"Missing character: There is no x in font y{rest}")


@pytest.mark.share(2)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind, version", VERSIONS)
def test_every_kind_compiles_and_fits(kind: str, version: str, language: str, tmp_path: Path) -> None:
    options = DocumentOptions(kind=kind, language=language, version=version)
    models = ("elman", "lstm")[: KINDS[kind].models]
    assert faults(compiled(document.write(models, 3, tmp_path, formats=("tex",), options=options)[0])) == []


@pytest.mark.share(2)
@pytest.mark.parametrize("model, language, flip", [("lstm", "en", False), pytest.param("elman", "zh", True, marks=needs_xelatex)])
@pytest.mark.parametrize("notation", [name for name in notations.names() if name != "textbook"])
def test_every_notation_compiles_and_fits(notation: str, model: str, language: str, flip: bool, tmp_path: Path) -> None:
    layout = {"row": "column", "column": "row"}[notations.load(notation).layout] if flip else None
    options = DocumentOptions(notation=notation, language=language, layout=layout)
    assert faults(compiled(document.write(model, 3, tmp_path, formats=("tex",), options=options)[0])) == []


@pytest.mark.share(2)
@pytest.mark.parametrize("name", names())
def test_every_model_compiles_and_fits(name: str, tmp_path: Path) -> None:
    assert faults(compiled(document.write(name, 3, tmp_path, formats=("tex",))[0])) == []


@pytest.mark.share(3)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["elman", "lstm", "deep_feedforward", "mlp"])
def test_the_measured_section_compiles_and_fits(name: str, language: str, tmp_path: Path) -> None:
    options = DocumentOptions(language=language, analysis="all")
    assert faults(compiled(document.write(name, 2, tmp_path, formats=("tex",), options=options)[0])) == []


@pytest.mark.parametrize("name, T", [("elman", 1), ("elman", 12), ("jordan", 4), ("lstm", 4), ("scalar", 6)])
def test_all_variables_and_other_lengths(name: str, T: int, tmp_path: Path) -> None:
    assert faults(compiled(document.write(name, T, tmp_path, formats=("tex",), wrt="all")[0])) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_title_compiles(language: str, tmp_path: Path) -> None:
    title = r"50% \undefined \input{/etc/passwd} \write18{x} {$ & # _ ^ ~ \\ é ß 中 😀 " + "’−×"
    model = replace(load("elman"), title=title, reference=title, translations=())
    compiled(document.write(model, 1, tmp_path, formats=("tex",), options=DocumentOptions(language=language))[0])


def test_a_pdf_is_written(tmp_path: Path) -> None:
    paths = document.write("scalar", 2, tmp_path, formats=("tex", "pdf"))
    assert [path.name for path in paths] == ["scalar_T2.tex", "scalar_T2.pdf"]
    assert paths[1].read_bytes().startswith(b"%PDF-") and sorted(tmp_path.iterdir()) == sorted(paths)


@pytest.mark.parametrize("name", ["gru_reset_after", "jordan", "deep_feedforward_batch_norm", "mlp", "scalar"])
def test_handouts_of_other_models_compile_and_fit(name: str, tmp_path: Path) -> None:
    options = DocumentOptions(kind="handout", version="student", seed=1)
    assert faults(compiled(document.write(name, 2, tmp_path, formats=("tex",), options=options)[0])) == []


@pytest.mark.share(3)
@pytest.mark.parametrize(("name", "language"), [
    *((name, "en") for name in names()), *(pytest.param(name, "zh", marks=needs_xelatex) for name in names()),
    ("elman", "es"), ("lstm", "es"),
])
def test_a_summary_is_one_page(name: str, language: str, tmp_path: Path) -> None:
    options = DocumentOptions(kind="summary", language=language)
    log = compiled(document.write(name, 3, tmp_path, formats=("tex",), options=options)[0])
    assert re.search(r"Output written on \S+ \(1 page", log)


@pytest.mark.long
@pytest.mark.parametrize(("name", "most"), [
    ("elman", 8), ("lstm", 12), ("linear_attention", 12), ("gated_deltanet", 12), ("mamba2", 12),
])
def test_a_handout_is_no_longer_than_a_lesson(name: str, most: int, tmp_path: Path) -> None:
    log = compiled(document.write(name, 3, tmp_path, formats=("tex",), options=DocumentOptions(kind="handout"))[0])
    pages = re.search(r"Output written on \S+ \((\d+) pages", log)
    assert pages and int(pages[1]) <= most


FUNCTIONS_AND_OPERATIONS = "\n".join((
    'title = "Every function and operation"', "[inputs]", 'x = "D"', 'i = "index V"', "[states]", 'M = "D D"', "[parameters]",
    'E = "D V"', 'y_1 = "D"', "[equations]",
    *(f'f_{name} = "{name}(x)"' for name in FUNCTIONS if name not in ("abs", "reciprocal", "identity")),
    *(f'g{k} = "{text}"' for k, text in enumerate((
        "abs(x)", "softmax(x)", "log_softmax(x)", "logsumexp(x)", "concat(x, x)", "sum(x)", "mean(x)", "dot(x, x)", "embed(E, i)",
        "layer_norm(x)", "concat(x, x)[D:2*D]", "x ** 3 / (1 + x)", "1 - x", "-x",
    ))),
    'M = "outer(x, x) @ M[t-1].T - 0.3 * eye(D) * M[t-1]"', "[targets]", 'y = "D"', 'z = "D D"', "[loss]",
    'step = "softmax_cross_entropy(x, y) + squared_error(M, z) + huber(x, y) + sum(y_1)"',
))


@pytest.mark.slow
def test_every_function_and_operation_compiles(tmp_path: Path) -> None:
    """The equations, local derivatives and the picture of a step that uses all that the language has."""
    model = from_text(FUNCTIONS_AND_OPERATIONS, "every.toml")
    told = (forward.equations(model, ENGLISH), local.derivatives(model, ENGLISH, ()))
    trees = [step.equation for section in told for step in section.steps]
    body = "\n\n".join(f"${typeset.latex(tree)}$" for tree in trees)
    drawn = tikz.write(largest(model, ENGLISH))
    tex = document.render("elman", 1, "tex", options=DocumentOptions(kind="summary"))
    head, end = tex[: tex.index(r"\begin{document}")], r"\end{document}"
    file = tmp_path / "every.tex"
    file.write_text(f"{head}\\begin{{document}}\n{body}\n\n\\fittedpicture{{{drawn}}}\n{end}\n", encoding="utf-8")
    assert not [fault for fault in faults(compiled(file)) if "Overfull" not in fault]


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(file.stem for file in (Path(__file__).parents[1] / "kinds").glob("*.toml")))
def test_the_handout_of_every_kind_of_model_compiles(kind: str, tmp_path: Path) -> None:
    model = load(str(Path(__file__).parents[1] / "kinds" / f"{kind}.toml"))
    compiled(document.write(model, 2, tmp_path, formats=("tex",), options=DocumentOptions(kind="handout"))[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_author_s_text_compiles_alone_and_the_file_knows_its_title(language: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        "title = 'A & B_1'\nauthor = 'Ünï 100%'\n[parts.sums]\n"
        "before = '$\\frac{d h_t}{d\\theta} \\le \\left\\|J_t^\\top\\right\\|$ and "
        "[a_b](https://example.org/x_y?a=1&b=2#c%20d) [@werbos1990] **x** *y*'\n", encoding="utf-8",
    )
    options = DocumentOptions(kind="handout", language=language, prose=tmp_path / "own.toml")
    tex = document.write("elman", 2, tmp_path / "empty", formats=("tex",), options=options)[0]
    assert [path.name for path in (tmp_path / "empty").iterdir()] == [tex.name]
    assert faults(compiled(tex)) == []
    if shutil.which("pdfinfo"):
        told = subprocess.run(["pdfinfo", tex.with_suffix(".pdf")], capture_output=True, text=True, check=True).stdout
        assert re.search(r"^Title: +A & B_1$", told, re.M) and re.search(r"^Author: +Ünï 100%$", told, re.M)
