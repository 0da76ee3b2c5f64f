"""The backward pass of a composed model: a gap for the pass of each part, and one for what it hands back to earlier parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from symbptt import compose
from symbptt.compose import told
from symbptt.compose.chain import Chain, Part
from symbptt.compose.emission import heading
from symbptt.document import listing
from symbptt.document.backward_pass.cutting import Source
from symbptt.document.composed.members import members
from symbptt.emit.literals import literal
from symbptt.narrative.presentation import Presentation


@dataclass(frozen=True)
class PassOfParts:
    """The passes of all parts, cut out of their module."""

    model: Chain
    gradients: tuple[str, ...]
    source: Source
    steps: None = None

    @classmethod
    def of(cls, chain: Chain, gradients: tuple[str, ...]) -> PassOfParts:
        """The passes with these gradients."""
        numbers = range(1, len(chain.parts) + 1)
        last = numbers[-1]
        forward = [f"{name}_{n}" for n in numbers for name in ("forward", "_given")]
        back = [f"{name}_{n}" for n in numbers for name in ("backward" if n < last else "_backward", "_take", "_parameters")]
        before = [member.before for member in members(chain)]
        text = listing.renumbered(compose.source(chain, wrt=gradients, style="plain").text, before)
        source = Source(text, (*forward, "_only"), (*back, "_turned"), f"_loss_{last}", frozenset(f"_check_{n}" for n in numbers))
        return cls(chain, gradients, source)

    @property
    def numbered(self) -> tuple[tuple[int, Part], ...]:
        """The parts with their numbers."""
        return tuple(enumerate(self.model.parts, 1))

    @property
    def given(self) -> str:
        """The forward pass of all parts, and the loss."""
        last = f'    residuals = residuals["part {len(self.model.parts)}"]\n'
        return self.source.given("\n".join(self._forward()) + "\n", last)

    def _forward(self) -> Iterator[str]:
        yield from (
            "def forward(parameters, inputs, states=None):",
            '    """Run the parts in their order; returns what each computes and, under "handed", what they hand on."""',
            "    values, residuals = dict(inputs), {}",
        )
        for n, part in self.numbered:
            made = "_turned(made)" if part.backward else "made"
            yield from (f"    # {heading(n, part)}",
                        f'    made, residuals["part {n}"] = forward_{n}(*_given_{n}(parameters, values, states or {{}}))',
                        f"    values |= {made}")
        yield from (f'    residuals["handed"] = _only(values, {literal(self.handed)})', "    return residuals")

    @property
    def handed(self) -> tuple[str, ...]:
        """What parts hand on to others."""
        outputs = {v.name for part in self.model.parts for v in part.model.outputs}
        links = (link.source for part in self.model.parts for link in part.links)
        return tuple(dict.fromkeys(name for name in links if name in outputs))

    @property
    def solution(self) -> str:
        """The functions that the solution calls."""
        return self.source.solution

    def kept(self, number: int) -> tuple[str, ...]:
        """The names of what the forward pass of a part returns."""
        return self.source.kept(f"_forward_{number}")

    def blanks(self, presentation: Presentation) -> tuple[str, ...]:
        """For each part, from the last one to the first, its gradients, and what it hands back to earlier ones."""
        return tuple(line for n, part in reversed(self.numbered) for line in self._blanks(n, part, presentation))

    def _blanks(self, number: int, part: Part, presentation: Presentation) -> Iterator[str]:
        names = [v.name for v in part.model.with_gradient if v.name in {*self.gradients, *part.linked}]
        if not names:
            return
        yield f"# {told.heading(part, number, presentation)}"
        yield f"# {presentation.text('assignment.code.part')}"
        yield f"part_{number} = dict.fromkeys([{quoted(names)}])"
        if back := dict.fromkeys(link.source for link in part.links if link.source in self.handed):
            yield f"# {presentation.text('assignment.code.handed')}"
            yield f"handed_back_{number} = dict.fromkeys([{quoted(back)}])"

    @property
    def body(self) -> tuple[str, ...]:
        """The lines of the solution that follow the forward pass."""
        last = len(self.model.parts)
        wanted = f"{{name: gradients[name] for name in [{quoted(self.gradients)}]}}"
        solved = (line for n, part in reversed(self.numbered) for line in _solved(n, part, last))
        return ("gradients, cotangents = {}, {}", *solved, f"return {wanted}")


def _solved(number: int, part: Part, last: int) -> Iterator[str]:
    yield f"# {heading(number, part)}"
    given = f'_parameters_{number}(parameters), residuals["part {number}"]'
    if number == last:
        yield f'_, own, direct = _loss_{number}(parameters, residuals["part {number}"], targets)'
        yield f"part_{number} = _backward_{number}({given}, own)"
        yield f"part_{number} = {{name: value + direct.get(name, 0) for name, value in part_{number}.items()}}"
    else:
        own = f"_only(cotangents, {literal(tuple(v.name for v in part.model.outputs))})"
        yield f"part_{number} = backward_{number}({given}, {f'_turned({own})' if part.backward else own})"
    yield f'_take_{number}(part_{number}, gradients, cotangents, residuals["handed"])'


def quoted(names: Iterable[str]) -> str:
    """Names as Python strings, one after another."""
    return ", ".join(f'"{name}"' for name in names)
