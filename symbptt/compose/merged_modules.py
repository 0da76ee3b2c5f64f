"""Several emitted modules as one: what all have alike is there once, and what differs is named after its module.

Only what the wanted functions need is kept. A name is changed where Python resolves it to the module, and nowhere else.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from symbptt.emit.syntax import is_text
from symbptt.errors import BadInput

_FUNCTION = (ast.FunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Statement:
    """A statement of a module with the comment above it; `reads` are places of names of the module, (line, column, name)."""

    names: tuple[str, ...]
    lines: tuple[str, ...]
    reads: tuple[tuple[int, int, str], ...]
    shared: bool

    @property
    def needs(self) -> frozenset[str]:
        """The names of the module that it reads."""
        return frozenset(name for _, _, name in self.reads)

    def renamed(self, names: Mapping[str, str]) -> str:
        """The text with other names."""
        lines = list(self.lines)
        for line, column, name in sorted(self.reads, reverse=True):
            if name in names:
                lines[line] = f"{lines[line][:column]}{names[name]}{lines[line][column + len(name) :]}"
        return "\n".join(lines)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a function or a class body binds, or a module's statement."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, (ast.FunctionDef, ast.ClassDef)):
            yield here.name
        elif isinstance(here, ast.Name) and isinstance(here.ctx, ast.Store):
            yield here.id
        elif isinstance(here, ast.arg):
            yield here.arg
        elif isinstance(here, ast.alias):
            yield here.asname or here.name.split(".")[0]
        if not isinstance(here, (*_FUNCTION, ast.ClassDef)):
            waiting += ast.iter_child_nodes(here)


def _body(node: ast.FunctionDef | ast.Lambda) -> list[ast.AST]:
    return [*node.body] if isinstance(node.body, list) else [node.body]


def _local(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    return {name for part in (node.args, *_body(node)) for name in _bound(part)}


def _reads(node: ast.AST, names: frozenset[str]) -> Iterator[ast.Name]:
    """The names that stand for something in the module."""
    if isinstance(node, ast.Name) and node.id in names:
        yield node
    inside = names - _local(node) if isinstance(node, _FUNCTION) else names
    body = set(map(id, _body(node))) if isinstance(node, _FUNCTION) else ()
    for child in ast.iter_child_nodes(node):
        yield from _reads(child, inside if id(child) in body else names)


@dataclass(frozen=True)
class Module:
    """The statements of a module."""

    text: str

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """The lines that import."""
        return tuple(ast.unparse(node) for node in ast.parse(self.text).body if isinstance(node, (ast.Import, ast.ImportFrom)))

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """What defines a name or does something, in order; not the imports, the docstring and what runs it as a script."""
        body = ast.parse(self.text).body
        kept = [n for n in body if not isinstance(n, (ast.Import, ast.ImportFrom, ast.If)) and not is_text(n)]
        names = frozenset(name for node in kept for name in _bound(node))
        return tuple(self._statement(node, names) for node in kept)

    def _statement(self, node: ast.stmt, names: frozenset[str]) -> Statement:
        lines = self.text.split("\n")
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
        while lines[first - 1].startswith("# ") and not lines[first - 1].startswith("# ---"):
            first -= 1
        cut = tuple(lines[first : node.end_lineno])
        places = [(n.lineno - 1 - first, _column(lines[n.lineno - 1], n.col_offset), n.id) for n in _reads(node, names)]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            line = node.lineno - 1 - first
            places.append((line, cut[line].index(node.name, node.col_offset), node.name))
        bound = () if isinstance(node, ast.Expr) else tuple(_bound(node))
        return Statement(bound, cut, tuple(dict.fromkeys(places)), _constant(node))


def _column(line: str, offset: int) -> int:
    """A place in a line, told in bytes, in characters."""
    return len(line.encode()[:offset].decode())


def _constant(node: ast.stmt) -> bool:
    """Whether a statement can serve several modules: a function, a class, or a plain value, and nothing that changes."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return True
    value = getattr(node, "value", None)
    return isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(value, (ast.Constant, ast.Tuple, ast.Subscript))


def _needed(statements: Iterable[Statement], roots: Iterable[str]) -> list[Statement]:
    """The statements that the roots need, with those that act on what is needed, in order."""
    every, found, size = list(statements), set(roots), -1
    while size != len(found):
        size = len(found)
        for statement in every:
            if found & set(statement.names) or (not statement.names and statement.needs & found):
                found |= statement.needs | set(statement.names)
    return [s for s in every if found & set(s.names) or (not s.names and s.needs & found)]


@dataclass(frozen=True)
class Linked:
    """The imports, what all modules share, and each module's own text."""

    imports: tuple[str, ...]
    shared: str
    own: tuple[str, ...]


def merged(
    modules: Sequence[Module], roots: Sequence[Iterable[str]], public: Iterable[str], given: Iterable[str] = ()
) -> Linked:
    """The modules in one; the names of module i that are its own end with _i, counted from one.

    `public` names are left free, those of `given` are there already. Raises BadInput if a name that has to be changed cannot be,
    for want of a free one.
    """
    kept = [[s for s in _needed(module.statements, wanted) if not set(s.names) & set(given)]
            for module, wanted in zip(modules, roots, strict=True)]
    own = _own(kept, public)
    taken = {n.id for module in modules for n in ast.walk(ast.parse(module.text)) if isinstance(n, ast.Name)}
    if strange := sorted(taken & {f"{name}_{i}" for name in own for i in range(1, len(modules) + 1)}):
        raise BadInput(f"the name {strange[0]} is that of a function of the emitted module; expected another one")
    common: dict[str, str] = {}
    texts: list[str] = []
    for i, statements in enumerate(kept, start=1):
        names = {name: f"{name}_{i}" for name in own}
        parts = []
        for statement in statements:
            if statement.names and not set(statement.names) & own:
                common[statement.renamed({})] = ""
            else:
                parts.append(statement)
        texts.append(_joined(s.renamed(names) for s in parts))
    return Linked(tuple(dict.fromkeys(line for m in modules for line in m.imports)), _joined(common), tuple(texts))


def _own(kept: Sequence[Sequence[Statement]], public: Iterable[str]) -> set[str]:
    """The names that are public, of one module only, or not the same thing in all modules that have them."""
    meant: dict[str, list[Statement]] = {}
    for statement in (s for statements in kept for s in statements):
        for name in statement.names:
            meant.setdefault(name, []).append(statement)
    common = {n for n, there in meant.items() if len(there) > 1 and len({s.lines for s in there}) == 1 and there[0].shared}
    own = meant.keys() - common | meant.keys() & set(public)
    while True:
        more = {name for ss in kept for s in ss if s.needs & own for name in s.names} - own
        if not more:
            return own
        own |= more


def _joined(texts: Iterable[str]) -> str:
    """Statements below each other: two blank lines around a definition, none between plain ones."""
    made = ""
    plain = True
    for text in texts:
        simple = "\n" not in text or not any(line.startswith(("def ", "class ", "@")) for line in text.split("\n"))
        gap = "" if not made else "\n" if simple and plain else "\n\n\n"
        made, plain = f"{made}{gap}{text}", simple
    return made
