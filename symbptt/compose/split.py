"""Which equations go together: the direction of each, and its place in the order of computation.

Equations that read each other in a circle belong together, and so to one direction. A level has the equations of one direction
that can be computed once the levels before it are known. What recurs in no direction is written where it is read; but what reads
a matrix, as attention reads its memory, goes with it, so that no matrix of each step is handed on.
"""

import ast
from dataclasses import dataclass
from functools import cached_property

from symbptt.errors import BadInput
from symbptt.model.convolution import NAME
from symbptt.model.model_file import ModelFile, Pairs
from symbptt.model.place import Place
from symbptt.model.syntax import Parsed, parse

FORWARD, BACKWARD = "[t-1]", "[t+1]"


@dataclass(frozen=True)
class Directed:
    """A document whose states in `backward` run from the last step to the first."""

    document: ModelFile
    backward: Pairs


@dataclass(frozen=True)
class Read:
    """A name that an expression reads: `shift` is -1 for h[t-1], +1 for b[t+1]."""

    name: str
    shift: int
    node: ast.expr


def reads_of(parsed: Parsed) -> tuple[Read, ...]:
    """The names that an expression reads, each with its shift in time: -1 for h[t-1], +1 for b[t+1]."""
    found: list[Read] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and (shift := _shift(node.slice)) is not None:
            found.append(Read(node.value.id, shift, node))
            return
        if isinstance(node, ast.Name):
            found.append(Read(node.id, 0, node))
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.Call) and child is node.func):
                visit(child)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == NAME:
            found.extend(Read(a.id, -1, a) for a in node.args[:1] if isinstance(a, ast.Name))

    visit(parsed.tree)
    return tuple(found)


def _shift(index: ast.AST) -> int | None:
    """k of an index t + k, None for anything else."""
    if isinstance(index, ast.Name) and index.id == "t":
        return 0
    if not (isinstance(index, ast.BinOp) and isinstance(index.left, ast.Name) and index.left.id == "t"):
        return None
    number = index.right.value if isinstance(index.right, ast.Constant) else None
    if not isinstance(number, int) or not isinstance(index.op, (ast.Add, ast.Sub)):
        return None
    return number if isinstance(index.op, ast.Add) else -number


