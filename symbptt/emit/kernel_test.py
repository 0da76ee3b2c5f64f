"""A test file for somebody's kernel: the recurrence step by step in PyTorch, and a grid of cases that kernels get wrong.

The file needs PyTorch and pytest only. Gradients are those that autograd takes of the plain loop: they share nothing with the
derived backward pass.
"""

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from symbptt.algebra import tidy
from symbptt.checks import positive
from symbptt.data.arrays import sizes
from symbptt.derive.affine import components, definitions
from symbptt.derive.value_range import value_range
from symbptt.emit.code import Code, place
from symbptt.emit.frameworks.libraries import TORCH
from symbptt.emit.frameworks.library_calls import LibraryLowering
from symbptt.emit.layout import array_rank, given_shape_text, handed_out, taken_in
from symbptt.emit.literals import docstring, literal
from symbptt.emit.module_text import rendered
from symbptt.emit.names import RESERVED, Names
from symbptt.emit.source_file import SourceFile
from symbptt.errors import BadInput
from symbptt.model.one_head import one_head
from symbptt.model.read import load
from symbptt.model.values import Model, Role, Variable
from symbptt.typeset.equations import numbered

TAKEN = RESERVED | TORCH.names | {"pytest", "arrays", "results", "start", "like"}
SAMPLES = 6
"""How many samples the tests have: two or three along each axis of samples."""
_KERNEL = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")


def reference(model: Model | str, kernel: str | None = None, axes: str = "T N", chunk: int = 16) -> SourceFile:
    """The test file.

    `kernel` is MODULE:NAME of what is tested, to be filled in by hand if left out; `axes` are those in front of an input's own,
    T for steps and any other words for samples, as "B T H"; lengths around multiples of `chunk` are tested.
    Raises BadInput for a model without inputs, and for options that are none.
    """
    model = load(model)
    inputs = model.of(Role.INPUT)
    if not inputs:
        raise BadInput(f"{model.name} has no inputs; a kernel is tested on inputs, which tell the number of steps")
    loop, given = _Loop(model), (*model.parameters, *model.buffers)
    results = tuple(v for v in model.outputs if v.role is not Role.STATE) or model.states
    values: dict[str, Any] = {
        "name": model.name, "title": docstring(model.title), "equations": [docstring(line) for line in numbered(model)],
        "kernel": _kernel(kernel), "axes": literal(_axes(axes)), "chunk": positive(chunk, "the chunk"),
        "counts": _dict(_counts(_axes(axes))), "arguments": literal(tuple(v.name for v in (*inputs, *given, *model.states))),
        "returns": literal((*(v.name for v in results), *(f"final {s.name}" for s in model.states))),
        "classes": "".join(f'"{v.name}": {_size(v.rows)}, ' for v in inputs if v.classes).removesuffix(", "),
        "inputs": _table(inputs), "parameters": _table(v for v in given if not v.timed),
        "per_step": _table(v for v in given if v.timed), "states": _table(model.states),
        "fixed": literal(tuple(v.name for v in model.of(Role.INPUT, Role.BUFFER) if v.classes or v.role is Role.BUFFER)),
        "gates": _dict(gates(model)), "sizes": _dict(sizes(model)), "body": loop.lines, "first": inputs[0].name,
        "dimensions": [name for name in model.dimensions if loop.reads_size(name)], "dimension": loop.names.of,
        "starts": [(loop.names.of(s.name), _start(s), taken_in(s)) for s in model.states],
        "reads": [(loop.names.of(v.name), v.name, _one_hot(v), taken_in(v)) for v in (*given, *inputs)],
        "befores": [(loop.before(s), loop.names.of(s.name)) for s in model.states],
        "kept": [(v.name, loop.names.of(v.name), handed_out(v)) for v in model.outputs],
    }
    return SourceFile(f"test_{_module(model.name)}.py", rendered("reference/test_kernel.py.jinja", "torch", values), model)


