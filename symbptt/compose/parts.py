"""From equations in two directions of time to parts in one direction each, every part an ordinary model."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from symbptt.compose.chain import Link, Part
from symbptt.compose.split import BACKWARD, FORWARD, Directed, Equations, Read, reads_of, shown
from symbptt.errors import BadInput
from symbptt.model.compile import compiled
from symbptt.model.complex_notes import placed
from symbptt.model.model_file import Pairs
from symbptt.model.place import Place
from symbptt.model.sections import DECLARATIONS
from symbptt.model.syntax import Parsed
from symbptt.model.values import Model

COPY = "{}_handed"
"""The name under which a part hands on a value that its own equations read, and that no code would return otherwise."""


def _reversed_text(parsed: Parsed, reads: Iterable[Read]) -> str:
    """The expression in reversed time: b[t+1] is b[t-1]."""
    text = parsed.text
    for read in sorted((r for r in reads if r.shift > 0), key=lambda r: -r.node.col_offset):
        text = f"{text[: read.node.col_offset]}{read.name}[t-{read.shift}]{text[read.node.end_col_offset :]}"
    return text


def _check(directed: Directed, equations: Equations) -> None:
    document, place = directed.document, equations.place
    states = dict((*document.states, *directed.backward))
    for name, _ in directed.backward:
        if name in dict(document.states):
            raise place.within("backward").error(f"{name} is declared twice, the first time in [states]")
    for name in states:
        if name not in equations.reads:
            section = "backward" if name in dict(directed.backward) else "states"
            raise place.within(section, name).error("the state has no equation; expected one with this left side")
    for section in ("inputs", "parameters", "constants", "targets"):
        for name, _ in getattr(document, section):
            if name in equations.reads:
                here = place.within("equations")
                raise here.error(f"{name} is declared in [{section}]; a left side is a state or a new name")
            if name in dict(directed.backward):
                raise place.within("backward").error(f"{name} is declared twice, the first time in [{section}]")


def _check_lags(equations: Equations) -> None:
    """An older and a later value of one input would be kept in states of one name."""
    known = {name for pairs in (equations.directed.document.states, equations.directed.backward) for name, _ in pairs}
    earlier = {r.name for reads in equations.reads.values() for r in reads if r.shift < 0} - known
    for target, reads in equations.reads.items():
        for read in reads:
            if read.shift > 0 and read.name in earlier:
                what = f"{read.name} is read with a lag in both directions"
                second = f"{read.name}_too"
                advice = f"give it a second name, as in {second} = \"{read.name}\", and read {second}[t{read.shift:+d}]"
                raise equations.parsed[target].at(read.node).error(f"{what}; {advice}")


def parts(directed: Directed, place: Place) -> tuple[Part, ...]:
    """The parts of a document, in the order of computation; raises BadInput for a circle through both directions."""
    equations = Equations(directed, placed(directed.document, place))
    _check(directed, equations)
    _check_lags(equations)
    levels = sorted(set(equations.levels.values()))
    last = max(levels, default=0)
    last += last % 2
    members = {level: equations.members(level) for level in levels}
    rest = equations.members(None)
    if rest or equations.loss:
        members[last] = [name for name in equations.reads if name in {*members.get(last, ()), *rest}]
    made: list[Part] = []
    for level in members:
        made.append(_Builder(equations, members, level, level == max(members), made).part())
    return tuple(made)


@dataclass(frozen=True)
class _Builder:
    """One part of the equations: those of `members[level]`, with the loss and all that nothing reads if it is the `final` one."""

    equations: Equations
    members: Mapping[int, list[str]]
    level: int
    final: bool
    before: list[Part]

    @property
    def backward(self) -> bool:
        return self.level % 2 == 1

    def _texts(self) -> dict[str, str]:
        shown = {name: self.equations.parsed[name] for name in self.members[self.level]}
        if self.backward:
            return {name: _reversed_text(parsed, self.equations.reads[name]) for name, parsed in shown.items()}
        return {name: parsed.text for name, parsed in shown.items()}

    def _handed(self, level: int) -> list[str]:
        """The left sides of a part that others read, and that no emitted code would return because their own part reads them."""
        document, own = self.equations.directed.document, set(self.members[level])
        states = dict((*document.states, *self.equations.directed.backward))
        inside = {r.name for name in own for r in self.equations.reads[name]}
        later = (n for other, names in self.members.items() if other > level for n in names)
        outside = {r.name for n in later for r in self.equations.reads[n]}
        outside |= {r.name for r in reads_of(self.equations.loss)} if self.equations.loss and level < max(self.members) else set()
        return [n for n in self.equations.directions if n in own & inside & outside and n not in states]

    def _source(self, name: str) -> str:
        level = self.equations.levels[name]
        return COPY.format(name) if name in self._handed(level) else name

    def part(self) -> Part:
        texts, reads = self._texts(), self.equations.reads
        used = [r for name in texts for r in reads[name]]
        used += reads_of(self.equations.loss) if self.final and self.equations.loss else ()
        names = {r.name for r in used}
        linked = [n for n in self.equations.levels if n in names and n not in texts]
        for read in used:
            if read.shift and read.name in linked:
                raise self._lagged(read)
        links = tuple(Link(name, self._source(name)) for name in linked)
        texts |= {COPY.format(name): name for name in self._handed(self.level)}
        if not texts:  # the loss alone is left: one value that it reads has an equation, as a recurrence has some
            values = (*linked, *(n for n, _ in self.equations.directed.document.inputs if n in names))
            texts = {COPY.format(n): n for n in [n for n in values if n not in linked or self._source(n) == n][:1]}
        return Part(self._model(texts, names, links), self.backward, links)

    def _lagged(self, read: Read) -> BadInput:
        texts = [self.equations.parsed[n] for n in self.members[self.level] if read in self.equations.reads[n]]
        texts += [self.equations.loss] if self.equations.loss else []
        near = f"name it in an equation of its own, as in {read.name}_near = \"{shown(read)}\", and read that"
        own = self.equations.directions[read.name] == (FORWARD if read.shift < 0 else BACKWARD)
        what = f"{shown(read)} is no value of the same step, and {read.name} is computed before"
        advice = near if own else f"of another direction, {read.name} can be read at its own step only"
        return texts[0].at(read.node).error(f"{what}; {advice}")

    def _model(self, texts: dict[str, str], names: set[str], links: tuple[Link, ...]) -> Model:
        directed = self.equations.directed
        document = directed.document
        initial = tuple(pair for pair in document.initial if pair[0] in texts)
        names = names | {parameter for _, parameter in initial}
        shapes = {v.name: " ".join(v.shape) for part in self.before for v in part.model.outputs}
        handed = tuple((link.name, shapes[link.source]) for link in links)
        uses = any(isinstance(n, ast.Name) and n.id == "activation" for t in texts if t in self.equations.parsed
                   for n in ast.walk(self.equations.parsed[t].tree))
        declared: dict[str, Any] = {
            # A part that reads none is given one all the same: it tells the steps and the samples.
            "inputs": self._of("inputs", names) + handed or document.inputs[:1],
            "parameters": self._of("parameters", names), "constants": self._of("constants", names),
            "states": tuple(pair for pair in (*document.states, *directed.backward) if pair[0] in texts),
            "targets": document.targets if self.final else (),
        }
        known = {name for pairs in declared.values() for name, _ in pairs} | texts.keys()
        part = replace(
            document, **declared, equations=tuple(texts.items()), loss=document.loss if self.final else None,
            name=f"{document.name}_{len(self.before) + 1}", initial=initial + self._left("initial"),
            init=tuple(p for p in document.init if p[0] in known) + self._left("init"),
            symbols=tuple(s for s in document.symbols if s.name in known or (self.final and s.name not in self._known)),
            activation=document.activation if uses else "", notes=(), translations=(),
        )
        return compiled(part, self.equations.place)

    def _of(self, section: str, names: set[str]) -> Pairs:
        """The declarations that this part reads; what nothing reads goes to the last part."""
        pairs: Pairs = getattr(self.equations.directed.document, section)
        return tuple(pair for pair in pairs if pair[0] in names or (self.final and pair[0] not in self._read_anywhere))

    @property
    def _read_anywhere(self) -> set[str]:
        initial = {parameter for _, parameter in self.equations.directed.document.initial}
        loss = {r.name for r in reads_of(self.equations.loss)} if self.equations.loss else set()
        return {r.name for reads in self.equations.reads.values() for r in reads} | initial | loss

    @property
    def _known(self) -> set[str]:
        """The names that the file has."""
        directed = self.equations.directed
        sections = (getattr(directed.document, section) for section in DECLARATIONS)
        return {name for pairs in (*sections, directed.backward) for name, _ in pairs} | self.equations.reads.keys()

    def _left(self, section: str) -> Pairs:
        """Entries about names that the file does not have, for the last part to complain about."""
        pairs: Pairs = getattr(self.equations.directed.document, section)
        return tuple(pair for pair in pairs if self.final and pair[0] not in self._known)