@dataclass(frozen=True)
class Equations:
    """The equations of a document, parsed, with what each reads."""

    directed: Directed
    place: Place

    @cached_property
    def parsed(self) -> dict[str, Parsed]:
        """Each expression by its left side."""
        return {name: parse(text, self.place.within("equations", name)) for name, text in self.directed.document.equations}

    @cached_property
    def loss(self) -> Parsed | None:
        """The expression of the loss."""
        loss = self.directed.document.loss
        return parse(loss[0], self.place.within("loss", "step")) if loss else None

    @cached_property
    def reads(self) -> dict[str, tuple[Read, ...]]:
        """What each expression reads."""
        return {name: reads_of(parsed) for name, parsed in self.parsed.items()}

    @cached_property
    def reached(self) -> dict[str, frozenset[str]]:
        """The left sides that each one depends on."""
        direct = {name: {r.name for r in reads if r.name in self.reads} for name, reads in self.reads.items()}
        found: dict[str, frozenset[str]] = {}
        for name in direct:
            seen, waiting = set[str](), list(direct[name])
            while waiting:
                seen.add(here := waiting.pop())
                waiting += direct[here] - seen
            found[name] = frozenset(seen)
        return found

    def together(self, name: str) -> frozenset[str]:
        """The equations in a circle with this one, and itself."""
        return frozenset((name, *(other for other in self.reached[name] if name in self.reached[other])))

    @cached_property
    def directions(self) -> dict[str, str]:
        """The direction of each equation that has one."""
        own = {name: self._own(name) for name in self.reads}
        found: dict[str, str] = {}
        for name in self.reads:
            members = self.together(name)
            directions = {own[m]: m for m in members if own[m]}
            if len(directions) > 1:
                raise self._circle(directions[FORWARD], directions[BACKWARD])
            found |= {name: next(iter(directions))} if directions else {}
        return found

    def _own(self, name: str) -> str:
        """The direction that an equation shows by itself."""
        here, shifts = self.parsed[name], {(r.shift > 0): r for r in self.reads[name] if r.shift}
        forward, backward = name in dict(self.directed.document.states), name in dict(self.directed.backward)
        if len(shifts) > 1:
            earlier, later = (shown(shifts[side]) for side in (False, True))
            raise here.at(shifts[True].node).error(
                f"reads {earlier} and {later}: an earlier step and a later one; name one of them in an equation of its own, "
                f"as in before = \"{earlier}\""
            )
        for side, wrong, listed in ((True, forward, "states"), (False, backward, "backward")):
            if wrong and side in shifts:
                what = f"reads {shown(shifts[side])}, and {name} is listed in [{listed}]"
                expected = "a later step" if listed == "backward" else "an earlier step"
                raise here.at(shifts[side].node).error(f"{what}; expected {expected}")
        if shifts or forward or backward:
            return FORWARD if forward or False in shifts else BACKWARD
        matrices = {self._matrices.get(r.name, "") for r in self.reads[name]} - {""}
        return matrices.pop() if len(matrices) == 1 and name not in self._lagged else ""

    @cached_property
    def _matrices(self) -> dict[str, str]:
        """The direction of each state that is a matrix."""
        document = self.directed.document
        heads = {document.heads} - {""}
        every = [(FORWARD, pair) for pair in document.states] + [(BACKWARD, pair) for pair in self.directed.backward]
        return {name: way for way, (name, shape) in every if len([d for d in shape.split() if d not in heads]) > 1}

    @cached_property
    def _lagged(self) -> set[str]:
        """What is read at another step."""
        return {r.name for reads in self.reads.values() for r in reads if r.shift}

    def _circle(self, first: str, second: str) -> BadInput:
        way = [first, *self._way(first, second), second, *self._way(second, first), first]
        said = f"a circle through both directions: {' -> '.join(way)}"
        return self.place.within("equations", first).error(f"{said}; one direction has to be known before the other reads it")

    def _way(self, start: str, goal: str) -> list[str]:
        """The names between two left sides, on a shortest way along what is read."""
        waiting, seen = [[start]], {start}
        while waiting:
            way = waiting.pop(0)
            for name in dict.fromkeys(r.name for r in self.reads[way[-1]]):
                if name == goal:
                    return way[1:]
                if name in self.reads and name not in seen:
                    seen.add(name)
                    waiting.append([*way, name])
        return []

    @cached_property
    def levels(self) -> dict[str, int]:
        """The place of each equation with a direction: even for forward parts, odd for backward ones."""
        found: dict[str, int] = {}

        def level(name: str) -> int:
            if name not in found:
                members = self.together(name)
                before = {n for m in members for n in self.reached[m] if n in self.directions} - members
                least = max(map(level, before), default=0)
                found.update(dict.fromkeys(members, least + (least % 2 != (self.directions[name] == BACKWARD))))
            return found[name]

        for name in self.directions:
            level(name)
        return found

    def members(self, level: int | None) -> list[str]:
        """The equations of a part, in the order of the file; None for what no equation with a direction reads."""
        needed = {n for name in self.directions for n in self.reached[name] if n not in self.directions}
        if level is None:
            loss = {r.name for r in reads_of(self.loss)} if self.loss else set()
            first = {n for n in self.reads if n not in self.directions and (n in loss or n not in needed)}
        else:
            first = {n for n, there in self.levels.items() if there == level}
        waiting, found = list(first), set(first)
        while waiting:
            plain = {r.name for r in self.reads[waiting.pop()] if r.name in self.reads and r.name not in self.directions} - found
            waiting += plain
            found |= plain
        return [name for name in self.reads if name in found]


def shown(read: Read) -> str:
    """As the file writes it."""
    return f"{read.name}[t{read.shift:+d}]"
