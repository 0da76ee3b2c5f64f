"""The page on notation: its example is a notation, and its table names those that there are."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from symbptt.typeset import notations
from symbptt.typeset.notation import DERIVATIVES, ROLES, Notation

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "notation.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```toml\n(.*?)```", TEXT, re.S)[1]  # type: ignore[index]


def test_the_table_names_every_notation() -> None:
    assert sorted(re.findall(r"(?m)^\| `(\w+)` \|", TEXT)) == list(notations.names())


def test_the_example_is_a_notation_that_shows_every_entry() -> None:
    found = notations.read(EXAMPLE)
    assert dict(found.roles)["state"] == r"\mathbf{q}" and ("lstm.q", r"\boldsymbol{\omega}") in found.names
    for field in fields(Notation):
        assert re.search(rf"(?m)^\[?{field.name}\b", EXAMPLE), field.name
    for name in (*DERIVATIVES, *ROLES):
        assert name in EXAMPLE, name
