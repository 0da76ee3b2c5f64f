"""Assignments on composed models: a gap for each part and for what it hands back; what is lost between parts is named."""

from __future__ import annotations

import contextlib
import io
import json
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symbptt import compose
from symbptt.cli import main
from symbptt.course import GRADERS, Grade, Hidden, Task, task
from symbptt.course.assignment.check import check
from symbptt.course.assignment.words import rubric, statement
from symbptt.diagnose.function import drawn

ATTENTION = "seq2seq_attention_multiplicative"
KINDS = Path(__file__).parents[1] / "compose" / "kinds"


@lru_cache
def of(name: str, language: str = "en") -> Task:
    return task(name, language=language)


def module(text: str) -> Any:
    made = ModuleType("made")
    exec(compile(text, "made.py", "exec"), made.__dict__)
    return made


def hidden(made: Task) -> Hidden:
    return Hidden(made.model.text, made.table, made.gradients, "equation", made.steps, made.language)


def graded(name: str, right: str, wrong: str) -> tuple[Hidden, Grade]:
    """The grade of the solution with one piece of text in the place of another."""
    made, grader = of(name), hidden(of(name))
    assert made.solution.count(right) == 1
    return grader, grader.function(module(made.solution.replace(right, wrong)).backward)


def _kept(name: str) -> None:
    made = of(name)
    solution, student, public = module(made.solution), module(made.student), module(check(made))
    with contextlib.redirect_stdout(io.StringIO()):
        assert public.check(solution.backward) == [] and public.check(student.backward) == list(made.gradients)
    best, none = hidden(made).function(solution.backward), hidden(made).function(student.backward)
    assert best.points == best.out_of > 0 == none.points, best.report
    at = drawn(made.model, 3)
    parameter = made.gradients[0]
    ahead = {**at.parameters, parameter: at.parameters[parameter].astype(complex)}
    ahead[parameter][(0,) * ahead[parameter].ndim] += 1e-30j
    value = solution.loss(ahead, solution.forward(ahead, at.inputs, at.states), at.targets).imag / 1e-30
    found = solution.backward(*at.groups)[parameter]
    np.testing.assert_allclose(found[(0,) * found.ndim], value, rtol=1e-11)


@pytest.mark.parametrize("name", ["birnn", ATTENTION])
def test_the_solution_is_right_and_the_gaps_are_not(name: str) -> None:
    _kept(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [
    "seq2seq_bilstm", *(str(KINDS / f"{kind}.toml") for kind in ("forward-reads-backward", "free-running", "untied-index-lags")),
])
def test_every_kind(name: str) -> None:
    _kept(name)


def test_there_are_gaps_for_each_part_and_for_what_it_hands_back() -> None:
    made = of(ATTENTION)
    assert 'part_2 = dict.fromkeys(["M", "s", "W_vs",' in made.prompt and 'handed_back_2 = dict.fromkeys(["h"])' in made.prompt
    assert 'part_1 = dict.fromkeys(["W_xh", "W_hh", "b_h"])' in made.prompt and "handed_back_1" not in made.prompt
    for name in ("_slope", "cotangent", "_from_memory", "_at_end", "_take", "_check"):
        assert name not in made.student, "what is given gives nothing away, and has no checks that nobody needs"


@pytest.mark.parametrize(("name", "right", "wrong", "gradients", "cause"), [
    ("birnn", '    _add(cotangents, "b", found["b"])\n', "", {"W_xb", "W_bb", "b_b"}, "direction-lost: A direction's gradient"),
    ("birnn", "_as(grad_W_hh, W_hh)", "1.001 * _as(grad_W_hh, W_hh)", {"W_hh"}, "factor: The gradient is 1.001 times"),
    ("birnn", 'residuals["part 2"], _turned(', 'residuals["part 2"], dict(', {"W_xb", "W_bb", "b_b"}, "not-reversed"),
    (ATTENTION, '    _add(cotangents, "h", _from_memory(found["M"]))\n', "", {"W_xh", "W_hh", "b_h"}, "memory-lost"),
    (ATTENTION, '    _add(cotangents, "h", _at_end(found["s"], handed["h"], -1))\n', "",
     {"W_xh", "W_hh", "b_h"}, "handover-lost"),
    (ATTENTION, "gradient.sum(0)", "gradient[0]", {"W_xh", "W_hh", "b_h"}, "overwritten: The gradient of M, the memory of h,"),
    (ATTENTION, "gradient.sum(0)", "gradient[-1]", {"W_xh", "W_hh", "b_h"}, "what the last step of part 2 gives remains"),
])
def test_what_is_wrong_is_objected_to_and_named(name: str, right: str, wrong: str, gradients: set[str], cause: str) -> None:
    grader, grade = graded(name, right, wrong)
    assert {mark.gradient for mark in grade.marks if not mark.right} == gradients
    assert all(cause in grader.message(grade, gradient) for gradient in gradients)


@pytest.mark.slow
def test_a_file_is_graded_behind_the_guard(tmp_path: Path) -> None:
    assert main(["assignment", "birnn", "-o", str(tmp_path)]) == 0
    grader = Hidden.read(tmp_path / "teacher")
    best = grader.file(tmp_path / "teacher" / "solution.py")
    assert best.points == best.out_of == 9, best.report
    assert grader.file(tmp_path / "student" / "backward.py").points == 0


@pytest.mark.parametrize("grader", [*GRADERS])
def test_every_grader_has_its_files(grader: str) -> None:
    made = GRADERS[grader](of("birnn"))
    for path, text in made.items():
        cells = json.loads(str(text))["cells"] if path.endswith(".ipynb") else []
        for cell in (c for c in cells if c["cell_type"] == "code"):
            compile("".join(cell["source"]), path, "exec")


@pytest.mark.parametrize("language", ["zh", "es"])
def test_part_by_part_in_other_languages(language: str) -> None:
    made = of("seq2seq_bilstm", language)
    text = statement(made)
    assert 'residuals["part 2"]' in text and "S + 1 − t" in text and r"\tag{1}" in text
    assert not {"Part", "steps", "Here"} & {*text.split(), *rubric(made).split()}


def test_without_a_loss_cotangents_are_given_or_it_is_asked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["assignment", str(KINDS / "three-phases.toml"), "-o", str(tmp_path)]) == 2
    assert "three-phases has no loss; expected one in its last phase" in capsys.readouterr().err
    assert {"r_h", "r_b", "r_o"} == task(compose.load("birnn", loss="none")).case["targets"].keys()
