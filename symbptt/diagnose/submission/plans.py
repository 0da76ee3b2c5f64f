"""A plan: which function of somebody's file is called, with which arrays, in which layout."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from math import prod
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.data.arrays import size
from symbptt.data.classes import one_hot
from symbptt.data.values import Data
from symbptt.diagnose.submission import convert
from symbptt.diagnose.submission.arguments import ROLES, Call, Meanings
from symbptt.diagnose.submission.mapping import Table, Wanted
from symbptt.diagnose.submission.meaning import Layout, Meaning, one
from symbptt.diagnose.submission.signature import Function
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable

_KINDS = {"parameters": "blocks", "inputs": "sequence", "targets": "sequence", "states": "state"}


@dataclass(frozen=True)
class Plan:
    """A call in a layout: for the child process, its arrays, and the layout itself. With `last` the cotangents, or the targets
    of a loss at the last step, are those of the last step alone."""

    call: Call
    layout: Layout
    data: Data
    model: Model
    table: Table
    order: tuple[int, ...] = ()
    swapped: bool = False
    last: bool = False

    def rows(self, name: str) -> dict[str, Meaning]:
        """The items by gate of a dict of this name, under keys such as W.f; empty for what is none."""
        keys = self.call.gates.get(name, ())
        rows = self.call.meanings[name].permuted(self.order).blocks if keys else ()
        return {f"{name}.{key}": Meaning("blocks", (row,)) for key, row in zip(keys, rows, strict=True)}

    def meaning(self, meaning: Meaning) -> Meaning:
        """A meaning in this plan's order of gates."""
        if meaning.kind not in ("blocks", "out"):
            return meaning
        made = meaning.permuted(self.order) if self.order else meaning
        return made.swapped() if self.swapped and len(made.blocks[0]) > 1 else made

    def layout_of(self, name: str) -> Layout:
        """The layout of a name, which may have one of its own."""
        return self.table.own.get(name, Wanted()).over(self.layout)

    @property
    def batch(self) -> convert.Batch:
        """The axes of samples, where a layout has several; data with another number of samples have them along the first one."""
        found = batch(self.table, self.model)
        if prod(found.values()) == self.data.N:
            return found
        return {axis: self.data.N if i == 0 else 1 for i, axis in enumerate(found)}

    def at_last(self, meaning: Meaning) -> bool:
        """Whether a sequence is given as its last step alone."""
        return meaning.last or (self.last and ends(meaning, self.model))

    def order_form(self, prefix: str, arrays: dict[str, Array]) -> dict[str, Any]:
        """The plan for the child process; its arrays are added."""
        made: dict[str, Any] = {
            **self._call(self.call.function, self.call.arguments, prefix, arrays),
            "globals": self._specs(self.call.module_names, prefix, arrays), "forward": None, "object": None,
        }
        if self.table.returns:
            made["returns"] = list(self.table.returns)
        if self.call.forward is not None:
            made["forward"] = self._call(self.call.forward, self.call.forward_arguments, prefix, arrays)
        if self.call.made is not None:
            made["object"] = {
                "class": self.call.made.owner, "arguments": self._specs(self.call.made.arguments, prefix, arrays),
                "attributes": self._specs(self.call.made.attributes, prefix, arrays), "reads": list(self.call.made.reads),
            }
        return made

    def _call(self, function: Function, arguments: Meanings, prefix: str, arrays: dict[str, Array]) -> dict[str, Any]:
        return {
            "function": function.name, "method": bool(function.owner), "returns": function.returns,
            "arguments": self._specs(arguments, prefix, arrays),
            "positional": list(takewhile(lambda name: name in arguments, function.positional)),
        }

    def _specs(self, meanings: Meanings, prefix: str, arrays: dict[str, Array]) -> dict[str, Any]:
        return {name: self._spec(name, meaning, prefix, arrays) for name, meaning in meanings.items()}

    def _spec(self, name: str, meaning: Meaning, prefix: str, arrays: dict[str, Array]) -> dict[str, Any]:
        if meaning.kind == "result":
            return {"kind": "result", "of": meaning.of}
        if meaning.kind == "number":
            return {"kind": "number", "value": meaning.value}
        if meaning.kind == "size":
            return {"kind": "number", "value": convert.known(self.model, self.data, meaning.name)}
        if meaning.kind == "group":
            items = self.group(meaning.name)
            return {"kind": "dict", "items": {n: self._spec(n, m, prefix, arrays) for n, m in items.items()}}
        if meaning.kind == "pack":
            items = {n: self.call.keys[n] for n in meaning.variables}
            return {"kind": "tuple", "items": {n: self._spec(n, m, prefix, arrays) for n, m in items.items()}}
        if items := self.rows(name):
            return {"kind": "dict", "items": {n.rpartition(".")[2]: self._spec(n, m, prefix, arrays) for n, m in items.items()}}
        array = self.array(name, meaning)
        key = f"{prefix}{len(arrays)}"
        arrays[key] = array
        layout = self.layout_of(name)
        steps = meaning.kind in ("sequence", "cotangent") and not self.at_last(meaning)
        if layout.listed and steps and layout.axes.startswith("T"):
            return {"kind": "list", "key": key}
        return {"kind": "out" if meaning.kind == "out" else "classes" if array.dtype.kind in "iu" else "array", "key": key}

    def group(self, group: str) -> Meanings:
        """The items of a dict of parameters, inputs, targets, states, cotangents or gradients to be filled."""
        other = {**self.table.names, **self.call.keys}
        if group == "cotangents":
            return {v.name: replace(one("cotangent", v.name), last=self.ends_with(v)) for v in self.model.outputs}
        if group == "gradients":
            own = {n: m for n, m in other.items() if m.kind == "out"}
            return own or {n: replace(m, kind="out") for n, m in self.group("parameters").items()}
        made = {v.name: one(_KINDS[group], v.name) for v in self.model.of(*ROLES[group])}
        if group == "states" and self.call.needless(group):
            made = {name: m for name, m in made.items() if name in self.data.states}
        if group not in ("parameters", "states"):
            return made
        theirs = {n: m for n, m in other.items() if m.kind == _KINDS[group]}
        # What they read under a name of their own has that name only: their loops over the dict meet each array once.
        renamed = {v for m in theirs.values() for v in m.variables} - set(self.call.source.keys)
        return {n: m for n, m in made.items() if n not in renamed} | theirs

    def ends_with(self, output: Variable) -> bool:
        """Whether chunks hand out this output after the last step alone, as they do a state."""
        return self.table.chunk is not None and output.role is Role.STATE

    def array(self, name: str, meaning: Meaning) -> Array:
        """The array of a name in its layout."""
        layout, data = self.layout_of(name), self.data
        if meaning.kind == "blocks":
            return convert.blocks(self.meaning(meaning), layout, data.parameters, self.model)
        if meaning.kind == "out":
            return np.zeros_like(convert.blocks(self.meaning(meaning), layout, data.parameters, self.model))
        variable = self.model[meaning.name]
        if meaning.kind == "state":
            return convert.ordered(data.value(variable), variable, "N", layout, self.batch)
        array = data.cotangents[meaning.name] if meaning.kind == "cotangent" else self._sequence(meaning.name, layout)
        if self.at_last(meaning):
            layout = replace(layout, axes=without_steps(layout.axes))
        elif "T" not in layout.axes:
            allowed = "only a cotangent, or the target of a loss at the last step, can be that of the last step alone"
            raise BadInput(f"{self.table.place}: {name}: the axes {layout.axes!r} are without T, but {allowed}")
        return convert.ordered(array, variable, "TN", layout, self.batch)

    def _sequence(self, name: str, layout: Layout) -> Array:
        """An input or target: numbers, one-hot rows or classes."""
        role = self.model[name].role
        array = np.asarray((self.data.inputs if role is Role.INPUT else self.data.targets)[name])
        is_classes = array.dtype.kind in "iu"
        if role is Role.INPUT and layout.classes and not is_classes:
            return np.asarray(array.argmax(axis=-1))
        if role is Role.TARGET and is_classes and layout.classes is False:
            return one_hot(array, size(self.model[name].rows, self.data.dims))
        return array


def without_steps(axes: str) -> str:
    """The axes but for T."""
    return " ".join(a for a in axes.split() if a != "T") if " " in axes else axes.replace("T", "")


def ends(meaning: Meaning, model: Model) -> bool:
    """Whether the last step may stand for all: of a cotangent, or of a target where the loss is at the last step."""
    if meaning.kind == "cotangent":
        return True
    is_target = meaning.kind == "sequence" and model[meaning.name].role is Role.TARGET
    return is_target and model.loss is not None and model.loss.at == "last"


def batch(table: Table, model: Model) -> dict[str, int]:
    """The axes of samples that the layouts of a table name, where they are several."""
    layouts = [w.over(Layout()) for w in (table.layout, *table.own.values())]
    return convert.batches(layouts, model.dimensions)


def named(meanings: Mapping[str, Meaning], kinds: tuple[str, ...]) -> list[str]:
    """The names of some kinds, in order."""
    return [n for n, m in meanings.items() if m.kind in kinds]
