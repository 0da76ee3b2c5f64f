"""A model of one recurrence or of several: what is asked of both in the same way."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from symbptt import emit, verify
from symbptt.compose import emission, read, verification
from symbptt.compose.chain import Chain, Part
from symbptt.emit.source_file import SourceFile
from symbptt.model import read as plain
from symbptt.model.values import Model
from symbptt.verify.report import Report

Subject = Model | Chain


@dataclass(frozen=True)
class _Calls:
    """What answers for a kind of model, by the same first arguments."""

    source: Callable[..., SourceFile]
    gradients: Callable[..., Report]
    differentiable: Callable[..., Subject]


_CALLS = {
    Model: _Calls(emit.source, verify.gradients, plain.differentiable),
    Chain: _Calls(emission.source, verification.gradients, read.differentiable),
}


def subject(text: str, place: str, name: str) -> Subject:
    """The model of a file's text, of whichever kind; `place` names the file in messages. Raises BadInput."""
    return (read.from_text if read.is_several(text, place) else plain.from_text)(text, place, name)


def any_model(source: Subject | str | Path) -> Subject:
    """A model of whichever kind, by name or path, or as it is; errors as of `symbptt.load`."""
    if isinstance(source, Model):
        return source
    return read.load(source) if isinstance(source, Chain) or read.is_composed(source) else plain.load(source)


def differentiable(model: Subject) -> Subject:
    """A model as it is if it has a loss, else with that of given cotangents; raises BadInput for one with phases."""
    return _CALLS[type(model)].differentiable(model)


def any_source(model: Subject, backend: str = "numpy", style: str | None = None) -> SourceFile:
    """The module that a model becomes; errors as of `symbptt.emit.source`."""
    return _CALLS[type(model)].source(model, backend=backend, style=style)


def truncated(model: Subject, truncation: tuple[int, int]) -> SourceFile:
    """The truncated module that a model becomes, one of one recurrence as the only part of a composed one; errors as above."""
    if isinstance(model, Chain):
        return emission.source(model, wrt="all", truncation=truncation)
    made = emit.source(model, wrt="all", truncation=truncation)
    alone = Chain(model.name, model.title, (Part(model),), text=model.text)
    return replace(made, model=cast(Model, alone), truncation=truncation)


def verified(model: Subject) -> Report:
    """The emitted gradients against independent routes; errors as of `symbptt.verify.gradients`."""
    return _CALLS[type(model)].gradients(model)
