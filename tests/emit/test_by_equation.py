"""The statements of an equation are the lines that carry its number in the module."""

from __future__ import annotations

from itertools import groupby

import pytest

from symbptt import emit
from symbptt.derive.recursion import recursion
from symbptt.errors import BadInput, UnknownName
from symbptt.model import read

MODELS = ("elman", "lstm")
WAYS = ({}, {"target": "jax"}, {"target": "torch"}, {"style": "fast"}, {"T": 3, "unroll": True})


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("options", WAYS, ids=str)
def test_statements_are_the_lines_of_the_module(name, options):
    given = {"backend" if key == "target" else key: value for key, value in options.items()}
    text = emit.source(name, **({"style": "plain"} if not options or "unroll" in options else {}), **given).text
    told = emit.statements(name, **options)
    rows = [row.strip() for row in text.splitlines()]
    for line in told:
        number = " ".join(map(str, line.notes))
        assert any(row.startswith(line.text) and row.endswith(f"# {number}") for row in rows), line
    assert len({row for row in rows if "  # (" in row}) <= len(told)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("target", ["numpy", "jax", "torch"])
def test_every_equation_has_a_statement(name, target):
    model = read.load(name)
    numbers = [e.number for e in (*model.all_equations, *recursion(model).adjoints, *recursion(model).gradients)]
    every = emit.statements(model, target=target, wrt="all")
    for number in numbers:
        own = emit.statements(model, number, target, wrt="all")
        assert own == tuple(line for line in every if any(note.number == number for note in line.notes))
    missing = [number for number in numbers if not emit.statements(model, number, target, wrt="all")]
    starts = {s.name for s in model.states}
    assert not [n for n in missing if all(e.variable.name not in starts for e in recursion(model).gradients if e.number == n)]


def test_what_is_refused():
    for options, kind in (({"target": "fortran"}, UnknownName), ({"style": "quick"}, UnknownName), ({"unroll": True}, BadInput)):
        with pytest.raises(kind):
            emit.statements("elman", **options)


def test_the_carry_is_told_apart():
    model = read.load("elman")
    number = recursion(model).adjoint_number("h")
    texts = [(line.text, [note.after for note in line.notes]) for line in emit.statements(model, number)]
    by_note = {after: [text for text, _ in group] for after, group in groupby(texts, key=lambda pair: pair[1][0])}
    assert list(by_note) == ["", ", t -> t-1"] and len(by_note[", t -> t-1"]) == 1
