"""What random models are sent through, one file each. To add a piece: a file with `routes`, and a row below."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from symbptt.errors import UnknownName
from symbptt.fuzz.pieces import agreement, analyses, backends, compiled, diagnoses, documents, gradients
from symbptt.fuzz.subject import Check, Subject

ALL = "all"


@dataclass(frozen=True)
class Piece:
    """Routes, each with so many seconds of processor time; `numbers` says that they mean something for finite values only."""

    routes: Callable[[Subject], Iterator[tuple[str, Check]]]
    seconds: float
    numbers: bool = True


PIECES: dict[str, Piece] = {
    "gradients": Piece(gradients.routes, 60.0),
    "documents": Piece(documents.routes, 60.0, numbers=False),
    "analyses": Piece(analyses.routes, 60.0),
    "diagnoses": Piece(diagnoses.routes, 30.0),
    "backends": Piece(backends.routes, 60.0),
    "c": Piece(compiled.routes, 60.0),
    "targets": Piece(agreement.routes, 60.0),
}
"""Piece by name."""


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """The pieces that are named, each once; `all` names every one. Raises UnknownName."""
    wanted = tuple(names)
    for name in wanted:
        if name not in (*PIECES, ALL):
            raise UnknownName("piece", name, (*PIECES, ALL))
    return tuple(name for name in PIECES if name in wanted or ALL in wanted)
