"""How somebody's function is called, inside their process, and what is kept of its results.

It imports nothing of symbptt but the guard.
"""

import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from symbptt.guard.caught import Caught

_LARGEST = 1_000_000
"""Entries of a result that are handed on."""


COUNTS = {**dict.fromkeys(("T", "L", "seq_len", "seqlen", "T_x", "num_steps", "n_steps", "timesteps"), "T"),
          **dict.fromkeys(("N", "B", "batch", "batch_size", "bsz"), "N")}
"""Names in use for the numbers of steps and of samples, by the axis that they count, as in `B, T, D = x.shape`."""
_QUANTITIES = (np.add, np.subtract, np.multiply, np.true_divide)


class _Classes:
    """What the arrays and numbers that stand for classes have in common: a class is no quantity.

    Code that takes one-hot rows runs with integers too, on broadcasting alone, and gives nonsense; here it raises.
    """

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **more: Any) -> Any:
        plain = [_plain(o) for o in operands]
        numbers = [np.asarray(o) for o in plain]
        mixed = any(n.dtype.kind == "f" and n.ndim for n in numbers) and any(n.dtype.kind in "iu" for n in numbers)
        if mixed and ufunc in _QUANTITIES and method != "at":  # add.at(dE, classes, values) takes them as places
            raise TypeError("integer classes are used as numbers")
        if "out" in more:
            more["out"] = tuple(_plain(o) for o in more["out"])
        return getattr(ufunc, method)(*plain, **more)


class _Label(_Classes, int):
    """One class."""


class _Labels(_Classes, np.ndarray):
    """An array of classes."""

    def __getitem__(self, key: Any) -> Any:
        found = np.ndarray.__getitem__(self, key)
        return _Label(found) if isinstance(found, np.integer) else found


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, _Label) else np.asarray(value) if isinstance(value, _Labels) else value


class _Group(dict[str, Any]):
    """A dict whose items are attributes as well: p["W"] and p.W."""

    __getattr__ = dict.__getitem__


class Arguments:
    """The arguments of a call, built anew; `given` keeps each array beside what it was, `out` those to be written into."""

    def __init__(self, arrays: Mapping[str, Any], results: Any = None, names: Any = ()) -> None:
        self._arrays, self._results, self._names = arrays, results, names
        self.given: list[tuple[str, Any, Any]] = []
        self.out: dict[str, Any] = {}

    def all(self, specs: Mapping[str, Any]) -> dict[str, Any]:
        """Every argument by name."""
        return {name: self._built(spec, name) for name, spec in specs.items()}

    def _built(self, spec: Mapping[str, Any], name: str) -> Any:
        kind = spec["kind"]
        if kind == "tuple":
            return [self._built(item, key) for key, item in spec["items"].items()]
        if kind == "dict":
            return _Group({key: self._built(item, key) for key, item in spec["items"].items()})
        if kind == "number":
            return spec["value"]
        if kind == "result":
            return self._result(spec["of"])
        array = self._arrays[spec["key"]]
        made = self._array(kind, array)
        if kind == "out":
            self.out[name] = made
        else:
            self.given.append((name, made, array))
        return made

    @staticmethod
    def _array(kind: str, array: Any) -> Any:
        if kind == "list":
            return [row.item() if row.ndim == 0 else row.copy() for row in array]
        if array.ndim == 0:
            return array.item()
        return array.copy().view(_Labels) if kind == "classes" else array.copy()

    def _result(self, of: Any) -> Any:
        """A result of the function called before: by its place or name, or all of them."""
        if of is None or (isinstance(of, int) and not isinstance(self._results, (tuple, list))):
            return self._results
        if isinstance(of, int):
            return self._results[of]
        if isinstance(self._results, Mapping):
            return self._results[of]
        return self._results[list(self._names).index(of)] if isinstance(self._results, (tuple, list)) else self._results

    def changed(self) -> list[str]:
        """The names of arguments that are not what they were."""
        return [name for name, made, array in self.given if not _same(made, array)]


def _same(made: Any, array: Any) -> bool:
    equal = False
    with Caught():
        equal = np.array_equal(np.asarray(made), array, equal_nan=array.dtype.kind == "f")
    return equal


def call(module: types.ModuleType, plan: Mapping[str, Any], arrays: Mapping[str, Any]) -> tuple[Any, Any, list[str]]:
    """Call their function, and before it the one whose results it takes: the results of both, and the arguments changed.

    Where gradients are written into arguments, or kept in attributes of an object, they are among the results.
    """
    first = Arguments(arrays)
    for name, value in first.all(plan["globals"]).items():
        if not isinstance(value, int) or isinstance(getattr(module, name, 0), (int, np.integer)):  # an array H is no size
            setattr(module, name, value)
    owner: Any = module
    if plan["object"] is not None:
        owner = getattr(module, plan["object"]["class"])(**first.all(plan["object"]["arguments"]))
        for name, value in first.all(plan["object"]["attributes"]).items():
            setattr(owner, name, value)
    before, names = None, ()
    if plan["forward"] is not None:
        before, names = _invoke(owner, module, plan["forward"], first), plan["forward"]["returns"]
    last = Arguments(arrays, before, names)
    result = _invoke(owner, module, plan, last)
    result = result if not last.out else {**flatten(result, plan["returns"]), **last.out}
    if plan["object"] is not None:
        kept = {n: getattr(owner, n) for n in plan["object"]["reads"] if hasattr(owner, n)}
        result = {**flatten(kept, []), **flatten(result, plan["returns"])} if kept else result
    return result, before, first.changed() + last.changed()


