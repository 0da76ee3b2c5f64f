"""One program of all parts: what a part reads of earlier ones are buffers, and what it hands back is added to their adjoints.

The statements of a part are those of any model. A part in the backward direction has them in the order of the steps of the model:
its own step t is T - 1 - t, loops run the other way, and row 0 of a state is the last one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from symbptt.compose.chain import How, Link, Part
from symbptt.compose.mirrored_program import mirrored
from symbptt.compose.whole import Whole
from symbptt.compose.windows import Cut
from symbptt.model.values import Model, Role, Variable
from symbptt.passes import prepared
from symbptt.program import build
from symbptt.program.buffers import LOSS, ONCE, WEIGHTS, buffer
from symbptt.program.builder import PARTS, WHOLE
from symbptt.program.ir import STEPS, Buffer, Function, Kind, Program, Read, Statement, Subscript, fixed
from symbptt.program.statements import assigned, copied, indices, rebuilt, zeroed
from symbptt.program.walk import assignments, read_by

_OWN = frozenset((Kind.PARAMETER, Kind.INPUT, Kind.TARGET, Kind.INITIAL))
_COUNTED = replace(WEIGHTS, kind=Kind.TEMPORARY, name="counted")
"""What each step and sample counts in the loss of all steps."""


def program(model: Whole, wanted: tuple[Variable, ...], truncation: tuple[int, int] | None = None) -> Program:
    """The functions of all parts in a row, with the gradients of `wanted`; with `truncation` (k1, k2) each part is cut."""
    return _Joined(model, wanted, truncation).program


@dataclass(frozen=True)
class _Joined:
    model: Whole
    wanted: tuple[Variable, ...]
    truncation: tuple[int, int] | None

    @cached_property
    def parts(self) -> tuple[_PartOf, ...]:
        """The parts, each with its program."""
        return tuple(_PartOf(self, number, part) for number, part in enumerate(self.model.parts))

    @cached_property
    def outputs(self) -> dict[str, Buffer]:
        """What parts hand on, and give: a buffer at all steps for each output of a part."""
        return {v.name: self.given(Kind.OUTPUT, v.name, v) for part in self.model.parts for v in part.model.outputs}

    def given(self, kind: Kind, name: str, v: Variable | None = None) -> Buffer:
        """The caller's buffer of a variable of the model."""
        made = buffer(kind, v or self.model[name])
        length = self.model.steps.get(name, STEPS)
        return replace(made, axes=tuple(axis.xreplace({STEPS: length}) for axis in made.axes))

    def handed(self, name: str) -> Buffer:
        """The values of an output at all steps, kept for whatever reads them."""
        return replace(self.outputs[name], kind=Kind.VALUE)

    def adjoint(self, name: str) -> Buffer:
        """What arrives at them."""
        return replace(self.outputs[name], kind=Kind.ADJOINT)

    @cached_property
    def readers(self) -> dict[str, int]:
        """In how many ways a variable has a gradient."""
        found: dict[str, int] = {}
        for part in self.parts:
            for name in part.contributes:
                found[name] = found.get(name, 0) + 1
        return found

    @property
    def program(self) -> Program:
        """forward, backward and, with a loss, value_and_grad."""
        public = {v.name for v in self.model.outputs}
        results = tuple(self.given(Kind.OUTPUT, v.name) for v in self.model.outputs)
        gradients = tuple(self.given(Kind.GRADIENT, v.name) for v in self.wanted)
        ahead = tuple(s for part in self.parts for s in part.forward("forward"))
        copies = tuple(copied(target, self.handed(target.name)) for target in results)
        seeds = tuple(copied(held, self.given(Kind.COTANGENT, name)) if name in public else zeroed(held)
                      for name, held in ((name, self.adjoint(name)) for name in self.outputs))
        back = tuple(s for part in reversed(self.parts) for s in part.backward("backward"))
        body = (*seeds, *back, *self._sums())
        read = {r.buffer for s in assignments(body) for r in read_by(s)}
        keeps = tuple(dict.fromkeys(b for part in self.parts for b in part.keeps if b in read))
        functions = [Function("forward", (*ahead, *copies), keeps, results), Function("backward", body, keeps, gradients)]
        if self.model.loss is not None:
            *before, last = self.parts
            zeros = tuple(zeroed(self.adjoint(v.name)) for part in before for v in part.part.model.outputs)
            body = (*(s for part in before for s in part.forward("forward")), *last.forward("value_and_grad"), *zeros,
                    *last.handing(), *(s for part in reversed(before) for s in part.backward("backward")), *self._sums())
            functions.append(Function("value_and_grad", body, gives=(LOSS, *gradients)))
        return Program(cast(Model, self.model), self.wanted, tuple(functions))

    def _sums(self) -> Iterator[Statement]:
        """The gradients that come from several parts."""
        for v in self.wanted:
            added = False
            for part in self.parts:
                if self.readers.get(v.name, 0) > 1:
                    for statement in part.contributed(v.name, added):
                        yield statement
                        added = True


