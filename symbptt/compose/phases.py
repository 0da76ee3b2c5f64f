"""Models of several phases, each with its own steps: [phase.encoder], [phase.decoder].

A phase is a model file's sections under its name. It may take values of earlier phases: the last value of one as the initial
value of a state, and all values of one as a memory, a matrix with a row for each step, the same at every step of its reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from symbptt.compose.chain import Chain, How, Link, Part, beside
from symbptt.compose.parts import parts
from symbptt.compose.phase_files import PhaseFile
from symbptt.compose.split import Directed
from symbptt.errors import BadInput
from symbptt.model import sections
from symbptt.model.model_file import ModelFile, Pairs
from symbptt.model.place import Place
from symbptt.model.values import Role, Variable

SECTION = "phase"
TOP = ("schema", "title", "reference", "notes", "translations", "symbols", SECTION)
OWN = ("steps", "memory")
"""What a phase has beside the sections of a model file."""
SHARED = (Role.PARAMETER, Role.BUFFER)
_KIND = {Role.INPUT: "an input", Role.STATE: "a state", Role.TARGET: "a target", Role.LOCAL: "a left side"}


@dataclass(frozen=True)
class PhasePlace(Place):
    """A place in a phase: its sections are called [phase.NAME.section], or stand in a file of the phase."""

    phase: str = field(kw_only=True)
    whole: str = field(kw_only=True)
    own: PhaseFile | None = field(default=None, kw_only=True)

    def within(self, section: str, key: str = "") -> Place:
        """The place of a section of the phase, or of a key in it."""
        if self.own and (section, key) not in self.own.beside:
            return Place(self.own.path, section, key)
        return Place(self.whole, ".".join(part for part in (SECTION, self.phase, section) if part), key)


@dataclass(frozen=True)
class _Known:
    """What a later phase can take: a value with the part that has it."""

    part: Part
    variable: Variable
    inside: bool
    """Whether something of its own phase reads it, so that it is not among the outputs."""


def composed(
    data: Mapping[str, Any], name: str, place: Place, text: str, files: Mapping[str, PhaseFile] | None = None
) -> Chain:
    """The model of a file with phases, of which some may come from `files`; raises BadInput with the place of the first fault."""
    if unknown := [key for key in data if key not in TOP]:
        raise place.unknown("key or section beside [phase]", unknown[0][:40], TOP)
    phases = data[SECTION]
    if not isinstance(phases, Mapping) or not phases or not all(isinstance(phase, Mapping) for phase in phases.values()):
        raise place.within(SECTION).error("expected sections [phase.NAME], one or more for each phase, in their order")
    head = {key: data[key] for key in ("schema", "title", "reference", "notes", "translations") if key in data}
    symbols = data.get("symbols", {})
    if not isinstance(symbols, Mapping):
        raise place.within("symbols").error("expected a section [symbols] with one entry per line")
    made, declared = list[Part](), list[str]()
    document = None
    for number, (phase, own) in enumerate(phases.items()):
        if not phase.isidentifier() or len(phase) > 40:
            raise place.within(SECTION).error(f"{phase[:40]!r} cannot name a phase: expected letters, digits and _")
        file = (files or {}).get(phase)
        here = PhasePlace(file.path if file else place.file, "" if file else f"{SECTION}.{phase}", phase=phase, whole=place.file,
                          own=file)
        named = own.get("symbols", {})
        if isinstance(named, Mapping):
            named = {n: symbol for n, symbol in symbols.items() if n in _names(own)} | dict(named)
        directed, links, steps = _phase({**head, **own, "symbols": named}, f"{name}_{phase}", here, _known(made))
        document = directed.document
        if document.loss is not None and number < len(phases) - 1:
            raise here.within("loss").error("only the last phase has a loss; a value of this one can be handed on to it")
        made += _linked(parts(directed, here), links, phase, steps, here)
        declared += [n for section in (*sections.DECLARATIONS, "equations") for n, _ in getattr(document, section)]
    assert document is not None
    known = {n for own in phases.values() for n in _names(own)} | {"mask"}
    if strange := [n for n in symbols if n not in known]:
        raise place.within("symbols").unknown("variable", str(strange[0])[:40], sorted(known))
    _check_names(made, place)
    return Chain(name, document.title, beside(_numbered(made, name)), document.reference, text, document.notes,
                 document.translations, tuple(dict.fromkeys(declared)))


def _names(own: Mapping[str, Any]) -> set[str]:
    tables = (own.get(section) for section in (*sections.DECLARATIONS, "backward", "equations", "memory"))
    return {name for table in tables if isinstance(table, Mapping) for name in table}


def _numbered(made: list[Part], name: str) -> tuple[Part, ...]:
    return tuple(replace(part, model=replace(part.model, name=f"{name}_{i}")) for i, part in enumerate(made, 1))


def _known(made: list[Part]) -> dict[str, _Known]:
    """The values of phases by "phase.name": inputs, states and left sides."""
    found: dict[str, _Known] = {}
    for part in made:
        outputs = {v.name for v in part.model.outputs}
        for v in part.model.variables:
            if v.role in (Role.STATE, Role.LOCAL, Role.INPUT) and v.definition is None and v.name not in part.linked - outputs:
                found[f"{part.phase}.{v.name}"] = _Known(part, v, v.role is not Role.INPUT and v.name not in outputs)
    return found


def _phase(
    own: Mapping[str, Any], name: str, place: Place, known: Mapping[str, _Known]
) -> tuple[Directed, tuple[Link, ...], str]:
    """A phase's document, what it takes of earlier phases, and the dimension that counts its steps."""
    steps = own.get("steps", "")
    if not isinstance(steps, str) or (steps and not steps.isidentifier()):
        raise place.within("", "steps").error("expected the name of a dimension, as in steps = \"S\"")
    memory = sections.pairs(own, "memory", place)
    backward = sections.pairs(own, "backward", place)
    data = {key: value for key, value in own.items() if key not in (*OWN, "backward")}
    document = sections.model_file(data, name, place)
    links = tuple(Link(n, _source(n, source, place.within("memory", n), known).variable.name, How.MEMORY) for n, source in memory)
    shapes = tuple((n, _memory_shape(source, place.within("memory", n), known)) for n, source in memory)
    document, finals = _finals(replace(document, inputs=(*document.inputs, *shapes)), backward, place, known)
    return Directed(document, backward), (*links, *finals), steps


