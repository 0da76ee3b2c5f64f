"""The content of a model file as plain text values: what TOML gives, checked for form but not yet for meaning."""

import json
from dataclasses import dataclass, field

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Symbol:
    """How a variable is printed and described; `description` is (language, text) pairs."""

    name: str
    latex: str | None
    description: Pairs


@dataclass(frozen=True)
class Translation:
    """The title and the notes of a model in another language; what is empty is shown as the file has it."""

    language: str
    title: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelFile:
    """A model file. Declarations and equations are (name, text) pairs in file order; `loss` is (step, at, reduction) or None.

    `initial` names the parameter that a state starts from. `freeze` says that masked steps keep the states; without `training`
    batch_norm uses moving averages. `heads` names the dimension that counts heads. `origins` has the names in the file of left
    sides whose expressions were written anew.
    """

    name: str
    title: str
    inputs: Pairs
    states: Pairs
    parameters: Pairs
    constants: Pairs
    targets: Pairs
    equations: Pairs
    loss: tuple[str, str, str] | None = None
    reference: str = ""
    notes: tuple[str, ...] = ()
    activation: str = ""
    symbols: tuple[Symbol, ...] = ()
    translations: tuple[Translation, ...] = ()
    init: Pairs = ()
    initial: Pairs = ()
    freeze: bool = False
    training: bool = True
    heads: str = ""
    origins: Pairs = field(default=(), compare=False)


def quoted(text: str) -> str:
    """A text as a string of TOML."""
    # A JSON string is a TOML basic string, once DEL, which JSON leaves as it is, is escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def table(name: str, pairs: Pairs) -> list[str]:
    """A section as lines, none if it is empty."""
    return ["", f"[{name}]", *(f"{key} = {quoted(value)}" for key, value in pairs)] if pairs else []


def _notes(notes: tuple[str, ...]) -> list[str]:
    return [f"notes = [{', '.join(map(quoted, notes))}]"] if notes else []


def _translation(told: Translation) -> list[str]:
    title = [f"title = {quoted(told.title)}"] if told.title else []
    return ["", f"[translations.{told.language}]", *title, *_notes(told.notes)]


def _symbol(symbol: Symbol) -> str:
    described = ", ".join(f"{language} = {quoted(text)}" for language, text in symbol.description)
    parts = [f"latex = {quoted(symbol.latex)}"] if symbol.latex else []
    parts += [f"description = {{{described}}}"] if described else []
    return f"{symbol.name} = {{{', '.join(parts)}}}"


def write(file: ModelFile) -> str:
    """The file as TOML; reading it gives an equal file."""
    head = (("title", file.title), ("reference", file.reference), ("activation", file.activation),
            ("heads", file.heads))
    lines = [f"{key} = {quoted(value)}" for key, value in head if value]
    lines += _notes(file.notes)
    lines += ["freeze = true"] if file.freeze else []
    lines += [] if file.training else ["training = false"]
    for section in ("inputs", "states", "parameters", "constants", "targets", "equations"):
        lines += table(section, getattr(file, section))
    lines += table("loss", tuple(zip(("step", "at", "reduction"), file.loss, strict=True))) if file.loss else []
    lines += table("init", file.init)
    lines += table("initial", file.initial)
    lines += ["", "[symbols]", *map(_symbol, file.symbols)] if file.symbols else []
    lines += [line for told in file.translations for line in _translation(told)]
    return "\n".join(lines) + "\n"
