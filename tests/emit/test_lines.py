"""Statements of emitted code as values: what they read decides what is written, in every style and for every library."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import symbptt.emit
from symbptt import emit
from symbptt.emit.lines import Line, Note, aligned, needed, opened, reads
from symbptt.emit.module_text import helpers
from symbptt.errors import BadInput
from symbptt.model import read

KINDS = sorted((Path(__file__).parents[1] / "kinds").glob("*.toml"))
WAYS = ({"style": "plain"}, {}, {"mode": "forward"}, {"truncation": (2, 3)}, {"backend": "jax"}, {"backend": "torch"})


def test_what_nothing_reads_goes():
    lines = [*opened(["H = W.shape[0]", "T, N = x.shape[:2]", "D = W.shape[1]", 'a, b = r["a"], r["b"]']), Line("y = a[:H, N]")]
    kept = needed(lines, frozenset({"y"}))
    assert [line.text for line in kept] == ["H = W.shape[0]", "_, N = x.shape[:2]", 'a = r["a"]', "y = a[:H, N]"]


def test_words_in_quotation_marks_attributes_and_arguments_are_not_read():
    line = Line('y = f(d["H"].T, axis=k)', body=())
    assert line.reads == {"f", "d", "k"} and line.assigns == {"y"}
    assert Line("for x in xs:", body=(Line("total += x"), Line("h[t] = x"))).reads == {"xs", "total", "x", "h", "t"}
    assert reads([Line("weight /= n")]) == {"weight", "n"}


def test_text():
    numbered = Line("h = a", (Note(3), Note(4, "tangent of ", " halved")))
    loop = Line("for t in range(T):", body=(numbered, Line("", comment="step 1")))
    first, second, third = aligned([loop]).splitlines()
    assert first == "    for t in range(T):" and third == "        # step 1"
    assert second.split("  # ")[1] == "(3) tangent of (4) halved" and second.startswith("        h = a ")


@pytest.mark.sampled(8)
@pytest.mark.parametrize("path", KINDS[::3], ids=lambda path: path.stem)
@pytest.mark.parametrize("options", WAYS, ids=str)
def test_a_module_has_no_helper_that_it_does_not_need(path, options):
    try:
        text = emit.source(read.load(str(path)), **options).text
    except BadInput as error:
        assert "heads" in str(error)  # forward mode has no heads
        return
    tree = ast.parse(text)
    read_ = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    known = helpers(options.get("backend", "numpy")).keys()
    assert known & {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} == known & read_


@pytest.mark.parametrize("name", ["inputs-only", "no-parameters", "states-only"])
def test_a_loop_without_statements_is_none(name):
    model = read.load(str(KINDS[0].with_name(f"{name}.toml")))
    ast.parse(emit.source(model, without=("schedule",)).text)


def test_no_regular_expression_reads_emitted_code():
    for path in Path(symbptt.emit.__path__[0]).rglob("*.py"):
        imported = {alias.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Import)
                    for alias in node.names}
        assert "re" not in imported or path.name == "kernel_test.py", path
