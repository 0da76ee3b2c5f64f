"""One answer for one plan: a function's results, and the gradients that its library reads off. The guarded process loads it too.

An order has `arguments` by name, `results` in their order by name ("" for one that is passed over), and `kind`, the precision.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def gradient(name: str, arguments: Mapping[str, Any]) -> str:
    """What the gradient of an argument is called."""
    return f"grad_{name}" if f"d{name}" in arguments else f"d{name}"


def taken(parameters: Sequence[Any]) -> dict[str, Any]:
    """The arguments of a function, those that must be given, and whether it takes any more by place."""
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return {
        "arguments": [p.name for p in named], "required": [p.name for p in named if p.default is p.empty],
        "open": any(p.kind is p.VAR_POSITIONAL for p in parameters),
    }


class Called:
    """A function called in a library, with what its parameters are."""

    def __init__(self, function: Any, library: Any, parameters: Sequence[Any], autograd: bool) -> None:
        self._function = function.apply if autograd else function
        self._library, self._parameters, self._autograd = library, parameters, autograd

    def answered(self, order: Mapping[str, Any], arrays: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The kinds of what came back, and the arrays: first/grad_q and again/grad_q, before/o."""
        kept: dict[str, Any] = {}
        with self._library.precision(order["kind"]):
            answer = self._once(order, arrays, "first", kept)
            self._once(order, arrays, "again", kept)
        return answer, kept

    def _once(
        self, order: Mapping[str, Any], arrays: Mapping[str, Any], prefix: str, kept: dict[str, Any]
    ) -> dict[str, Any]:
        given: list[tuple[str, Any]] = []
        cotangents = {n: arrays[s["key"]] for n, s in order["arguments"].items() if n in order["results"]}
        forms = {n: self._form(n, s, arrays, order["kind"], given) for n, s in order["arguments"].items() if n not in cotangents}
        names: list[str] = []

        def run(leaves: Sequence[Any]) -> list[Any]:
            found = _listed(self._call({n: _built(f, leaves) for n, f in forms.items()}))
            floats = [(place, value) for place, value in found if self._library.is_array(value)]
            names[:] = [_name(place, order["results"]) for place, _ in floats]
            return [value for _, value in floats]

        results, pull = self._library.vjp(run, [array for _, array in given])
        missing = [name for name in cotangents if name not in names]
        if missing:
            raise ValueError(f"no result {missing[0]} with floating numbers came back, but {', '.join(names) or 'nothing'}")
        for name, result in zip(names, results, strict=True):
            wanted = np.shape(cotangents[name]) if name in cotangents else tuple(result.shape)
            if tuple(result.shape) != wanted:
                raise ValueError(f"the result {name} has the shape {tuple(result.shape)}, not {wanted}")
            kept[f"before/{name}"] = _honest(self._library.numbers(result))
        gradients = pull([cotangents.get(name) for name in names])
        floating = [(name, array) for name, array in given if self._library.is_array(array)]
        for (name, array), found in zip(floating, gradients, strict=True):
            value = self._library.numbers(array) * 0 if found is None else self._library.numbers(found)
            kept[f"{prefix}/{gradient(name, order['arguments'])}"] = _honest(value)
        changed = [n for n, array in floating if not _same(self._library, array, arrays, order, n)]
        return {"first": {gradient(name, order["arguments"]): "array" for name, _ in floating}, "changed": changed,
                "passed": [n for n in names if n not in cotangents]}

    def _form(
        self, name: str, spec: Mapping[str, Any], arrays: Mapping[str, Any], kind: str, given: list[tuple[str, Any]]
    ) -> Any:
        """An argument with the number of its array in place of the array."""
        if spec["kind"] == "dict":
            return {n: self._form(n, s, arrays, kind, given) for n, s in spec["items"].items()}
        if spec["kind"] == "number":
            return _Constant(spec["value"])
        given.append((name, self._library.array(arrays[spec["key"]], kind)))
        return len(given) - 1

    def _call(self, values: Mapping[str, Any]) -> Any:
        if not self._autograd:
            return self._function(**values)
        # apply takes no names: what is left out at the end may be, in between it has its default value.
        wanted = list(self._parameters)
        while wanted and wanted[-1].name not in values:
            wanted.pop()
        return self._function(*(values.get(p.name, p.default) for p in wanted))


class _Constant:
    def __init__(self, value: Any) -> None:
        self.value = value


def _built(form: Any, leaves: Sequence[Any]) -> Any:
    if isinstance(form, dict):
        return {name: _built(part, leaves) for name, part in form.items()}
    return form.value if isinstance(form, _Constant) else leaves[form]


def _listed(result: Any) -> list[tuple[int | str, Any]]:
    """Results by their key in a dict, or by their place."""
    if isinstance(result, Mapping):
        return list(result.items())
    return list(enumerate(result)) if isinstance(result, (tuple, list)) else [(0, result)]


def _name(place: int | str, results: Sequence[str]) -> str:
    if isinstance(place, str):
        return place
    return (results[place] if place < len(results) else "") or f"#{place}"


def _honest(array: Any) -> Any:
    """Numbers that single precision holds, in single precision: that is how they were computed."""
    single = array.astype(np.float32)
    told = np.isfinite(array).all() and (array != np.round(array, 3)).any()
    return single if told and (single == array).all() else array


def _same(library: Any, array: Any, arrays: Mapping[str, Any], order: Mapping[str, Any], name: str) -> bool:
    spec = order["arguments"].get(name)
    if spec is None or spec["kind"] != "array":
        return True
    fresh = library.numbers(library.array(arrays[spec["key"]], order["kind"]))
    return bool(np.array_equal(library.numbers(array), fresh, equal_nan=True))
