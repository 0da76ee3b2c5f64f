"""How somebody's function is called: what each of its arguments stands for, looked up or guessed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from symbptt.data.values import GIVEN, GROUPS
from symbptt.diagnose.submission.guess import CONVENTIONS, Guesser, gates, is_cache, plain
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.meaning import Meaning, one
from symbptt.diagnose.submission.signature import Function, Source
from symbptt.diagnose.submission.which_function import chosen
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role

Meanings = dict[str, Meaning]
ROLES = {group: tuple(role for role in GIVEN if role.group == group) for group in GROUPS}
"""What the groups hold."""
_FORWARD = (("backward", "forward"), ("backprop", "forward"), ("bwd", "fwd"), ("bptt", "forward"), ("back", "forward"),
            ("bprop", "fprop"), ("_backward", ""), ("_bwd", ""), ("_grad", ""), ("_vjp", ""))
"""What the function that makes a cache is called, by what the one that takes it is called."""


@dataclass(frozen=True)
class Made:
    """An object that the functions are methods of: arguments of its class, attributes to set and those with gradients."""

    owner: str
    arguments: Meanings
    attributes: Meanings
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """The function that gives gradients, the one to be called before it if it needs one, and what their arguments stand for."""

    function: Function
    arguments: Meanings
    forward: Function | None
    forward_arguments: Meanings
    module_names: Meanings
    keys: Meanings
    """Keys of dicts, for functions that take dicts."""
    guesser: Guesser
    source: Source
    made: Made | None = None

    @cached_property
    def gates(self) -> dict[str, tuple[str, ...]]:
        """The keys of arguments that are dicts with an item for each gate, W["f"]."""
        taken = {**self.forward_arguments, **self.arguments}
        dicts = {n: m for n, m in taken.items() if m.kind == "blocks" and n in self.source.dicts}
        found = {n: gates(self.guesser.model, m, self.source.keys) for n, m in dicts.items()}
        return {n: keys for n, keys in found.items() if keys}

    @property
    def meanings(self) -> Meanings:
        """All names that stand for something."""
        made = {} if self.made is None else {**self.made.arguments, **self.made.attributes}
        return {**self.keys, **made, **self.forward_arguments, **self.arguments, **self.module_names}

    def needless(self, group: str) -> bool:
        """Whether a group need not be given at all, as `states=None`: so what a state starts from can be told by a parameter."""
        called = [(self.function, self.arguments), *([(self.forward, self.forward_arguments)] if self.forward else [])]
        named = ((f, n) for f, given in called for n, m in given.items() if m.kind == "group" and m.name == group)
        return any(n not in f.required for f, n in named)

    def uses(self, kind: str) -> bool:
        """Whether a kind of value is among the arguments; a group counts as what it holds."""
        group = {"cotangent": "cotangents", "target": "targets"}.get(kind)
        return any(m.kind == kind or (m.kind == "group" and m.name == group) for m in self.meanings.values())


Guess = Callable[[Model, Iterable[str], Mapping[tuple[str, str], str]], Guesser]
"""What makes a guesser of a model, of the names that there are, and of a convention of naming."""


def calls(source: Source, name: str | None, table: Table, model: Model, guess: Guess = Guesser.of) -> list[Call]:
    """Find out how to call their function, once for each convention of naming that makes a difference.

    Raises BadInput where a name can neither be looked up nor guessed.
    """
    own = (a for attributes in source.attributes.values() for a in attributes)
    apart = (n for f in source.functions.values() for names in f.unpacks.values() for n in names)
    arguments = [*(a for f in source.functions.values() for a in f.arguments), *own, *source.keys, *apart, *table.module_names]
    return in_conventions(lambda convention: _call(source, name, table, model, guess(model, arguments, convention)))


def in_conventions(call: Callable[[Mapping[tuple[str, str], str]], Call]) -> list[Call]:
    """The calls of all conventions that make a difference. Raises BadInput where none makes one."""
    found: list[Call] = []
    failed: BadInput | None = None
    for convention in CONVENTIONS:
        try:
            made = call(convention)
        except BadInput as error:
            failed = failed or error
        else:
            found += [made] if all(made.meanings != other.meanings for other in found) else []
    if failed is not None and not found:
        raise failed
    return found


def _call(source: Source, name: str | None, table: Table, model: Model, guesser: Guesser) -> Call:
    function = chosen(source, name or table.function, model.name.lower())
    before = _before(source, function, table)
    arguments = _meanings(source, function, table, guesser, before)
    forward, forward_arguments = None, {}
    stateful = function.owner and before is not None and before.owner and before.name not in function.calls
    if table.forward or stateful or any(m.kind == "result" for m in arguments.values()):
        if before is None:
            what = f"{function.full} takes a cache, what another function returned; name that function"
            raise BadInput(f'{source.path}: {what}: forward = "..." in a mapping')
        forward, forward_arguments = before, _meanings(source, before, table, guesser, None)
    made = _made(source, function.owner or (forward.owner if forward else ""), table, guesser)
    told = {n: _global(n, table, guesser, source) for n in table.module_names}
    module_names = told or _read_globals(source, function, forward, table, guesser)
    groups = [*arguments.values(), *forward_arguments.values(), *(made.attributes.values() if made else ())]
    keys = _keys(source, table, guesser) if any(m.kind == "group" for m in groups) else {}
    packed = [n for f in (function, forward) if f for names in f.unpacks.values() for n in names]
    keys |= {n: m for n in packed if (m := table.names.get(n) or guesser.argument(n, False)) and _is_packed(groups)}
    return Call(function, arguments, forward, forward_arguments, module_names, keys, guesser, source, made)


def _keys(source: Source, table: Table, guesser: Guesser) -> Meanings:
    """Keys that the file reads and that stand for parameters or states under other names than the model's.

    A dimension that is named in a shape is no key, nor are T and N, nor another spelling of what is read under its own name.
    """
    own = {v.name for v in guesser.model.variables} & {*source.keys}
    found: Meanings = {}
    for key in (key for key in source.keys if key not in {*own, *guesser.model.dimensions, "T", "N"}):
        meaning = table.names.get(key) or guesser.argument(key, False)
        if meaning is not None and meaning.kind in ("blocks", "state", "out") and not own >= {*meaning.variables}:
            found[key] = meaning
    return found


def _made(source: Source, owner: str, table: Table, guesser: Guesser) -> Made | None:
    """How the object is made whose methods are called."""
    if not owner:
        return None
    constructor = source.constructor(owner)
    arguments = _meanings(source, constructor, table, guesser, None)
    attributes: Meanings = {}
    told = [n for n, m in table.names.items() if m.kind == "blocks" and n not in arguments] if owner in source.by_name else []
    for name in dict.fromkeys((*source.attributes[owner], *told)):
        meaning = table.names.get(name) or guesser.attribute(name)
        if meaning is not None and meaning.kind == "group" and name not in source.dicts:
            continue
        if meaning is not None and meaning.kind in ("blocks", "group", "number", "size", "state"):
            attributes[name] = meaning
    # What is made by name may be read by name: setattr(self, "d" + name, value) says no name of a gradient.
    spelled = (f"{d}{n}" for n in attributes for d in ("d", "d_", "grad_")) if owner in source.by_name else ()
    reads = (n for n in dict.fromkeys((*source.attributes[owner], *spelled)) if n not in attributes)
    said = {n for n, m in table.names.items() if m.kind == "out"}
    return Made(owner, arguments, attributes, tuple(n for n in reads if n in said or guesser.keeps_gradients(n)))


def _meanings(source: Source, function: Function, table: Table, guesser: Guesser, before: Function | None) -> Meanings:
    """What the arguments of a function are; `before` is the one whose results it may take."""
    group = guesser.takes_groups(function.arguments)
    found: Meanings = {}
    for argument in function.arguments:
        meaning = table.names.get(argument) or _handed_on(argument, before, function, guesser)
        whole = group and (plain(argument) not in ("inputs", "targets") or argument in source.dicts)
        meaning = meaning or _size(argument, function, guesser) or guesser.argument(argument, whole)
        if meaning is None or (meaning.kind == "group" and meaning.name == "parameters"):
            meaning = _packed(argument, function, table, guesser) or meaning
        if meaning == Meaning("group", (("parameters",),)) and argument in source.sliced and argument not in source.dicts:
            order = ", ".join(f'"{v.name}"' for v in guesser.model.parameters)
            raise BadInput(f"{source.path}: {argument!r} of {function.full} is cut by slices: if it is a vector of all "
                           f"parameters, say their order in a mapping: [names] {argument} = [{order}]")
        if meaning == Meaning("result"):
            meaning = _cache(argument, before, table)
        needless = argument not in function.required and (
            meaning in found.values() or meaning == Meaning("loss") or _is_held(meaning, found.values(), guesser.model)
        )
        if meaning is not None and meaning.kind != "loss" and not needless:
            if argument not in table.names and is_second(meaning, found, guesser.model):
                raise BadInput(f"{source.path}: {argument!r} would be {', '.join(meaning.variables)}, as another argument of "
                               f"{function.full} is; where both are added, give this one as zero, in a mapping: "
                               f"[names] {argument} = 0")
            found[argument] = meaning
        elif argument in function.required:
            known = f'a variable of {guesser.model.name}, "cotangent h", "result hs", "gradient W", "parameters", a number ...'
            what = f"cannot guess what the argument {argument!r} of {function.full} is"
            raise BadInput(f'{source.path}: {what}; say it in a mapping: [names] {argument} = "..." ({known})')
    return found


def is_second(meaning: Meaning, others: Meanings, model: Model) -> bool:
    """Whether a bias has the meaning of another argument, as b_hh has beside b_ih: code adds the two."""
    return meaning.kind == "blocks" and meaning in others.values() and all(len(model[v].shape) < 2 for v in meaning.variables)


def _size(argument: str, function: Function, guesser: Guesser) -> Meaning | None:
    """H as a size rather than as h, where another dimension is among the arguments."""
    sizes = [a for a in function.arguments if a in guesser.model.dimensions and not guesser.owns(a)]
    kinds = {a: m.kind for a in sizes if (m := guesser.argument(a, False))}
    return one("size", argument) if kinds.get(argument) == "state" and "size" in kinds.values() else None


def _is_held(meaning: Meaning | None, others: Iterable[Meaning], model: Model) -> bool:
    """Whether a dict among the arguments holds what another one could be: `mask=None` beside the inputs, one of them a mask."""
    if meaning is None or meaning.kind not in ("blocks", "sequence"):
        return False
    roles = [role for m in others if m.kind == "group" for role in ROLES.get(m.name, ())]
    return all(model[v].role in roles for v in meaning.variables)


def _handed_on(argument: str, before: Function | None, function: Function, guesser: Guesser) -> Meaning | None:
    """An argument that is called as a result of the function before: what that one returned, unless it took it itself."""
    if before is None or argument not in before.returns or argument in before.arguments:
        return None
    result = Meaning("result", of=before.returns.index(argument))
    guessed = guesser.argument(argument, False)
    if guessed is not None and guessed.kind == "sequence" and guesser.model[guessed.name].role is Role.TARGET:
        others = [guesser.argument(a, False) for a in function.arguments if a != argument]
        return result if guessed in others else None
    started = guessed is not None and guessed.kind == "state" and plain(argument) != plain(argument).rstrip("0")
    return None if started or (guessed is not None and guessed.kind == "cotangent") else result


def _cache(argument: str, before: Function | None, table: Table) -> Meaning:
    """The result that a cache is: the one of the same or of such a name, else the last one, or the one of the table."""
    names = list(before.returns) if before is not None else []
    likely = [n for n in names if isinstance(n, str) and is_cache(n)]
    if len(likely) == 1 and table.cache == -1 and len(names) > 1:
        return Meaning("result", of=names.index(likely[0]))
    return Meaning("result", of=table.cache)


def _is_packed(meanings: Iterable[Meaning]) -> bool:
    return any(m.kind == "pack" for m in meanings)


def _packed(argument: str, function: Function, table: Table, guesser: Guesser) -> Meaning | None:
    """A list or tuple of parameters, which the function takes apart into names that say what is where."""
    names = function.unpacks.get(argument, ())
    meanings = [table.names.get(n) or guesser.argument(n, False) for n in names]
    kinds = {m.kind if m is not None else "" for m in meanings}
    return Meaning("pack", (names,)) if "blocks" in kinds and kinds <= {"blocks", "state", "sequence"} else None


def _read_globals(source: Source, function: Function, forward: Function | None, table: Table, guesser: Guesser) -> Meanings:
    """The sizes that functions read from their module, and the parameters, if they take none as arguments."""
    functions = [f for f in (function, forward) if f is not None]
    arguments = [
        table.names.get(a) or guesser.argument(a, guesser.takes_groups(f.arguments)) for f in functions for a in f.arguments
    ]
    names = [n for n in source.module_names if any(n in f.reads for f in source.functions.values())]
    sizes = {n: m for n in names if len(n) > 1 or n.isupper() if (m := guesser.argument(n, False)) and m.kind == "size"}
    if function.owner or any(m.kind == "blocks" or m == Meaning("group", (("parameters",),)) for m in arguments if m):
        return sizes
    return {n: m for n in names if (m := guesser.attribute(n)) is not None} | sizes


def _global(name: str, table: Table, guesser: Guesser, source: Source) -> Meaning:
    meaning = table.names.get(name) or guesser.argument(name, False)
    if meaning is None:
        raise BadInput(f"{table.place}: cannot guess what the global {name!r} of {source.path} is; say it under [names]")
    return meaning


def _before(source: Source, function: Function, table: Table) -> Function | None:
    """The function whose results a backward function takes."""
    if table.forward:
        return source.function(table.forward if table.forward in source.functions else _full(function.owner, table.forward))
    for old, new in _FORWARD:
        if old in function.name and (found := source.functions.get(_full(function.owner, function.name.replace(old, new)))):
            return found
    usual = (source.functions.get(_full(function.owner, name)) for name in ("forward", "fprop", "__call__", "loss"))
    found = next((f for f in usual if f is not None and f != function), None)
    if found is not None or not function.owner:
        return found
    others = [f for f in source.functions.values() if f.owner == function.owner and not f.name.startswith("_") and f != function]
    called = {name for f in others for name in (*f.calls, *function.calls)}
    alone = [f for f in others if f.name not in called]
    return alone[0] if len(alone) == 1 else None


def _full(owner: str, name: str) -> str:
    return f"{owner}.{name}" if owner else name
