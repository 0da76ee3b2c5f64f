"""Assignments: what is given is the model, the solution is right, and every grader gives its points by cause."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import numpy as np
import pytest
from commands import FILES

import symbptt
from symbptt.cli import main
from symbptt.course import GRADERS, Hidden, Task, results, task, write
from symbptt.course.assignment.check import check
from symbptt.data.random_values import random
from symbptt.errors import BadInput
from symbptt.unroll.graph import steps
from symbptt.verify import complex_step

HERE = Path(__file__).parent
DROPPED = (" + d_h_next ", " ")
SCHEMA = json.loads((HERE / "results.schema.json").read_text(encoding="utf-8"))


def module(text: str) -> Any:
    made = ModuleType("made")
    exec(compile(text, "made.py", "exec"), made.__dict__)
    return made


def hidden(made: Task, level: str = "cause") -> Hidden:
    return Hidden(made.model.text, made.table, made.gradients, level, made.steps)


@pytest.fixture(scope="module")
def elman() -> Task:
    return task("elman")


def _kept(name: str) -> None:
    """What is given computes the model's loss; the solution is right, the unfinished module is not, by all routes."""
    made = task(name)
    solution, student, public = module(made.solution), module(made.student), module(check(made))
    at = random(made.model, T=3, N=2)
    values = solution.forward(at.parameters, at.inputs, at.states)
    value = solution.loss(at.parameters, values, at.targets)
    graph = steps(made.model, 3)
    with np.errstate(all="ignore"):
        right = complex_step.gradient(graph, at, made.model[made.gradients[0]])
        found = solution.backward(*at.groups)
    assert np.isfinite(value)
    np.testing.assert_allclose(found[made.gradients[0]], right, rtol=1e-9, atol=1e-10)
    with contextlib.redirect_stdout(io.StringIO()):
        assert public.check(solution.backward) == [] and public.check(student.backward) == list(made.gradients)
    grader = hidden(made)
    best, none = grader.function(solution.backward), grader.function(student.backward)
    assert best.points == best.out_of > 0 == none.points, best.report
    assert all(json.loads(str(text)) for path, text in GRADERS["otter"](made).items() if path.endswith(".ipynb"))


def test_elman() -> None:
    _kept("elman")


@pytest.mark.slow
@pytest.mark.share(3)
@pytest.mark.parametrize("name", ["lstm", "gru", "deep_feedforward_batch_norm", *map(str, FILES.values())])
def test_every_kind(name: str) -> None:
    _kept(name)


@pytest.mark.parametrize("grader", [*GRADERS])
def test_an_assignment_in_chinese(grader: str) -> None:
    made = task("elman", level="equation", language="zh")
    texts = {path: text for path, text in GRADERS[grader](made).items() if isinstance(text, str)}
    assert "循环权重" in "".join(texts.values())
    words = "\n".join(texts[name] for name in texts if name.endswith("md"))
    prose = re.sub(r"`[^`]*`|\\\w+|\$\$.*?\$\$", "", words)
    assert not re.findall(r"[a-z]+ [a-z]+ [a-z]+", prose), "no English sentence is left"
    grader_of = Hidden(made.model.text, made.table, made.gradients, made.level, made.steps, made.language)
    wrong = grader_of.function(module(made.solution.replace(*DROPPED)).backward)
    assert grader_of.message(wrong, "W_hh").startswith("W_hh 不正确。\ncarry-dropped：状态的伴随量")
    assert "方程 (6)：δ_{h,t}" in grader_of.message(wrong, "W_hh")


def test_what_is_given_gives_nothing_away(elman: Task) -> None:
    assert "_slope" not in elman.given and "cotangent" not in elman.given and "d_h" not in elman.student
    assert "_cross_entropy_slope" in elman.source.solution and "# (4)" in elman.given


@pytest.mark.parametrize(("level", "said", "unsaid"), [
    ("none", "W_hh is not right.", "carry"), ("cause", "carry-dropped: The adjoint of a state", "Wₕₕᵀ"),
    ("equation", "Equation (6): δ_{h,t} = Wₕₒᵀ δ_{o,t} + Wₕₕᵀ δ_{a,t+1}", "backward returned"),
])
def test_messages(level: str, said: str, unsaid: str, elman: Task) -> None:
    grader = hidden(elman, level)
    wrong = grader.function(module(elman.solution.replace(*DROPPED)).backward)
    assert wrong.points == 3.8
    message = grader.message(wrong, "W_hh")
    assert said in message and unsaid not in message
    grader.require(wrong, "W_ho")
    grader.require(wrong, "W_hh", 0.6)
    for share in (0.7, 1.0):
        with pytest.raises(AssertionError) as caught:
            grader.require(wrong, "W_hh", share)
        assert str(caught.value) == message


