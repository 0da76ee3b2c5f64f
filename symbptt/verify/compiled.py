"""A file in C as a subject: the compiler runs here, what it makes runs behind the guard."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from symbptt.checks import positive
from symbptt.chunk import chunked
from symbptt.emit import c_files, chunks_in_c
from symbptt.emit.source_file import wanted_variables
from symbptt.errors import BadInput
from symbptt.model.read import from_text
from symbptt.model.values import Model
from symbptt.targets.c99.interface import Interface
from symbptt.targets.c99.source import interface
from symbptt.verify import guarded
from symbptt.verify.emitted import Emitted

_INCLUDES = {f"<{name}.h>" for name in ("math", "string", "stdio", "stdlib", "stddef", "stdint")}
"""What an emitted file includes, besides its own header: a compiler reads every file that it is told to."""
_READS = re.compile(r"^\s*(?:#|%:|\?\?=)\s*(?:include|include_next|embed|import)\b\s*(.*?)\s*$", re.MULTILINE)
_ASSEMBLER = re.compile(r"\b(?:__)?asm(?:__)?\b")


Reader = Callable[[c_files.About, str], tuple[Model, Interface]]


def _read(told: c_files.About, place: str) -> tuple[Model, Interface]:
    """The model of a file, and its program."""
    model = from_text(told.file, place, told.name)
    wanted = wanted_variables(model, told.wrt)
    if told.chunk is not None:
        return model, chunks_in_c.interface(chunked(model), wanted, positive(told.chunk, "the chunk"))
    return model, interface(model, wanted)


@contextmanager
def opened(place: str, text: str, read: Reader = _read) -> Iterator[Emitted]:
    """The subject in a file that symbptt emitted, with its header beside it; `read` makes a model of what it says of itself.

    Raises BadInput if there is no compiler or no header, if it does not compile, or reads other files.
    """
    header = Path(place).with_suffix(".h")
    try:
        declared = header.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{place}: its header {header.name} cannot be read: {error}") from error
    _check(place, text, {*_INCLUDES, f'"{header.name}"'})
    _check(str(header), declared, _INCLUDES)
    told = c_files.about(text, place)
    if told.truncated is True:
        raise BadInput(f"{place}: truncated on purpose, so its gradients are not the model's")
    model, named = read(told, f"{place}, its model")
    loader = c_files.loader(named, told.steps, header.stem)
    with TemporaryDirectory(prefix="symbptt-", ignore_cleanup_errors=True) as folder:
        built = f"\n\ndef _built(double):\n    return {str(_built(place, loader, Path(folder)))!r}\n"
        with guarded.opened(place, loader + built) as module:
            yield Emitted(place, module, model)


def _check(place: str, text: str, known: set[str]) -> None:
    text = text.replace("\\\n", "")
    other = next((name for name in _READS.findall(text) if name not in known), None)
    if other is not None:
        raise BadInput(f"{place}: includes {other[:60]}, which no file that symbptt emitted does")
    if _ASSEMBLER.search(re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)):
        raise BadInput(f"{place}: has instructions for the assembler, which no file that symbptt emitted has")


def _built(place: str, loader: str, folder: Path) -> Path:
    """The library for double precision, in a folder."""
    module = ModuleType("symbptt_compiled")
    module.__file__ = str(Path(place).with_suffix(".py").resolve())
    exec(compile(loader, module.__file__, "exec"), module.__dict__)
    module.__dict__["_folder"] = lambda: folder
    try:
        made: Path = module.__dict__["_built"](True)
    except RuntimeError as fault:
        raise BadInput(f"{place}: {fault}") from None
    return made
