"""The one call: whatever is asked gives an answer, and an error stands at its line and column."""

from __future__ import annotations

import json
import re

import pytest
from commands import FILES

from symbptt import compose
from symbptt.model.read import load
from symbptt.web import answer
from symbptt.web.limits import LIMITS
from symbptt.web.tasks.bug import equations
from symbptt.web.tasks.start import EXAMPLES, start
from symbptt.web.tasks.table import TASKS

ELMAN = load("elman").text


def test_every_task_has_a_limit() -> None:
    assert TASKS.keys() == LIMITS.keys()


def wrong(text: str) -> dict[str, object]:
    told = answer({"task": "code", "model": text})
    assert not told["ok"]
    return dict(told["error"])


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("W_hh @ h", "W_hx @ h", (22, 17, "unknown variable 'W_hx'; did you mean 'W_xh'?")),
    ('h = "H"', 'h = "H K L"', (9, 1, "at most two dimensions")),
    ("softmax_cross_entropy(o", "softmax_cross_entropy(q", (27, 31, "unknown variable 'q'")),
    ("[parameters]", "[parameters", (11, 12, "not TOML")),
    ('b_o = "O"', 'b_o = "O"\nQ = 1', (17, 1, "expected a string")),
    ("[targets]", "[goals]", (0, 0, "unknown key or section 'goals'")),
])
def test_errors_have_a_place(old: str, new: str, expected: tuple[int, int, str]) -> None:
    line, column, part = expected
    error = wrong(ELMAN.replace(old, new, 1))
    assert part in str(error["message"])
    assert (error.get("line", 0), error.get("column", 0)) == (line, column)


@pytest.mark.parametrize(("text", "expected"), [
    ("# mine\nh = tanh(W @ x)\no = V @@ h", (3, 8)), ("h = tanh(W @ x)\nnothing", (2, 1)),
    ("h = tanh(W @ x + U @ h[t-1])\nloss = squared_error(h, z + )", (2, 29)), ("", (0, 0)),
])
def test_errors_in_equations_alone_have_a_place(text: str, expected: tuple[int, int]) -> None:
    error = wrong(text)
    assert (error.get("line", 0), error.get("column", 0)) == expected


def test_equations_alone_give_the_file_that_is_meant() -> None:
    told = answer({"task": "derivation", "model": "h = tanh(W @ x + U @ h[t-1] + b)", "T": 1})
    assert told["ok"] and 'U = "H H"' in told["file"]


@pytest.mark.parametrize("request_", [
    {}, {"task": 1}, {"task": "no"}, {"task": "code"}, {"task": "code", "model": 3}, {"task": "code", "model": "x" * 100_000},
    {"task": "derivation", "model": ELMAN, "T": 0}, {"task": "derivation", "model": ELMAN, "T": True},
    {"task": "derivation", "model": ELMAN, "T": 10**9}, {"task": "derivation", "model": ELMAN, "notation": "../../etc/passwd"},
    {"task": "derivation", "model": ELMAN, "kind": "compare"}, {"task": "file", "model": ELMAN, "format": "exe"},
    {"task": "derivation", "model": ELMAN, "language": ["en"]}, {"task": "bug", "model": ELMAN, "code": "  "},
    {"task": "bug", "model": ELMAN, "code": "@/etc/passwd"}, {"task": "bug", "model": ELMAN, "code": "def f(:"},
    {"task": "code", "model": "[[[["}, {"task": "code", "model": "a = " + "(" * 1000},
], ids=lambda request: str(request)[:60])
def test_what_makes_no_sense_is_one_sentence(request_: dict[str, object]) -> None:
    told = answer(request_)
    message = told["error"]["message"]
    assert not told["ok"] and message and "Traceback" not in message and "/tmp" not in message
    json.dumps(told, allow_nan=False)


def test_a_request_names_no_file(tmp_path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("x")
    assert "own" not in str(answer({"task": "code", "model": str(file)})["error"]["message"]).replace(str(file), "")


SCRIPT = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def test_script_stays_text() -> None:
    text = ELMAN.replace("Elman network", SCRIPT).replace("input weights", SCRIPT)
    told = answer({"task": "derivation", "model": text, "T": 1})
    assert told["ok"]
    assert "<img" not in told["html"] and len(re.findall("<script>", told["html"])) == 1
    named = answer({"task": "derivation", "model": ELMAN, "name": SCRIPT, "T": 1})
    assert named["ok"] and SCRIPT not in named["html"] and "alert" not in named["html"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "a/b", "con\0", "x" * 5000, "a\r\nb"])
def test_a_download_is_called_after_no_path(name: str) -> None:
    told = answer({"task": "file", "model": "h = w * h[t-1]", "name": name, "format": "bib", "kind": "summary", "T": 1})
    assert told["path"] == "model_summary_T1.bib"
    assert answer({"task": "code", "model": "h = w * h[t-1]", "name": name})["path"] == "model.py"


@pytest.mark.sampled(5)
@pytest.mark.parametrize("field", ["task", "model", "name", "code", "style", "kind", "notation", "layout", "language", "format"])
def test_script_in_a_field_is_no_markup_in_the_answer(field: str) -> None:
    for task in ("derivation", "code", "read", "file"):
        fields = {"task": task, "model": "h = w * h[t-1]", "T": 1, "code": "", "kind": "summary", "format": "md"}
        told = answer({**fields, field: SCRIPT})
        assert SCRIPT not in told.get("html", "") and told.keys() >= {"ok"}


