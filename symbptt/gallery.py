"""The committed gallery `generated/`: each file is made by one recipe, and none may be there without one.

`build` writes it; `build(check=True)` compares byte for byte and says what differs and which command accepts it. Only the fonts
inside pages are left out of the comparison: their bytes depend on the release of the tool that cuts them.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from symbptt import compose, document, emit, files
from symbptt.document.options import VERSIONS
from symbptt.draw import font
from symbptt.errors import BadInput, Stale
from symbptt.model.read import load
from symbptt.words import languages

COMMAND = "symbptt build"
"""The command that brings the gallery up to date."""
_FONT = re.compile(r"base64,[A-Za-z0-9+/=]+")
_SHOWN = 40
"""Lines of a difference that are shown."""


@dataclass(frozen=True)
class Recipe:
    """A file of the gallery, by its path below `generated/`, and what makes its text."""

    path: str
    make: Callable[[], str]


def _composed(path: str, model: str) -> Recipe:
    return Recipe(path, lambda: compose.source(compose.load(model)).text)


def _code(path: str, model: str, loss: str | None = None, T: int | None = None, wrt: str | None = None) -> Recipe:
    return Recipe(path, lambda: emit.source(load(model, loss=loss), T=T, unroll=T is not None, wrt=wrt).text)


@cache
def _c(model: str) -> dict[str, str]:
    """The files in C of a model, by name."""
    made = emit.source(load(model), backend="c", python=True)
    return {made.path: made.text, **dict(made.others)}


def _compiled(path: str, model: str) -> Recipe:
    return Recipe(path, lambda: _c(model)[Path(path).name])


def _page(path: str, model: str, T: int, kind: str) -> Recipe:
    return Recipe(path, lambda: document.render(compose.any_model(model), T, kind))


@cache
def _handout(model: str, language: str, version: str) -> document.blocks.Document:
    """A handout as blocks, for all formats."""
    return document.compose(model, 3, options=document.DocumentOptions(kind="handout", language=language, version=version))


def _handout_in(format: str, model: str, language: str, version: str) -> Recipe:
    folder = {"tex": "latex"}.get(format, format)
    name = "_".join([model, "T3", "handout", *([language] if language != "en" else []), version])
    return Recipe(f"{folder}/{name}.{format}", lambda: document.shown(_handout(model, language, version), format))


HANDOUTS = tuple(
    _handout_in(format, model, language, version)
    for model, spoken in (("elman", languages()), ("lstm", ("en", "zh")))
    for language in spoken for version in VERSIONS for format in ("tex", "html")
)
RECIPES: tuple[Recipe, ...] = (
    _code("numpy/elman.py", "elman"),
    _code("numpy/elman_all.py", "elman", wrt="all"),
    _code("numpy/elman_T3.py", "elman", T=3),
    _code("numpy/elman_squared_error.py", "elman", loss="squared_error"),
    *(_compiled(f"c/{model}.{ending}", model) for model in ("elman", "lstm", "gru") for ending in ("c", "h", "py")),
    _composed("numpy/birnn.py", "birnn"),
    *(_page(f"{folder}/{model}_T3.{format}", model, 3, format)
      for model in ("elman", "birnn") for folder, format in (("latex", "tex"), ("html", "html"))),
    *HANDOUTS,
)


def folder() -> Path:
    """The gallery of this checkout; raises BadInput in an installed package."""
    root = Path(__file__).resolve().parents[1]
    if not (root / "pyproject.toml").is_file():
        raise BadInput("the gallery is part of a checkout; this is an installed package")
    return root / "generated"


def _compared(text: str) -> str:
    """A text without its fonts."""
    return _FONT.sub("", text)


def _present(root: Path) -> set[str]:
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()} if root.is_dir() else set()


def _difference(path: str, old: str, new: str) -> str:
    before, after = (_compared(text).splitlines() for text in (old, new))
    lines = difflib.unified_diff(before, after, f"generated/{path}", "rebuilt", lineterm="", n=1)
    return "\n".join(list(lines)[:_SHOWN])


def build(check: bool = False, root: Path | None = None) -> list[str]:
    """Rebuild the gallery; returns the paths that changed, orphans that were removed included.

    With `check` nothing is written; raises Stale, with the differences and the command that accepts them, if any file differs,
    is missing or has no recipe.
    """
    if not font.available():
        raise BadInput(f"the gallery has pages with fonts inside; install {font.EXTRA}")
    target = root or folder()
    made = {recipe.path: recipe.make() for recipe in RECIPES}
    present = _present(target)
    old = {path: (target / path).read_text(encoding="utf-8") for path in present & set(made)}
    fresh = {path for path, text in made.items() if path in old and _compared(old[path]) == _compared(text)}
    changed = sorted((set(made) - fresh) | (present - set(made)))
    if check and changed:
        shown = [_difference(path, old.get(path, ""), made.get(path, "")) for path in changed]
        raise Stale("\n".join([f"generated/ is stale: {', '.join(changed)}", *shown, f"run `{COMMAND}` to accept"]))
    if not check:
        for path in changed:
            if path not in made:
                (target / path).unlink()
                continue
            files.make_folder((target / path).parent)
            files.write(target / path, made[path], force=True)
    return changed