class _Loop:
    """The step of the recurrence as lines of PyTorch, and the names in it."""

    def __init__(self, model: Model) -> None:
        self.model, self.names, self._sizes = model, Names(set(TAKEN)), set[str]()
        for variable in model.variables:
            self.names.of(variable.name)
        lower = LibraryLowering(self._leaf, self._dimension, "N", TORCH)
        self.lines = [f"{self.names.of(e.target.name)} = {lower.text(e.value)}  # ({e.number})" for e in model.equations]

    def before(self, state: Variable) -> str:
        """The name of a state's value of the step before."""
        return self.names.of(f"before {state.name}", f"{state.name}_before")

    def reads_size(self, name: str) -> bool:
        """Whether a line needs the size of a dimension."""
        return name in self._sizes

    def _dimension(self, name: str) -> str:
        self._sizes.add(name)
        return self.names.of("dimension " + name, name)

    def _leaf(self, symbol: sp.MatrixSymbol) -> Code:
        variable = self.model[symbol.name]
        fixed = variable.role in (Role.PARAMETER, Role.BUFFER)
        text = self.names.of(variable.name)
        if variable.role is Role.STATE and symbol != variable.at():
            text = self.before(variable)
        elif variable.role is Role.INPUT or (fixed and variable.timed):
            text = f"{text}[t]"
        return place(text, not fixed, array_rank(variable))


def gates(model: Model) -> dict[str, str]:
    """The inputs that the diagonal of an affine component depends on: "log" where the factor is positive, else "factor"."""
    known = definitions(model)
    inputs = {one_head(v.at(), model): v.name for v in model.of(Role.INPUT) if not v.classes}
    found: dict[str, str] = {}
    for part in components(model):
        for factor in (f for route in (part.transition.factors if part.transition else ()) for f in route):
            leaves = {symbol for symbol in _leaves(factor, known) if symbol not in known}
            if leaves <= inputs.keys():
                kind = "log" if value_range(factor, known)[0] >= 0 else "factor"
                found |= {inputs[symbol]: kind for symbol in leaves}
    return dict(sorted(found.items()))


def _leaves(value: sp.Basic, known: dict[sp.MatrixSymbol, Any]) -> set[sp.MatrixSymbol]:
    """What an expression depends on, through values with an equation."""
    found: set[sp.MatrixSymbol] = set()
    waiting = value.atoms(sp.MatrixSymbol)
    while waiting:
        symbol = waiting.pop()
        if symbol not in found:
            found.add(symbol)
            waiting |= tidy.collected(known[symbol]).atoms(sp.MatrixSymbol) if symbol in known else set()
    return found


def _kernel(name: str | None) -> tuple[str, str, str] | None:
    """MODULE:NAME as the module, the name to import from it, and the whole name."""
    if name is None:
        return None
    match = _KERNEL.fullmatch(name)
    if not match or any(keyword.iskeyword(word) for word in re.split("[.:]", name)):
        raise BadInput(f"--kernel: expected MODULE:NAME, such as kernels:GatedAttention.apply, not {name[:60]!r}")
    return match[1], match[2].split(".")[0], match[2]


def _axes(text: str) -> tuple[str, ...]:
    words = tuple(text.split())
    good = all(word.isascii() and word.isidentifier() for word in words) and len(set(words)) == len(words) <= 4
    if not good or "T" not in words or len(words) < 2:
        raise BadInput(f"--axes: expected T and up to three words for samples, such as \"B T H\", not {text[:60]!r}")
    return words


def _counts(axes: tuple[str, ...]) -> dict[str, int]:
    """The length of each axis of samples."""
    names = [word for word in axes if word != "T"]
    return dict(zip(names, {1: (SAMPLES,), 2: (2, 3), 3: (2, 1, 3)}[len(names)], strict=True))


def _size(expression: sp.Expr) -> str:
    """A size in terms of SIZES."""
    names = {s: sp.Symbol(f'SIZES["{s.name}"]') for s in expression.free_symbols}
    return str(expression.xreplace(names))


def _table(variables: Iterable[Variable]) -> str:
    """A table of names with shapes as text, one line for each."""
    made = [f'    "{v.name}": {_shape(v)},\n' for v in variables]
    return "{" + ("\n" + "".join(made) if made else "") + "}"


def _shape(variable: Variable) -> str:
    """The shape of one value as a tuple; a class has none."""
    parts = [] if variable.classes else [_size(d) for d in variable.axes]
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def _start(state: Variable) -> tuple[str, str, str]:
    """A state, the parameter that it starts from where none is given, and its shape."""
    return state.name, state.initial or "", given_shape_text(state, _size) or ","


def _one_hot(variable: Variable) -> str:
    return _size(variable.rows) if variable.classes else ""


def _dict(table: Mapping[str, object]) -> str:
    return repr(dict(table)).replace("'", '"')


def _module(name: str) -> str:
    return re.sub(r"\W", "_", name)
