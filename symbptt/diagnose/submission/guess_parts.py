"""Guessing what names stand for in code for a composed model: those of a part, marked as the part's, as in Wx_b or enc_Wx."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

import sympy as sp

from symbptt.algebra.nodes import TIME, Timed
from symbptt.compose.chain import Chain, How, Part
from symbptt.diagnose.submission.guess import UPSTREAM, Guesser, connection, plain
from symbptt.diagnose.submission.mapping import variable
from symbptt.diagnose.submission.meaning import Meaning, fits, one
from symbptt.model.values import Model, Role

_FORWARD = ("f", "fw", "fwd", "forward", "l2r", "ltr", "lr", "right", "l0")
_BACKWARD = ("b", "bw", "bwd", "backward", "back", "rev", "reverse", "reversed", "r2l", "rtl", "rl", "left", "l0reverse")
"""What marks the names of a direction, and of the other one."""
_LINKED = ("sequence", "state", "cotangent")
"""The meanings that a part has only for variables which are given from outside."""


def guesser(model: Model, names: Iterable[str], convention: Mapping[tuple[str, str], str]) -> Guesser:
    """A guesser for a composed model; `names` are all that there are in the code."""
    chain, bare = cast(Chain, model), {plain(name) for name in names}
    found = {plain(v.name): variable(v.name, model) for v in chain.of(Role.PARAMETER, Role.BUFFER, Role.INPUT, Role.TARGET)}
    read_outs = [v for v in chain.outputs if v.role is not Role.STATE]
    found |= dict.fromkeys(UPSTREAM, one("cotangent", read_outs[0].name)) if len(read_outs) == 1 else {}
    tables = [(_markers(chain, part), _meanings(chain, part, bare, convention)) for part in chain.parts]
    for markers, table in tables:
        for name, meaning in table.items():
            for marker in markers:
                found.setdefault(name + marker, meaning)
                found.setdefault(marker + name, meaning)
    for name in dict.fromkeys(name for _, table in tables for name in table):
        meant = {table[name] for _, table in tables if name in table}
        if len(meant) == 1:
            found.setdefault(name, meant.pop())
    return Guesser(model, found)


def _markers(chain: Chain, part: Part) -> tuple[str, ...]:
    """What marks the names of a part: its phase, its direction where there are two, or both."""
    phases = (part.phase, part.phase[:3], part.phase[:1]) if part.phase else ()
    both = {other.backward for other in chain.parts if other.phase == part.phase and other.model.states} == {False, True}
    ways = (_BACKWARD if part.backward else _FORWARD) if both and part.model.states else ()
    together = tuple(order for phase in phases for way in ways for order in (phase + way, way + phase))
    return tuple(dict.fromkeys((*together, *(ways or phases))))


def _meanings(
    chain: Chain, part: Part, names: Iterable[str], convention: Mapping[tuple[str, str], str]
) -> dict[str, Meaning]:
    """What names mean within a part, without what it gets from other parts."""
    marked = {name.removesuffix(m).removeprefix(m) for name in names for m in ("", *_markers(chain, part))}
    outer = {v.name for v in (*chain.variables, *chain.outputs)} - part.linked
    model = _recurrence(part)
    table = Guesser.of(model, marked, convention).table
    known = {name: _side_by_side(model, meaning) for name, meaning in table.items()
             if meaning.kind not in _LINKED or meaning.name in outer}
    return {name: meaning for name, meaning in known.items() if meaning.kind != "blocks" or fits(model, meaning)}


def _recurrence(part: Part) -> Model:
    """A part without what attention computes: the equations of its outputs, and those that read an input or an earlier step."""
    memories = {link.name for link in part.links if link.how is How.MEMORY}
    inputs = {v.name for v in part.model.of(Role.INPUT)} - memories
    outputs = set(part.model.outputs)
    kept = (e for e in part.model.equations if e.target in outputs or any(
        s.name in inputs or (isinstance(s, Timed) and s.step != TIME) for s in e.value.atoms(sp.MatrixSymbol)))
    return replace(part.model, equations=tuple(kept))


def _side_by_side(model: Model, meaning: Meaning) -> Meaning:
    """Read-out matrices of several values of one output stand beside each other: W [h, b]."""
    kinds = {connection(model, model[name]) for name in meaning.variables} if meaning.kind == "blocks" else set()
    return Meaning("blocks", (meaning.variables,)) if kinds == {("out", "matrix")} and len(meaning.blocks) > 1 else meaning
