"""From bare equations to a model file: undeclared names become inputs, states, parameters and targets with named dimensions.

`h = tanh(W @ x + U @ h[t-1] + b)` is enough. What is read with a lag and has an equation is a state; what only the loss compares
with is a target; a vector x, u, ... or one that a matrix is applied to is an input; all else is a parameter. Sizes are unknowns,
joined by what the operations ask for. It is a guess, written out for people to see and change; the reader of models judges it.
"""

import ast
import re
from collections.abc import Iterator, Mapping

from symbptt.model import names
from symbptt.model.functions import CALLS
from symbptt.model.lags import readings
from symbptt.model.model_file import ModelFile, write
from symbptt.model.place import Place
from symbptt.model.sections import MAX_ENTRIES
from symbptt.model.sketch_shapes import Sketch, Walk, plain
from symbptt.model.syntax import Parsed, parse
from symbptt.model.unknown_sizes import ONE

INPUTS = ("x", "inp", "input", "token", "emb")
"""What an input is called, alone or before a number or an underscore."""
OTHER = "u"
"""What an input is called where none is called x."""
_LOSS = ("loss", "L")
_LEFT = re.compile(r"\s*([A-Za-z]\w*)\s*(?:\[\s*t\s*\])?\s*=(?!=)\s*", re.ASCII)
_DIMENSIONS = {"states": "HSMPG", "inputs": "DEIF", "targets": "OCQ", "": "KJPRVAB"}
"""Letters for dimensions, by the section of the variable that has one first."""


def sketched(text: str, file: str) -> str:
    """The model file for bare equations, one on each line as NAME = EXPRESSION, `loss = ...` among them; # begins a comment.

    Raises BadInput, with the place, for a line that is not of this form.
    """
    place = Place(file)
    equations, loss = _read(text, place)
    sketch = Sketch(place, equations, loss)
    for target, parsed in equations.items():
        made = Walk(sketch, parsed).shape(parsed.tree)
        if made is not None:
            sketch.sizes.join_all([sketch.shape(target), made])
    if loss is not None:
        Walk(sketch, loss).shape(loss.tree)
    return write(_model_file(sketch))


def _read(text: str, place: Place) -> tuple[dict[str, Parsed], Parsed | None]:
    equations: dict[str, Parsed] = {}
    loss: Parsed | None = None
    for number, whole in enumerate(text.splitlines(), start=1):
        line = whole.split("#", 1)[0].rstrip()
        if not line.strip():
            continue
        here = Place(place.file, line=number)
        left = _LEFT.match(line)
        if left is None:
            raise here.error(f"line {number}: expected an equation such as h = tanh(W @ x + U @ h[t-1] + b)")
        name, right = left[1], line[left.end() :]
        if name in _LOSS:
            loss = parse(right, place.within("loss", "step"))
        elif name in equations:
            raise here.error(f"line {number}: {name} is defined twice; give the second value another name")
        else:
            equations[name] = parse(right, place.within("equations", name))
        if len(equations) > MAX_ENTRIES:
            raise here.error(f"line {number}: expected at most {MAX_ENTRIES} equations")
    if not equations:
        raise place.error("expected an equation such as h = tanh(W @ x + U @ h[t-1] + b), or a model file")
    return equations, loss


def _sections(sketch: Sketch) -> dict[str, list[str]]:
    """The names that have to be declared, by section, in the order in which they are read."""
    found: dict[str, list[str]] = {"inputs": [], "states": [], "parameters": [], "targets": []}
    found["states"] = [name for name in sketch.equations if name in sketch.lagged]
    read = {r.name for parsed in sketch.equations.values() for r in readings(parsed)}
    undeclared = list(_undeclared(sketch))
    inputs = INPUTS if any(map(_called_x, undeclared)) else (*INPUTS, OTHER)
    for name in undeclared:
        found["targets" if name not in read and _is_target(sketch, name) else _role(sketch, name, inputs)].append(name)
    return found


def _undeclared(sketch: Sketch) -> Iterator[str]:
    expressions = [*sketch.equations.values(), *([sketch.loss] if sketch.loss else [])]
    read = [r.name for parsed in expressions for r in readings(parsed)]
    known = {*sketch.equations, *sketch.dimensions, *CALLS}
    yield from dict.fromkeys(name for name in [*read, *sketch.classes] if name not in known)


def _is_target(sketch: Sketch, name: str) -> bool:
    compared = {plain(arg) for node in ast.walk(sketch.loss.tree) if isinstance(node, ast.Call) for arg in node.args[1:]} \
        if sketch.loss else set()
    return name in compared or name.startswith(("y", "target", "label"))


def _called_x(name: str) -> bool:
    return _stem(name) == INPUTS[0]


def _stem(name: str) -> str:
    return re.split(r"[_\d]", name)[0]


def _role(sketch: Sketch, name: str, inputs: tuple[str, ...]) -> str:
    called = _stem(name) in inputs
    applied = name in sketch.applied and name[0].islower() and not name.startswith(("w", "b"))
    return "inputs" if called or applied or name in sketch.classes else "parameters"


def _model_file(sketch: Sketch) -> ModelFile:
    sizes, sections = sketch.sizes, _sections(sketch)
    for size, far in sorted(sketch.bounds, key=lambda bound: -sum(bound[1].values())):
        sizes.join(size, sizes.named(far))
    for _, columns in sketch.shapes.values():
        if sizes.is_open(columns) and sizes.columns_alone(columns):
            sizes.join(columns, ONE)
    _name(sketch, sections)
    declared = {section: tuple((name, _text(sketch, name)) for name in listed) for section, listed in sections.items()}
    equations = tuple((name, parsed.text) for name, parsed in sketch.equations.items())
    loss = (sketch.loss.text, "every", "sum") if sketch.loss else None
    return ModelFile(
        "", "", declared["inputs"], declared["states"], declared["parameters"], (), declared["targets"], equations, loss
    )


def _name(sketch: Sketch, sections: Mapping[str, list[str]]) -> None:
    """Name every size that is still open: those of states first, then those of inputs and targets."""
    taken = {*sketch.shapes, *sketch.equations, *sketch.dimensions}
    order = [(section, name) for section in ("states", "inputs", "targets") for name in sections[section]]
    order += [("", name) for name in (*sections["parameters"], *sketch.shapes)]
    for section, name in order:
        if name in sketch.classes:
            continue
        for size in sketch.shape(name):
            for part in sketch.sizes.parts(size):
                if sketch.sizes.is_open(part):
                    made = _letter(_DIMENSIONS[section], taken)
                    taken.add(made)
                    sketch.sizes.name(part, made)


def _letter(letters: str, taken: set[str]) -> str:
    candidates = (letter + number for number in ("", *map(str, range(2, 100))) for letter in letters)
    return next(name for name in candidates if name not in taken and names.usable(name))


def _text(sketch: Sketch, name: str) -> str:
    """The shape of a variable as a model file writes it."""
    sizes = sketch.sizes
    if name in sketch.classes:
        return f"index {sizes.text(sketch.classes[name])}"
    rows, columns = sketch.shape(name)
    if sizes.is_one(columns):
        return "" if sizes.is_one(rows) else sizes.text(rows)
    return f"{sizes.text(rows)} {sizes.text(columns)}"
