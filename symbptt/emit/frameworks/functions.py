"""The texts of a module's three computations: forward, loss and backward, each with the lines that it opens with."""

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from symbptt.algebra.related import Cotangent, Related
from symbptt.data.classes import class_targets
from symbptt.emit.frameworks.computation import Blocks, blocks
from symbptt.emit.frameworks.libraries import Library
from symbptt.emit.frameworks.library_calls import LibraryLowering
from symbptt.emit.frameworks.opening import Opening
from symbptt.emit.frameworks.scans import Printer
from symbptt.emit.frameworks.value_names import Place
from symbptt.emit.layout import Layout, handed_out, joins_heads, taken
from symbptt.emit.lines import Line, needed, opened, reads
from symbptt.emit.names import RESERVED, Names
from symbptt.emit.plan.statements import Block, Carry, Key, Lagged, key_of
from symbptt.model.values import Model, Role, Variable


@dataclass
class Parts:
    """Writes the parts of one module in one library."""

    model: Model
    library: Library
    gaps: bool = False
    """Whether the gradients leave out some steps' losses, which `_kept` tells."""

    def __post_init__(self) -> None:
        self.layout = Layout(self.model, False, Names(set(RESERVED | self.library.names)))
        self.blocks: Blocks = blocks(self.model)
        self.opening = Opening(self.layout, library=self.library)

    def _printer(self, group: tuple[Block, ...], last: bool = False, gradients: str = "gradients") -> Printer:
        place = Place(self.layout, last)
        rows = LibraryLowering(place.in_rows, self.layout.dimension, "1, N" if last else "T, N", self.library)
        step = LibraryLowering(place.in_step, self.layout.dimension, "N", self.library, place.turn if self.library.lead else None)
        optional = self.blocks.seeded if group is self.blocks.backward else frozenset()
        return Printer(place, rows, step, optional, self._kept(), self._loose(), gradients)

    def _kept(self) -> frozenset[Key]:
        """The keys that another block than their own reads, or the caller."""
        found = {v.at() for v in self.blocks.kept()}
        for block in self.blocks.everything:
            read = {key_of(s) for st in block.statements for s in st.values[0].atoms(sp.MatrixSymbol)}
            found |= read - block.keys
        if self.model.loss is not None:
            found |= {self.model.loss.target.at()}
        return frozenset({*found, *self._passed()})

    def _loose(self) -> frozenset[Key]:
        """The values of forward loops, neither states nor outputs, that no formula for all steps reads."""
        made = {key for b in self.blocks.forward if b.each for key in b.keys}
        whole = [st for b in self.blocks.everything if not b.each for st in b.statements]
        read = {key_of(s) for st in whole for s in st.values[0].atoms(sp.MatrixSymbol)}
        return frozenset(made - read - {v.at() for v in (*self.model.states, *self.model.outputs)})

    def forward(self) -> list[Line]:
        """From parameters, inputs and states to `values`."""
        printer = self._printer(self.blocks.forward)
        body = [Line(self.opening.initial(s, printer.first(s.at()))) for s in self.model.states]
        for block in self.blocks.forward:
            body += printer.lines(block)
        values = ", ".join(f'"{v.name}": {self._handed_on(v)}' for v in self.blocks.kept())
        body.append(Line(f"values = {{{values}}}"))
        return _with(self.opening.lines(), body)

    def _parted(self, variable: Variable) -> bool:
        """Whether residuals hold a value with an axis for its heads, so that they tell their number to whoever hands it out."""
        return joins_heads(variable) and variable in (*self.model.states, *self.model.outputs)

    def _handed_on(self, variable: Variable) -> str:
        name = self.layout.array(variable)
        return self.layout.handed(variable, name) if self._parted(variable) else name

    def start(self) -> list[Line]:
        """From parameters, inputs and states to the initial state."""
        printer = self._printer(self.blocks.forward)
        body = [Line(self.opening.initial(s, printer.first(s.at()))) for s in self.model.states]
        pairs = ", ".join(f'"{s.name}": {self.layout.handed(s, printer.first(s.at()))}' for s in self.model.states)
        return _with(self.opening.lines(), [*body, Line(f"return {{{pairs}}}")])

    def loss(self) -> list[Line]:
        """From residuals and targets to `value`, `cotangents` and `direct` gradients."""
        loss = self.model.loss
        assert loss is not None
        last = loss.at == "last"
        printer = self._printer(self.blocks.loss, last, "direct")
        opening = self.opening.lines() + self._values() + opened(map(self.opening.target, self.model.of(Role.TARGET)))
        opening += opened(self._weight())
        body = [Line("direct = {}")]
        for block in self.blocks.loss:
            body += printer.lines(block)
        weight = ("counted" if self.gaps else "weight") + ("[-1:]" if last else "")
        body.append(Line(f"value = ({weight} * {self.layout.array(loss.target)}).sum()"))
        return _with(opening, body + self._cotangents(printer.place, self._passed(), last))

    def _weight(self) -> list[str]:
        loss = self.model.loss
        assert loss is not None
        lines = [f"weight = _weight(T, N, mask, weights, {self.library.like})"]
        if loss.reduction == "mean":
            used = [f"{self.layout.array(self.model[name])}.sum(axis=-1) != 0" for name in class_targets(self.model)]
            used += [f"{self.layout.array(self.model[loss.mask])}[..., 0].real > 0.5"] if loss.mask else []
            lines.append(f"weight = weight / _number({', '.join(['weight', str(loss.at == 'last'), 'mask', *used])})")
        return [*lines, "counted = weight", "weight = weight * _kept(T)"] if self.gaps else lines

    def _cotangents(self, place: Place, keys: list[Key], last: bool) -> list[Line]:
        """What the loss of each step passes to the values that it reads; "h before" is what goes to h of the step before."""
        lines = [Line(f"{place.name(key)} = _last({place.name(key)}, T)") for key in keys] if last else []
        pairs = [f'"{_label(key)}": {place.name(key)}' for key in keys]
        return [*lines, Line(f"cotangents = {{{', '.join(pairs)}}}")]

    def _values(self) -> list[Line]:
        texts = {v: f'residuals["values"]["{v.name}"]' for v in self.blocks.kept()}
        return opened(f"{self.layout.array(v)} = {taken(v, text) if self._parted(v) else text}" for v, text in texts.items())

    def backward(self) -> list[Line]:
        """From residuals and cotangents to `gradients`."""
        printer = self._printer(self.blocks.backward)
        seeds, lagged = sorted(self.blocks.seeded, key=lambda key: str(key.name)), self._lagged()
        stored = {s.key for b in self.blocks.backward for s in b.statements}
        opening = self.opening.lines() + self._values()
        given = [*seeds, *map(Lagged, lagged)]
        opening += opened(f'{printer.place.name(k)} = _cotangent(cotangents, "{_label(k)}", dtype)' for k in given)
        for state in lagged:
            own, before = (printer.place.name(kind(state)) for kind in (Cotangent, Lagged))
            after = "" if Carry(state) in stored else f', cotangents.get("{state.name} after")'
            opening.append(Line(f"{own} = _joined({own}, {before}{after})", optional=True))
        body = [Line("gradients = {}")]
        for block in self.blocks.backward:
            body += printer.lines(block, backward=True)
        for variable in self.model.states:
            body += self._at_start(variable, printer.place, stored)
        return _with(opening, body)

    def _passed(self) -> list[Key]:
        """What the loss passes to the values that it reads."""
        return [s.key for b in self.blocks.loss for s in b.statements if isinstance(s.key, (Cotangent, Lagged))]

    def _lagged(self) -> list[Key]:
        """The states of which the loss reads the value of the step before."""
        return [key.primal for key in self._passed() if isinstance(key, Lagged)]

    def _at_start(self, state: Variable, place: Place, stored: set[Key]) -> list[Line]:
        """The gradient of an initial state, and of the parameter that it starts from."""
        key = Carry(state.at())
        if key in place.final:
            text = self.layout.names.of(f"final {key.name}")
        elif key in stored:
            text = f"{place.name(key)}[0]"
        else:
            lower = LibraryLowering(place.in_step, self.layout.dimension, "N", self.library)
            text = lower.text(sp.ZeroMatrix(state.rows, state.columns))
        if state.at() in self._lagged():
            before = place.name(Lagged(state.at()))
            text = f"_plus(None if {before} is None else {before}[0], {text})"
        made = f'gradients["{state.name}"] = {self.layout.outside(state, text)}'
        lines = [Line(f'if "{state.name}" in wanted:', body=(Line(made),))]
        if state.initial is not None:
            total = self.layout.outside(state, f"({text}).sum(axis=0)")
            added = Line(f'gradients["{state.initial}"] = _plus(gradients.get("{state.initial}"), {total})')
            lines.append(Line(f'if "{state.initial}" in wanted and "{state.name}" not in states:', body=(added,)))
        return lines

    def outputs(self) -> list[tuple[str, str]]:
        """Each output's name, and its text in terms of `values`."""
        rows = {v.name: "[1:]" if v.role is Role.STATE else "" for v in self.model.outputs}
        return [(v.name, f'values["{v.name}"]{rows[v.name]}{handed_out(v)}') for v in self.model.outputs]

    def taken(self) -> list[tuple[str, str]]:
        """The outputs whose cotangents have another shape inside, with the text that changes it."""
        texts = [(v, f'given["{v.name}"]') for v in self.model.outputs]
        return [(v.name, taken(v, text)) for v, text in texts if taken(v, text) != text]


def _label(key: Related) -> str:
    """Under which name a cotangent is passed on."""
    return f"{key.primal.name} before" if isinstance(key, Lagged) else str(key.primal.name)


def _with(opening: Iterable[Line], body: list[Line]) -> list[Line]:
    """The lines behind those of the opening that define what they read."""
    kept = needed(opening, reads(body))
    return [*kept, *([Line("")] if kept and body else []), *body]