def _source(name: str, source: str, place: Place, known: Mapping[str, _Known]) -> _Known:
    if source not in known:
        if known and not source.replace(".", "", 1).isidentifier():
            expected = f"one value of an earlier phase, as in {next(iter(known))!r}"
            raise place.error(f"expected {expected}, not {source[:60]!r}; a formula of it is a left side of that phase")
        raise place.unknown("value of an earlier phase", source[:60], known) if known else place.error(
            f"takes {source[:60]!r}, and there is no earlier phase"
        )
    found = known[source]
    if found.inside:
        own = found.variable.name
        what = f"{source} is read by other equations of its phase"
        raise place.error(f"{what}; hand on a value that nothing there reads, as in {own}_out = \"{own}\"")
    if found.variable.classes:
        raise place.error(f"{source} is an integer input; embed it, and hand on what it is embedded as")
    return found


def _memory_shape(source: str, place: Place, known: Mapping[str, _Known]) -> str:
    found = known[source]
    if not found.part.steps:
        raise place.error(f"[phase.{found.part.phase}] needs a key such as steps = \"S\", the dimension that counts its steps")
    if len(found.variable.shape) > 1:
        raise place.error(f"{source} is a matrix; a memory has a row for each step, so expected a vector or a scalar")
    return " ".join((found.part.steps, *found.variable.shape))


def _finals(
    document: ModelFile, backward: Pairs, place: Place, known: Mapping[str, _Known]
) -> tuple[ModelFile, tuple[Link, ...]]:
    """The document without the initial values that come from earlier phases, and these."""
    states, links = dict((*document.states, *backward)), list[Link]()
    for name, source in document.initial:
        if "." not in source:
            continue
        here = place.within("initial", name[:40])
        if name not in states:
            raise place.within("initial").unknown("state", name[:40], states)
        found = _source(name, source, here, known).variable
        if found.shape != tuple(states[name].split()):
            shapes = f"{states[name]!r} and {' '.join(found.shape)!r}"
            raise here.error(f"the shapes of {name} and {source} are {shapes}; expected the same")
        links.append(Link(name, found.name, How.FINAL))
    return replace(document, initial=tuple(pair for pair in document.initial if "." not in pair[1])), tuple(links)


def _linked(made: tuple[Part, ...], links: tuple[Link, ...], phase: str, steps: str, place: Place) -> list[Part]:
    """The parts of a phase with what they take of earlier phases."""
    found: list[Part] = []
    memories = {link.name for link in links if link.how is How.MEMORY}
    if memories and not {v.name for part in made for v in part.model.of(Role.INPUT) if v.name not in part.linked} - memories:
        what = "a memory is the same at each step"
        raise place.within("inputs").error(f"{what}; expected an input besides, which tells their number")
    for part in made:
        if steps in part.model.dimensions:
            what = f"{steps} is a dimension of this phase"
            raise place.within("", "steps").error(f"{what}; expected another name for its number of steps")
        names = {v.name for v in part.model.of(Role.INPUT, Role.STATE)}
        mine = tuple(link for link in links if link.name in names and link.name not in part.linked)
        found.append(replace(part, links=(*part.links, *mine), phase=phase, steps=steps))
    return found


def _check_names(made: list[Part], place: Place) -> None:
    """A name means one thing in all phases; parameters and constants may be shared."""
    first: dict[str, tuple[str, Variable]] = {}
    for part in made:
        for v in part.own:
            if v.role is Role.LOSS or v.name not in first:
                first.setdefault(v.name, (part.phase, v))
                continue
            phase, other = first[v.name]
            if v.role in SHARED and v.role is other.role:
                if v.shape != other.shape:
                    shapes = (f"of the shape {' '.join(x.shape)!r} in {p}" for x, p in ((other, phase), (v, part.phase)))
                    raise _clash(place, v, *shapes)
            elif phase != part.phase:
                raise _clash(place, v, *(f"{_KIND.get(x.role, x.role)} of {p}" for x, p in ((other, phase), (v, part.phase))))


def _clash(place: Place, variable: Variable, first: str, second: str) -> BadInput:
    return place.within(SECTION).error(f"{variable.name} is {first} and {second}; expected another name in one of them")
