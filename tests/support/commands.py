"""Every command line that a model can be sent through: read off the commands themselves, one option varied at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import click

from symbptt.cli import cli
from symbptt.cli.options import CHANGES
from symbptt.document.kinds import KINDS
from symbptt.emit.source_file import BACKENDS
from symbptt.model.read import load
from symbptt.typeset.notations import names as notations

FILES = {path.stem: path for path in sorted((Path(__file__).resolve().parents[1] / "kinds").glob("*.toml"))}
"""The table of kinds of models; another kind is another file."""

FOLDER, SIZES, RIGHT, WRONG = "{folder}", "{sizes}", "{right}", "{wrong}"
"""Stand for a folder to write to, sizes for the dimensions of the model, and files with right and with wrong gradients of it."""

BASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "show": ((),),
    "init": (("-T", "3", "--dims", SIZES),),
    "unroll": (("-T", "2"),),
    "derive": (("-T", "2"),),
    "document": (("-T", "2", "-o", FOLDER, "--force", "--format", "tex", "--format", "html", "--kind", "handout"),),
    "quiz": (("--count", "6", "-o", FOLDER, "--force"),),
    "emit": ((),),
    "analyze": (("-T", "4"),),
    "reference": ((),),
    "verify": ((),),
    "assignment": (("-o", FOLDER, "--force"),),
    "diagnose": (
        (f"{RIGHT}.py",), (f"{WRONG}.py",), ("--values", f"{RIGHT}.npz"), ("--values", f"{WRONG}.npz"),
    ),
}
"""What each command on a model is given in any case."""

VALUES: dict[str, tuple[str, ...]] = {
    "--loss": ("none",), "--layers": ("2",), "--wrt": ("all",), "--lang": ("zh",), "--notation": notations(), "-T": ("1",),
    "--backend": BACKENDS[1:], "--window": ("2",), "-N": ("1",), "--kind": tuple(k for k in KINDS if KINDS[k].models == 1),
    "--version": ("student",), "--norm": ("2",), "--randomise": ("0.5",), "--analysis": ("terms,distance",),
    "--length": ("full",), "--kernel": ("kernels:Kernel.apply",), "--axes": ("B T H",), "--chunk": ("1",),
}
"""Values of the options that say only that they take a text or a number."""

LEFT_OUT = frozenset({
    "--activation",  # for models whose file names one
    "--dims", "--seed", "--set", "--scale", "--init", "--k1", "--k2", "--without", "--static",  # sizes, numbers, names
    "--experiment", "--compare", "--table", "--picture",  # tests/analyze
    "--title", "--author", "--course", "--templates", "--prose",  # tests/document
    "--count", "--variants",  # tests/quiz
    "-o", "--force", "--function", "--mapping", "--values", "--formula", "--timeout", "--path", "--credit",
})  # fmt: skip
"""Options that are tried elsewhere, or that the bases have."""

BESIDE: dict[str, tuple[str, ...]] = {
    "--unroll": ("-T", "3"), "--entries": ("--format", "json"), "png": ("-o", f"{FOLDER}/picture.png"),
    "--python": ("--backend", "c", "-o", f"{FOLDER}/made.c"),
}
"""What an option, or one value of it, needs beside itself."""

TEX = frozenset({"pdf"})
"""Formats that need LaTeX."""


@dataclass(frozen=True)
class Line:
    """A command line on some model."""

    command: str
    base: tuple[str, ...]
    varied: tuple[str, ...] = ()

    @property
    def declines(self) -> bool:
        """Whether one sentence is an answer: options are not for every model, and kernels have inputs."""
        return bool(self.varied) or self.command == "reference"

    @property
    def code(self) -> int:
        """The exit code that stands for success: 1 for a diagnosis of what is wrong."""
        return int(any(WRONG in word for word in self.base))

    def arguments(self, model: Path, folder: Path) -> list[str]:
        """The words of the command line, for a model with its answers in a folder."""
        sizes = ",".join(f"{name}=3" for name in load(str(model)).dimensions)
        filled = {FOLDER: str(folder), SIZES: sizes, RIGHT: str(folder / "right"), WRONG: str(folder / "wrong")}
        given = [word for word in (*self.base, *self.varied) if sizes or word not in ("--dims", SIZES)]
        return [self.command, str(model), *(reduce(lambda w, pair: w.replace(*pair), filled.items(), word) for word in given)]

    def __str__(self) -> str:
        return " ".join((self.command, *self.base, *self.varied)).translate(str.maketrans("{}", "  "))


def takes_model(command: click.Command) -> bool:
    """Whether a command is about a model."""
    return any(isinstance(p, click.Argument) and p.name in ("source", "sources") for p in command.params)


def lines() -> Iterator[Line]:
    """All of them: for every command that takes a model its bases, and one more for every value of every option."""
    for name, command in cli.commands.items():
        if takes_model(command):
            for base in BASES[name]:
                yield Line(name, base)
            for option in command.params:
                # The answers that are diagnosed are those of the model as its file has it.
                if isinstance(option, click.Option) and not (name == "diagnose" and option.name in CHANGES):
                    yield from (Line(name, BASES[name][0], varied) for varied in _varied(option))


def _varied(option: click.Option) -> Iterator[tuple[str, ...]]:
    flag = next((o for o in option.opts if o in VALUES or o in LEFT_OUT), option.opts[-1])
    if flag in LEFT_OUT:
        return
    if option.is_flag:
        yield (flag, *BESIDE.get(flag, ()))
        return
    choices = option.type.choices if isinstance(option.type, click.Choice) else VALUES[flag]
    for value in choices:
        if value not in TEX:
            yield (flag, value, *BESIDE.get(value, ()))
