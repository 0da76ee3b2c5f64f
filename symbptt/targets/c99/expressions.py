"""Expressions as C: sizes, entries of buffers, scalar formulas; what needs statements is written ahead of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import sympy as sp

from symbptt.algebra.functions import Z
from symbptt.errors import MissingRule
from symbptt.program.ir import Add, AtMost, Buffer, Delta, Expr, Index, Map, Mul, Num, Read, Reduce, Select, Subscript, Within
from symbptt.program.names import Namespace
from symbptt.program.walk import nodes
from symbptt.targets.c99 import scalars

PREFIX: dict[str, str] = {
    "adjoint": "d_", "gradient": "grad_", "initial": "start_", "cotangent": "c_", "output": "out_", "direction": "along_",
    "tangent": "t_", "output tangent": "out_t_",
}
"""What stands before a variable's name in the identifier of its buffer, by kind."""
COLUMN = 108
"""Where equation numbers stand."""


class Expressions:
    """Collects lines. `sizes` are the dimensions that have been asked for, with their identifiers."""

    def __init__(self, names: Namespace) -> None:
        self.names = names
        self.lines: list[str] = []
        self.sizes: dict[str, str] = {}
        self._depth = 1
        self._known: dict[Read, str] = {}

    def line(self, text: str, equations: tuple[int, ...] = ()) -> None:
        """One line, with the numbers of the equations that it computes."""
        indented = "    " * self._depth + text
        numbers = " ".join(f"({n})" for n in equations)
        self.lines.append(f"{indented:<{COLUMN}} /* {numbers} */" if numbers else indented)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """head { ... }; what is named inside is gone behind it."""
        self.line(head + " {")
        outside, self.names = self.names, self.names.inside()
        self._depth += 1
        yield
        self._depth -= 1
        self.names = outside
        self.line("}")

    # ---- sizes and entries

    def buffer(self, buffer: Buffer) -> str:
        """The identifier of a buffer."""
        return self.names.of(buffer, PREFIX.get(buffer.kind, "") + buffer.name)

    def size(self, expression: sp.Expr) -> str:
        """A size."""
        return scalars.size(self._named(expression))

    def _named(self, expression: sp.Expr) -> sp.Expr:
        """The expression with identifiers for dimensions."""
        named = sorted((s for s in expression.free_symbols if s.is_integer), key=str)
        return expression.xreplace({s: sp.Symbol(self.dimension(s.name), integer=True, positive=True) for s in named})

    def dimension(self, name: str) -> str:
        """The identifier of a dimension."""
        if name not in self.sizes:
            self.sizes[name] = self.names.of(("dimension", name), name)
        return self.sizes[name]

    def index(self, index: Index) -> str:
        """The identifier of a loop variable."""
        return self.names.of(index, index.name)

    def subscript(self, at: Subscript) -> str:
        """A subscript; empty for zero."""
        blocks = [] if at.head is None else [f"{self.index(at.head)} * {_factor(self.size(at.block))}"]
        name = " + ".join([*blocks, *([] if at.index is None else [self.index(at.index)])])
        if at.by == 0:
            return name
        by = self.size(at.by)
        if not name:
            return by
        return f"{name} - {_factor(self.size(-at.by))}" if at.by.could_extract_minus_sign() else f"{name} + {by}"

    def _counted(self, at: Subscript, other: Subscript) -> str:
        """A side of a comparison, without numbers below zero: what one side lacks the other one has."""
        more = sp.Max(at.by, 0) + sp.Max(-other.by, 0)
        return self.subscript(Subscript(at.index, more)) or "0"

    def offset(self, buffer: Buffer, at: tuple[Subscript, ...]) -> str:
        """How far an entry is from the beginning."""
        flat = ""
        for size, s in zip(buffer.axes, at, strict=True):
            if flat and size != 1:
                flat = f"({flat})" if " + " in flat or " - " in flat else flat
                flat += f" * {_factor(self.size(size))}"
            text = self.subscript(s)
            flat = " + ".join(part for part in (flat, text) if part)
        return flat or "0"

    def entry(self, buffer: Buffer, at: tuple[Subscript, ...]) -> str:
        """An entry of a buffer."""
        return f"{self.buffer(buffer)}[{self.offset(buffer, at)}]"

    # ---- expressions

    def value(self, expression: Expr) -> str:
        """An expression; what needs statements is written ahead of it."""
        match expression:
            case Num(value):
                return scalars.text(self._named(value))
            case Read(buffer, at):
                return self._known.get(expression) or self.entry(buffer, at)
            case Add(args):
                return "(" + " + ".join(map(self.value, args)) + ")"
            case Mul(args):
                return " * ".join(map(self.value, args))
            case Map(function, argument):
                return self._mapped(function, argument)
            case Select(left, right, yes, no):
                return f"({self.value(left)} > {self.value(right)} ? {self.value(yes)} : {self.value(no)})"
            case Delta(left, right):
                return f"(real)({self.subscript(left) or '0'} == {self.subscript(right) or '0'})"
            case AtMost(left, right):
                return f"(real)({self._counted(left, right)} <= {self._counted(right, left)})"
            case Reduce():
                return self._reduced(expression)
            case Within():
                return self._within(expression)
        raise MissingRule("C text", expression, "symbptt/targets/c99/expressions.py")

    def _mapped(self, function: sp.Expr, argument: Expr) -> str:
        inner = self.value(argument)
        if function.func in scalars.CALLS and function.args == (Z,):
            return f"{scalars.CALLS[function.func]}({inner})"
        if function == Z:
            return inner
        name = self._scalar("z", inner)
        return f"({scalars.text(function.xreplace({Z: sp.Symbol(name, real=True)}))})"

    def _scalar(self, hint: str, value: str) -> str:
        name = self.names.fresh(hint)
        self.line(f"const real {name} = {value};")
        return name

    def _reduced(self, node: Reduce) -> str:
        name = self.names.fresh("sum" if node.operation == "sum" else "most")
        self.line(f"real {name} = {'0' if node.operation == 'sum' else '-(real)INFINITY'};")
        if not any(isinstance(part, (Reduce, Within)) for part in nodes(node.body)):
            self.line(f"{'SUM_IN' if node.operation == 'sum' else 'MOST_IN'}({name})")
        with self.loop(node.over):
            inner = self.value(node.body)
            if node.operation == "sum":
                self.line(f"{name} += {inner};")
            else:
                entry = self._scalar("entry", inner)
                self.line(f"{name} = {entry} > {name} ? {entry} : {name};")
        return name

    def _within(self, node: Within) -> str:
        name = self.names.fresh("part")
        at, last = self.subscript(node.at) or "0", node.at.index.size + node.at.by if node.at.index else None
        tests = [f"{at} >= {self.size(node.start)}"] if node.start != 0 else []
        tests += [f"{at} < {self.size(node.stop)}"] if node.stop != last else []
        self.line(f"real {name} = 0;")
        with self.block(f"if ({' && '.join(tests) or '1'})"):
            self.line(f"{name} = {self.value(node.body)};")
        return name

    @contextmanager
    def loop(self, index: Index, start: sp.Expr = sp.S.Zero, reverse: bool = False) -> Iterator[None]:
        """for (...) { ... }."""
        name, size = self.index(index), self.size(index.size)
        begin = self.size(start) if start != 0 else "0"
        head = f"size_t {name} = {begin}; {name} < {size}; {name}++"
        if reverse:
            head = f"size_t {name} = {size}; {name}-- > {begin};"
        with self.block(f"for ({head})"):
            yield


def _factor(text: str) -> str:
    return f"({text})" if " + " in text or " - " in text else text
