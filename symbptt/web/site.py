"""The page as static files for any host: the engine runs in the tab, and nothing that is typed leaves it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from symbptt.files import make_folder, write_all
from symbptt.web import engine, page
from symbptt.web.answering import answer
from symbptt.web.fields import Request

SERVER_ALONE = "pdf"
"""The download that needs programs beside Python."""


def sources(core: engine.Place, numpy: engine.Place) -> tuple[str, str]:
    """What the page may connect to, and where its scripts come from; the worker loads what the page itself does not."""
    hosts = {f"{parts.scheme}://{parts.netloc}" for place in (core, numpy) if (parts := urlsplit(place.folder)).netloc}
    return " ".join(["'self'", *sorted(hosts)]), "'self'"


def answers() -> Iterator[tuple[Request, dict[str, Any]]]:
    """What the page asks for when it is opened, and the answers: they are shown while Python is still loaded."""
    start: Request = {"task": "start"}
    menus = answer(start)
    yield start, {**menus, "downloads": [name for name in menus["downloads"] if name != SERVER_ALONE]}
    first: Request = {
        "task": "derivation", "model": page.first(), "name": page.FIRST, "T": page.STEPS, "kind": menus["kinds"][0],
        "notation": page.NOTATION, "layout": "", "language": menus["languages"][0][0],
    }
    yield first, answer(first)


def write(folder: Path, pyodide: Path | None = None, force: bool = False) -> list[Path]:
    """Write the site into a folder, which is made if it is missing; all files or none. Returns their paths.

    Pyodide and NumPy come from the official distribution, by address and hash, or are copied from the folder `pyodide`.
    Raises BadInput if that folder lacks a file, or if a file exists, unless `force`.
    """
    core, wheel, numpy = engine.official() if pyodide is None else engine.local(pyodide)
    own = engine.archive() if pyodide is None else engine.compiled(engine.archive(), pyodide)
    told = {
        "folder": core.folder, "files": dict(core.files), "own": {engine.ARCHIVE: engine.integrity(own)},
        "numpy": {"folder": numpy.folder, "name": wheel, "files": dict(numpy.files)},
    }
    files = page.files("tab", *sources(core, numpy))
    files |= {"engine.json": json.dumps(told, indent=1).encode(), engine.ARCHIVE: own}
    files["answers.json"] = json.dumps([{"request": request, "answer": told} for request, told in answers()]).encode()
    files |= {f"{place.folder}{name}": content for place in (core, numpy) for name, content in place.copies.items()}
    make_folder(folder)
    if pyodide is not None:
        make_folder(folder / core.folder)
    return list(write_all({folder / name: content for name, content in files.items()}, force=force))
