"""What a Python file offers, read from its syntax tree: nothing is run here."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from symbptt.diagnose.submission.text_keys import keys, text_of
from symbptt.errors import BadInput, UnknownName
from symbptt.files import content

MAX_BYTES = 1024 * 1024
"""The largest file."""
PREFERRED = ("value_and_grad", "backward", "loss_and_grad", "loss_and_grads", "lossFun", "loss_fun", "bptt", "gradients", "grad")
"""Functions that are taken if none is named, the first one found."""
_BACKWARD = ("backward", "backprop", "bptt", "grad", "bwd", "vjp", "adjoint")
"""Parts of the names of functions that compute gradients, as those with "forward", "step" or "predict" do not."""
_HELPERS = ("numeric", "check", "clip", "finite", "test", "descent", "update", "apply", "zero")
"""Parts of the names of functions that have to do with gradients and compute none."""
_FORWARD = ("forward", "fwd", "predict", "sample", "train", "init")
MANY = 4
"""A function that alone has as many arguments is no helper."""

Names = tuple["str | Names", ...]
"""The names in a return statement; of an inner tuple, those in it."""


@dataclass(frozen=True)
class Function:
    """A function of the file: its arguments, those that must be given, those given by position, and the names in its last
    return, if they are names. `owner` is the class that a method belongs to, `calls` are the names that it calls."""

    name: str
    arguments: tuple[str, ...]
    required: frozenset[str]
    positional: tuple[str, ...]
    returns: Names
    calls: frozenset[str]
    owner: str = ""
    unpacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names that arguments are taken apart into, as in W, b = params."""
    reads: frozenset[str] = frozenset()
    """The names that it reads."""

    @property
    def full(self) -> str:
        """The name with that of its class."""
        return f"{self.owner}.{self.name}" if self.owner else self.name


@dataclass(frozen=True)
class Source:
    """A file with its functions and methods by full name, the attributes that each class assigns, and the texts that it uses as
    keys, as in parameters["Wf"], or lists."""

    path: Path
    functions: Mapping[str, Function]
    attributes: Mapping[str, tuple[str, ...]]
    keys: tuple[str, ...]
    module_names: tuple[str, ...]
    """Names that statements outside functions assign."""
    dicts: frozenset[str]
    """Names that are read by keys that are texts."""
    tree: ast.Module
    text: str
    by_name: frozenset[str] = frozenset()
    """Classes that make attributes under names that are values."""

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """The names, of variables, attributes and keys, that something is stored under."""
        nodes = [n for n in ast.walk(self.tree) if isinstance(getattr(n, "ctx", None), ast.Store)]
        keys = (n.slice.value for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant))
        texts = (key for key in keys if isinstance(key, str))
        return tuple(dict.fromkeys([*(_name(n) for n in nodes if isinstance(n, (ast.Name, ast.Attribute))), *texts]))

    @cached_property
    def loaded(self) -> frozenset[str]:
        """The names of variables that are read."""
        return frozenset(n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))

    @cached_property
    def sliced(self) -> frozenset[str]:
        """The names that slices are taken of, as theta[i:j]."""
        parts = (n for n in ast.walk(self.tree) if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Slice))
        return frozenset(n.value.id for n in parts if isinstance(n.value, ast.Name))

    @property
    def steps(self) -> int | None:
        """The number of steps that emitted code is made for, as in `STEPS = 3`; None where it serves any."""
        values = (n.value for n in self.tree.body if isinstance(n, ast.Assign) and [_name(t) for t in n.targets] == ["STEPS"])
        found = next((v.value for v in values if isinstance(v, ast.Constant)), None)
        return found if isinstance(found, int) and found > 0 else None

    def function(self, name: str | None, model: str = "") -> Function:
        """The function called `name`, or the one that most likely computes gradients. Raises BadInput."""
        if name is not None:
            if name not in self.functions:
                raise UnknownName("function", name, self.functions, str(self.path))
            return self.functions[name]
        exact = next((self.functions[f] for f in PREFERRED if f in self.functions), None)
        if exact is not None:
            return exact
        public = [f for f in self.functions.values() if not f.name.startswith("__")]
        for likely in (_is_backward, lambda f: True, _returns_gradients, lambda f: len(f.arguments) >= MANY):
            found = _outermost([f for f in public if likely(f)])
            named = [f for f in found if model and model in f.full.lower()]
            for choice in (found, named):
                if len(choice) == 1:
                    return choice[0]
        known = ", ".join(f.full for f in public) or "none"
        raise BadInput(f"{self.path}: which function computes the gradients? name it with --function (found: {known})")

    def constructor(self, owner: str) -> Function:
        """How an object of a class is made."""
        return self.functions.get(f"{owner}.__init__", Function("__init__", (), frozenset(), (), (), frozenset(), owner))


def _is_backward(function: Function) -> bool:
    name = function.name.lower()
    return any(part in name for part in _BACKWARD) and not any(part in name for part in _HELPERS)


def _returns_gradients(function: Function) -> bool:
    """Whether the names of the results are those of gradients, as in dW, db."""
    return sum(name.startswith(("d", "grad")) for name in flat(function.returns)) > 1


def _outermost(functions: list[Function]) -> list[Function]:
    """Those that no other one of them calls: the loop over the steps, not the step."""
    called = {name for f in functions for name in f.calls - {f.name}}
    return [f for f in functions if f.name not in called] or functions


def flat(names: Names) -> Iterable[str]:
    """All names in a return statement."""
    for name in names:
        if isinstance(name, str):
            yield name
        else:
            yield from flat(name)


