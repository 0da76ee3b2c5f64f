"""The page for editors and continuous integration: its table has every tool with its arguments, its files have what exists."""

from __future__ import annotations

import inspect
import json
import re

import pages

from symbptt.mcp import TOOLS
from symbptt.version import VERSION

TEXT = pages.text("editors")


def test_the_table_of_tools() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", TEXT, re.MULTILINE))
    taken = {tool.__name__: list(inspect.signature(tool).parameters) for tool in TOOLS}
    assert {name: re.findall(r"`(\w+)`", row) for name, row in rows.items()} == taken
    assert all(len(tool.__doc__ or "") > 80 for tool in TOOLS)


def test_the_files_that_it_shows() -> None:
    shown = json.loads(TEXT.split("```json\n")[1].split("```")[0])
    assert shown["mcpServers"]["symbptt"]["args"] == ["mcp"]
    hooks = (pages.DOCS.parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert "- id: symbptt-verify\n" in hooks and "- id: symbptt-verify\n" in TEXT and f"rev: v{VERSION}\n" in TEXT
    assert "python -m symbptt.cli.hook gradients/*.py" in TEXT
