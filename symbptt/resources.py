"""Where the files live that ship with the package: the same answer in a wheel, an editable install and a checkout."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from symbptt import extensions


def templates() -> Traversable:
    """The folder of templates: `symbptt/_templates` in a wheel, `templates` beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_templates", package.parent / "templates"):
        if folder.is_dir():
            return folder  # a plain path; readers of archives cost more time than --help may take
    return files("symbptt") / "_templates"


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a folder of words, sorted."""
    return tuple(sorted(folder.name for folder in (templates() / "words").iterdir() if folder.is_dir()))


@cache
def models() -> dict[str, Traversable]:
    """The model files by name, sorted: those of the package, and those of installed packages."""
    return extensions.data_files(extensions.MODELS, files("symbptt") / "models")


@cache
def composed_models() -> dict[str, Traversable]:
    """The files of models with several recurrences by name, sorted; see `symbptt.compose`."""
    folder = files("symbptt") / "models" / "composed"
    return {file.name.removesuffix(".toml"): file for file in sorted(folder.iterdir(), key=lambda file: file.name)}


@cache
def notations() -> dict[str, Traversable]:
    """The notation files by name, likewise."""
    return extensions.data_files(extensions.NOTATIONS, templates() / "notations")


def model_names() -> tuple[str, ...]:
    """The names of the models, sorted: a file's name is its key."""
    return tuple(models())
