"""Help, version and completion: at once, without loading what they do not need."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

import symbptt

COMMANDS = (
    "list", "show", "read", "init", "unroll", "derive", "document", "emit", "analyze", "verify", "diagnose",
    "assignment", "grade", "quiz", "reference", "fuzz", "serve", "site", "mcp", "build", "completion",
)
Run = Callable[..., tuple[int, str, str]]
Process = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.sampled(5)
@pytest.mark.parametrize("arguments", [[], *([command] for command in COMMANDS)], ids=lambda a: a[0] if a else "symbptt")
def test_help_imports_nothing_heavy(arguments: list[str], process: Process) -> None:
    done = process(*arguments, "--help", options=("-X", "importtime"))
    assert done.returncode == 0 and done.stdout.startswith("Usage: symbptt")
    modules = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "click" in modules and "symbptt.cli" in modules
    assert not {"sympy", "numpy", "jinja2"} & modules


@pytest.mark.slow
def test_help_takes_little_more_than_its_library_of_commands() -> None:
    """A tenth of a second where Python and click alone take four hundredths: a ratio, since machines differ.

    Of processor time, in microseconds: the clock of `os.times` ticks in hundredths.
    """
    resource = pytest.importorskip("resource")

    def processor_time(*arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return float(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    ours, bare = list[float](), list[float]()
    for _ in range(7):
        ours.append(processor_time("-m", "symbptt", "--help"))
        bare.append(processor_time("-c", "import click"))
    assert min(ours) <= 3 * min(bare)


def test_help_lists_the_commands_in_the_order_of_the_pipe(run: Run) -> None:
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    commands = out.split("Commands:")[1]
    assert tuple(re.findall(r"^  ([a-z]+)  ", commands, re.M)) == COMMANDS
    assert "..." not in commands, "a short help is too long"
    assert run() == (0, out, "")


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"symbptt {symbptt.__version__}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, run: Run) -> None:
    code, out, _ = run("completion", shell)
    assert code == 0 and "_SYMBPTT_COMPLETE" in out


@pytest.mark.parametrize(("words", "expected"), [
    ("symbptt der", "derive"), ("symbptt show el", "elman"), ("symbptt show elman --loss squ", "squared_error"),
    ("symbptt emit elman --activation sig", "sigmoid"), ("symbptt derive elman --form nes", "nested"),
])
def test_completion_of_words(words: str, expected: str, process: Process) -> None:
    done = process(_SYMBPTT_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1))
    assert f"plain,{expected}" in done.stdout.splitlines(), done.stderr
