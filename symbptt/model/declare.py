"""The declared variables of a model file: names, roles, shapes, and which parameters have one value per step."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from symbptt.model import initialisers, names, shapes
from symbptt.model.functions import CALLS, LATER
from symbptt.model.lags import readings
from symbptt.model.model_file import ModelFile, Symbol
from symbptt.model.place import Place
from symbptt.model.syntax import Parsed
from symbptt.model.values import Role, Variable

ROLES = (Role.INPUT, Role.STATE, Role.PARAMETER, Role.BUFFER, Role.TARGET)
INDEX = "index"


def check_name(what: str, name: str, place: Place) -> str:
    """Return a variable's name; raises BadInput if it is reserved or the name of a function."""
    if name in CALLS and name not in LATER:
        raise place.error(f"{name!r} cannot name {what}: it is a function of the language")
    return names.check(what, name, place)


def described(variable: Variable, symbol: Symbol | None) -> Variable:
    """The variable with the LaTeX and the description of its symbol, if it has one."""
    return replace(variable, latex=symbol.latex, description=symbol.description) if symbol else variable


def _variable(
    name: str, text: str, role: Role, symbol: Symbol | None, init: str | None, heads: str, place: Place
) -> Variable:
    words = text.split()
    classes = words[:1] == [INDEX]
    if classes and role is not Role.INPUT:
        hint = f"; a target of classes is written as '{' '.join(words[1:])}' and given as integers" if role is Role.TARGET else ""
        raise place.error(f"only an input can be an index{hint}")
    shape = shapes.parse(" ".join(words[1:]) if classes else text, place, heads)
    if classes and len(shape.text) != 1:
        raise place.error("an index needs the number of its classes, as in 'index V'")
    if shape.heads is not None and classes:
        raise place.error(f"an index has no heads; expected a dimension other than {heads}")
    variable = Variable(name, role, *shape.parts, init=init, classes=classes, heads=shape.heads)
    return described(variable, symbol)


def dimensions(variables: Iterable[Variable]) -> frozenset[str]:
    """The names of the dimensions in the shapes of variables."""
    return frozenset(s.name for v in variables for size in (v.rows, v.columns) for s in size.free_symbols)


def declared(file: ModelFile, place: Place) -> dict[str, Variable]:
    """The variables of the declaring sections by name, in the order inputs, states, parameters, constants, targets."""
    symbols = {symbol.name: symbol for symbol in file.symbols}
    init = dict(file.init)
    found: dict[str, Variable] = {}
    for role in ROLES:
        for name, text in getattr(file, role.section):
            here = place.within(role.section)
            check_name(f"one of the {role.section}", name, here)
            if name in found:
                raise here.error(f"{name} is declared twice, the first time in [{found[name].role.section}]")
            at = here.within(role.section, name)
            found[name] = _variable(name, text, role, symbols.get(name), init.get(name), file.heads, at)
    known = dimensions(found.values())
    if file.heads and not any(v.heads is not None for v in found.values()):
        heads = file.heads
        raise place.within("", "heads").error(f"no shape begins with {heads}; expected one, as in S = '{heads} K V'")
    for name in sorted(known):
        if (parts := name.split("x")) and len(parts) > 1 and known.issuperset(parts):
            here = place.within(*next((v.role.section, v.name) for v in found.values() if name in v.shape))
            raise here.error(f"{name} is no dimension; dimensions stand side by side, as in {' '.join(parts)!r}")
        if name in found:
            here = place.within(found[name].role.section, name)
            raise here.error(f"{name} is a dimension, too; expected two different names")
    for name, initialiser in init.items():
        if name not in found or found[name].role not in (Role.PARAMETER, Role.BUFFER):
            raise place.within("init").unknown("parameter", name, _names(found, Role.PARAMETER))
        initialisers.check(initialiser, found[name].rank, place.within("init", name))
    return found | _started(file, found, place)


def _names(found: Mapping[str, Variable], role: Role) -> list[str]:
    return [v.name for v in found.values() if v.role is role]


def _started(file: ModelFile, found: Mapping[str, Variable], place: Place) -> dict[str, Variable]:
    """The states that start from a parameter, with its name."""
    started: dict[str, Variable] = {}
    for name, parameter in file.initial:
        here = place.within("initial", name[:40])
        if name not in _names(found, Role.STATE):
            raise place.within("initial").unknown("state", name[:40], _names(found, Role.STATE))
        if parameter not in _names(found, Role.PARAMETER):
            raise here.unknown("parameter", parameter[:40], _names(found, Role.PARAMETER))
        if found[name].shape != found[parameter].shape:
            shapes = " and ".join(f"'{' '.join(found[v].shape)}'" for v in (name, parameter))
            raise here.error(f"the shapes of {name} and {parameter} are {shapes}; expected the same")
        started[name] = replace(found[name], initial=parameter)
    return started


def check_initial(file: ModelFile, expressions: Iterable[Parsed], place: Place) -> None:
    """Raise BadInput if an equation reads a parameter that a state starts from."""
    initial = {parameter: state for state, parameter in file.initial}
    for parsed in expressions:
        for reading in readings(parsed):
            if reading.name in initial:
                what = f"{reading.name} is where {initial[reading.name]} starts"
                raise parsed.at(reading.node).error(f"{what}; an equation cannot read it, too")


def untied(expressions: Mapping[str, Parsed], variables: Mapping[str, Variable]) -> frozenset[str]:
    """The parameters read as W[t]; raises BadInput where the same parameter is also read as W."""
    how: dict[str, bool] = {}
    for parsed in expressions.values():
        for reading in readings(parsed):
            if reading.name not in variables or variables[reading.name].role not in (Role.PARAMETER, Role.BUFFER) or reading.lag:
                continue
            if how.setdefault(reading.name, reading.indexed) != reading.indexed:
                name = reading.name
                message = f"{name} is read both as {name} and as {name}[t]; expected one value for all steps or one per step"
                raise parsed.at(reading.node).error(message)
    return frozenset(name for name, indexed in how.items() if indexed)
