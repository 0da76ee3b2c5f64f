"""The text of a function: its statements, and what has to stand before them."""

from collections.abc import Callable

import sympy as sp

from symbptt.program.ir import GIVEN, RETURNED, Buffer, Function, Group, Kind, Statement
from symbptt.program.ir import For as Loop
from symbptt.program.names import namespace
from symbptt.program.walk import assignments, read_by, written_by
from symbptt.targets.c99.interface import OPTIONAL, STRUCTS, WEIGHTS, WRITTEN, Interface
from symbptt.targets.c99.statements import Writer
from symbptt.targets.c99.words import RESERVED

_WEIGHTS = {Kind.MASK: "mask", Kind.STEP_WEIGHT: "weights"}


class Body:
    """A function's text. What the caller may leave out is made in the workspace, behind what the function keeps there."""

    def __init__(self, interface: Interface, function: Function) -> None:
        self.interface, self.function = interface, function
        self.writer = Writer(namespace(RESERVED, _WEIGHTS.values()))
        for name, hint in interface.dimensions.items():
            self.writer.names.of(("dimension", name), hint)
        for name in interface.derived:
            self.writer.names.of(("dimension", name), name.partition(":")[0])
        local = _locals(function.body)
        used = [b for b in dict.fromkeys((*function.keeps, *_touched(function.body))) if b not in local]
        self.writer.names.given.update({b: b.name for b in used if b.kind in (Kind.LOSS, Kind.RATE)})
        for buffer in sorted(used, key=lambda b: list(Kind).index(b.kind)):
            self.writer.buffer(buffer)
        self.writer.statements(function.body)
        self._lines: list[str] = []
        self.pieces: list[Buffer] = []
        for buffer in used:
            if buffer.kind not in GIVEN | RETURNED:
                self._take(buffer, self.writer.buffer(buffer), "restrict ")
        for buffer in used:
            if buffer.kind in GIVEN:
                self._given(buffer)
            elif buffer.kind in WRITTEN | {Kind.GRADIENT}:
                self._line(f"real *const restrict {self.writer.buffer(buffer)} = {self._member(buffer)};")
        self._conditions()

    @property
    def lines(self) -> list[str]:
        """All lines of the function behind the checks of its arguments."""
        body = [f"const size_t {name} = {self.interface.size(key)};" for key, name in self.writer.sizes.items()]
        body += ["real *next = workspace;"] if self.pieces else []
        unused = [name for name in self._unread() if name not in ("next",)]
        body += self._lines
        return [*("    " + line for line in body), *(f"    (void){name};" for name in unused), "", *self.writer.lines]

    def _unread(self) -> list[str]:
        """Arguments that this function has no use for."""
        touched = {STRUCTS[b.kind] for b in self._used() if b.kind in STRUCTS} | {
            _WEIGHTS[b.kind] for b in self._used() if b.kind in _WEIGHTS
        }
        touched |= {"states" for asked in self.writer.conditions if isinstance(asked, Buffer)}
        names = [STRUCTS[kind] for kind in self.interface.structs(self.function.name)]
        names += WEIGHTS.get(self.function.name, ())
        return [name for name in names if name not in touched]

    def _used(self) -> list[Buffer]:
        return [key for key in self.writer.names.given if isinstance(key, Buffer)]

    def _line(self, text: str) -> None:
        self._lines.append(text)

    def count(self, buffer: Buffer) -> str:
        """The number of entries of a buffer."""
        return self.writer.size(sp.Mul(*buffer.axes))

    def _take(self, buffer: Buffer, name: str, restrict: str = "") -> None:
        """The next piece of the workspace."""
        self.pieces.append(buffer)
        self._line(f"real *const {restrict}{name} = next;")
        self._line(f"next += rounded({self.count(buffer)});")

    def _member(self, buffer: Buffer) -> str:
        return f"{STRUCTS[buffer.kind]}->{self.interface.member(buffer).name}"

    def _given(self, buffer: Buffer) -> None:
        """An array of the caller; where it may be left out, what stands for it."""
        name = self.writer.buffer(buffer)
        if buffer.kind in _WEIGHTS:
            source = _WEIGHTS[buffer.kind]
            self._default(buffer, source, "", lambda own: [f"fill({self.count(buffer)}, 1, {own});"])
        elif buffer.kind in OPTIONAL:
            struct, member = STRUCTS[buffer.kind], self._member(buffer)
            self._default(buffer, member, struct, lambda own: [self._start(buffer, own)])
        elif self.interface.member(buffer).integers:
            self._classes(buffer)
        else:
            self._line(f"const real *const restrict {name} = {self._member(buffer)};")

    def _start(self, buffer: Buffer, own: str) -> str:
        """Zeros, or the parameter that a state starts from."""
        start = buffer.variable.initial if buffer.variable and buffer.kind is Kind.INITIAL else None
        if start is None:
            return f"fill({self.count(buffer)}, 0, {own});"
        member = next(m for m in self.interface.members[Kind.PARAMETER] if m.variable.name == start)
        each = self.writer.size(sp.Mul(*buffer.axes[1:]))
        return f"repeat({self.writer.size(buffer.axes[0])}, {each}, parameters->{member.name}, {own});"

    def _classes(self, buffer: Buffer) -> None:
        member = self.interface.member(buffer)
        size = self.writer.size(member.variable.rows)
        struct, count = STRUCTS[buffer.kind], self.writer.size(sp.Mul(*buffer.axes[:-2]))

        def made(own: str) -> list[str]:
            call = f"one_hot({count}, {size}, {struct}->{member.name}, {own})"
            return [f"if (!{call}) {{", f"    return {self.interface.macro}_CLASS;", "}"]

        if member.otherwise:
            source = f"{struct}->{member.otherwise}"
            self._default(buffer, source, "", made)
            return
        own = self.writer.names.fresh(f"own_{buffer.name}")
        self._take(buffer, own)
        for line in made(own):
            self._line(line)
        self._line(f"const real *const restrict {self.writer.buffer(buffer)} = {own};")

    def _default(self, buffer: Buffer, source: str, struct: str, made: Callable[[str], list[str]]) -> None:
        """An array that is taken where it is given, `struct` being the one that may be missing, too."""
        own = self.writer.names.fresh(f"own_{buffer.name}")
        self._take(buffer, own)
        self._line(f"if ({struct + ' == NULL || ' if struct else ''}{source} == NULL) {{")
        for line in made(own):
            self._line(f"    {line}")
        self._line("}")
        test = f"({struct} != NULL && {source} != NULL)" if struct else f"{source} != NULL"
        self._line(f"const real *const restrict {self.writer.buffer(buffer)} = {test} ? {source} : {own};")

    def _conditions(self) -> None:
        for asked, name in self.writer.conditions.items():
            match asked:
                case Buffer():
                    holds = f"states != NULL && {self._member(asked)} != NULL"
                case _:
                    holds = " || ".join(f"{self.writer.size(size)} < {number}" for size, number in asked.limits)
            self._line(f"const int {name} = {holds};")


def _touched(body: tuple[Statement, ...]) -> list[Buffer]:
    return [b for s in assignments(body) for b in (written_by(s), *(r.buffer for r in read_by(s)))]


def _locals(body: tuple[Statement, ...]) -> set[Buffer]:
    """What is never stored: of several functions in a row, a later one may compute anew what an earlier one keeps."""
    made, stored, waiting = set[Buffer](), set[Buffer](), [*body]
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, Loop):
            waiting += statement.body
            continue
        local = statement.local if isinstance(statement, Group) else frozenset[Buffer]()
        made |= local
        stored |= {*_touched((statement,))} - local
    return made - stored
