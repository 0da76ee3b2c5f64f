"""The page on diagnosis: everything in it runs, and its tables name every cause and every key of a mapping."""

from __future__ import annotations

import re
from pathlib import Path

import pages
import pytest

import symbptt
from symbptt.diagnose.submission import mapping
from symbptt.mistakes import catalogue

TEXT = pages.text("diagnose")
WRONG = (
    "symbptt diagnose elman buggy.py", "symbptt diagnose elman damped.py", "symbptt diagnose lstm --values published.npz",
    "symbptt diagnose elman --formula 'dW_hh = sum(t, 1, T, da[t] @ h[t].T)'",
    "symbptt diagnose elman --formula 'dh[t] = W_ho.T @ do[t] + W_hh.T @ dh[t+1]'",
    "symbptt diagnose elman --formula 'da[t] = W_hh.T @ h[t] + h[t] * softmax(a[t])'",
)


@pytest.mark.slow
def test_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(pages.run("diagnose", tmp_path, monkeypatch, dict.fromkeys(WRONG, 1))) == 9
    assert mapping.file(tmp_path / "mapping.toml", symbptt.load("elman")).function == "lossFun"
    assert mapping.file(tmp_path / "stacked.toml", symbptt.load("lstm")).names["W"].blocks[1] == ("W_hf", "W_xf")


def test_the_tables_are_complete() -> None:
    *_, causes = TEXT.split("## The causes")
    assert re.findall(r"^\| `([\w-]+)` \|", causes, re.MULTILINE) == [mistake.name for mistake in catalogue()]
    tables = re.findall(r"^\| key \|.*?\n\n", TEXT + pages.text("kernels"), re.DOTALL | re.MULTILINE)
    named = "".join(row.split("|")[1] for keys in tables for row in keys.strip().splitlines())
    assert set(re.findall(r"`(\w+)`", named)) == set(mapping.KEYS)