def source(path: Path | str) -> Source:
    """Read a file. Raises BadInput if it cannot be read or is no Python."""
    place = Path(path)
    try:
        return parsed(place, content(place, MAX_BYTES).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInput(f"{place}: not UTF-8") from None


def parsed(place: Path, text: str) -> Source:
    """The same of a text that was read. Raises BadInput if it is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        raise BadInput(f"{place}: not Python: {where}{error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise BadInput(f"{place}: not Python that can be read") from None
    functions = {node.name: _function(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for owner in classes:
        functions |= {f"{owner.name}.{m.name}": _method(m, owner.name) for m in owner.body if isinstance(m, ast.FunctionDef)}
    taken = {a for f in functions.values() for a in f.arguments}
    texts, read = keys(tree, taken)
    dicts = {_name(of) for of in read}
    dicts |= {_name(value) for target, value in _stored(tree) if _name(target) in dicts}
    attributes = {c.name: _attributes(c) for c in classes}
    by_name = frozenset(c.name for c in classes if _makes_by_name(c))
    return Source(place, functions, attributes, texts, tuple(_assigned(tree)), frozenset(dicts), tree, text, by_name)


def _function(node: ast.FunctionDef) -> Function:
    positional = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    count = len(positional) - len(node.args.defaults)
    keyword = [a.arg for a in node.args.kwonlyargs]
    needed = [a.arg for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is None]
    called = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    names = frozenset(f.id if isinstance(f, ast.Name) else f.attr for f in called if isinstance(f, (ast.Name, ast.Attribute)))
    required = frozenset([*positional[:count], *needed])
    reads = frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    arguments = (*positional, *keyword)
    return Function(
        node.name, arguments, required, tuple(positional), _returns(node), names, "", _unpacks(node, arguments), reads
    )


def _unpacks(node: ast.FunctionDef, arguments: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The arguments that are taken apart into names, all of them."""
    found: dict[str, tuple[str, ...]] = {}
    for part in (n for n in ast.walk(node) if isinstance(n, ast.Assign)):
        target = part.targets[0]
        if isinstance(part.value, ast.Name) and part.value.id in arguments and isinstance(target, (ast.Tuple, ast.List)):
            names = [e.id for e in target.elts if isinstance(e, ast.Name)]
            if len(names) == len(target.elts):
                found.setdefault(part.value.id, tuple(names))
    return found


def _stored(tree: ast.Module) -> Iterable[tuple[ast.expr, ast.expr]]:
    """What is assigned to what, tuples part by part."""
    for node in (n for n in ast.walk(tree) if isinstance(n, ast.Assign)):
        for target in node.targets:
            both = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            yield from zip(target.elts, node.value.elts, strict=False) if both else [(target, node.value)]  # type: ignore[attr-defined]


def _assigned(tree: ast.Module) -> Iterable[str]:
    """The names that the statements of a module itself assign, in the order of the text."""
    found: list[ast.Name] = []
    for statement in tree.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            found += [n for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return dict.fromkeys(n.id for n in found)


def _method(node: ast.FunctionDef, owner: str) -> Function:
    """A method, without the object itself among its arguments."""
    made = _function(node)
    if any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list):
        return replace(made, owner=owner)
    others = made.required - {*made.positional[:1]}
    return replace(made, arguments=made.arguments[1:], positional=made.positional[1:], required=others, owner=owner)


def _attributes(node: ast.ClassDef) -> tuple[str, ...]:
    """The attributes that the methods of a class store into, in the order of the text.

    Where some are made by name, with setattr(self, name, value), what is read without being stored is among them, and so is what
    texts of the class may name: not the beginning of such a name.
    """
    own = [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "self"]
    stored = [n for n in own if isinstance(n.ctx, ast.Store)]
    found = [n.attr for n in sorted(stored, key=lambda n: (n.lineno, n.col_offset))]
    if _makes_by_name(node):
        methods = {m.name for m in node.body if isinstance(m, ast.FunctionDef)}
        found += [n.attr for n in own if n.attr not in methods]
        texts = filter(None, map(text_of, ast.walk(node)))
        words = [word for text in texts for word in text.split() if word.isidentifier() and word not in methods]
        found += [word for word in words if not any(name.startswith(word) for name in found)]
    return tuple(dict.fromkeys(found))


def _makes_by_name(node: ast.ClassDef) -> bool:
    """Whether a class makes attributes of its objects under names that are values: by setattr, or in their dict."""
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "setattr"]
    dicts = (n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute))
    return any(isinstance(c.args[0], ast.Name) and c.args[0].id == "self" for c in calls if c.args) or "__dict__" in dicts


def _returns(node: ast.FunctionDef) -> Names:
    """The names in the last return of the function itself: of a tuple, each; "" for an element that is no name."""
    found: list[ast.Return] = []
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.Return):
            found.append(item)
        elif not isinstance(item, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(item))
    last = max(found, key=lambda r: r.lineno, default=None)
    if last is None or last.value is None:
        return ()
    parts = last.value.elts if isinstance(last.value, (ast.Tuple, ast.List)) else [last.value]
    return tuple(_element(part) for part in parts)


def _element(part: ast.expr) -> str | Names:
    inner = isinstance(part, (ast.Tuple, ast.List))
    return tuple(_element(p) for p in part.elts) if inner else _name(part)  # type: ignore[attr-defined]


def _name(part: ast.expr) -> str:
    """The name of an element, also of xs[-1], hs[len(inputs)-1], self.dW or loss / T."""
    while not isinstance(part, ast.Name):
        if isinstance(part, ast.Attribute):
            return part.attr if isinstance(part.value, ast.Name) and part.value.id == "self" else _name(part.value)
        if isinstance(part, ast.Subscript):
            if (text := text_of(part.slice)) is not None:
                return text
            part = part.value
        elif isinstance(part, ast.BinOp):
            part = part.left
        elif isinstance(part, ast.Call) and part.args:
            part = part.args[0]
        else:
            return ""
    return part.id