def test_the_examples_are_wrong() -> None:
    menus = start({})
    assert [bug["model"] for bug in menus["bugs"]] == [model for model, _ in EXAMPLES.values()]
    assert {"plain", "fast", "jax", "torch", "c"} <= {style["key"] for style in menus["code"]}


@pytest.mark.slow
@pytest.mark.parametrize(("number", "cause"), [(0, "carry-dropped"), (1, "carry-dropped"), (2, "transpose-missing")])
def test_the_examples_are_told(number: int, cause: str) -> None:
    bug = start({})["bugs"][number]
    told = answer({"task": "bug", "model": load(bug["model"]).text, "code": bug["text"]})
    assert told["ok"] and not told["right"]
    finding = next(f for f in told["findings"] if f["verdict"] == "wrong")
    first = finding["causes"][0]
    assert first["name"] == cause and first["equation"] and first["code"] and finding["triangle"]
    assert bug["text"].splitlines()[finding["line_number"] - 1].strip() in finding["line"]


@pytest.mark.slow
def test_what_is_lost_between_parts_is_told() -> None:
    bug = next(bug for bug in start({})["bugs"] if bug["model"] == "birnn")
    told = answer({"task": "bug", "model": compose.load("birnn").text, "code": bug["text"]})
    wrong = {f["gradient"]: f["causes"][0] for f in told["findings"] if f["verdict"] == "wrong"}
    assert wrong.keys() == {"W_xb", "W_bb", "b_b"} and {cause["name"] for cause in wrong.values()} == {"not-reversed"}
    assert not any(cause["equation"] or cause["code"] for cause in wrong.values())


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", compose.names())
def test_composed_models_are_on_offer(name: str) -> None:
    text = next(model["text"] for model in start({})["models"] if model["name"] == name)
    told = answer({"task": "code", "model": text, "name": name, "style": "plain"})
    assert told["ok"] and told["path"] == f"{name}_numpy.py"
    refused = answer({"task": "bug", "model": text, "code": "dU = 1"})["error"]["message"]
    assert refused == "a formula in place of code is not for models with two directions or phases yet"


@pytest.mark.slow
@pytest.mark.parametrize("task", ["derivation", "check", "file"])
@pytest.mark.parametrize("name", ["birnn", "seq2seq_attention_multiplicative"])
def test_composed_models_are_answered(task: str, name: str) -> None:
    told = answer({"task": task, "model": compose.load(name).text, "name": name, "T": 2, "format": "md"})
    assert told["ok"] and told.get("agree", True)


@pytest.mark.parametrize(("name", "old", "new", "line"), [
    ("birnn", "W_bb @ b", "W_bx @ b", 30), ("seq2seq", "W_ss @ s", "W_sx @ s", 30), ("seq2seq", "encoder.h", "encoder.g", 20),
])
def test_errors_in_composed_models_have_a_place(name: str, old: str, new: str, line: int) -> None:
    assert answer({"task": "code", "model": compose.load(name).text.replace(old, new, 1)})["error"]["line"] == line


def test_a_formula_that_is_none_has_its_line() -> None:
    told = answer({"task": "bug", "model": ELMAN, "code": "# mine\ndb_h = sum(t, 1, T, da[t])\ndW_hx = 1\n"})
    assert told["error"] == {**told["error"], "line": 3, "column": 1, "pasted": True}
    assert answer({"task": "bug", "model": ELMAN, "code": "W_hh"})["error"]["line"] == 1
    assert told["error"]["message"].startswith("unknown variable 'dW_hx'")


def test_a_model_without_a_loss_is_judged() -> None:
    alone = "h = tanh(W @ x + U @ h[t-1])"
    told = answer({"task": "bug", "model": alone, "code": "dU = sum(t, 1, T, (dh[t] * (1 - h[t]**2)) @ h[t-1].T)"})
    assert told["right"] and told["notes"][0] == "The model has no loss; this is for squared_error."


@pytest.mark.parametrize("name", ["elman", "gated_deltanet", "deep_feedforward_batch_norm", *map(str, FILES.values())])
@pytest.mark.sampled(4)
def test_every_equation_of_a_verdict_is_that_of_documents(name: str) -> None:
    model = load(name)
    shown = equations(model)
    assert len(shown) >= len(model.parameters) * (model.loss is not None)
    assert all(text.startswith("<math") for text in shown.values())


@pytest.mark.slow
def test_formulas_are_judged() -> None:
    told = answer({"task": "bug", "model": ELMAN, "code": "# mine\ndW_hh = sum(t, 1, T, da[t] @ h[t].T)\n"})
    assert told["findings"][0]["causes"][0]["name"] == "off-by-one"
    assert answer({"task": "bug", "model": ELMAN, "code": "dW_hh = sum(t, 1, T, da[t] @ h[t-1].T)"})["right"]


def test_code_in_c_has_its_header() -> None:
    told = answer({"task": "code", "model": ELMAN, "style": "c", "name": "elman"})
    assert told["path"] == "elman.c" and [other["path"] for other in told["others"]] == ["elman.h"]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["code", "check", "flow", "file"])
def test_every_task_answers(task: str) -> None:
    assert answer({"task": task, "model": ELMAN})["ok"]


@pytest.mark.slow
def test_the_flow_of_a_composed_model_is_drawn() -> None:
    told = answer({"task": "flow", "model": compose.load("birnn").text})
    assert told["ok"] and "terms of W_hh, part 1" in told["html"] and "<svg" in told["html"]
