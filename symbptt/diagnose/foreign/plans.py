"""A plan: which function of somebody's file is called, with which arrays, in which layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.foreign import convert
from symbptt.diagnose.foreign.calls import Call, Meanings
from symbptt.diagnose.foreign.mapping import Table, Wanted
from symbptt.diagnose.foreign.meaning import Layout, Meaning
from symbptt.model.arrays import size
from symbptt.model.values import Model, Role
from symbptt.verify.data import Data


@dataclass(frozen=True)
class Plan:
    """A call in a layout: for the child process, its arrays, and the layout itself."""

    call: Call
    layout: Layout
    data: Data
    model: Model
    table: Table
    order: tuple[int, ...] = ()
    swapped: bool = False

    def meaning(self, meaning: Meaning) -> Meaning:
        """A meaning in this plan's order of gates."""
        if meaning.kind != "blocks":
            return meaning
        made = meaning.permuted(self.order) if self.order else meaning
        return made.swapped() if self.swapped and len(made.blocks[0]) > 1 else made

    def layout_of(self, name: str) -> Layout:
        """The layout of a name, which may have one of its own."""
        return self.table.own.get(name, Wanted()).over(self.layout)

    def order_form(self, prefix: str, arrays: dict[str, Array]) -> dict[str, Any]:
        """The plan for the child process; its arrays are added."""
        made: dict[str, Any] = {
            "function": self.call.function.name,
            "arguments": self._specs(self.call.arguments, prefix, arrays),
            "globals": self._specs(self.call.module_names, prefix, arrays),
            "returns": list(self.table.returns or self.call.function.returns),
            "forward": None,
            "cache": self.table.cache,
        }
        if self.call.forward is not None:
            specs = self._specs(self.call.forward_arguments, prefix, arrays)
            made["forward"] = {"function": self.call.forward.name, "arguments": specs}
        return made

    def _specs(self, meanings: Meanings, prefix: str, arrays: dict[str, Array]) -> dict[str, Any]:
        return {name: self._spec(name, meaning, prefix, arrays) for name, meaning in meanings.items()}

    def _spec(self, name: str, meaning: Meaning, prefix: str, arrays: dict[str, Array]) -> dict[str, Any]:
        if meaning.kind == "cache":
            return {"kind": "cache"}
        if meaning.kind == "number":
            return {"kind": "number", "value": meaning.value}
        if meaning.kind == "size":
            return {"kind": "number", "value": convert.known(self.model, self.data, meaning.name)}
        if meaning.kind == "group":
            items = self._group(meaning.name)
            return {"kind": "dict", "items": {n: self._spec(n, m, prefix, arrays) for n, m in items.items()}}
        array = self.array(name, meaning)
        key = f"{prefix}{len(arrays)}"
        arrays[key] = array
        layout = self.layout_of(name)
        listed = layout.listed and meaning.kind in ("sequence", "cotangent") and layout.axes.startswith("T")
        return {"kind": "list" if listed else "array", "key": key}

    def _group(self, group: str) -> Meanings:
        roles = {"parameters": (Role.PARAMETER, Role.BUFFER), "inputs": (Role.INPUT,), "targets": (Role.TARGET,),
                 "states": (Role.STATE,)}
        kinds = {"parameters": "blocks", "inputs": "sequence", "targets": "sequence", "states": "state"}
        if group == "cotangents":
            return {v.name: Meaning("cotangent", ((v.name,),)) for v in self.model.outputs}
        made = {v.name: Meaning(kinds[group], ((v.name,),)) for v in self.model.of(*roles[group])}
        other = {**self.table.names, **self.call.keys}
        return made | {n: m for n, m in other.items() if m.kind == kinds[group] and group in ("parameters", "states")}

    def array(self, name: str, meaning: Meaning) -> Array:
        """The array of a name in its layout."""
        layout, data = self.layout_of(name), self.data
        if meaning.kind == "blocks":
            return convert.blocks(self.meaning(meaning), layout, data.parameters)
        if meaning.kind == "state":
            return convert.state(data.states[meaning.name], layout)
        if meaning.kind == "cotangent":
            return convert.sequence(data.cotangents[meaning.name], layout)
        return convert.sequence(self._sequence(meaning.name, layout), layout)

    def _sequence(self, name: str, layout: Layout) -> Array:
        """An input or target: numbers, one-hot rows or classes."""
        role = self.model[name].role
        array = np.asarray((self.data.inputs if role is Role.INPUT else self.data.targets)[name])
        is_classes = array.dtype.kind in "iu"
        if role is Role.INPUT and layout.classes and not is_classes:
            return np.asarray(array.argmax(axis=-1))
        if role is Role.TARGET and is_classes and layout.classes is False:
            return convert.one_hot(array, convert_size(self.model, self.data, name))
        return array


def convert_size(model: Model, data: Data, name: str) -> int:
    """The number of classes of a target."""
    return size(model[name].rows, data.dims)


def named(meanings: Mapping[str, Meaning], kinds: tuple[str, ...]) -> list[str]:
    """The names of some kinds, in order."""
    return [n for n, m in meanings.items() if m.kind in kinds]
