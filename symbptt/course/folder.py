"""The submissions in a folder: one file each, or a folder with one file, as learning platforms hand them out."""

import ast
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from symbptt.diagnose.submission.signature import MAX_BYTES
from symbptt.emit.syntax import is_text
from symbptt.errors import BadInput
from symbptt.files import reason
from symbptt.guard.text import plain

_KINDS = (".py", ".ipynb")
_ASIDE = ("__pycache__", "__MACOSX")
_SHORT = 40
"""Code of so few nodes of syntax is alike by itself."""


@dataclass(frozen=True)
class Submission:
    """Somebody's work: its `name`, the `file` inside the folder, and the Python `text`; `fault` says why there is none.

    A notebook's text is that of its code cells.
    """

    name: str
    file: str
    path: Path
    text: str = ""
    fault: str = ""

    @property
    def is_notebook(self) -> bool:
        """Whether it has to be written out as a module before it is run."""
        return self.path.suffix == ".ipynb"


def submissions(folder: Path | str, file: str | None = None, leave: Iterable[Path] = ()) -> tuple[Submission, ...]:
    """The submissions of a folder, by name; `file` is the one to take where a folder has several, `leave` are none.

    Raises BadInput if the folder cannot be read or holds nothing.
    """
    root = Path(folder)
    aside = {path.resolve() for path in leave}
    try:
        entries = sorted(p for p in root.iterdir() if not _hidden(p.name) and p.resolve() not in aside)
    except OSError as error:
        raise BadInput(f"{root}: cannot be read as a folder of submissions: {reason(error)}") from None
    if not entries:
        raise BadInput(f"{root}: holds no submissions; expected a file, or a folder with a file, for each of them")
    return tuple(submission(entry, file) for entry in entries)


def submission(path: Path, file: str | None = None) -> Submission:
    """What a file, or a folder with one, hands in; `file` as for `submissions`."""
    return _of_folder(path, file) if path.is_dir() else _of_file(plain(path.stem), path, path.parent)


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in _ASIDE


def _of_folder(folder: Path, file: str | None) -> Submission:
    name = plain(folder.name)
    paths = [*_files(folder)]
    own = [path for path in paths if path.suffix in _KINDS]
    chosen = [path for path in own if path.name == file] if file and len(own) > 1 else own
    if len(chosen) == 1:
        return _of_file(name, chosen[0], folder.parent)
    if chosen:
        listed = ", ".join(plain(path.name) for path in chosen[:4])
        return Submission(name, name, folder, fault=f"{len(chosen)} files ({listed}): say which is meant with --file")
    what = f"no file {file}" if own else "no Python file or notebook"
    return Submission(name, name, folder, fault=f"{what} in the folder" if paths else "the folder is empty")


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not _hidden(f))
        yield from (Path(place, f) for f in sorted(files) if not _hidden(f))


def _of_file(name: str, path: Path, root: Path) -> Submission:
    shown = plain(str(path.relative_to(root)))
    if path.suffix not in _KINDS:
        return Submission(name, shown, path, fault="neither a Python file (.py) nor a notebook (.ipynb)")
    try:
        if not path.is_file():
            return Submission(name, shown, path, fault="no regular file")
        with path.open("rb") as opened:
            content = opened.read(16 * MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        return Submission(name, shown, path, fault=f"cannot be read: {reason(error)}")
    except UnicodeDecodeError as error:
        return Submission(name, shown, path, fault=f"not UTF-8: byte {error.start + 1} cannot be decoded")
    if path.suffix == ".ipynb":
        text, fault = _cells(text)
        if fault:
            return Submission(name, shown, path, fault=fault)
    if len(text) > MAX_BYTES:
        return Submission(name, shown, path, fault=f"larger than {MAX_BYTES // 1024} KiB")
    return Submission(name, shown, path, text, "" if text.strip() else "the file is empty")


def _cells(text: str) -> tuple[str, str]:
    """The code of a notebook, or what is wrong with it; lines for the notebook alone (%, !) become comments."""
    try:
        data = json.loads(text) if text.strip() else {"cells": []}
        sources = [_joined(cell["source"]) for cell in data["cells"] if cell["cell_type"] == "code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return "", "no notebook: its cells cannot be read"
    return "\n\n".join(map(_python, sources)) + "\n" if sources else "", ""


def _joined(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)


def _python(cell: str) -> str:
    if _tree(cell) is not None:
        return cell
    if cell.lstrip().startswith("%%"):
        return ""
    lines = cell.splitlines()
    return "\n".join(f"{line[:len(line) - len(line.lstrip())]}pass  # {line.strip()}" if line.lstrip()[:1] in ("%", "!") else line
                     for line in lines)


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def twins(given: Sequence[Submission]) -> Mapping[str, tuple[str, ...]]:
    """For the file of each submission the names of those whose code is the same but for names, comments and layout."""
    same: dict[str, list[Submission]] = {}
    prints = {s.file: mark for s in given if (mark := _print(s.text))}
    for s in given:
        if s.file in prints:
            same.setdefault(prints[s.file], []).append(s)
    return {file: tuple(other.name for other in same[mark] if other.file != file) for file, mark in prints.items()}


class _Anonymous(ast.NodeTransformer):
    """Names in the order in which they come, and no docstrings."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def _name(self, name: str) -> str:
        return self._names.setdefault(name, f"n{len(self._names)}")

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for key in ("id", "arg", "name", "asname"):
            if isinstance(value := getattr(node, key, None), str):
                setattr(node, key, self._name(value))
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [s for s in body if not is_text(s)]  # type: ignore[attr-defined]
        return super().generic_visit(node)


def _print(text: str) -> str:
    """What tells code apart but for names, comments and layout; empty for what is no code, or very little."""
    tree = _tree(text)
    if tree is None or sum(1 for _ in ast.walk(tree)) <= _SHORT:
        return ""
    try:
        return sha256(ast.dump(_Anonymous().visit(tree)).encode("utf-8", "replace")).hexdigest()
    except RecursionError:
        return ""
