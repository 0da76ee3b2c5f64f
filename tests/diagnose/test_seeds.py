"""The formulas of five widely read tutorials, as docs/seeds.md lists them: each row has the verdict that the program gives."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pages
import pytest

from symbptt.diagnose import check_formula
from symbptt.model import read
from symbptt.model.values import Model

TEXT = pages.text("seeds")
ROWS = re.findall(r"^\| `(.+)` \| `(.+)` \| ([\w, -]+) \|$", TEXT, re.MULTILINE)
VERDICTS = {name for *_, verdict in ROWS for name in verdict.split(", ")}
FILES = dict(re.findall(r"^```toml\n# (\w+\.toml)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE))


@cache
def model(named: str) -> Model:
    name, _, activation = named.partition(" --activation ")
    return read.from_text(FILES[name], name) if name in FILES else read.load(name, activation=activation or None)


@pytest.mark.parametrize(("formula", "named", "verdict"), ROWS, ids=[f"{formula[:60]} of {named}" for formula, named, _ in ROWS])
def test_the_verdict(formula: str, named: str, verdict: str) -> None:
    (finding,) = check_formula(model(named), formula).findings
    causes = dict.fromkeys(suspect.cause.name for suspect in finding.suspects)
    assert ("right" if finding.right else ", ".join(causes)) == verdict, str(finding)


def test_every_table_is_read() -> None:
    assert len(ROWS) == TEXT.count("\n| `") and {"right", "scalars-only", "zero-start-only"} < VERDICTS


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"symbptt diagnose elman --formula 'd(h[t], h[t-1]) = W_hh'": 1}
    assert len(pages.run("seeds", tmp_path, monkeypatch, wrong)) == 2
