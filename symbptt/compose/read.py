"""Read a composed model: a built-in by name, or a file with sections [backward] or [phase.NAME]."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from symbptt import resources
from symbptt.compose import phase_files, phases
from symbptt.compose.chain import Chain, beside
from symbptt.compose.parts import parts
from symbptt.compose.split import Directed
from symbptt.emit.c_files import about
from symbptt.errors import BadInput
from symbptt.model import read as plain
from symbptt.model import sections, swap
from symbptt.model.model_file import table, write
from symbptt.model.place import Place
from symbptt.model.sections import COMPOSED
from symbptt.model.values import Model

SECTION = "backward"


def names() -> tuple[str, ...]:
    """The built-in composed models, sorted."""
    return tuple(resources.composed_models())


def is_composed(source: object) -> bool:
    """Whether a name or path is that of a composed model; errors as of `symbptt.load`."""
    if isinstance(source, Chain) or (isinstance(source, str) and source in names()):
        return True
    if not isinstance(source, (str, Path)) or str(source).endswith((".py", ".c")):
        return False
    if isinstance(source, str) and not plain.is_path(source):
        return False
    text, place, _ = plain.file(source)
    return is_several(text, place)


def is_several(text: str, place: str) -> bool:
    """Whether a file's text is that of a composed model; raises BadInput for a text that is no TOML."""
    content = plain.content(text, Place(place))
    return any(section in content for section in COMPOSED)


def is_emitted(path: str) -> bool:
    """Whether a file is one that symbptt emitted of a composed model, as its MODEL_FILE or last line tells; it is not run."""
    if not path.endswith((".py", ".c")):
        return False
    try:
        text = Path(path).read_text(encoding="utf-8")
        if path.endswith(".c"):
            return is_several(about(text, path).file, path)
        body = ast.parse(text).body
    except (OSError, ValueError, SyntaxError, RecursionError, BadInput):
        return False
    texts = (n.value.value for n in body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant)
             and [t.id for t in n.targets if isinstance(t, ast.Name)] == ["MODEL_FILE"] and isinstance(n.value.value, str))
    try:
        return any(is_several(text, path) for text in texts)
    except BadInput:
        return False


def load(
    source: str | Path | Chain, *, loss: str | None = None, activation: str | None = None, layers: int | None = None,
    freeze: bool | None = None, training: bool | None = None,
) -> Chain:
    """A composed model by name or path, or as it is; optionally changed, as by `symbptt.load`.

    Raises BadInput with the place of the first fault, UnknownName for a name.
    """
    if isinstance(source, Chain):
        text, place, name, before, folder = source.text, source.name, source.name, source.options, None
    elif isinstance(source, str) and source in names():
        text, place, name, before = resources.composed_models()[source].read_text("utf-8"), f"{source}.toml", source, ""
        folder = None
    else:
        (text, place, name), before, folder = plain.file(source), "", Path(source).parent
    here = Place(place)
    content = plain.content(text, here)
    if phases.SECTION in content:
        if any(option is not None for option in (loss, activation, layers, freeze, training)):
            raise here.error("--loss, --activation and the like are not for models with phases yet")
        return _of_phases(content, name, here, text, folder)
    if layers is not None:
        raise here.error("--layers is not for models with two directions or phases yet; the other options are")
    original = directed(content, name, here)
    document = original.document
    document = document if activation is None else swap.with_activation(document, activation, here)
    if loss is not None:
        known = composed(Directed(document, original.backward), here, text, "")
        document = swap.with_loss(document, loss, here, cast(Model, known))
    document = swap.with_flags(document, freeze, training)
    if document != original.document:
        text = written(Directed(document, original.backward))
    options = plain.options(before, loss, activation, layers, freeze, training) if document != original.document else before
    return composed(Directed(document, original.backward), here, text, options)


def from_text(text: str, place: str, name: str) -> Chain:
    """The model of a file's text; `place` names the file in messages."""
    here = Place(place)
    content = plain.content(text, here)
    if phases.SECTION in content:
        return _of_phases(content, name, here, text, None)
    return composed(directed(content, name, here), here, text, "")


def _of_phases(content: dict[str, Any], name: str, place: Place, text: str, folder: Path | None) -> Chain:
    whole, own = phase_files.joined(content, phases.SECTION, place, folder)
    return phases.composed(whole, name, place, phase_files.written(whole) if own else text, own)


def differentiable(chain: Chain) -> Chain:
    """A model as it is if it has a loss, else with the loss "cotangents"; raises BadInput for one with phases."""
    if chain.loss is None and any(part.phase for part in chain.parts):
        raise BadInput(f"{chain.name} has no loss; expected one in its last phase")
    return load(chain, loss=swap.COTANGENTS) if chain.loss is None else chain


def directed(data: Mapping[str, Any], name: str, place: Place) -> Directed:
    """A file's content with its backward states apart."""
    backward = sections.pairs(data, SECTION, place)
    if not backward:
        raise place.within(SECTION).error("expected a state that runs from the last step to the first, as in b = \"H\"")
    return Directed(sections.model_file({k: v for k, v in data.items() if k != SECTION}, name, place), backward)


def written(document: Directed) -> str:
    """The document as TOML."""
    return write(document.document) + "\n".join([*table(SECTION, document.backward)[1:], ""])


def composed(document: Directed, place: Place, text: str, options: str) -> Chain:
    """The model of a document; raises BadInput with the place of the first fault."""
    plain_document = document.document
    declared = (*plain_document.inputs, *plain_document.states, *document.backward, *plain_document.parameters,
                *plain_document.constants, *plain_document.targets, *plain_document.equations)
    return Chain(
        name=plain_document.name, title=plain_document.title, parts=beside(parts(document, place)),
        reference=plain_document.reference, text=text, notes=plain_document.notes, translations=plain_document.translations,
        declared=tuple(dict.fromkeys(name for name, _ in declared)), options=options,
    )

