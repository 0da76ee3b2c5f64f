"""What can be verified, made into a subject: a model or its name, a source file, a module on disk, any namespace."""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from symbptt import emit
from symbptt.emit import SourceFile
from symbptt.errors import BadInput
from symbptt.model.read import from_text, load
from symbptt.model.values import Model
from symbptt.verify import compiled, guarded
from symbptt.verify.emitted import FAULTS, Emitted

STEPS = 5
"""The number of steps if none is asked for."""


def resolve(given: Any, model: Model | None = None, T: int = STEPS) -> Emitted:
    """The subject for a built-in name, a Model (emitted first, with all gradients), a SourceFile or a namespace.

    T is for a model whose code is made for one number of steps. A namespace has the functions of the emitted code's contract;
    its model is `model`, or read from its MODEL_FILE.
    """
    if isinstance(given, str):
        given = load(given)
    if isinstance(given, Model):
        given = emit.for_steps(given, T, wrt="all")
    if isinstance(given, SourceFile) and given.others:
        return Emitted(given.path, _with_loader(given), given.model)
    if isinstance(given, SourceFile):
        return Emitted(given.path, loaded(given.text, given.path), given.model)
    place = getattr(given, "__name__", type(given).__name__)
    return Emitted(place, given, model or _model(given, place))


@contextmanager
def stored(path: Path | str) -> Iterator[Emitted]:
    """The subject in a module on disk, which must be one that symbptt emitted; the file runs behind the guard.

    Raises BadInput if it cannot be read, is no Python, fails when run, or has no model in it.
    """
    place = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{place}: cannot be read: {error}") from error
    if Path(path).suffix == ".c":
        with compiled.opened(place, text) as code:
            yield code
        return
    if "MODEL_FILE" not in text:
        raise BadInput(f"{place}: no MODEL_FILE in it; only modules that symbptt emitted can be verified")
    with guarded.opened(place, text) as module:
        if module.truncated:
            what = "truncated on purpose, so its gradients are not the model's; run it to have it check its terms"
            raise BadInput(f"{place}: {what}")
        yield Emitted(place, module, _model(module, place))


def loaded(text: str, place: str) -> ModuleType:
    """The module of a text that symbptt wrote; raises BadInput if it cannot be run."""
    # Compiled from the text, so that no bytecode is left beside the file and no module of that name is disturbed.
    module = ModuleType(f"symbptt_verified_{Path(place).stem}")
    module.__file__ = place
    try:
        exec(compile(text, place, "exec"), module.__dict__)
    except (SyntaxError, *FAULTS) as fault:
        raise BadInput(f"{place}: cannot be run: {type(fault).__name__}: {fault}") from fault
    return module


def _with_loader(given: SourceFile) -> ModuleType:
    """The module that loads a file in C, from a folder that goes with it; nothing is left in the user's cache."""
    loader = next((text for name, text in given.others if name.endswith(".py")), None)
    if loader is None:
        raise BadInput(f"{given.path}: emit it with python=True, so that there is a module that calls it")
    folder = tempfile.mkdtemp(prefix="symbptt-")
    place = given.write(Path(folder) / given.path)
    module = loaded(loader, str(place.with_suffix(".py")))
    module.__dict__["_folder"] = lambda: Path(folder)
    weakref.finalize(module, shutil.rmtree, folder, ignore_errors=True)
    return module


def _model(module: Any, place: str) -> Model:
    text, name = getattr(module, "MODEL_FILE", None), getattr(module, "MODEL_NAME", "")
    if not isinstance(text, str) or not text.strip():
        raise BadInput(f"{place}: no model file in MODEL_FILE, so nothing says what the code should compute")
    return from_text(text, f"{place}, MODEL_FILE", name if isinstance(name, str) else "")
