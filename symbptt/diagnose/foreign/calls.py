"""How somebody's function is called: what each of its arguments stands for, looked up or guessed."""

from __future__ import annotations

from dataclasses import dataclass

from symbptt.diagnose.foreign.guess import CONVENTIONS, Guesser, is_group
from symbptt.diagnose.foreign.mapping import Table
from symbptt.diagnose.foreign.meaning import Meaning
from symbptt.diagnose.foreign.signature import Function, Source
from symbptt.errors import BadInput
from symbptt.model.values import Model

Meanings = dict[str, Meaning]


@dataclass(frozen=True)
class Call:
    """The function that gives gradients, the one that makes its cache if it needs one, and what their arguments stand for."""

    function: Function
    arguments: Meanings
    forward: Function | None
    forward_arguments: Meanings
    module_names: Meanings
    keys: Meanings
    """Keys of dicts, for functions that take dicts."""
    guesser: Guesser
    source: Source

    @property
    def meanings(self) -> Meanings:
        """All names that stand for something."""
        return {**self.keys, **self.forward_arguments, **self.arguments, **self.module_names}

    def uses(self, kind: str) -> bool:
        """Whether a kind of value is among the arguments; a group counts as what it holds."""
        group = {"cotangent": "cotangents", "target": "targets"}.get(kind)
        return any(m.kind == kind or (m.kind == "group" and m.name == group) for m in self.meanings.values())


def calls(source: Source, name: str | None, table: Table, model: Model) -> list[Call]:
    """Find out how to call their function, once for each convention of naming that makes a difference.

    Raises BadInput where a name can neither be looked up nor guessed.
    """
    found: list[Call] = []
    failed: BadInput | None = None
    arguments = [*(a for f in source.functions.values() for a in f.arguments), *source.keys, *table.module_names]
    for convention in CONVENTIONS:
        try:
            made = _call(source, name, table, model, Guesser.of(model, arguments, convention))
        except BadInput as error:
            failed = failed or error
        else:
            found += [made] if all(made.meanings != other.meanings for other in found) else []
    if failed is not None and not found:
        raise failed
    return found


def _call(source: Source, name: str | None, table: Table, model: Model, guesser: Guesser) -> Call:
    function = source.function(name or table.function)
    arguments = _meanings(source, function, table, guesser)
    forward, forward_arguments = None, {}
    if any(m.kind == "cache" for m in arguments.values()):
        forward = source.function(table.forward or _forward(source, function))
        forward_arguments = _meanings(source, forward, table, guesser)
    module_names = {n: _global(n, table, guesser, source) for n in table.module_names}
    grouped = any(m.kind == "group" for m in (*arguments.values(), *forward_arguments.values()))
    keys = _keys(source, table, guesser) if grouped else {}
    return Call(function, arguments, forward, forward_arguments, module_names, keys, guesser, source)


def _keys(source: Source, table: Table, guesser: Guesser) -> Meanings:
    """Keys that the file reads and that stand for parameters or states under other names than the model's."""
    found: Meanings = {}
    for key in source.keys:
        meaning = table.names.get(key) or guesser.argument(key, False)
        if meaning is not None and meaning.kind in ("blocks", "state") and key not in {v.name for v in guesser.model.variables}:
            found[key] = meaning
    return found


def _meanings(source: Source, function: Function, table: Table, guesser: Guesser) -> Meanings:
    group = is_group(function.arguments)
    found: Meanings = {}
    for argument in function.arguments:
        meaning = table.names.get(argument) or guesser.argument(argument, group)
        needless = argument not in function.required and meaning in found.values()
        if meaning is not None and not needless:
            found[argument] = meaning
        elif argument in function.required:
            known = f'a variable of {guesser.model.name}, "cotangent h", "cache", "parameters", ...'
            what = f"cannot guess what the argument {argument!r} of {function.name} is"
            raise BadInput(f'{source.path}: {what}; say it in a mapping: [names] {argument} = "..." ({known})')
    return found


def _global(name: str, table: Table, guesser: Guesser, source: Source) -> Meaning:
    meaning = table.names.get(name) or guesser.argument(name, False)
    if meaning is None:
        raise BadInput(f"{table.place}: cannot guess what the global {name!r} of {source.path} is; say it under [names]")
    return meaning


def _forward(source: Source, function: Function) -> str:
    """The function whose cache a backward function takes."""
    for old, new in (("backward", "forward"), ("backprop", "forward"), ("bwd", "fwd"), ("back", "forward")):
        if old in function.name and function.name.replace(old, new) in source.functions:
            return function.name.replace(old, new)
    if "forward" in source.functions:
        return "forward"
    what = f"{function.name} takes a cache; name the function that makes it"
    raise BadInput(f'{source.path}: {what}: forward = "..." in a mapping')