@dataclass(frozen=True)
class _PartOf:
    """A part with its program, in buffers of the whole."""

    joined: _Joined
    number: int
    part: Part

    @cached_property
    def links(self) -> dict[str, Link]:
        return {link.name: link for link in self.part.links}

    @cached_property
    def functions(self) -> dict[str, Function]:
        """Its functions by name."""
        names = {v.name for v in self.joined.wanted} | self.part.linked
        wanted = tuple(v for v in self.part.model.with_gradient if v.name in names)
        made = prepared(build(self.part.model, wanted, PARTS if self.cut else WHOLE), copies=self.cut is None)
        return {f.name: mirrored(f) if self.part.backward else f for f in made.functions}

    @cached_property
    def cut(self) -> Cut | None:
        """How it is truncated, which makes a difference only to what has states."""
        scheme, part = self.joined.truncation, self.part
        if scheme is None or not part.model.states:
            return None
        return Cut(self.joined.model.lengths[self.number], part.backward, scheme, self._buffer, self.joined.handed,
                   f"_{self.number + 1}")

    @property
    def keeps(self) -> tuple[Buffer, ...]:
        """What backward needs."""
        given = [self._input(link) for link in self.part.links if link.how is not How.STEPS]
        handed = [self.joined.handed(v.name) for v in self.part.model.outputs]
        return (*map(self._buffer, self.functions["forward"].keeps), *given, *handed)

    def _placed(self, function: str) -> tuple[Statement, ...]:
        """The statements of a function."""
        length = {STEPS: self.joined.model.lengths[self.number]}
        return cast(tuple[Statement, ...],
                    rebuilt(self.functions[function].body, self._buffer, lambda size: size.xreplace(length)))

    def _buffer(self, b: Buffer) -> Buffer:
        """A buffer of the part's own program in that of the whole."""
        name = b.variable.name if b.variable is not None else b.name
        match b.kind:
            case Kind.OUTPUT:
                return self.joined.handed(name)
            case Kind.COTANGENT:
                return self.joined.adjoint(name)
            case Kind.GRADIENT:
                return self._gradient(name)
            case _ if b.kind in _OWN:
                return self._input(self.links[name]) if name in self.links else self.joined.given(b.kind, name)
            case _ if b.kind in ONCE:
                return b
        length = self.joined.model.lengths[self.number]
        axes = tuple(axis.xreplace({STEPS: length}) for axis in b.axes)
        return replace(b, name=f"{b.name}_{self.number + 1}", axes=axes)

    def _input(self, link: Link) -> Buffer:
        """What the part reads of an earlier one."""
        if link.how is How.STEPS:
            if link.source in self.joined.outputs:
                return self.joined.handed(link.source)
            return self.joined.given(Kind.INPUT, link.source)
        return self._like(link.name, Kind.VALUE)

    def _like(self, name: str, kind: Kind) -> Buffer:
        """A buffer of the whole for a variable of the part."""
        v = self.part.model[name]
        made = buffer(Kind.INITIAL if v.role is Role.STATE else Kind.GRADIENT, v)
        length = self.joined.model.lengths[self.number]
        axes = tuple(axis.xreplace({STEPS: length}) for axis in made.axes)
        return replace(made, kind=kind, name=f"{name}_{self.number + 1}", axes=axes)

    def _gradient(self, name: str) -> Buffer:
        """Where a gradient of the part goes: to the caller, if it is the only one of its variable."""
        if name in self.links or self.joined.readers[name] > 1:
            return self._like(name, Kind.TEMPORARY)
        return self.joined.given(Kind.GRADIENT, name)

    @cached_property
    def contributes(self) -> tuple[str, ...]:
        """The wanted variables that get a gradient from the part; an outer input that it reads by a link counts as two."""
        names = {v.name for v in self.joined.wanted}
        own = [v.name for v in self.part.model.with_gradient if v.name in names - self.part.linked]
        outer = [link.source for link in self.part.links if link.source in names - self.joined.outputs.keys()]
        return (*own, *outer, *outer)

    def contributed(self, name: str, add: bool) -> Iterator[Statement]:
        """target (+)= the gradients of the part."""
        target = self.joined.given(Kind.GRADIENT, name)
        if name in {v.name for v in self.part.model.with_gradient} - self.part.linked:
            yield copied(target, self._like(name, Kind.TEMPORARY), add)
            add = True
        for link in self.part.links:
            if link.source == name and name not in self.joined.outputs:
                yield from self._back(link, target, add)
                add = True

    def forward(self, function: str) -> Iterator[Statement]:
        """The part's own statements, behind those that make what it reads."""
        for link in self.part.links:
            if link.how is How.STEPS:
                continue
            target = self._input(link)
            origin = self._origin(link)
            if link.how is How.FINAL:
                at = indices(target.axes, "nij")
                yield assigned(target, at, Read(origin, (self._end(link, origin), *at)))
            else:
                at = indices(target.axes, "tnkj")
                yield assigned(target, at, Read(origin, (at[2], at[1], at[3], fixed(0))))
        if self.cut is None or function == "forward":
            yield from self._placed(function)
            return
        # The windows of the loss start from the states of a whole run, and have what each step counts in all of them.
        yield from (*self._placed("forward"), *self._placed("weigh"), copied(_COUNTED, self._buffer(WEIGHTS)))
        yield from self.cut.windows(self.functions["segment"], _COUNTED)

    def _origin(self, link: Link) -> Buffer:
        known = self.joined.outputs
        return self.joined.handed(link.source) if link.source in known else self.joined.given(Kind.INPUT, link.source)

    def _end(self, link: Link, origin: Buffer) -> Subscript:
        """The step that the direction of the source ends at."""
        return fixed(0) if self.joined.model.end(link) == 0 else fixed(origin.axes[0] - 1)

    def backward(self, function: str) -> Iterator[Statement]:
        """The part's own statements, and what it hands back."""
        if self.cut is None:
            yield from self._placed(function)
        else:
            yield from self.cut.windows(self.functions[function])
        yield from self.handing()

    def handing(self) -> Iterator[Statement]:
        """The gradients of what the part reads of earlier ones are added to the adjoints there."""
        for link in self.part.links:
            if link.source in self.joined.outputs:
                yield from self._back(link, self.joined.adjoint(link.source), True)

    def _back(self, link: Link, target: Buffer, add: bool) -> Iterator[Statement]:
        """target (+)= the gradient of what a link hands on."""
        found = self._like(link.name, Kind.TEMPORARY)
        if link.how is How.STEPS:
            yield copied(target, found, add)
        elif link.how is How.FINAL:
            at = indices(found.axes, "nij")
            yield assigned(target, (self._end(link, target), *at), Read(found, at), True)
        else:
            t, n, k, j = indices(found.axes, "tnkj")
            over = (t.index,) if t.index is not None else ()
            yield assigned(target, (k, n, j, fixed(0)), Read(found, (t, n, k, j)), add, over)
