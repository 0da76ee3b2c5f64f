"""A class graded: every right one in full, every mistake by its cause, and nothing that stops the run."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import symbptt
from symbptt.cli import main
from symbptt.course import Hidden, grades, panel, task
from symbptt.course.credit import PLAIN, credit
from symbptt.course.folder import submissions, twins
from symbptt.course.gradebook import Gradebook, Options, grade
from symbptt.course.report import WRITERS
from symbptt.errors import BadInput
from symbptt.mistakes import catalogue

from ..diagnose import corpus, right

MODULE = corpus.source("elman").partition("\nif __name__")[0]
DROPPED = MODULE.replace(" + d_h_next ", " ")
LOOP = "def backward(parameters, inputs, targets, states):\n    while True:\n        pass\n"
WRAPPED = """

_right = value_and_grad


def value_and_grad(parameters, inputs, targets, states=None):
    loss, gradients = _right(parameters, inputs, targets, states)
    {}
    return loss, gradients
"""
LAYOUTS = (
    ("TND", False, "H", "dict"), ("TND", True, "1H", "tuple"), ("NTD", False, "H", "tuple"), ("NTD", True, "H", "dict"),
    ("DNT", False, "H1", "tuple"), ("DNT", True, "H", "dict"), ("TDN", False, "H1", "dict"), ("NDT", False, "H1", "tuple"),
    ("TD", False, "H", "dict"), ("TD1", False, "H1", "tuple"),
)


def laid_out(axes: str, row: bool, bias: str, answer: str) -> str:
    blocks = {v.name: [[v.name]] for v in corpus.load("elman").parameters}
    return right.Right("elman", axes, row, bias, "apart", (0,), answer=answer, blocks=blocks).text()


def write(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def notebook(*cells: str) -> str:
    made = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "# Mine"}, *made]})


@pytest.mark.slow
def test_three_submissions(tmp_path: Path) -> None:
    folder = write(tmp_path / "class", {
        "dropped.ipynb": notebook("%matplotlib inline\nimport os", DROPPED), "<b>right.py": MODULE, "=empty.py": "\n",
    })
    out = [tmp_path / f"report.{kind}" for kind in ("html", "csv", "json")]
    arguments = ["grade", str(folder), "--model", "elman", "--jobs", "1", *(word for path in out for word in ("-o", str(path)))]
    assert main(arguments) == 0
    page, table, data = (path.read_text(encoding="utf-8") for path in out)
    by_name = {g["name"]: g for g in json.loads(data)["submissions"]}
    assert by_name["<b>right"]["points"] == 5 == json.loads(data)["out_of"]
    wrong = by_name["dropped"]["marks"]
    assert [m["points"] for m in wrong] == [0.6, 0.6, 0.6, 1, 1] and wrong[0]["causes"][0]["name"] == "carry-dropped"
    assert by_name["=empty"]["reason"] == "the file is empty" and by_name["=empty"]["points"] == 0
    assert "<b>right" not in page and "&lt;b&gt;right" in page and "d_h_next" in page and "(6)" in page
    assert table.splitlines()[2].startswith("'=empty,'=empty.py,0,5")


def test_what_was_never_computed_is_worth_nothing() -> None:
    """Zeros are what several mistakes would leave; where all else is right or zero, none of them was made."""
    made = task("elman")
    grader = Hidden(made.model.text, made.table, made.gradients)
    module: dict[str, Any] = {}
    exec(compile(made.solution, "made.py", "exec"), module)

    def unfinished(*groups: Any) -> dict[str, Any]:
        return {name: value * (name in ("W_ho", "b_o")) for name, value in module["backward"](*groups).items()}

    grade = grader.function(unfinished)
    assert [mark.points for mark in grade.marks] == [0, 0, 0, 1, 1] and grade.causes == ("not-computed",)
    assert grader.function(lambda *groups: {name: 0 * array for name, array in groups[0].items()}).points == 0


EXAMPLE = files("symbptt.web").joinpath("examples/direction.txt").read_text(encoding="utf-8")
TURNED = EXAMPLE.replace("x[::-1], b, db, ", "x[::-1], b, db[::-1], ")


@pytest.mark.slow
def test_a_class_on_two_directions(tmp_path: Path) -> None:
    """A model of several recurrences is graded as any other: right in full, zeros nothing, what is lost between parts by name."""
    folder = write(tmp_path / "class", {
        "right.py": TURNED, "late.py": EXAMPLE, "lost.py": TURNED.replace("db[::-1]", "0 * db"), "empty.py": "",
        "zeros.py": TURNED.replace("return dW_xh", "return [0 * d for d in (dW_xh").replace("do.sum((0, 1))", "do.sum((0, 1)))]"),
        "dropped.py": TURNED.replace("(dh[t] + carry)", "dh[t]"),
    })
    book = grade("birnn", submissions(folder), Options(jobs=1))
    points = {g.name: g.points for g in book.grades}
    assert points == {"right": 9, "late": 8.4, "lost": 6, "empty": 0, "zeros": 0, "dropped": 6.6}
    by_name = {g.name: g for g in book.grades}
    assert by_name["late"].causes == ("not-reversed",) and by_name["dropped"].causes == ("carry-dropped",)
    lost = next(mark for mark in by_name["lost"].marks if mark.gradient == "W_bb")
    assert lost.causes == ("not-computed",) and lost.alternatives == ("direction-lost",)
    assert all("birnn" in WRITERS[kind](book) for kind in ("text", "json"))
    assert all("not-computed or direction-lost" in WRITERS[kind](book) for kind in ("text", "html"))


def test_what_a_folder_may_hold(tmp_path: Path) -> None:
    folder = write(tmp_path, {
        "anna/task/hw.py": "x = 1\n", "anna/.git/a.py": "", "ben/a.py": "", "ben/b.py": "y = 1", "cleo/notes.txt": "",
        "dan.txt": "", "eva.ipynb": "{}", "__MACOSX/._a.py": "", "report.html": "",
    })
    (tmp_path / "fred").mkdir()
    (tmp_path / "gina.py").write_bytes(b"\xff")
    found = {s.name: s for s in submissions(folder, leave=[tmp_path / "report.html"])}
    assert list(found) == ["anna", "ben", "cleo", "dan", "eva", "fred", "gina"]
    assert not found["anna"].fault and found["anna"].file == os.path.join("anna", "task", "hw.py")
    faults = {name: s.fault for name, s in found.items()}
    assert "say which" in faults["ben"] and "no Python file" in faults["cleo"] and "neither" in faults["dan"]
    assert "its cells" in faults["eva"] and "is empty" in faults["fred"] and "UTF-8" in faults["gina"]
    assert {s.name: s.text for s in submissions(folder, "b.py")}["ben"] == "y = 1"
    for empty in (tmp_path / "fred", tmp_path / "nowhere", tmp_path / "dan.txt"):
        with pytest.raises(BadInput):
            submissions(empty)


def test_the_same_code_under_other_names(tmp_path: Path) -> None:
    renamed = DROPPED.replace("residuals", "cache").replace("d_a ", "delta ").replace('"""The vjp', '"""Mine. The vjp')
    assert renamed != DROPPED
    folder = write(tmp_path, {"a.py": DROPPED, "b.py": "# by myself\n" + DROPPED, "c.py": MODULE, "d.py": "def f(:", "e.py": ""})
    same = twins(submissions(folder))
    assert same == {"a.py": ("b",), "b.py": ("a",), "c.py": ()}
    body = "\n    return x - y" * 10
    commented = f"def g(u, v):\n    'Difference.'{body}  # so\n".replace("x", "u").replace("y", "v")
    write(tmp_path, {"b.py": f"def f(x, y):{body}\n", "a.py": commented})
    assert twins(submissions(folder))["a.py"] == ("b",)
    write(tmp_path, {"b.py": f"def f(x, y):{body}\n".replace("x - y", "y - x", 1)})
    assert twins(submissions(folder))["a.py"] == ()


FINDINGS = [
    {"gradient": "W_xh", "verdict": "right", "causes": []},
    {"gradient": "W_hh", "verdict": "wrong", "line": "mine.py, line 3: x", "causes": [
        {"name": "off-by-one", "explanation": "…", "equation": 3, "certain": True, "hypothesis": 1},
        {"name": "sign-flipped", "explanation": "…", "equation": 4, "certain": True, "hypothesis": 1},
        {"name": "factor", "explanation": "…", "equation": None, "certain": True, "hypothesis": 2}]},
    {"gradient": "b_h", "verdict": "wrong", "causes": [
        {"name": "factor", "explanation": "…", "equation": None, "certain": False, "hypothesis": 1, "share": 0.9}]},
    {"gradient": "W_ho", "verdict": "scaled", "causes": []},
]


def test_points(tmp_path: Path) -> None:
    path = tmp_path / "credit.toml"
    path.write_text("each = 2\nscaled = 0.25\nunknown = 0.1\n[points]\nW_hh = 10\n"
                    "[causes]\noff-by-one = 0.5\nsign-flipped = 0.4\n")
    names = tuple(v.name for v in symbptt.load("elman").parameters)
    made = {m.gradient: m for m in grades.marks(FINDINGS, names, credit(path, names))}
    assert {n: m.points for n, m in made.items()} == {"W_xh": 2, "W_hh": 2, "b_h": 0.2, "W_ho": 0.5, "b_o": 0}
    assert made["W_hh"].causes == ("off-by-one", "sign-flipped") and made["W_hh"].alternatives == ("factor",)
    assert made["b_o"].verdict == grades.MISSING and made["b_h"].causes == ()
    assert credit().causes["transpose-missing"] == 0.8 and set(credit(PLAIN).causes) <= {m.name for m in catalogue()}


@pytest.mark.parametrize(("text", "message"), [
    ("[causes]\ncary-dropped = 1", "did you mean 'carry-dropped'?"), ("[points]\nW_hx = 1", "did you mean"),
    ("each = -1", "each"),
    ("[causes]\nclipped = 1.5", "expected a share from 0 to 1, not 1.5"), ("[causes]\nclipped = true", "expected a share"),
    ("[points]\nW_hh = nan", "expected points"), ("eech = 1", "did you mean 'each'?"), ("causes = 1", "must be a table"),
    ("each = ", "not TOML"), ("[causes]\nclipped = '1'", "expected a share"),
])
def test_a_bad_table_of_credit(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "credit.toml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        credit(path, ("W_hh", "W_xh"))
    assert message in str(caught.value) and str(path) in str(caught.value)


def test_a_gradient_that_was_not_returned_is_no_mistake_without_a_cause() -> None:
    marks = grades.marks(FINDINGS[:1], ("W_xh", "b_o"), credit())
    book = Gradebook(symbptt.load("elman"), ("W_xh", "b_o"), credit(), (grades.Grade("a", "a.py", marks),))
    assert "Not returned: b_o." in WRITERS["text"](book) and "No cause known" not in WRITERS["text"](book)
    assert "Not returned: b_o." in WRITERS["html"](book) and "no cause known" not in WRITERS["html"](book).split("Points</h2>")[0]


def test_a_report_without_causes_or_parameters() -> None:
    model = symbptt.load("elman")
    empty = grades.Grade("a", "a.py", grades.none(("W_hh",), credit()), "the file is empty")
    book = Gradebook(model, ("W_hh",), credit(), (empty,))
    for writer in WRITERS.values():
        assert "the file is empty" in writer(book)



@pytest.mark.slow
def test_a_diagnosis_that_breaks_off_or_goes_on_costs_one_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = "import sys, os\nfor line in sys.stdin:\n    {}\n    print('{{}}', flush=True)"
    path = tmp_path / "a.py"
    for body, why in (("os._exit(3)", "its process was ended"), ("raise KeyError(7)", "KeyError: 7"),
                      ("import time; time.sleep(60)", "took longer than 1 s")):
        monkeypatch.setattr(panel, "_START", start.format(body))
        found = panel.judged({}, [path, path], 1, 1.0, lambda count: None)
        assert all(why in f["fault"] for f in found), found


@pytest.mark.slow
def test_a_class_of_sixty(tmp_path: Path) -> None:
    """On two cores this takes far less than four minutes; what is asserted is processor time."""
    texts = {f"right{i}.py": laid_out(*layout) for i, layout in enumerate(LAYOUTS)}
    made = {m.made_in(MODULE): m for m in corpus.mistakes("elman", MODULE)}
    mistakes = {f"mistake{i}": (text, m) for i, (text, m) in enumerate(made.items()) if text is not None}
    texts |= {f"{name}.py": text for name, (text, _) in list(mistakes.items())[:36]}
    texts |= {
        "loop0.py": LOOP, "loop1.py": LOOP.replace("pass", "parameters = dict(parameters)"),
        "empty1/a.py": "\n\n",
        "crash0.py": "def backward(parameters, inputs, targets, states):\n    raise ValueError('mine')\n",
        "crash1.py": LOOP.replace("while True:\n        pass", "import os; os._exit(1)"),
        "crash2.py": LOOP.replace("while True:\n        pass", "[0] * 10 ** 12"), "syntax.py": "def f(:", "text.docx": "hello",
        "crash3.py": MODULE + WRAPPED.format("import os; os.fork()"),
        "names.py": "def backward(alpha, beta, gamma):\n    return alpha\n", "nothing.py": "x = 1\n",
        "forward.py": "def forward(parameters, inputs, states):\n    return parameters\n",
        "copy0.py": laid_out(*LAYOUTS[2]).replace("found", "theirs"),
        "copy1.ipynb": notebook("# all mine\n" + laid_out(*LAYOUTS[2])),
    }
    assert len(texts) == 60
    before, counts = os.times(), list[int]()
    folder = write(tmp_path, texts)
    book = grade("elman", submissions(folder), Options(seconds=8, jobs=2), counts.append)
    after = os.times()
    spent = sum(getattr(after, part) - getattr(before, part) for part in ("user", "system", "children_user", "children_system"))
    assert spent < 240 and counts[-1] == len(counts)
    by_name = {g.name: g for g in book.grades}
    assert len(by_name) == 60
    for name, g in by_name.items():
        said = (name, g.reason, g.causes, g.report)
        if name.startswith(("right", "copy")):
            assert g.points == g.out_of == 5 and not g.reason, said
        elif name in mistakes:
            names = {n for mark in g.marks for n in (*mark.causes, *mark.alternatives)}
            assert mistakes[name][1].cause in names and 0 < g.points < 5, said
            assert all(m.points == m.out_of * book.credit.share(m.causes) for m in g.marks if not m.right and m.causes), said
        else:
            assert g.points == 0 and g.reason, said
    assert set(by_name["copy0"].twins) == {"copy1", "right2"}
    reasons = {
        "loop0": "longer than 8 s", "crash0": "ValueError: mine", "crash1": "ended its process", "crash3": "os.fork is refused",
        "empty1": "is empty", "syntax": "not Python", "names": "cannot guess", "forward": "forward",
    }
    for name, why in reasons.items():
        assert why in by_name[name].reason, (name, by_name[name].reason)
    assert len(WRITERS["csv"](book).splitlines()) == 61


