"""The point at which a model is analysed: sizes, weights, inputs, targets and initial states, given or drawn from a seed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from symbptt import checks
from symbptt.analyze.recurrent import recurrent
from symbptt.data.arrays import lead, leading_axes, shape, shows_samples
from symbptt.data.arrays import sizes as usual
from symbptt.data.classes import are_classes, takes_classes
from symbptt.data.values import GIVEN, Array, Data, grouped
from symbptt.derive.numeric import Evaluation, run
from symbptt.errors import BadInput, UnknownName
from symbptt.model import initialisers
from symbptt.model.place import Place
from symbptt.model.values import Model, Role, Variable
from symbptt.unroll.graph import UnrolledGraph

STEPS = 20
ALIASES = {"xavier": "xavier_uniform", "he": "he_normal"}
"""Short names of initialisers."""
LARGEST = 10**8
"""The most entries of one array."""


def load(path: Path | str) -> dict[str, Array]:
    """The arrays of a .npz file by name; raises BadInput if it cannot be read or holds anything but numbers."""
    place = str(path)
    try:
        file = np.load(place, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise BadInput(f"{place}: one array without a name; expected a .npz file with one array per variable")
        with file:
            found = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise BadInput(f"{place}: cannot be read as .npz: {error}") from None
    for name, array in found.items():
        if not isinstance(array, np.ndarray):
            raise BadInput(f"{place}: {name} is no array")
        if array.dtype.kind not in "buif":
            raise BadInput(f"{place}: {name} has entries of type {array.dtype}, expected real numbers")
    return found


def measure(model: Model, values: Mapping[str, Array]) -> dict[str, tuple[int, str]]:
    """The sizes that given arrays fix, T and N among them, each with the name of the array that says so."""
    known = {v.name: v for v in model.of(*GIVEN)}
    found: dict[str, tuple[int, str]] = {}
    for name, array in values.items():
        if name not in known:
            raise UnknownName(f"variable of {model.name} in the values", name, known)
        variable = known[name]
        labels = (*leading_axes(variable), *variable.shape)
        if variable.classes or (variable.role is Role.TARGET and are_classes(variable, array)):
            labels = labels[:2]
        if array.ndim != len(labels):
            raise BadInput(f"{name} has shape {array.shape}, expected ({', '.join(labels)})")
        for label, size in zip(labels, array.shape, strict=True):
            if label.isidentifier() and found.setdefault(label, (size, name))[0] != size:
                raise BadInput(f"{label} is {found[label][0]} in {found[label][1]} but {size} in {name}")
    return found


def whole(label: str, given: int | None, measured: Mapping[str, tuple[int, str]], default: int) -> int:
    """A size as asked for, as measured (with the array that says so), or by default; raises BadInput if these differ."""
    given = None if given is None else checks.positive(given, label)
    if label not in measured:
        return default if given is None else given
    size, name = measured[label]
    if given not in (None, size):
        raise BadInput(f"{label} is {given} as asked but {size} in {name}")
    if size < 1:
        raise BadInput(f"{label} is 0 in {name}")
    return size


def point(
    model: Model, T: int | None = None, dims: Mapping[str, int] | None = None, N: int | None = None, seed: int = 0, *,
    values: Mapping[str, Array] | None = None, init: Mapping[str, str] | str | None = None,
) -> Data:
    """Values for every variable of a model, as float64: `values` as given, the others drawn from the seed.

    T is 20 and N is 2 unless given or fixed by `values`; N is 1 where no array shows it. Parameters start as `symbptt init`
    draws them: a matrix by `init` (a name for all, or names by parameter), else as its model file says, else xavier_uniform;
    identity is for recurrent matrices alone. Inputs are standard normal, targets uniform classes or standard normal, initial
    states zero (standard normal if there is no other input); a mask is one, and a state that starts from a parameter is left
    out. Each name has a stream of its own, so models with an input of the same name get the same data. Raises BadInput for
    what does not fit.
    """
    given = {name: np.asarray(array) for name, array in (values or {}).items()}
    measured, asked = measure(model, given), dict(dims or {})
    for name in asked:
        if name not in model.dimensions:
            raise UnknownName("dimension", name, model.dimensions)
    sizes = {name: whole(name, asked.get(name), measured, default) for name, default in usual(model).items()}
    steps, samples = whole("T", T, measured, STEPS), whole("N", N, measured, 2)
    if not shows_samples(model) and not any(state.name in given for state in model.states):
        samples = 1
    drawn = _weights(model, sizes, steps, checks.seed(seed), init)
    made: dict[str, Array] = {}
    for variable in model.of(*GIVEN):
        if variable.initial is not None and variable.name not in given:
            continue
        value = drawn[variable.name] if variable.name in drawn else _draw(model, variable, sizes, steps, samples, seed)
        made[variable.name] = _checked(variable, given[variable.name], value) if variable.name in given else value
    return Data(sizes, steps, samples, *grouped(made, model), source=_source(seed, given))


def evaluated(graph: UnrolledGraph, data: Data) -> Evaluation:
    """The values of every symbol of a graph at a point; overflow gives inf or nan, as in the code."""
    with np.errstate(all="ignore"):
        return run(graph, data.parameters, data.inputs, data.targets if graph.model.loss else {}, data.states)


def adjusted(model: Model, data: Data, fill: Mapping[str, float], factor: Mapping[str, float]) -> Data:
    """The point with some parameters filled with a number (a forget bias of 1) and then some multiplied by one."""
    parameters = dict(data.parameters)
    for name in (*fill, *factor):
        if name not in parameters:
            raise UnknownName("parameter", name, parameters)
    parameters.update({name: np.full(parameters[name].shape, float(value)) for name, value in fill.items()})
    with np.errstate(over="ignore", invalid="ignore"):
        parameters.update({name: parameters[name] * value for name, value in factor.items()})
    changes = [f"{name} = {value:g}" for name, value in fill.items()] + [f"{name} * {value:g}" for name, value in factor.items()]
    return replace(data, parameters=parameters, source="; ".join([data.source, *changes]))


def _source(seed: int, given: Mapping[str, Array]) -> str:
    return f"seed {seed}" + (f"; given: {', '.join(given)}" if given else "")


def _weights(
    model: Model, sizes: Mapping[str, int], T: int, seed: int, init: Mapping[str, str] | str | None
) -> dict[str, Array]:
    """First values of the parameters and buffers, with other initialisers if asked for."""
    by_name = dict(init) if isinstance(init, Mapping) else {}
    if isinstance(init, str):
        chosen = recurrent(model) if init == "identity" else [v.name for v in model.parameters if len(v.shape) == 2]
        by_name = dict.fromkeys(chosen, init)
        initialisers.check(ALIASES.get(init, init), None, Place("init"))
    known = {v.name: v for v in model.parameters}
    for name, kind in by_name.items():
        if name not in known:
            raise UnknownName("parameter", name, known)
        initialisers.check(ALIASES.get(kind, kind), len(known[name].shape), Place(f"init {name}"))
    for v in model.of(Role.PARAMETER, Role.BUFFER):
        _affordable(v, lead(v, T, 1) + shape(v, sizes))
    asked = {name: ALIASES.get(kind, kind) for name, kind in by_name.items()}
    variables = tuple(replace(v, init=asked.get(v.name, v.init)) for v in model.variables)
    return initialisers.draw(replace(model, variables=variables), sizes, seed, T)


def _affordable(variable: Variable, full: tuple[int, ...]) -> None:
    if np.prod(full, dtype=float) > LARGEST:
        raise BadInput(f"{variable.name} would have shape {full}, more than {LARGEST} entries")


def _draw(model: Model, variable: Variable, sizes: Mapping[str, int], T: int, N: int, seed: int) -> Array:
    """An input, a target or an initial state."""
    rng = initialisers.stream(seed, variable.name)
    size = shape(variable, sizes)
    full = lead(variable, T, N) + size
    _affordable(variable, full)
    if variable.mask:
        return np.ones(full)
    if variable.classes or (variable.role is Role.TARGET and takes_classes(model, variable)):
        return rng.integers(0, size[0], full[: len(full) - len(size)])
    at_rest = variable.role is Role.STATE and model.of(Role.INPUT)
    return np.zeros(full) if at_rest else rng.standard_normal(full)


def _checked(variable: Variable, given: Array, drawn: Array) -> Array:
    """A given array in place of a drawn one; classes may replace columns of numbers and the reverse."""
    classes = are_classes(variable, given) and given.shape == drawn.shape[:2]
    if classes and (variable.classes or variable.role is Role.TARGET):
        return given
    columns = drawn.dtype.kind in "iu" and not variable.classes
    if given.shape != drawn.shape and not (columns and given.shape[:2] == drawn.shape):
        raise BadInput(f"{variable.name} has shape {given.shape}, expected {drawn.shape}")
    return given.astype(np.float64)