def _invoke(owner: Any, module: types.ModuleType, plan: Mapping[str, Any], arguments: Arguments) -> Any:
    given = arguments.all(plan["arguments"])
    function = getattr(owner if plan["method"] else module, plan["function"])
    first = [given.pop(name) for name in plan["positional"]]
    return function(*first, **given)


def flatten(result: Any, names: Any) -> dict[str, Any]:
    """Results by name: of dicts their keys, of tuples the names given, else #0, #1 ... A list of like arrays is one result."""
    if result is None:
        return {}
    if isinstance(result, Mapping):
        found: dict[str, Any] = {}
        for key, value in result.items():
            found.update(_inside(value, str(key)) if isinstance(value, Mapping) else {str(key): value})
        return found
    fields = getattr(result, "_fields", None) or getattr(result, "__dataclass_fields__", None)
    if fields is not None or isinstance(result, types.SimpleNamespace):
        names = list(fields or vars(result))
        result = [getattr(result, name) for name in names]
    if not isinstance(result, (tuple, list)):
        return {names[0] if names and isinstance(names[0], str) and names[0] else "#0": result}
    return _listed(result, names if len(names) == len(result) else [""] * len(result), "#")


def _inside(items: Mapping[str, Any], name: Any) -> dict[str, Any]:
    """The results in an inner dict of this name; keys that are letters are those of gates, dW["f"], and take the name along."""
    found = flatten(items, [])
    letters = isinstance(name, str) and name and all(len(key) == 1 for key in found)
    return {f"{name}.{key}": value for key, value in found.items()} if letters else found


def _listed(items: Any, names: Any, lead: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for i, (item, name) in enumerate(zip(items, names, strict=True)):
        inner = isinstance(item, (tuple, list))
        if isinstance(item, Mapping):
            found.update(_inside(item, name))
        elif inner and isinstance(name, list) and len(name) == len(item):
            found.update(_listed(item, name, f"{lead}{i}."))
        elif inner and _stacked(item) is None:
            found.update(_listed(item, [""] * len(item), f"{lead}{i}."))
        else:
            found[name if isinstance(name, str) and name and name not in found else f"{lead}{i}"] = item
    return found


def record(results: Mapping[str, Any], prefix: str, arrays: dict[str, Any]) -> dict[str, str]:
    """Keep the arrays; say of everything else what it is."""
    kinds: dict[str, str] = {}
    for name, value in results.items():
        array = np.array(None)
        with Caught():
            array = np.asarray(value)
        if array.dtype.kind in "biuf" and array.size <= _LARGEST:
            arrays[f"{prefix}/{name}"] = array
            kinds[name] = "list" if isinstance(value, (list, tuple)) else "array"
        else:
            kinds[name] = "None" if value is None else type(value).__name__
    return kinds


def _stacked(value: Any) -> Any:
    """Numbers as one array, a list or a dict by steps with the steps in front; None for anything else."""
    if isinstance(value, Mapping):
        steps = sorted(k for k in value if isinstance(k, int))
        if not steps or len(steps) < len(value):
            return None
        value = [value[k] for k in steps]
    array = np.array(None)
    with Caught():
        array = np.array(value)
    return array if array.dtype.kind in "biuf" and 0 < array.size <= _LARGEST else None


class Watch:
    """A profiler that keeps the local values with which the functions of a file return: the witnesses of a forward pass."""

    def __init__(self, path: str, calls: int = 64) -> None:
        self._path, self._calls = path, calls
        self._held: dict[str, list[Any]] = {}

    def __call__(self, frame: types.FrameType, event: str, argument: object) -> None:
        if event != "return" or frame.f_code.co_filename != self._path:
            return
        for name, value in dict(frame.f_locals).items():
            parts = vars(value) if name == "self" and hasattr(value, "__dict__") else {name: value}
            for part, item in parts.items():
                self._keep(f"{frame.f_code.co_name}.{part}", item)

    def _keep(self, name: str, value: Any) -> None:
        kept = self._held.setdefault(name, [])
        counts = isinstance(value, int) and name.rpartition(".")[2] in COUNTS
        if len(kept) < self._calls and (counts or isinstance(value, (np.ndarray, float, list, tuple, dict))):
            parts: dict[str, Any] = {name: value}
            items = list(value) if isinstance(value, (list, tuple)) else []
            if items and all(isinstance(i, tuple) and len(i) == len(items[0]) for i in items):
                parts = {f"{name}.{i}": column for i, column in enumerate(zip(*items, strict=True))}
            for part, item in parts.items():
                if (array := _stacked(item)) is not None:
                    self._held.setdefault(part, []).append(array)

    @property
    def held(self) -> dict[str, Any]:
        """The arrays by function and name; those of several calls below each other."""
        found: dict[str, Any] = {}
        for name, arrays in self._held.items():
            if len(arrays) == 1:
                found[name] = arrays[0]
            elif arrays and (together := _stacked(arrays)) is not None:
                found[name] = together
        return found
