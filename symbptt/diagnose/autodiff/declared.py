"""What the arguments and results of a function stand for, as a call that is given cotangents and gives gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symbptt.diagnose.autodiff.located import source
from symbptt.diagnose.autodiff.runner import Facts
from symbptt.diagnose.submission.calls import Call, Meanings
from symbptt.diagnose.submission.guess import CONVENTIONS, Guesser
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.meaning import Meaning, one, tokens
from symbptt.diagnose.submission.signature import Function
from symbptt.errors import BadInput, UnknownName
from symbptt.model.values import Model, Role


@dataclass(frozen=True)
class Declared:
    """The call, and the names of the results in their order, "" for one that is passed over."""

    call: Call
    results: tuple[str, ...]


def declared(name: str, facts: Facts, table: Table, model: Model) -> Declared:
    """The meanings of arguments, said in a table or guessed, and of results. Raises BadInput."""
    if facts.open:
        raise BadInput(f"{name} takes arguments without names (*args); wrap it in a function that names them")
    outputs = _outputs(table, model)
    arguments = _arguments(name, facts, table, Guesser.of(model, facts.arguments, CONVENTIONS[1]))
    if both := [n for n in outputs if n in arguments]:
        raise BadInput(f"{table.place}: {both[0]} is an argument and a result of {name}; give the result a name of its own")
    _all_given(name, arguments, model)
    made = {**arguments, **{n: m for n, m in outputs.items() if m is not None}}
    module, _, bare = name.rpartition(":")
    function = Function(bare, tuple(made), frozenset(made), (), (), frozenset())
    guesser = Guesser.of(model, facts.arguments, CONVENTIONS[1])
    call = Call(function, made, None, {}, {}, {}, guesser, source(facts.file, module, function))
    return Declared(call, tuple(n if m is not None else "" for n, m in outputs.items()))


def _arguments(name: str, facts: Facts, table: Table, guesser: Guesser) -> Meanings:
    group = guesser.takes_groups(facts.arguments)
    found: Meanings = {}
    for argument in facts.arguments:
        meaning = table.names.get(argument) or guesser.argument(argument, group)
        needed = argument in facts.required or argument in table.names
        if meaning is not None and meaning.kind in ("cotangent", "out", "result", "loss", "ignore"):
            meaning = None
        if meaning is not None and (needed or meaning not in found.values()):
            found[argument] = meaning
        elif argument in facts.required:
            known = f"a variable of {guesser.model.name}, T, N, a dimension or a constant"
            raise BadInput(f'{name}: cannot guess what the argument {argument!r} is; say it in a mapping: '
                           f'[names] {argument} = "..." ({known})')
    return found


def _outputs(table: Table, model: Model) -> Mapping[str, Meaning | None]:
    """The results: those named by `returns`, else the one that no equation reads, or the last state."""
    if not table.returns:
        plain = [v for v in model.outputs if v.role is not Role.STATE] or [model.outputs[-1]]
        return {f"result {v.name}": one("cotangent", v.name) for v in plain}
    return {name: _output(name, table, model) for name in table.returns}


def _output(name: str, table: Table, model: Model) -> Meaning | None:
    known = {v.name for v in model.outputs}
    meaning = table.names.get(name) or (one("cotangent", name) if name in known else None)
    if meaning is None:
        raise UnknownName("output", name, known, f"{table.place}: returns")
    if meaning.kind == "ignore":
        return None
    if meaning.kind not in ("cotangent", "state") or meaning.name not in known:
        raise BadInput(f'{table.place}: returns: {name} is no output of {model.name}; say what it is under [names], or "ignore"')
    own = table.own.get(name)
    said = own.axes if own is not None else None
    several = len(table.returns) > 1 and model[meaning.name].role is Role.STATE
    last = "T" not in tokens(said) if said else meaning.last or (several and len(model.outputs) > len(model.states))
    return replace(one("cotangent", meaning.name), last=last)


def _all_given(name: str, arguments: Meanings, model: Model) -> None:
    """Everything that the model's cell reads must be given."""
    groups = {"parameters": (Role.PARAMETER,), "inputs": (Role.INPUT,)}
    whole = [role for m in arguments.values() if m.kind == "group" for role in groups.get(m.name, ())]
    given = {v for m in arguments.values() if m.kind in ("blocks", "sequence") for v in m.variables}
    read = {s.name for e in model.equations for s in e.value.free_symbols | e.value.atoms(type(e.target.at()))}
    missing = [v.name for v in model.of(Role.PARAMETER, Role.INPUT)
               if v.name not in given and v.role not in whole and v.name in read]
    if missing:
        raise BadInput(f"{name}: no argument is {missing[0]} of {model.name}; say in a mapping which one is: "
                       f'[names] NAME = "{missing[0]}"')
