"""The README's code runs as it stands, in order, in an empty folder."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from symbptt.cli import main

README = Path(__file__).resolve().parents[1] / "README.md"


def _blocks() -> list[tuple[str, str]]:
    return re.findall(r"^```(\w+)\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_tour(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    namespace: dict[str, object] = {}
    ran = 0
    for language, text in _blocks():
        if language == "toml":
            (tmp_path / "leaky_elman.toml").write_text(text, encoding="utf-8")
        elif language == "python":
            exec(compile(text, "README.md", "exec"), namespace)  # our own text
            ran += 1
        elif language == "console":
            for line in text.splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                if words[0] == "symbptt":
                    (tmp_path / "handout").mkdir(exist_ok=True)
                    assert main(words[1:]) == (words[1] == "diagnose"), line  # which finds a mistake
                    ran += 1
    assert ran >= 11
    assert "3 1 ['immediate', 'state_jacobian', 'state_jacobian', 'loss']" in capsys.readouterr().out
    sys.modules.pop("elman", None)


def test_the_map_names_every_folder_of_the_package():
    folders = {f"symbptt/{path.name}" for path in (README.parent / "symbptt").iterdir() if path.name[0] != "_" and path.is_dir()}
    assert set(re.findall(r"`(symbptt/[a-z]+)`", README.read_text(encoding="utf-8"))) == folders


def test_pictures_exist():
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / picture).is_file()
