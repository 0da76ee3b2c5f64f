"""A target as a value: what writes programs down, and which options of `symbptt emit` it knows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from symbptt.model.values import Model, Variable

Files: TypeAlias = tuple[tuple[str, str], ...]
"""Names with their texts; the first is the source."""

PYTHON, STATIC, TRUNCATION, CHECKPOINT, FORWARD = "--python", "--static", "truncation", "--checkpoint", "--mode forward"


@dataclass(frozen=True)
class Request:
    """What is to be written: the functions of a model with the gradients of `wanted` (`program.build`).

    `recipe` is the command, for a comment; `stem` is what the files are called; `steps` is the T of a model in which no array
    tells it; `python` asks for a module that calls the others; `sizes` are those that the code is fixed to, if any.
    `truncation` (k1, k2) goes back k2 steps every k1 steps; `checkpoint` asks for gradients in segments as well, `tangents` for
    derivatives along a direction.
    """

    model: Model
    wanted: tuple[Variable, ...]
    recipe: str
    stem: str
    steps: int | None = None
    python: bool = False
    sizes: tuple[tuple[str, int], ...] = ()
    truncation: tuple[int, int] | None = None
    checkpoint: bool = False
    tangents: bool = False


@dataclass(frozen=True)
class Target:
    """A value of `--backend`: its name, the suffix of its source, what makes the files, and the options that it knows."""

    name: str
    suffix: str
    files: Callable[[Request], Files]
    options: frozenset[str] = frozenset()
