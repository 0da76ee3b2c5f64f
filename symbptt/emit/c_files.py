"""C in two files, and the module that calls it from Python by the contract of the other backends."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from symbptt.data.arrays import leading_axes
from symbptt.data.classes import takes_classes
from symbptt.emit.arguments import of_model
from symbptt.emit.literals import docstring
from symbptt.emit.truncated import kept
from symbptt.errors import BadInput
from symbptt.model.dimensions import sources
from symbptt.model.values import Role
from symbptt.program.ir import Kind
from symbptt.targets.c99 import source
from symbptt.targets.c99.interface import RESULTS, STRUCTS, WEIGHTS, Interface
from symbptt.targets.target import Files, Request
from symbptt.template import template


@dataclass(frozen=True)
class About:
    """What a file in C carries along, so that it can be verified: the model, and how it was emitted."""

    name: str
    wrt: tuple[str, ...]
    steps: int | None
    file: str
    truncated: bool | tuple[int, int] = False
    """(k1, k2), if each part is truncated by itself."""
    chunk: int | None = None

    @property
    def windows(self) -> tuple[int, int] | None:
        """How the parts are truncated, if they are."""
        return None if isinstance(self.truncated, bool) else self.truncated

    def line(self) -> str:
        """One line of C, a comment that no text can leave."""
        return _BEGIN + json.dumps(asdict(self)).replace("*/", "*\\/").replace("/*", "/\\u002a") + _END


_BEGIN, _END = "/* symbptt: ", " */"


def about(text: str, place: str) -> About:
    """What a file in C says of itself; raises BadInput if it says nothing."""
    line = next((line for line in text.splitlines() if line.startswith(_BEGIN) and line.endswith(_END)), None)
    try:
        told = json.loads(line[len(_BEGIN) : -len(_END)]) if line else None
        found = About(**{**told, "wrt": tuple(told["wrt"])}) if told else None
        if found and not isinstance(found.truncated, bool):
            k1, k2 = map(int, found.truncated)
            found = replace(found, truncated=(k1, k2))
    except (ValueError, KeyError, TypeError):
        found = None
    texts = (found.name, found.file, *found.wrt) if found else ()
    counts = (n for n in (found.steps, found.chunk) if n is not None) if found else ()
    if found is None or not all(isinstance(x, str) for x in texts) or not all(isinstance(n, int) for n in counts):
        raise BadInput(f"{place}: no line with its model in it; only files that symbptt emitted can be verified")
    return found


def files(request: Request, named: Interface | None = None) -> Files:
    """`stem`.c, `stem`.h, and with `python` `stem`.py, which loads them; `named` is a program in the place of the model's."""
    model, stem = request.model, request.stem
    if not stem.isprintable() or set(stem) & set('"\\/'):
        raise BadInput(f"{stem!r} cannot be the name of a header; expected printable characters, no quotation mark or backslash")
    cut = named.windows if named and named.windows else request.truncation is not None
    wrt = tuple(v.name for v in request.wanted)
    told = About(model.name, wrt, request.steps, model.text, cut, named.chunk if named else None)
    made = source.files(request, told.line(), named)
    calling = ((f"{stem}.py", _text(made.interface, request, stem)),) if request.python else ()
    return (f"{stem}.c", made.source), (f"{stem}.h", made.header), *calling


def loader(named: Interface, fixed: int | None, stem: str) -> str:
    """`stem`.py alone."""
    return _text(named, Request(named.model, named.program.wanted, "symbptt verify", stem, fixed), stem)


def _text(interface: Interface, request: Request, stem: str) -> str:
    return template("c99/loader.py.jinja").render(**_loader(interface, request, stem))


def _loader(interface: Interface, request: Request, stem: str) -> dict[str, Any]:
    model, fixed = interface.model, request.steps
    used = {kind for name in interface.public for kind in interface.structs(name)}
    members = {
        STRUCTS[kind]: [(m.variable.name, m.name, m.integers, m.otherwise) for m in interface.members[kind]]
        for kind in STRUCTS if kind in used
    }
    known = of_model(model, "numpy")
    axes: tuple[str, str] = known["axes"]
    return known | {
        "equations": [docstring(line) for line in interface.equations],
        "recipe": docstring(request.recipe), "source_name": f"{stem}.c", "header_name": f"{stem}.h", "p": interface.prefix,
        "P": interface.macro, "fixed_steps": fixed, "checkpoint": request.checkpoint,
        "chunk": interface.chunk,
        "truncated": kept(*request.truncation) if request.truncation else "",
        "members": _table(members),
        "takes": _table({f: tuple(STRUCTS[k] for k in interface.structs(f)) for f in interface.public}),
        "further": _table({f: (*WEIGHTS.get(f, ()), *RESULTS[f]) for f in interface.public if f in RESULTS}),
        "wanted": _table({v.name: (interface.lengths(v, *axes), v.shape) for v in interface.program.wanted}),
        "tangents": request.tangents, "directions": _table({
            m.variable.name: (interface.lengths(m.variable, *axes), m.variable.shape) for m in interface.members[Kind.DIRECTION]
        }),
        "dimensions": repr((*axes, *model.dimensions)), "sources": _table(_sources(interface, fixed, *axes)),
        "lengths": repr({name: str(length) for name, length in interface.steps.items()}),
        "integers": repr(tuple(v.name for v in model.of(Role.INPUT, Role.TARGET) if v.classes or takes_classes(model, v))),
    }


def _table(entries: dict[str, Any]) -> str:
    """A dict, an entry a line."""
    return "{\n" + "".join(f"    {key!r}: {value!r},\n" for key, value in entries.items()) + "}" if entries else "{}"


def _sources(interface: Interface, fixed: int | None, steps: str, samples: str) -> dict[str, tuple[Any, ...]]:
    """Where the loader reads each size: an axis of an array, the length of the first array there is, or a number."""
    model = interface.model
    inputs, states = model.of(Role.INPUT), model.states
    untied = [v.name for v in (*model.parameters, *model.buffers) if v.timed]
    made: dict[str, tuple[Any, ...]] = {}
    if inputs:
        for v in reversed(inputs):
            made[interface.lengths(v, steps, samples)[0]] = ("inputs", v.name, 0, 0, (), 1, ())
        made[samples] = ("inputs", inputs[0].name, 1, 0, (), 1, ())
    else:
        made[steps] = ("parameters", untied[0], 0, 0, (), 1, ()) if untied else ("", None, 0, fixed, (), 1, ())
        made[samples] = ("states", tuple(s.name for s in states), 0, 0, (), 1, ())
    given = model.of(Role.PARAMETER, Role.BUFFER, Role.INPUT)
    for name, found in sources(given, states, model.of(Role.TARGET)).items():
        v, axis = found.variable, len(leading_axes(found.variable)) + found.axis
        made[name] = (v.role.group, v.name, axis, found.number, found.others, found.count, found.factors)
    return made