@pytest.mark.parametrize(("body", "why"), [
    ("raise ValueError('mine')", "backward raised ValueError: mine"), ("return 3", "a dict of gradients by name, not int"),
    ("return {}", "none of the gradients"), ("raise SystemExit", "raised SystemExit"), ("return {'W_hh': 'text'}", ""),
    ("return {'W_hh': __import__('numpy').ones(3)}", ""),
])
def test_what_a_function_may_do(body: str, why: str, elman: Task) -> None:
    made = module(f"def backward(parameters, inputs, targets, states=None):\n    {body}\n")
    grade = hidden(elman).function(made.backward)
    assert grade.points == 0 and why in grade.reason


def test_a_table_of_credit_is_carried_along(tmp_path: Path) -> None:
    table = tmp_path / "credit.toml"
    table.write_text("each = 0\n[points]\nW_hh = 10\n[causes]\ncarry-dropped = 0.25\n")
    made = task("elman", table=table)
    grade = hidden(made).function(module(made.solution.replace(*DROPPED)).backward)
    assert (grade.points, grade.out_of) == (2.5, 10) and "carry-dropped = 0.25" in made.table
    table.write_text("each = 0\n")
    with pytest.raises(BadInput, match="no points"):
        task("elman", table=table)


def test_nothing_is_half_written(tmp_path: Path, elman: Task) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(BadInput, match="exists already"):
        write(elman, "pytest", tmp_path)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [tmp_path / "README.md"]
    assert write(elman, "pytest", tmp_path, force=True)


