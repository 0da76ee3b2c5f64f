"""Statements as C: loops, assignments and calls of kernels."""

from contextlib import ExitStack
from dataclasses import replace

import sympy as sp

from symbptt.errors import MissingRule
from symbptt.passes.matrix_products import first, stride
from symbptt.program.ir import (
    Assign,
    Below,
    Buffer,
    For,
    Group,
    Index,
    InverseUnitLower,
    Kind,
    Matrix,
    Num,
    Product,
    Read,
    Statement,
)
from symbptt.program.names import Namespace
from symbptt.program.walk import read_by
from symbptt.program.windows import FIRST, LENGTH, OFFSET, START, Windows
from symbptt.targets.c99 import scalars
from symbptt.targets.c99.expressions import PREFIX, Expressions


class Writer(Expressions):
    """Writes the bodies of functions. `conditions` are the questions that come up, with the identifiers of their answers."""

    def __init__(self, names: Namespace) -> None:
        super().__init__(names)
        self.conditions: dict[Buffer | Below, str] = {}

    def statements(self, body: tuple[Statement, ...]) -> None:
        """All of them."""
        for statement in body:
            match statement:
                case Windows():
                    self._windows(statement)
                case For(index, inner, reverse, start):
                    with self.loop(index, start, reverse):
                        self.statements(inner)
                case Group():
                    self._group(statement)
                case Product():
                    self._product(statement)
                case _:
                    raise MissingRule("C text", statement, "symbptt/targets/c99/statements.py")

    def _windows(self, windows: Windows) -> None:
        """The loop over where windows end, with what they are counted by."""
        (k1, k2), end, steps = windows.scheme, self.index(windows.index), self.size(windows.index.size)
        with self.block(f"for (size_t {end} = {k1}; {end} < {steps} + {k1}; {end} += {k1})"):
            own = {s.name: self.names.fresh(s.name.partition(":")[0]) for s in (FIRST, START, LENGTH, OFFSET)}
            first, start, length, offset = own.values()
            self.line(f"const size_t {first} = {end} > {k2} ? {end} - {k2} : 0;")
            self.line(f"const size_t {start} = {end} - {k1};")
            self.line(f"const size_t {length} = ({end} < {steps} ? {end} : {steps}) - {first};")
            self.line(f"const size_t {offset} = {f'{steps} - {first} - {length}' if windows.reverse else first};")
            self.sizes |= own
            self.statements(windows.body)
        self.sizes = {name: text for name, text in self.sizes.items() if name not in own}

    def _group(self, group: Group) -> None:
        condition = group.assignments[0].unless
        if condition is None:
            self._nest(group)
            return
        with self.block(f"if (!{self._condition(condition)})"):
            self._nest(group)

    def _condition(self, asked: Buffer | Below) -> str:
        """Whether an array is given, or a size is small."""
        if asked not in self.conditions:
            self.conditions[asked] = self.names.fresh("given_" + asked.name if isinstance(asked, Buffer) else "few")
        return self.conditions[asked]

    def _nest(self, group: Group) -> None:
        s = group.assignments[0]
        if s.target.kind is Kind.LAID and isinstance(s.value, Read):
            rows, columns = map(self.size, s.target.axes)
            distances = f"{columns}, 1" if s.value.at == s.at else f"1, {rows}"
            self.line(f"lay({rows}, {columns}, {self.buffer(s.value.buffer)}, {distances}, {self.buffer(s.target)});")
            return
        for s in group.assignments:
            if s.over and not s.add:
                zero = replace(s, value=Num(sp.S.Zero), over=(), equations=())
                self._open(Group((), (zero,)), [i for i in group.indices if i not in s.over])
        # An inverse has a kernel, which goes through the entries of a matrix itself.
        inverses = [s.value for s in group.assignments if isinstance(s.value, InverseUnitLower)]
        self._open(group, [i for i in group.indices if not any(i == s.index for node in inverses for s in node.at)])

    def _inverse(self, s: Assign, node: InverseUnitLower) -> None:
        assert isinstance(node.body, Read)
        parts = [self.size(node.rows.size)]
        for buffer, at in ((node.body.buffer, node.body.at), (s.target, s.at)):
            start = (*at[:-2], *(replace(s, index=None) for s in at[-2:]))
            parts += [f"&{self.entry(buffer, start)}", self.size(buffer.axes[-1])]
        self.line(f"invert_unit_lower({', '.join(parts)});", s.equations)

    def _open(self, group: Group, left: list[Index]) -> None:
        if left:
            if len(left) == 1 and not any(left[0] in s.over for s in group.assignments):
                self.line("INDEPENDENT")
            with self.loop(left[0]):
                self._open(group, left[1:])
            return
        for number, s in enumerate(group.assignments):
            later = {r for other in group.assignments[number + 1 :] for r in (Read(other.target, other.at), *read_by(other))}
            self._assign(s, s.target in group.local, Read(s.target, s.at) in later)
        self._known = {}

    def _assign(self, s: Assign, local: bool, again: bool) -> None:
        """One entry; `local` if it is stored nowhere, `again` if the group comes back to it."""
        if isinstance(s.value, InverseUnitLower):
            return self._inverse(s, s.value)
        key = Read(s.target, s.at)
        value = self.value(s.value)
        if s.over:
            self.line(f"{self.entry(s.target, s.at)} += {value};", s.equations)
            return
        if s.add:
            value = f"{self._known.get(key) or self.entry(s.target, s.at)} + {value}"
        if not (local or again):
            self.line(f"{self.entry(s.target, s.at)} = {value};", s.equations)
            return
        name = self.names.fresh(PREFIX.get(s.target.kind, "") + s.target.name)
        self.line(f"const real {name} = {value};", s.equations)
        if not local:
            self.line(f"{self.entry(s.target, s.at)} = {name};")
        self._known[key] = name

    def _product(self, product: Product) -> None:
        target, left = product.target, product.left
        rows, columns, count = (sp.Mul(*(i.size for i in group)) for group in (target.rows, target.columns, left.columns))
        parts = [self.size(x) for x in (rows, columns, count)]
        parts.append(scalars.text(self._named(product.number)))
        with ExitStack() as loops:
            for index in product.batch:
                loops.enter_context(self.loop(index))
            parts += self._matrix(left)
            result = [str(int(product.add)), *self._matrix(target)]
            plain = f"multiply({', '.join((*parts, *self._matrix(product.right), *result))});"
            if product.laid is None or product.unless is None:
                self.line(plain, product.equations)
                return
            few, copy = self._condition(product.unless), self.buffer(product.laid.buffer)
            with self.block(f"if ({few})"):
                self.line(plain, product.equations)
            with self.block(f"if (!{few})"):
                self.line(f"multiply_laid({', '.join((*parts, copy, *result))});", product.equations)

    def _matrix(self, matrix: Matrix) -> tuple[str, str, str]:
        """Where a matrix begins, and the distances of its rows and columns; one row, or column, has the next at any distance."""
        offset = self.offset(matrix.buffer, first(matrix))
        begin = self.buffer(matrix.buffer) + (f" + {offset}" if offset != "0" else "")
        rows, columns = (stride(matrix, group) for group in (matrix.rows, matrix.columns))
        return begin, self.size(rows or sp.S.One), self.size(columns or sp.S.One)
