"""The statements of emitted code by the equations of the derivation."""

from collections.abc import Iterable, Iterator

from symbptt.emit.fast.writer import FastWriter
from symbptt.emit.frameworks.functions import Parts
from symbptt.emit.frameworks.libraries import LIBRARIES
from symbptt.emit.lines import Line
from symbptt.emit.plain import PlainWriter
from symbptt.emit.source_file import STYLES, checked_steps, loops, steps_of_loop, wanted_variables
from symbptt.errors import UnknownName
from symbptt.model.read import load
from symbptt.model.values import Model

TARGETS = ("numpy", *LIBRARIES)


def statements(
    model: Model | str, equation: int | None = None, target: str = "numpy", wrt: tuple[str, ...] | str | None = None,
    style: str = "plain", T: int | None = None, unroll: bool = False,
) -> tuple[Line, ...]:
    """The statements that compute an equation of the derivation, or any that has a number, in the order of the module.

    Each has its `text`, and in `notes` the numbers of its equations. The other arguments are those of `source`; JAX and PyTorch
    have no `style`. Raises UnknownName for another target, style or variable, BadInput for `unroll` without a fitting T.
    """
    model = load(model)
    if target not in TARGETS:
        raise UnknownName("target of statements", target, TARGETS)
    if style not in STYLES:
        raise UnknownName("style", style, STYLES)
    numbered = (line for line in _flat(_lines(model, target, wrt, style, T, unroll)) if line.notes)
    return tuple(line for line in numbered if equation is None or equation in (note.number for note in line.notes))


def _lines(
    model: Model, target: str, wrt: tuple[str, ...] | str | None, style: str, T: int | None, unroll: bool
) -> Iterator[Line]:
    if target in LIBRARIES:
        parts = Parts(model, LIBRARIES[target])
        yield from (*parts.forward(), *(parts.loss() if model.loss else ()), *parts.backward())
        return
    if unroll:
        checked_steps(model, T)
    wanted, fixed = wanted_variables(model, wrt), None if unroll or loops(model) else steps_of_loop(T)
    fast = style == "fast" and not unroll
    writer = FastWriter(model, wanted, fixed=fixed) if fast else PlainWriter(model, T if unroll else None, wanted, fixed)
    made = writer.functions()
    for body in (made.forward, made.loss, made.backward):
        yield from body.lines("range(T)") if body else ()


def _flat(lines: Iterable[Line]) -> Iterator[Line]:
    for line in lines:
        yield line
        yield from _flat(line.body)
