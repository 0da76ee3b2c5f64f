"""The unrolled graph of a composed model: time to the right, the members above each other, each in its own direction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from symbptt.compose.chain import How, Link
from symbptt.derive.recursion import recursion
from symbptt.document.composed.members import Member
from symbptt.document.context import DocumentContext
from symbptt.document.graph.flow import Edge, depths, edges, shown_values
from symbptt.document.graph.picture import COLUMN, MARGIN, MOST, RADIUS, ROW, SPREAD, arrow, bend
from symbptt.draw.scene import Arrow, Key, Node, Place, Scene
from symbptt.emit.source_file import wanted_variables
from symbptt.model.values import Role, Variable

PAIRS = 9
"""So many arrows from a memory's steps to its readers' steps at most are drawn one by one; beyond, they meet in a node."""
ASIDE = 52.0
"""How far to the right a member stands of the one below, so that arrows pass between values."""


def scene(every: Sequence[Member], context: DocumentContext) -> Scene:
    """Lay out the graph over T steps; gradients flow to inputs and given initial states only if asked for."""
    return _Picture(tuple(every), context).scene()


@dataclass(frozen=True)
class _Picture:
    every: tuple[Member, ...]
    context: DocumentContext

    @property
    def T(self) -> int:
        return self.context.T

    @property
    def steps(self) -> list[int]:
        return list(range(1, self.T + 1)) if self.T <= MOST else [1, 2, self.T]

    def shown(self, member: Member) -> list[Variable]:
        """The values of a step that have a place of their own: not what other members compute, nor a loss in their place."""
        gone = {link.name for link in member.part.links if link.how is not How.FINAL} - self._memories(member)
        return [v for v in shown_values(member.model) if v.name not in gone and not (member.handed and v.role is Role.LOSS)]

    @cached_property
    def gathered(self) -> bool:
        """Whether a memory has a node of its own."""
        return len(self.steps) ** 2 * sum(link.how is How.MEMORY for m in self.every for link in m.part.links) > PAIRS

    def _memories(self, member: Member) -> set[str]:
        return {link.name for link in member.part.links if link.how is How.MEMORY and self.gathered}

    def edges(self, member: Member) -> list[Edge]:
        return edges(member.model, shown_values(member.model))

    @cached_property
    def rows(self) -> dict[str, tuple[int, float]]:
        """The row of every value, from the bottom, and how far it stands to the right of its step."""
        found: dict[str, tuple[int, float]] = {}
        base = 0
        for number, member in enumerate(self.every):
            new = [v for v in self.shown(member) if v.name not in found]
            inside = [e for e in self.edges(member) if e.source in new and e.target in new]
            depth = depths(tuple(new), inside)
            memories = self._memories(member)
            first = min((depth[v.name] for v in new), default=0)
            for v in new:
                alike = [w for w in new if (w.name in memories) == (v.name in memories)]
                level = [w for w in alike if depth[w.name] == depth[v.name]]
                aside = (level.index(v) - (len(level) - 1) / 2) * SPREAD
                found[v.name] = base + depth[v.name] - first, number * ASIDE + aside
            base = 1 + max((row for row, _ in found.values()), default=-1)
        return found

    @cached_property
    def places(self) -> Mapping[Key, Place]:
        """Where each (value, step) stands; before the first step, or behind the last one, states that are read there."""
        columns = {step: number for number, step in enumerate([0, *self.steps, self.T + 1])}
        top = max(row for row, _ in self.rows.values())
        found: dict[Key, Place] = {}
        for member in self.every:
            loss = member.model.loss
            for v in self.shown(member):
                row, aside = self.rows[v.name]
                if v.name in self._memories(member):
                    found[v.name, 0] = aside, MARGIN + (top - row) * ROW
                    continue
                at_end = v.role is Role.LOSS and loss is not None and loss.at == "last"
                steps = [self.T] if at_end else [*self.steps, *([self._start(member)] if self._carried(member, v) else [])]
                for step in steps:
                    found[v.name, step] = columns[step] * COLUMN + aside, MARGIN + (top - row) * ROW
        left = min(x for x, _ in found.values()) - MARGIN - RADIUS
        return {key: (x - left, y) for key, (x, y) in found.items()}

    def _start(self, member: Member) -> int:
        return self.T + 1 if member.part.backward else 0

    def _carried(self, member: Member, v: Variable) -> bool:
        return v.role is Role.STATE and any(e.lag and e.source == v for e in self.edges(member))

    def _nodes(self) -> Iterator[Node]:
        seen: set[Key] = set()
        for member in self.every:
            for v in self.shown(member):
                for key in [key for key in self.places if key[0] == v.name and key not in seen]:
                    seen.add(key)
                    presentation, memory = self.context.presentation, v.name in self._memories(member)
                    label = presentation.name(v, member.model) if memory else presentation.tree(v.at(key[1]), member.model)
                    yield Node(*self.places[key], label, v.role, key, recursion(member.model).adjoint_number(v.name))

    def _joined(self) -> Iterator[tuple[Member, Variable, Key, Key]]:
        """(the member that reads, what it reads, source, target) of every pair of arrows."""
        for member in self.every:
            links = {link.name: link for link in member.part.links}
            back = 1 if member.part.backward else -1
            for edge in self.edges(member):
                if edge.target.role is Role.LOSS and member.handed:
                    continue
                link = links.get(edge.source.name)
                for step in self.steps:
                    for source in self._sources(edge, link, step, back):
                        yield member, edge.source, source, (edge.target.name, step)
            for link in member.part.links:
                for step in self.steps if link.name in self._memories(member) else ():
                    yield member, member.model[link.name], (link.source, step), (link.name, 0)
                if link.how is How.FINAL:
                    yield member, member.model[link.name], (link.source, self._last(link)), (link.name, self._start(member))

    def _sources(self, edge: Edge, link: Link | None, step: int, back: int) -> list[Key]:
        if link is None or link.how is How.FINAL:
            return [(edge.source.name, step + back * edge.lag)]
        if link.how is How.MEMORY and self.gathered:
            return [(link.name, 0)]
        return [(link.source, k) for k in (self.steps if link.how is How.MEMORY else [step])]

    def _last(self, link: Link) -> int:
        assert self.context.chain is not None
        return range(1, self.T + 1)[self.context.chain.end(link)]

    def _arrows(self) -> Iterator[Arrow]:
        assert self.context.chain is not None
        wanted = {v.name for v in wanted_variables(self.context.chain, self.context.wrt)}
        inputs = {v.name for v in self.context.chain.of(Role.INPUT)}
        drawn: set[tuple[Key, Key]] = set()
        for member, v, source, target in self._joined():
            if source not in self.places or target not in self.places or (source, target) in drawn:
                continue
            drawn.add((source, target))
            ends = self.places[source], self.places[target]
            curve = bend(*ends, (place for key, place in self.places.items() if key not in (source, target)))
            yield arrow((source, target), self.places, curve, None, False)
            origin = next((link.source for link in member.part.links if link.name == source[0]), source[0])
            outer = origin in inputs or (v.name not in member.part.linked and source[1] in (0, self.T + 1))
            if not v.classes and (not outer or origin in wanted):
                yield arrow((target, source), self.places, curve, None, True)

    def scene(self) -> Scene:
        nodes = tuple(self._nodes())
        right, bottom = max(n.x for n in nodes), max(n.y for n in nodes)
        gaps = self._gaps() if self.T > MOST else ()
        return Scene(right + RADIUS + MARGIN, bottom + MARGIN + RADIUS, nodes, tuple(self._arrows()), gaps, self.T)

    def _gaps(self) -> tuple[Place, ...]:
        names = [v.name for member in self.every for v in self.shown(member) if self._carried(member, v)]
        ends = [(self.places[name, self.steps[-2]], self.places[name, self.steps[-1]]) for name in names]
        return tuple(((a[0] + b[0]) / 2, a[1]) for a, b in ends)
