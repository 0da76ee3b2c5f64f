"""Where the files live that ship with the package: the same answer in a wheel, an editable install and a checkout."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def templates() -> Traversable:
    """The folder of templates: `symbptt/_templates` in a wheel, `templates` beside the package in a checkout."""
    packaged = files("symbptt") / "_templates"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[1] / "templates"


def models() -> Traversable:
    """The folder of the built-in model files."""
    return files("symbptt") / "models"


def model_names() -> tuple[str, ...]:
    """The names of the built-in models, sorted: a file's name is its key."""
    return tuple(sorted(f.name.removesuffix(".toml") for f in models().iterdir() if f.name.endswith(".toml")))
