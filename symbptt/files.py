"""Files: read up to a limit; written whole or not at all, and never over somebody's work unasked."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from symbptt.errors import BadInput


def reason(error: OSError) -> str:
    """What the system said, in lower case and without the error number."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def content(path: Path, limit: int) -> bytes:
    """What a file holds; BadInput if it cannot be read or has more than `limit` bytes."""
    try:
        with path.open("rb") as file:
            found = file.read(limit + 1)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {reason(error)}") from None
    if len(found) > limit:
        raise BadInput(f"{path}: larger than {limit // 1024} KiB")
    return found


def make_folder(path: str | os.PathLike[str]) -> Path:
    """The folder `path`, made together with its parents if it does not exist; BadInput if it cannot be."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise BadInput(f"{folder}: exists and is not a folder") from None
    except OSError as error:
        raise BadInput(f"{folder}: cannot make the folder: {reason(error)}") from error
    return folder


def write(path: str | os.PathLike[str], content: str | bytes, *, force: bool = False) -> Path:
    """Write one file; see `write_all`."""
    return write_all({Path(path): content}, force=force)[0]


def write_all(contents: Mapping[Path, str | bytes], *, force: bool = False) -> tuple[Path, ...]:
    """Write files (texts as UTF-8, LF), each under a temporary name in its own folder first and then renamed.

    Every file is complete on disk before the first one appears, so an error leaves none half written.
    Raises BadInput if a folder does not exist or cannot be written, or if a file exists and `force` is not given.
    """
    for path in contents:
        _check(path, force)
    temporary: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            temporary[path] = path.resolve().with_name(f".symbptt-{os.urandom(8).hex()}.tmp")
            _create(temporary[path], content, like=path)
        for path in contents:
            temporary[path].replace(path.resolve())
    except OSError as error:
        raise BadInput(f"{path}: cannot write: {reason(error)}") from error
    finally:
        for left_over in temporary.values():
            with suppress(OSError):
                left_over.unlink()
    return tuple(contents)


def _is_loop(path: Path) -> bool:
    try:
        path.resolve(strict=True)
    except FileNotFoundError:
        return False
    except (OSError, RuntimeError):  # Python before 3.13 has a RuntimeError for it
        return True
    return False


def _check(path: Path, force: bool) -> None:
    if str(path) == "-":
        raise BadInput("-: give the name of a file; without one, what can be read goes to standard output")
    try:
        if path.is_symlink() and _is_loop(path):
            raise BadInput(f"{path}: is a link that leads to itself")
        if not path.parent.is_dir():
            raise BadInput(f"{path}: the folder {path.parent} does not exist")
        if path.is_dir():
            raise BadInput(f"{path}: is a folder; give the name of a file")
        if path.exists() and not path.is_file():
            raise BadInput(f"{path}: is not a regular file")
        if path.exists() and not force:
            raise BadInput(f"{path}: exists already; --force replaces it")
    except OSError as error:
        raise BadInput(f"{path}: cannot write: {reason(error)}") from error


def _create(path: Path, content: str | bytes, like: Path) -> None:
    with path.open("xb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    if like.exists():
        shutil.copymode(like, path)
