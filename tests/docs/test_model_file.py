"""The reference of the model file names every function, loss and initialiser, with its default arguments."""

from __future__ import annotations

import re
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

import symbptt.model.read as read
from symbptt.model import functions, initialisers, losses
from symbptt.verify.load import resolve

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "model-file.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*functions.CALLS, *losses.LOSSES])
def test_functions_are_described(name):
    calls = re.findall(rf"`{name}\(([^`]*)\)`", TEXT)
    assert calls
    for keyword, default in (functions.CALLS | losses.LOSSES)[name].numbers:
        given = [m.group(1) for c in calls if (m := re.search(rf"{keyword}=([0-9./e-]+)", c))]
        assert given and all(abs(Fraction(g) - Fraction(str(default))) < 1e-12 for g in given)


@pytest.mark.parametrize("name", initialisers.INITIALISERS)
def test_initialisers_are_named(name):
    assert f"`{name}`" in TEXT


def test_the_example_is_the_elman_network():
    block = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert block
    tomllib.loads(block.group(1))
    shown, built_in = read.from_text(block.group(1), "elman.toml"), read.load("elman")
    assert [e.value for e in shown.all_equations] == [e.value for e in built_in.all_equations]


def test_the_example_with_heads_works_at_the_first_try():
    block = next(b for b in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL) if "heads = " in b)
    model = read.from_text(block, "heads.toml")
    assert max(resolve(model).module.self_check().values()) < 1e-11
