"""The two files of a model in C: what the templates `templates/c99/` are filled with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symbptt.model.values import Model, Variable
from symbptt.passes import prepared
from symbptt.program import build
from symbptt.program.builder import WHOLE
from symbptt.program.ir import Kind
from symbptt.targets.c99 import fixed, long, self_check
from symbptt.targets.c99.body import Body
from symbptt.targets.c99.interface import OPTIONAL, RESULTS, STRUCTS, WRITTEN, Interface
from symbptt.targets.c99.lengths import length
from symbptt.targets.target import Request
from symbptt.template import template
from symbptt.version import VERSION

RUNTIME = Path(__file__).with_name("runtime")
PIECES = ("arrays.c", "math.c", "blas.c", "kernels.c")
"""The files that every emitted one has a copy of."""


def interface(model: Model, wanted: tuple[Variable, ...], others: tuple[str, ...] = WHOLE, copies: bool = True) -> Interface:
    """The names of a model's program, which is ready to be printed; `copies` as in `passes`."""
    return Interface(prepared(build(model, wanted, others), copies))


ABOUT_TANGENTS = {
    "jvp": "The outputs, and their derivatives along a direction: of parameters, inputs and initial states together.",
    "value_and_jvp": "The loss, and its derivative along a direction.",
}
"""What the header says of these functions."""


@dataclass(frozen=True)
class Text:
    """The emitted files."""

    source: str
    header: str
    interface: Interface


def files(request: Request, about: str, named: Interface | None = None) -> Text:
    """The files of a request; `about` is one line that the first one carries for whoever reads it again.

    `named` is the program with its names, that of the request's model if left out.
    Raises BadInput for fixed sizes that are not those of the model.
    """
    model, header = request.model, f"{request.stem}.h"
    named = named or interface(model, request.wanted, long.functions(request), copies=not request.sizes)
    bodies = [Body(named, function) for function in named.program.functions]
    values: dict[str, Any] = {
        "p": named.prefix, "P": named.macro, "version": VERSION, "recipe": _comment(request.recipe),
        "title": _comment(model.title), "header_name": header,
        "name": model.name, "equations": [_comment(line) for line in named.equations],
        "dimensions": list(named.dimensions.values()),
        "structs": [_struct(named, kind) for kind in STRUCTS if named.members[kind] and _used(named, kind)],
        "functions": [_function(named, body, bool(request.sizes), long.inside(named, request)) for body in bodies],
        "public": [_head(named, name, bool(request.sizes)) for name in named.public],
        "runtime": [(RUNTIME / name).read_text(encoding="utf-8").rstrip() for name in PIECES],
        "arrays": list(dict.fromkeys(x for kind in STRUCTS if _used(named, kind) for x in _lengths(named, kind))),
        "has_loss": model.loss is not None, "about_tangents": ABOUT_TANGENTS,
        "about": about, "chunk": named.chunk,
        **self_check.values(named, request),
        **long.values(named, request),
        **fixed.values(named, request.sizes, [body.pieces for body in bodies]),
    }
    text, declared = (template(f"c99/{name}.jinja").render(**values) for name in ("source.c", "header.h"))
    return Text(text, declared, named)


def _used(interface: Interface, kind: Kind) -> bool:
    return any(kind in interface.structs(name) for name in interface.functions)


def _comment(text: str) -> str:
    """A text that stays inside a comment."""
    return " ".join(text.split()).replace("*/", "* /").replace("/*", "/ *").rstrip("\\")


def _struct(interface: Interface, kind: Kind) -> dict[str, Any]:
    members = []
    for m in interface.members[kind]:
        held = interface.buffer(kind, m.variable)
        axes = [interface.dimensions[axis.name] for axis in held.axes[: len(held.axes) - 2]] + list(m.variable.shape)
        constant = "" if kind in WRITTEN else "const "
        shape = f"({', '.join(axes)})" if axes else "one number"
        if m.integers:
            own = f"({', '.join(axes[:2])}), each below {axes[2] if len(axes) > 2 else 1}; below 0 it counts nothing"
            members.append((f"const int32_t *{m.name};", own))
        if not m.integers or m.otherwise:
            name = m.otherwise or m.name
            said = f"{shape}, in the place of classes" if m.otherwise else shape
            members.append((f"{constant}{interface.prefix}_real *{name};", said))
    return {"name": STRUCTS[kind], "members": members, "optional": kind in OPTIONAL}


def _function(interface: Interface, body: Body, fixed_sizes: bool, inside: tuple[str, ...]) -> dict[str, Any]:
    head = _head(interface, body.function.name, fixed_sizes)
    pieces = [length(interface, b.axes) for b in body.pieces]
    name = head["name"]
    signature = f"static int {name}_core" if name in inside else f"int {interface.prefix}_{name}"
    return head | {"signature": signature, "lines": body.lines, "pieces": pieces}


def _head(interface: Interface, name: str, fixed_sizes: bool) -> dict[str, Any]:
    """What a function is declared with, and what must not be missing."""
    structs = interface.structs(name)
    required = ["sizes", *(STRUCTS[k] for k in structs if k not in OPTIONAL), "workspace"]
    required += RESULTS.get(name, ())
    members = [
        f"({STRUCTS[k]}->{m.name} == NULL && {STRUCTS[k]}->{m.otherwise} == NULL)" if m.otherwise
        else f"{STRUCTS[k]}->{m.name} == NULL"
        for k in structs if k not in OPTIONAL for m in interface.members[k]
    ]
    return {"name": name, "arguments": interface.declared(name, fixed_sizes), "required": required, "members": members}


def _lengths(interface: Interface, kind: Kind) -> list[str]:
    """The number of entries of the caller's arrays of a kind."""
    return [length(interface, interface.buffer(kind, m.variable).axes) for m in interface.members[kind]]
