"""A block of statements as text: formulas for all steps at once, or a step and its scan."""

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.related import Related
from symbptt.emit.frameworks.library_calls import LibraryLowering
from symbptt.emit.frameworks.value_names import Place, Read, read_of
from symbptt.emit.lines import Line, Note, needed, opened
from symbptt.emit.plan.statements import Block, Carry, Gradient, Key, Statement, key_of
from symbptt.emit.tree import Items, Word, call
from symbptt.model.values import Role


@dataclass(frozen=True)
class Printer:
    """Writes blocks. `optional` are the cotangents that may be None; `kept` what is read outside of the block that makes it.

    `loose` is what loops alone read, step by step: its rows need not be one array.
    """

    place: Place
    rows: LibraryLowering
    step: LibraryLowering
    optional: frozenset[Key]
    kept: frozenset[Key]
    loose: frozenset[Key]
    gradients: str = "gradients"
    """The dict that takes the gradients, of those in `wanted`."""

    def lines(self, block: Block, backward: bool = False) -> list[Line]:
        """The lines of a block; a loop runs back in time if `backward`."""
        return self._loop(block, backward) if block.each else self._all_steps(block)

    def _all_steps(self, block: Block) -> list[Line]:
        made: list[Line] = []
        for s in block.statements:
            target, value = s.targets[0], s.values[0]
            if isinstance(s.key, Gradient):
                made += self._gradient(s.key, self._collected(self.rows, s), s.numbers)
                continue
            text = self._value(self.rows, value)
            made.append(Line(f"{self.place.name(s.key)} = {text}", s.numbers))
            if self.place.is_state(target):
                made.append(self._with_first(s.key))
        return made

    def _collected(self, lower: LibraryLowering, s: Statement) -> str:
        variable = self.place.layout.variable(s.key)
        return lower.gradient(s.values[0], variable) if variable.role is Role.PARAMETER else lower.text(s.values[0])

    def _gradient(self, key: Key, text: str, notes: tuple[Note, ...]) -> list[Line]:
        """A gradient that is computed only if somebody wants it."""
        variable = self.place.layout.variable(key)
        if variable.timed and self.place.last:
            text = f"_last({text}, T)"
        made = f'{self.gradients}["{variable.name}"] = {self.place.layout.outside(variable, text)}'
        return [Line(f'if "{variable.name}" in wanted:', body=(Line(made, notes),))]

    def _with_first(self, key: Key) -> Line:
        name = self.place.name(key)
        joined = call("concatenate", Items((Word(f"{self.first(key)}[None]"), Word(name))))
        return Line(f"{name} = {self.rows.written(joined)}")

    def first(self, key: Key) -> str:
        """The name of a state's initial value."""
        return self.place.layout.names.of(f"{key.name} 0", f"{self.place.name(key)}_0")

    def _value(self, lower: LibraryLowering, value: MatrixExpr) -> str:
        """A value, where a cotangent that may be None is added by `_plus` and one that stands alone becomes zeros."""
        parts = value.args if isinstance(value, sp.MatAdd) else (value,)
        absent = [p for p in parts if isinstance(p, sp.MatrixSymbol) and key_of(p) in self.optional]
        if not absent:
            return lower.text(value)
        rest = [p for p in parts if p not in absent]
        name = self.place.name(key_of(absent[0]))
        if rest:
            return f"_plus({name}, {lower.text(tidy.add(*rest))})"
        return f"{name} if {name} is not None else {lower.text(sp.ZeroMatrix(*value.shape))}"

    def _loop(self, block: Block, backward: bool) -> list[Line]:
        place = self.place
        carried = self._carried(block, backward)
        read = [r for r in _reads(block) if r not in carried and not (r[0] in block.keys and r[1] == 0)]
        now = [r for r in read if self._per_step(r)]
        made = [k for k in _keys(block) if self._stored(k, carried)]
        taken = ((carried, "carry"), (now, "now"))
        lines = [Line(f"{_tuple(map(place.local, found))} = {given}") for found, given in taken if found]
        place.turned.clear()
        for s in block.statements:
            text = self._collected(self.step, s) if isinstance(s.key, Gradient) else self._value(self.step, s.values[0])
            lines.append(Line(f"{place.name(s.key)} = {text}", s.numbers))
        passed, rows = _tuple(place.name(r[0]) for r in carried), _tuple(place.name(k) for k in made)
        step = Line("def step(carry, now):", body=(*lines, Line(f"return {passed}, {rows}")))
        shared = opened(f"{turned} = {name}.T" for name, turned in place.turned.items())
        lines = [*needed(shared, step.reads), Line(""), step, Line("")]
        start = _tuple(self._start(r) for r in carried)
        sequences = _tuple(place.rows(r) for r in now)
        last = _tuple(self._final(r[0]) for r in carried) if backward else "_"
        options = f"length={'1' if place.last else 'T'}" + (", reverse=True" if backward else "")
        columns = self._columns(made) if self.step.library.lead else ""
        given = f"step, {start}, {sequences}, {options}" + f",\n    {columns}" * bool(columns)
        lines.append(Line(f"{last if carried else '_'}, {rows if made else '_'} = {self.step.library.scan}(\n    {given}\n)"))
        return lines + self._after(block, made)

    def _columns(self, made: list[Key]) -> str:
        """What stands in front of stacked rows, and which rows are not stacked."""
        lead = _tuple(self.first(k) if self.place.is_state(k) else "None" for k in made)
        loose = _tuple(str(k in self.loose) for k in made)
        given = {"lead": (lead, any(map(self.place.is_state, made))), "loose": (loose, not self.loose.isdisjoint(made))}
        return ", ".join(f"{name}={text}" for name, (text, needed) in given.items() if needed)

    def _carried(self, block: Block, backward: bool) -> list[Read]:
        """What goes from step to step: states forward, what they receive backward."""
        away = 1 if backward else -1
        return [r for r in _reads(block) if r[0] in block.keys and r[1] == away]

    def _per_step(self, read: Read) -> bool:
        """Whether a value is another one at every step."""
        key = read[0]
        return isinstance(key, Related) or self.place.layout.variable(key).timed

    def _stored(self, key: Key, carried: list[Read]) -> bool:
        if isinstance(key, Carry):
            return (key, 1) not in carried
        return isinstance(key, Gradient) or key in self.kept or self.place.is_state(key)

    def _start(self, read: Read) -> str:
        key = read[0]
        if not isinstance(key, Carry):
            return self.first(key)
        symbol = self.place.layout.variable(key).at()
        return f'_after(cotangents, "{symbol.name}", {self.step.text(sp.ZeroMatrix(*symbol.shape))})'

    def _final(self, key: Key) -> str:
        """The name of what arrives at an initial state."""
        self.place.final.add(key)
        return self.place.layout.names.of(f"final {key.name}", f"d_{self.place.layout.variable(key).name}_0")

    def _after(self, block: Block, made: list[Key]) -> list[Line]:
        lines: list[Line] = []
        for s in block.statements:
            if s.key not in made:
                continue
            if self.place.is_state(s.key):
                lines += [] if self.step.library.lead else [self._with_first(s.key)]
            elif isinstance(s.key, Gradient):
                variable = self.place.layout.variable(s.key)
                summed = ".sum(axis=0)" if variable.role is Role.PARAMETER and variable.tied else ""
                lines += self._gradient(s.key, f"{self.place.name(s.key)}{summed}", ())
        return lines


def _keys(block: Block) -> list[Key]:
    return [s.key for s in block.statements]


def _reads(block: Block) -> list[Read]:
    """What the statements of a block read, each once, in reading order."""
    found: dict[Read, None] = {}
    for s in block.statements:
        found.update(dict.fromkeys(read_of(symbol) for symbol in _symbols(s.values[0])))
    return list(found)


def _symbols(value: sp.Basic) -> Iterable[sp.MatrixSymbol]:
    if isinstance(value, sp.MatrixSymbol):
        yield value
        return
    for part in value.args:
        yield from _symbols(part)


def _tuple(names: Iterable[str]) -> str:
    items = list(names)
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
