"""The lines with which a function reads what it was given: arrays, T, N and the sizes of dimensions."""

from collections.abc import Iterable
from dataclasses import dataclass

from symbptt.emit.layout import Layout, inner_axes, joins_heads, taken
from symbptt.model.dimensions import Source, sources
from symbptt.model.values import Role, Variable


@dataclass(frozen=True)
class Opening:
    """Reads the dicts `parameters`, `inputs` and `states`; `straight` code runs for STEPS steps, whatever the arrays tell."""

    layout: Layout
    straight: bool = False

    @property
    def learned(self) -> tuple[Variable, ...]:
        """The parameters and the buffers."""
        return (*self.layout.model.parameters, *self.layout.model.buffers)

    @property
    def inputs(self) -> tuple[Variable, ...]:
        """The inputs."""
        return self.layout.model.of(Role.INPUT)

    @property
    def telling(self) -> tuple[Variable, ...]:
        """What tells sizes, before others."""
        return self.layout.model.of(Role.PARAMETER, Role.BUFFER, Role.INPUT)

    def given(self, variable: Variable) -> str:
        """An array of the file's shape, as it is given."""
        return f'np.asarray({variable.role.group}["{variable.name}"])'

    def arrays(self, variables: Iterable[Variable]) -> list[str]:
        """Arrays as they are inside; classes are one-hot rows later on."""
        texts = {v: self.given(v) if v.classes else taken(v, self.given(v)) for v in variables}
        return [f"{self.layout.array(v)} = {text}" for v, text in texts.items()]

    def clock(self) -> str:
        """The line that finds T and N."""
        if self.inputs:
            return f"T, N = {self.layout.array(self.inputs[0])}.shape[:2]"
        untied = [v for v in self.learned if v.timed and not self.straight]
        T = f"len({self.layout.array(untied[0])})" if untied else "STEPS"
        return f"T, N = {T}, len(next(iter(states.values()))) if states else 1"

    def sizes(self, kept: tuple[Variable, ...] | None = None) -> list[str]:
        """The sizes of named dimensions, read off parameters and inputs, and off `kept`, the arrays that residuals hold.

        Without residuals, initial states tell what is left open; they are read only then, since they may be left out.
        """
        found = sources(self.telling, self.layout.model.states if kept is None else kept)
        return [f"{self.layout.dimension(name)} = {self._told(source, kept is None)}" for name, source in found.items()]

    def _told(self, source: Source, initial: bool) -> str:
        """The size that a source tells; initial states are read as they are given, other arrays as they are inside."""
        v, axis = source.variable, source.axis
        if v.role is Role.STATE and initial:
            return self.layout.told(source, f"{self.given(v)}.shape[{1 + axis}]")
        leading = int(v.timed) if v.role in (Role.PARAMETER, Role.BUFFER) else 2
        text, axis = (self.given(v), axis) if joins_heads(v) else (self.layout.array(v), inner_axes(v).index(axis))
        return self.layout.told(source, f"{text}.shape[{leading + axis}]")
