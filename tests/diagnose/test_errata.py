"""Published formulas, as docs/errata.md lists them: each row has the verdict of the program, and the right line is right."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pages
import pytest

from symbptt.diagnose import check_formula
from symbptt.model import read
from symbptt.model.values import Model

TEXT = pages.text("errata")
ROWS = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| ([\w, -]+) \|(?: (?:`([^`]+)` )?\|)?$", TEXT, re.MULTILINE)
FILES = dict(re.findall(r"^```toml\n# (\w+\.toml)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE))


@cache
def model(named: str) -> Model:
    name, *words = named.split(" --")
    changes: dict[str, Any] = dict(word.split() for word in words)
    return read.from_text(FILES[name], name) if name in FILES else read.load(name, **changes)


def verdict_on(formula: str, named: str) -> str:
    (finding,) = check_formula(model(named), formula).findings
    causes = dict.fromkeys(suspect.cause.name for suspect in finding.suspects)
    return "right" if finding.right else ", ".join(causes) or "wrong"


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("formula", "named", "verdict", "right"), ROWS, ids=[f"{row[0][:60]} of {row[1]}" for row in ROWS])
def test_the_verdict(formula: str, named: str, verdict: str, right: str) -> None:
    assert verdict_on(formula, named) == verdict
    assert not right or verdict_on(right, named) == "right"


def test_every_table_is_read() -> None:
    published, tutorials = TEXT.split("## Five tutorials")
    verdicts = {name for row in ROWS for name in row[2].split(", ")}
    assert len(ROWS) == TEXT.count("\n| `") and {"right", "scalars-only", "zero-start-only", "product-too-long"} < verdicts
    assert tutorials.count("\n### Tutorial ") == 5 and len(re.findall(r"^(?:Many )?\*\*", published, re.MULTILINE)) == 15
    wrong = [row for row in ROWS if f"`{row[0]}`" in published and row[2] != "right"]
    assert len(wrong) > 12 and all(row[3] for row in wrong)


@pytest.mark.slow
def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "symbptt diagnose elman --formula 'd(h[t], h[t-1]) = W_hh'": 1, "symbptt diagnose elman lost_sum.py --wrt W_hh,b_h": 1,
        "symbptt diagnose lstm lost_carry.py --wrt W_hf": 1,
    }
    assert len(pages.run("errata", tmp_path, monkeypatch, wrong)) == 6
