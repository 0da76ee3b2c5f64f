"""The cell of a model file: what further layers repeat, and what they read in place of the input.

The cell is every equation that a state needs in its own step; the rest is the read-out. A layer hands up the state that the
read-out reads.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symbptt.model.compile import compiled
from symbptt.model.lags import readings
from symbptt.model.model_file import ModelFile
from symbptt.model.place import Place
from symbptt.model.syntax import Parsed, parse
from symbptt.model.values import Model, Role, Variable


@dataclass(frozen=True)
class Cell:
    """What is repeated: left sides and parameters, the input that is replaced, and the state that replaces it."""

    model: Model
    sides: Mapping[str, Parsed]
    loss: Parsed | None
    equations: tuple[str, ...]
    parameters: tuple[str, ...]
    bottom: Variable
    top: Variable
    sizes: Mapping[str, str]
    """The input's dimension, to be replaced by the state's."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that each layer has of its own."""
        return (*self.equations, *self.parameters)


def _read(expressions: Iterable[Parsed]) -> set[str]:
    return {reading.name for parsed in expressions for reading in readings(parsed)}


def _in_cell(model: Model, sides: Mapping[str, Parsed]) -> tuple[str, ...]:
    """The left sides that a state needs in its own step, the states included, in file order."""
    needed = {state.name for state in model.states}
    for target in reversed(tuple(sides)):
        if target in needed:
            needed |= {r.name for r in readings(sides[target]) if r.lag == 0}
    return tuple(target for target in sides if target in needed)


def _top(model: Model, outside: set[str], cell: tuple[str, ...], place: Place) -> Variable:
    """The state that the read-out reads, which is what a layer hands up."""
    states = [state for state in model.states if state.name in outside]
    inner = [name for name in cell if name in outside and model[name].role is Role.LOCAL]
    if inner and not states:
        raise place.error(f"{inner[0]} is read out and part of the recurrence, so there is no cell below the read-out to stack")
    found = states or list(model.states)
    if len(found) != 1:
        names = " and ".join(state.name for state in found)
        what = f"reads {names}" if states else f"reads none of {names}"
        raise place.error(f"the read-out {what}; a layer hands up the one state that the read-out reads")
    return found[0]


def _bottom(model: Model, read: set[str], place: Place) -> Variable:
    """The input that a layer reads."""
    found = [v for v in model.of(Role.INPUT) if v.name in read]
    if len(found) != 1:
        names = " and ".join(v.name for v in found) or "none"
        raise place.error(f"a layer reads the state below in place of the one input of the cell, which here has {names}")
    if found[0].classes:
        raise place.error(f"{found[0].name} is an integer input, which no state can take the place of; embed it outside the cell")
    return found[0]


def _sizes(bottom: Variable, top: Variable, place: Place) -> dict[str, str]:
    """What becomes of the input's dimensions in a further layer."""
    found: dict[str, str] = {}
    for below, above in zip(bottom.shape, top.shape, strict=False):
        if below != above and found.setdefault(below, above) != above:
            break
        if "+" in below or below in above.split("+")[1:]:
            break
    else:
        if len(bottom.shape) == len(top.shape):
            return {below: above for below, above in found.items() if below != above}
    shapes = f"{' '.join(bottom.shape) or 'a scalar'} and {' '.join(top.shape) or 'a scalar'}"
    raise place.error(f"{top.name} cannot take the place of {bottom.name}: the shapes are {shapes}")


def cell_of(file: ModelFile, place: Place) -> Cell:
    """Take a model file apart; raises BadInput where there is no cell to stack."""
    model = compiled(file, place)
    if not model.states:
        raise place.error("the model has no state, so there is no cell to stack")
    sides = {target: parse(text, place.within("equations", target)) for target, text in file.equations}
    loss = parse(file.loss[0], place.within("loss", "step")) if file.loss else None
    cell = _in_cell(model, sides)
    read = _read(sides[name] for name in cell) | set(dict(file.initial).values())
    outside = _read([*(sides[name] for name in sides if name not in cell), *([loss] if loss else [])])
    parameters = tuple(name for name, _ in file.parameters if name in read)
    top = _top(model, outside, cell, place)
    bottom = _bottom(model, read, place)
    return Cell(model, sides, loss, cell, parameters, bottom, top, _sizes(bottom, top, place))
