"""Every command on every kind of model: an answer or one sentence, and never a traceback nor a run without end.

A kind is a file in tests/kinds, a command line a row of tests/support/commands; both are picked up by themselves.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Container, Iterable
from pathlib import Path

import answers
import click
import pytest
from commands import BASES, BESIDE, FILES, LEFT_OUT, VALUES, Line, lines, takes_model

from symbptt.cli import cli, main
from symbptt.fuzz.budget import OutOfTime, within
from symbptt.model.read import load

SECONDS = 60.0
"""Processor time that one command may take on one of these models."""

QUICK = ("show", "init", "unroll", "derive", "emit", "analyze")
"""Commands whose plain lines take fractions of a second on every kind."""

def run(line: Line, kind: str, folder: Path) -> str:
    """What is wrong with what a command line does, or nothing."""
    out, err = io.StringIO(), io.StringIO()
    arguments = line.arguments(FILES[kind], folder)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            with within(SECONDS):
                code = main(arguments)
        except OutOfTime as error:
            return f"{line}: {error}"
        except Exception as error:  # a traceback is what is looked for, whatever it is
            return f"{line}: {type(error).__name__}: {error}"
    said = [text for text in err.getvalue().splitlines() if not text.startswith("symbptt: note: ")]
    refused = code == 2 and len(said) == 1 and said[0].startswith("symbptt: ")
    if code == line.code or (refused and line.declines):
        return ""
    return f"{line}: exit code {code}: {err.getvalue()}"


def faults(kind: str, folder: Path, chosen: Iterable[Line]) -> list[str]:
    return [fault for line in chosen if (fault := run(line, kind, folder))]


@pytest.mark.sampled(10)
@pytest.mark.parametrize("kind", FILES)
def test_plain_commands(kind: str, tmp_path: Path) -> None:
    assert faults(kind, tmp_path, (line for line in lines() if line.command in QUICK and not line.varied)) == []


def _options(kind: str, command: str, folder: Path, shares: Container[int]) -> list[str]:
    """The faults of a command's lines on a kind: all that vary nothing, and those of some of six shares of the others.

    Kinds start to deal at different shares, so that every option meets a sixth of the kinds in each.
    """
    if command == "diagnose":
        assert {path.suffix for path in answers.files(load(str(FILES[kind])), folder)} == {".py", ".npz"}
    about = [line for line in lines() if line.command == command]
    first = list(FILES).index(kind)
    return faults(kind, folder, (line for i, line in enumerate(about) if not line.varied or (first + i) % 6 in shares))


@pytest.mark.share(5)
@pytest.mark.slow
@pytest.mark.parametrize("command", BASES)
@pytest.mark.parametrize("kind", FILES)
def test_a_share_of_all_options(kind: str, command: str, tmp_path: Path) -> None:
    assert _options(kind, command, tmp_path, {0}) == []


@pytest.mark.long
@pytest.mark.parametrize("command", BASES)
@pytest.mark.parametrize("kind", FILES)
def test_all_options(kind: str, command: str, tmp_path: Path) -> None:
    assert _options(kind, command, tmp_path, {1, 2, 3, 4, 5}) == []


def test_the_table_has_every_command_and_every_option() -> None:
    """Another command or option needs a row of its own, or has to be left out by name."""
    about = {name: command for name, command in cli.commands.items() if takes_model(command)}
    assert BASES.keys() == about.keys()
    options = [p for command in about.values() for p in command.params if isinstance(p, click.Option)]
    known = {o for p in options for o in p.opts if p.is_flag or isinstance(p.type, click.Choice)} | VALUES.keys() | LEFT_OUT
    assert [p.opts for p in options if not known & set(p.opts)] == []
    assert (VALUES.keys() | LEFT_OUT) <= {o for p in options for o in p.opts}
    assert BESIDE.keys() <= {word for line in lines() for word in line.varied}