def _ran(*words: str, cwd: Path, **environment: str) -> str:
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), **environment}
    done = subprocess.run(words, cwd=cwd, env=here, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.slow
def test_pytest(tmp_path: Path, elman: Task) -> None:
    assert main(["assignment", "elman", "--messages", "equation", "-o", str(tmp_path)]) == 0
    student, teacher = tmp_path / "student", tmp_path / "teacher"
    tested = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "5 failed" in _ran(*tested, "test_public.py", cwd=student)
    (student / "backward.py").write_text((teacher / "solution.py").read_text(encoding="utf-8"), encoding="utf-8")
    assert "5 passed" in _ran(*tested, "test_public.py", cwd=student)
    (tmp_path / "hers.py").write_text(elman.solution.replace(*DROPPED), encoding="utf-8")
    said = _ran(*tested, "-s", "test_hidden.py", "--junitxml=p.xml", cwd=teacher, SUBMISSION=str(tmp_path / "hers.py"))
    assert "3.8 of 5 points" in said and "3 failed, 3 passed" in said and "Equation (6)" in said
    assert 'name="points" value="0.6"' in (teacher / "p.xml").read_text(encoding="utf-8")


def _gradescope(folder: Path, text: str | None, name: str = "backward.py") -> dict[str, Any]:
    """The results for a submission, as run_autograder makes them."""
    given = folder / "submission"
    given.mkdir(exist_ok=True)
    for path in given.iterdir():
        path.unlink()
    if text is not None:
        (given / name).write_text(text, encoding="utf-8")
    results.write(Hidden.read(folder / "autograder"), given, folder / "results" / "results.json", "backward.py")
    made: dict[str, Any] = json.loads((folder / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(made, SCHEMA)
    return made


@pytest.mark.slow
def test_gradescope(tmp_path: Path, elman: Task) -> None:
    assert main(["assignment", "elman", "--for", "gradescope", "-o", str(tmp_path)]) == 0
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        modes = {entry.filename: stat.S_IMODE(entry.external_attr >> 16) for entry in archive.infolist()}
        assert archive.read("run_autograder") == (tmp_path / "autograder" / "run_autograder").read_bytes()
    assert modes["run_autograder"] == modes["setup.sh"] == 0o755 and modes["grade.py"] == 0o644
    right = _gradescope(tmp_path, elman.solution)
    assert right["score"] == 5 and {t["status"] for t in right["tests"]} == {"passed"}
    wrong = _gradescope(tmp_path, elman.solution.replace(*DROPPED), "another_name.py")
    assert wrong["score"] == 3.8 and "carry-dropped" in wrong["tests"][0]["output"]
    nothings = {None: "the folder is empty", "": "empty", "def backward(": "not Python", "import os; os._exit(1)": ""}
    for text, why in nothings.items():
        nothing = _gradescope(tmp_path, text)
        assert nothing["score"] == 0 and why in nothing["output"]
    (tmp_path / "submission").joinpath("results").mkdir()
    said = _ran(sys.executable, "grade.py", str(tmp_path / "submission"), str(tmp_path / "r.json"), cwd=tmp_path / "autograder")
    assert not said and json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["score"] == 0


def _environment(folder: Path, *packages: str) -> Path:
    """The programs of a fresh virtual environment with packages and this checkout; skips where it cannot be made."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet", "--no-input",
           "--disable-pip-version-check", "--retries", "1", "--timeout", "20"]
    try:
        wanted = (*packages, "ipykernel", "sympy", "numpy", "jinja2", "click")
        done = subprocess.run([*pip, *wanted], capture_output=True, timeout=900)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{packages[0]}: the installation takes too long")
    if done.returncode:
        pytest.skip(f"{packages[0]} cannot be installed here")
    site = next((folder / "lib").glob("python*/site-packages"))
    (site / "checkout.pth").write_text(str(Path(symbptt.__file__).parents[1]))
    return folder / "bin"


SUBMITTED = {"right": 5.0, "dropped": 3.8, "crash": 0.0, "blank": 0.0}


def _submissions(student: Path, elman: Task) -> dict[str, str]:
    """What four students make of their notebook."""
    right = f"{elman.source.solution}\n\n{elman.head}{elman.body}"
    answers = {"right": right, "dropped": right.replace(*DROPPED), "crash": f"{elman.head}    raise ValueError\n", "blank": None}
    made = {}
    for name, answer in answers.items():
        notebook = json.loads(student.read_text(encoding="utf-8"))
        cell = next(c for c in notebook["cells"] if "".join(c["source"]).startswith("def backward"))
        cell["source"] = cell["source"] if answer is None else answer.splitlines(keepends=True)
        made[name] = json.dumps(notebook)
    return made


@pytest.mark.slow
def test_otter_from_end_to_end(tmp_path: Path, elman: Task) -> None:
    programs = _environment(tmp_path / "venv", "otter-grader")
    assert main(["assignment", "elman", "--for", "otter", "-o", str(tmp_path / "made")]) == 0
    folder, path = tmp_path / "made" / "otter", f"{programs}{os.pathsep}{os.environ['PATH']}"
    said = _ran("otter", "assign", "backward.ipynb", "dist", cwd=folder, PATH=path)
    archives = list((folder / "dist" / "autograder").glob("*.zip"))
    assert len(archives) == 1, said
    student = folder / "dist" / "student" / "backward.ipynb"
    assert "_backward" not in student.read_text(encoding="utf-8") and "carry-dropped" not in student.read_text(encoding="utf-8")
    for name, text in _submissions(student, elman).items():
        place = tmp_path / name
        place.mkdir()
        (place / "backward.ipynb").write_text(text, encoding="utf-8")
        said = _ran("otter", "run", "-a", str(archives[0]), "-o", str(place), "backward.ipynb", cwd=place, PATH=path)
        found = json.loads((place / "results.json").read_text(encoding="utf-8"))
        scored = next(t for t in found["tests"] if t["name"] == "backward")
        assert (scored["score"], scored["max_score"]) == (SUBMITTED[name], 5), said
        assert ("carry-dropped" in scored["output"]) == (name == "dropped")


@pytest.mark.slow
def test_nbgrader_from_end_to_end(tmp_path: Path, elman: Task) -> None:
    programs = _environment(tmp_path / "venv", "nbgrader")
    folder, path = tmp_path / "made", f"{programs}{os.pathsep}{os.environ['PATH']}"
    assert main(["assignment", "elman", "--for", "nbgrader", "-o", str(folder)]) == 0
    said = _ran("nbgrader", "generate_assignment", "backward", cwd=folder, PATH=path)
    student = folder / "release" / "backward" / "backward.ipynb"
    assert student.is_file(), said
    assert "_backward" not in student.read_text(encoding="utf-8") and "Hidden" not in student.read_text(encoding="utf-8")
    for name, text in _submissions(student, elman).items():
        place = folder / "submitted" / name / "backward"
        place.mkdir(parents=True)
        (place / "backward.ipynb").write_text(text, encoding="utf-8")
    said = _ran("nbgrader", "autograde", "backward", cwd=folder, PATH=path)
    said += _ran("nbgrader", "export", cwd=folder, PATH=path)
    head, *rows = [line.split(",") for line in (folder / "grades.csv").read_text(encoding="utf-8").splitlines()]
    found = {row[head.index("student_id")]: float(row[head.index("score")]) for row in rows}
    assert found == SUBMITTED, said
    graded = (folder / "autograded" / "dropped" / "backward" / "backward.ipynb").read_text(encoding="utf-8")
    assert "carry-dropped" in graded
