"""Every command on models with heads: an answer or one sentence."""

from __future__ import annotations

from pathlib import Path

import answers
import pytest
from commands import BASES, Line, lines

from symbptt.cli import main
from symbptt.model.read import load

HEADS = {path.stem: path for path in sorted((Path(__file__).parents[1] / "heads").glob("*.toml"))}


def _faults(kind: str, chosen: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[Line, str]]:
    """The lines of a command that end neither well nor in one sentence."""
    found = []
    for line in (line for line in lines() if line.command == chosen and not line.varied):
        code = main(line.arguments(HEADS[kind], folder))
        said = [text for text in capsys.readouterr().err.splitlines() if not text.startswith("symbptt: note: ")]
        if code != line.code and not (code == 2 and len(said) == 1 and said[0].startswith("symbptt: ")):
            found.append((line, "\n".join(said)))
    return found


@pytest.mark.parametrize("kind", HEADS)
def test_a_model_with_heads_is_shown(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _faults(kind, "show", tmp_path, capsys) == []


@pytest.mark.slow
@pytest.mark.parametrize("command", [name for name in BASES if name != "show"])
@pytest.mark.parametrize("kind", HEADS)
def test_every_command(kind: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if command == "diagnose":
        tuple(answers.files(load(str(HEADS[kind])), tmp_path))
    assert _faults(kind, command, tmp_path, capsys) == []
