"""What the arguments and results of a function stand for, as a call that is given cotangents and gives gradients."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import sympy as sp

from symbptt.diagnose.autodiff.runner import Facts
from symbptt.diagnose.submission import signature
from symbptt.diagnose.submission.arguments import Call, Meanings, in_conventions, is_second
from symbptt.diagnose.submission.guess import Guesser
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.meaning import Meaning, one, tokens
from symbptt.diagnose.submission.signature import Function, Source
from symbptt.errors import BadInput, UnknownName
from symbptt.model.values import Model, Role


def declared(name: str, facts: Facts, table: Table, model: Model) -> list[Call]:
    """The meanings of arguments, said in a table or guessed in each convention of naming, and of results. Raises BadInput."""
    if facts.open:
        raise BadInput(f"{name} takes arguments without names (*args); wrap it in a function that names them")

    def call(convention: Mapping[tuple[str, str], str]) -> Call:
        guesser = Guesser.of(model, facts.arguments, convention)
        arguments = _arguments(name, facts, table, guesser)
        made = {**arguments, **_results(name, arguments, table, model)}
        module, _, bare = name.rpartition(":")
        function = Function(bare, tuple(made), frozenset(made), (), (), frozenset())
        return Call(function, made, None, {}, {}, {}, guesser, source(facts.file, module, function))

    return in_conventions(call)


def twins(call: Call) -> dict[str, str]:
    """The biases that are given as zeros beside one of the same meaning, with the name of that one: b_hh beside b_ih."""
    first = {m.blocks: n for n, m in call.arguments.items() if m.kind == "blocks"}
    return {n: first[m.blocks] for n, m in call.arguments.items() if m.kind == "out"}


def result_names(call: Call, table: Table) -> tuple[str, ...]:
    """The names of the results in their order, "" for one that is passed over."""
    told = tuple(n if n in call.arguments else "" for n in table.returns)
    return told or tuple(n for n, m in call.arguments.items() if m.kind == "cotangent")


def _results(name: str, arguments: Meanings, table: Table, model: Model) -> Meanings:
    outputs = _outputs(table, model, frozenset(_missing(arguments, model)))
    if both := [n for n in outputs if n in arguments]:
        raise BadInput(f"{table.place}: {both[0]} is an argument and a result of {name}; give the result a name of its own")
    made = {n: m for n, m in outputs.items() if m is not None}
    read = {v for m in made.values() for v in _behind(model, m.name)}
    if missing := [n for n in _missing(arguments, model) if n in read]:
        raise BadInput(f"{name}: no argument is {missing[0]} of {model.name}; say in a mapping which one is: "
                       f'[names] NAME = "{missing[0]}"')
    return made


def _arguments(name: str, facts: Facts, table: Table, guesser: Guesser) -> Meanings:
    group = guesser.takes_groups(facts.arguments)
    found: Meanings = {}
    for argument in facts.arguments:
        meaning = table.names.get(argument) or guesser.argument(argument, group)
        needed = argument in facts.required or argument in table.names
        if meaning is not None and meaning.kind in ("cotangent", "out", "result", "loss", "ignore"):
            meaning = None
        if meaning is not None and needed and is_second(meaning, found, guesser.model):
            meaning = replace(meaning, kind="out")
        if meaning is not None and (needed or meaning not in found.values()):
            found[argument] = meaning
        elif argument in facts.required:
            known = f"a variable of {guesser.model.name}, T, N, a dimension or a constant"
            raise BadInput(f'{name}: cannot guess what the argument {argument!r} is; say it in a mapping: '
                           f'[names] {argument} = "..." ({known})')
    return found


def _outputs(table: Table, model: Model, missing: frozenset[str]) -> Mapping[str, Meaning | None]:
    """The results: those named by `returns`, else the one that no equation reads, or the last state; a read-out of which all
    weights of its own are `missing` among the arguments is none."""
    if not table.returns:
        states = [v for v in model.outputs if v.role is Role.STATE]
        outside = {v.name for v in model.parameters}.difference(*(_behind(model, s.name) for s in states))
        own = {v: outside & _behind(model, v.name) for v in model.outputs if v not in states}
        plain = [v for v, weights in own.items() if not weights or weights - missing] or states[-1:] or [model.outputs[-1]]
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


def _missing(arguments: Meanings, model: Model) -> list[str]:
    """The parameters and inputs that no argument stands for."""
    groups = {"parameters": (Role.PARAMETER,), "inputs": (Role.INPUT,)}
    whole = [role for m in arguments.values() if m.kind == "group" for role in groups.get(m.name, ())]
    given = {v for m in arguments.values() if m.kind in ("blocks", "sequence") for v in m.variables}
    return [v.name for v in model.of(Role.PARAMETER, Role.INPUT) if v.name not in given and v.role not in whole]


def _behind(model: Model, output: str) -> frozenset[str]:
    """The names of all that a value depends on."""
    found, waiting = set[str](), [output]
    while waiting:
        name = waiting.pop()
        read = {s.name for e in model.all_equations if e.target.name == name for s in e.value.atoms(sp.MatrixSymbol)}
        waiting += read - found
        found |= read
    return frozenset(found)


def source(file: str, module: str, function: Function) -> Source:
    """The file with nothing in it but the backward pass, as far as it can be found; without it an empty one."""
    text, nodes = "", []
    try:
        whole = signature.source(Path(file)) if file.endswith(".py") else None
    except BadInput:
        whole = None
    if whole is not None:
        text, nodes = whole.text, list(_backward(whole.tree, function.name.rpartition(".")[2]))
    empty = signature.parsed(Path(file) if file else Path(module), "")
    return replace(empty, functions={function.name: function}, tree=ast.Module(list(nodes), []), text=text)


def _backward(tree: ast.Module, name: str) -> Iterator[ast.stmt]:
    """The method `backward` of the class, or of the only class that has one; what is handed to `name.defvjp`."""
    methods = {c.name: m for c in tree.body if isinstance(c, ast.ClassDef)
               for m in c.body if isinstance(m, ast.FunctionDef) and m.name == "backward"}
    if name in methods or len(methods) == 1:
        yield methods[name] if name in methods else next(iter(methods.values()))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        handed = call.args[-1] if call.args and ast.unparse(call.func) == f"{name}.defvjp" else None
        if isinstance(handed, ast.Name):
            yield from (f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name == handed.id)
