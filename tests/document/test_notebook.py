"""The notebook of a document with exercises: cells to be completed, each with a check; solutions are the teacher's alone."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from symbptt import document
from symbptt.document import DocumentOptions
from symbptt.document.listing import NUMBER
from symbptt.document.printed.function import printed
from symbptt.document.printed.gaps import gaps
from symbptt.model.read import differentiable, load
from symbptt.words import languages

KINDS = Path(__file__).parents[1] / "kinds"
MODELS = ["elman", "lstm", "gated_deltanet", "lif", "deep_feedforward_batch_norm", "jordan",
          *(str(KINDS / f"{name}.toml") for name in ("choices", "lagged", "structured", "states-only", "no-inputs", "no-loss"))]


def cells(name: str, version: str, **options: Any) -> list[dict[str, Any]]:
    asked = DocumentOptions(kind="handout", version=version, **options)
    made: list[dict[str, Any]] = json.loads(document.render(name, 2, "ipynb", options=asked))["cells"]
    return made


def code(made: list[dict[str, Any]]) -> list[str]:
    return ["".join(cell["source"]) for cell in made if cell["cell_type"] == "code"]


def said(texts: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the checks say, when the cells run from the top to the bottom."""
    space: dict[str, Any] = {"__name__": "__main__"}
    capsys.readouterr()
    told = []
    for text in texts:
        exec(compile(text, "cell", "exec"), space)
        told.append(capsys.readouterr().out)
    return [out for out in told if out]


def backward_values(name: str) -> list[str]:
    """The right sides that a student is asked for, as they are printed in a handout."""
    model = differentiable(load(name))
    text = printed(model, model.parameters) if model.parameters else None
    if text is None:
        return []
    whole, open_ = text.splitlines(), gaps(text, model).splitlines()
    head = [line for line in open_ if line.split("#")[0].rstrip().endswith("...")]
    return [line[: NUMBER.search(line).start()].split("= ", 1)[1].strip() for line in whole  # type: ignore[union-attr]
            if NUMBER.search(line) and any(line.startswith(one.split("...")[0]) for one in head)]


def kept(name: str, capsys: pytest.CaptureFixture[str], **options: Any) -> None:
    student, teacher = cells(name, "student", **options), cells(name, "teacher", **options)
    asked = backward_values(name)
    for cell in student:
        if cell["cell_type"] == "code" or "```python" in "".join(cell["source"]):
            assert not [value for value in asked if len(value) > 12 and f"= {value}" in "".join(cell["source"])]
    answers = said(code(student), capsys)
    assert len(answers) == (2 if asked else 1) and all(" raised " in one or " returned none of " in one for one in answers)
    right = said(code(teacher), capsys)
    assert len(right) == len(answers) and all("right" in line for one in right for line in one.splitlines()), right


def test_students_complete_what_teachers_have(capsys: pytest.CaptureFixture[str]) -> None:
    kept("scalar", capsys, without_derivation=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    kept(name, capsys, without_derivation=name != "elman")


@pytest.mark.parametrize("name", ["birnn", pytest.param("seq2seq_bilstm", marks=pytest.mark.slow)])
def test_the_parts_of_a_composed_model_are_completed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    student, teacher = (cells(name, version, without_derivation=True) for version in ("student", "teacher"))
    solved = {line for text in code(teacher) for line in text.splitlines() if re.match(r" +(part_\d = _?backward|grad_)", line)}
    assert solved and not solved & {line for cell in student for line in "".join(cell["source"]).splitlines()}
    (answer,), (right,) = said(code(student), capsys), said(code(teacher), capsys)
    assert " returned none of the gradients " in answer
    assert all("right" in line for line in right.splitlines()), right


def test_lines_are_open_on_the_way_back_alone() -> None:
    model = load("elman")
    text = gaps(printed(model, model.parameters) or "", model)
    ast.parse(text)
    assert "a[t] = x[t] @ W_xh.T + h[t] @ W_hh.T + b_h" in text and "d_o = c_o[t]" in text
    assert text.count("...  ") == 9 and "slope" not in text and "_softmax" not in text


@pytest.mark.parametrize("name", ["lstm", "lstm_peephole", "gru_reset_after", "jordan"])
def test_a_line_is_open_wherever_its_number_stands(name: str) -> None:
    model = load(name)
    whole = printed(model, model.parameters) or ""
    function = next(node for node in ast.parse(gaps(whole, model)).body if isinstance(node, ast.FunctionDef))
    (loop,) = (n for n in function.body if isinstance(n, ast.For) and "reversed" in ast.unparse(n.iter))
    made = [node.value for node in ast.walk(loop) if isinstance(node, (ast.Assign, ast.AugAssign))]
    assert len(made) > 5 and all(isinstance(value, (ast.Constant, ast.Name, ast.Subscript)) for value in made)


@pytest.mark.slow
@pytest.mark.parametrize("language", languages())
def test_a_mistake_is_named_and_the_numbers_are_those_of_the_document(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = cells("elman", "teacher", language=language)
    texts = code(made)
    answers = said([text.replace("d_a.T @ h[t] ", "d_a.T @ h[t + 1] ") for text in texts], capsys)
    assert all("W_hh  wrong" in one and "off-by-one" in one and "W_xh  right" in one for one in answers)
    (line,) = (line for line in texts[1].splitlines() if "d_a.T @ h[t]" in line)
    number = line.partition("# (")[2].rstrip(")")
    assert any(f"\\tag{{{number}}}" in "".join(cell["source"]) for cell in made)
