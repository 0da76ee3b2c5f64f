"""The program of a recurrence in chunks for C: that of the chunk form, between copies of what has an axis of tokens.

The tokens (T, N, ...) of the caller become the rows of chunks, (chunks, N, C, ...), the last chunk filled up with copies of the
last token that do not count; the loss is that of tokens, as a model of its own which has the outputs of the chunks as inputs.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import sympy as sp

from symbptt.algebra.nodes import dimension
from symbptt.chunk import Chunked
from symbptt.derive.pullback import loss_pullback
from symbptt.model.values import Model, Role, Variable
from symbptt.passes import prepared
from symbptt.program import build
from symbptt.program.buffers import LOSS, ONCE, buffer
from symbptt.program.ir import STEPS, Buffer, Function, Index, Kind, Num, Program, Read, Statement, Subscript, fixed
from symbptt.program.lower import SAMPLE
from symbptt.program.statements import assigned, copied, indices, rebuilt, zeroed
from symbptt.program.walk import assignments, read_by
from symbptt.targets.c99.interface import CHUNKS, WHOLE_CHUNKS, Interface
from symbptt.typeset.equations import numbered

_N = Subscript(SAMPLE)


def interface(chunks: Chunked, wanted: tuple[Variable, ...], length: int) -> Interface:
    """The program for chunks of so many tokens, with its names in C."""
    return Interface(_Joined(chunks, wanted, length).program(), equations=numbered(chunks.model_without_loss), chunk=length)


class _Joined:
    """The functions of the chunks and of the loss, in buffers of one program."""

    def __init__(self, chunks: Chunked, wanted: tuple[Variable, ...], length: int) -> None:
        self.token, self.core, self.wanted, self.length = chunks.token, chunks.model_without_loss, wanted, length
        self.mask = chunks.mask
        self._sizes = {STEPS: CHUNKS, dimension(chunks.length): sp.Integer(length)}
        own = prepared(build(self.core, tuple(self.core[v.name] for v in wanted), (), final=True))
        self.functions = {f.name: f for f in own.functions}

    def program(self) -> Program:
        """forward, backward and, with a loss, value_and_grad."""
        inputs, results = self.token.of(Role.INPUT), self.token.outputs
        packed = tuple(s for v in inputs for s in self._packed(v, self._rows(v.name), self._given(Kind.INPUT, v)))
        packed += tuple(self._counted())
        forward, back = self._placed("forward", private=False), self._placed("backward", private=False).body
        read = {r.buffer for s in assignments(back) for r in read_by(s)}
        keeps = (*forward.keeps, *(b for name in (*(v.name for v in inputs), self.mask) if (b := self._rows(name)) in read))
        out = tuple(s for v in self._kept for s in self._unpacked(v, self._given(Kind.OUTPUT, v), self._rows(v.name)))
        seeds = tuple(
            s for v in self._kept for s in self._packed(v, self._adjoint(v.name), self._given(Kind.COTANGENT, v), fill=False))
        gives = tuple(self._given(Kind.GRADIENT, v) for v in self.wanted)
        made = [
            Function("forward", (*packed, *forward.body, *out), keeps, tuple(self._given(Kind.OUTPUT, v) for v in results)),
            Function("backward", (*seeds, *back, *self._handed_back()), keeps, gives),
        ]
        if self.token.loss is not None:
            ahead, behind = (self._placed(name, private=True).body for name in ("forward", "backward"))
            body = (*packed, *ahead, *self._loss(), *behind, *self._handed_back(), *self._direct())
            made.append(Function("value_and_grad", body, gives=(LOSS, *gives)))
        return Program(self.token, self.wanted, tuple(made))

    # ---- buffers

    @property
    def _kept(self) -> tuple[Variable, ...]:
        """The outputs that every token has."""
        return tuple(v for v in self.token.outputs if v.role is not Role.STATE)

    def _given(self, kind: Kind, v: Variable) -> Buffer:
        """The caller's buffer of a variable of a token."""
        return buffer(kind, v, final=True)

    def _sized(self, b: Buffer, kind: Kind, name: str) -> Buffer:
        return replace(b, kind=kind, name=name, axes=tuple(axis.xreplace(self._sizes) for axis in b.axes))

    def _rows(self, name: str) -> Buffer:
        """The values of an input or output in chunks."""
        return self._sized(buffer(Kind.OUTPUT, self.core[name]), Kind.VALUE, f"{name}_rows")

    def _adjoint(self, name: str) -> Buffer:
        """What arrives at them."""
        return replace(self._rows(name), kind=Kind.ADJOINT)

    def _gradient(self, name: str) -> Buffer:
        """The gradient of an input in chunks."""
        return self._sized(buffer(Kind.GRADIENT, self.core[name]), Kind.TEMPORARY, f"grad_{name}_rows")

    def _tokens(self, v: Variable, kind: Kind = Kind.VALUE) -> Buffer:
        """The values of an output by token, for the loss, or with `kind` what arrives at them."""
        return replace(self._given(Kind.OUTPUT, v), kind=kind, name=f"{v.name}_tokens")

    def _placed(self, name: str, private: bool) -> Function:
        """A function of the chunks; of a `private` one nobody sees, or has cotangents of, the states behind the last token."""
        known = {v.name: v for v in self.token.variables}

        def place(b: Buffer) -> Buffer:
            v = known.get(b.name)
            match b.kind:
                case Kind.INPUT:
                    return self._rows(b.name)
                case Kind.OUTPUT | Kind.COTANGENT if v is not None and v.role is Role.STATE:
                    given = self._given(b.kind, v)
                    kinds = {Kind.OUTPUT: Kind.VALUE, Kind.COTANGENT: Kind.ADJOINT}
                    return replace(given, kind=kinds[b.kind], name=f"{b.name}_behind") if private else given
                case Kind.OUTPUT:
                    return self._rows(b.name)
                case Kind.COTANGENT:
                    return self._adjoint(b.name)
                case Kind.GRADIENT if v is not None and v.role is Role.INPUT:
                    return self._gradient(b.name)
                case Kind.GRADIENT | Kind.PARAMETER | Kind.INITIAL if v is not None:
                    return self._given(b.kind, v)
            return self._sized(b, b.kind, b.name)

        return cast(Function, rebuilt(self.functions[name], place, lambda size: size.xreplace(self._sizes)))

    # ---- between tokens and chunks

    def _places(self, v: Variable) -> Iterator[tuple[tuple[Subscript, ...], tuple[Subscript, ...], bool]]:
        """The entries of chunks, those of tokens that they are, and whether they only fill up the last chunk."""
        size, whole = sp.Integer(self.length), self.length * WHOLE_CHUNKS
        chunk, last = Index("c", WHOLE_CHUNKS), fixed(CHUNKS - 1)
        row, rest, missing = Index("i", size), Index("i", STEPS - whole), Index("i", self.length * CHUNKS - STEPS)
        for lead, at, token, fills in (
            (Subscript(chunk), Subscript(row), Subscript(row, head=chunk, block=size), False),
            (last, Subscript(rest), Subscript(rest, whole), False),
            (last, Subscript(missing, STEPS - whole), fixed(STEPS - 1), True),
        ):
            of_head = v.rows if v.heads is None else sp.expand(v.rows / v.heads)
            entry = column = indices((of_head,), "j")[0]
            if v.heads is not None:
                head = Index("m", v.heads)
                entry = Subscript(head) if of_head == 1 else replace(column, head=head, block=of_head)
                at = replace(at, head=head, block=size)
            yield (lead, _N, at, column), (token, _N, entry, fixed(0)), fills

    def _packed(self, v: Variable, target: Buffer, origin: Buffer, fill: bool = True) -> Iterator[Statement]:
        """The rows of chunks; what fills up the last one is the last token, or zero."""
        for rows, tokens, fills in self._places(v):
            yield _copy(target, rows, Num(sp.S.Zero) if fills and not fill else Read(origin, tokens))

    def _counted(self) -> Iterator[Statement]:
        """The input that is 0 where a chunk is filled up."""
        for rows, _, fills in self._places(replace(self.token.of(Role.INPUT)[0], rows=sp.S.One, heads=None)):
            yield _copy(self._rows(self.mask), rows, Num(sp.Integer(not fills)))

    def _unpacked(self, v: Variable, target: Buffer, origin: Buffer) -> Iterator[Statement]:
        """The way back."""
        return (_copy(target, tokens, Read(origin, rows)) for rows, tokens, fills in self._places(v) if not fills)

    def _handed_back(self) -> Iterator[Statement]:
        """The gradients of inputs."""
        for v in self.wanted:
            if v.role is Role.INPUT:
                yield from self._unpacked(v, self._given(Kind.GRADIENT, v), self._gradient(v.name))

    # ---- the loss

    @property
    def _read(self) -> frozenset[str]:
        """What the loss has a gradient of."""
        return frozenset(leaf.name for leaf in loss_pullback(self.token).leaves)

    def _loss(self) -> Iterator[Statement]:
        """The loss of all tokens, and what it hands back to the outputs, to the chunks of each."""
        token, loss = self.token, self.token.loss
        assert loss is not None
        outputs = tuple(replace(v, role=Role.INPUT) for v in self._kept)
        given = (*token.of(Role.INPUT, Role.TARGET, Role.PARAMETER, Role.BUFFER), *outputs, *(e.target for e in loss.equations))
        model = Model(token.name, token.title, given, (), loss)
        wanted = tuple(v for v in (*outputs, *self.wanted) if v.name in self._read)
        function = prepared(build(model, wanted)).functions[-1]
        names = {v.name for v in outputs}

        def place(b: Buffer) -> Buffer:
            if b.kind is Kind.INPUT and b.name in names:
                return self._tokens(token[b.name])
            if b.kind is Kind.GRADIENT:
                return self._tokens(token[b.name], Kind.ADJOINT) if b.name in names else replace(b, kind=Kind.TEMPORARY)
            return b if b.kind in ONCE or b.variable is None else replace(b, variable=token[b.variable.name])

        for v in self._kept:
            yield from self._unpacked(v, self._tokens(v), self._rows(v.name))
        yield from rebuilt(function, place, lambda size: size).body
        for v in self._kept:
            if v.name in self._read:
                yield from self._packed(v, self._adjoint(v.name), self._tokens(v, Kind.ADJOINT), fill=False)
            else:
                yield zeroed(self._adjoint(v.name))
        for v in token.states:
            yield zeroed(replace(self._given(Kind.COTANGENT, v), kind=Kind.ADJOINT, name=f"{v.name}_behind"))

    def _direct(self) -> Iterator[Statement]:
        """What the loss hands back to parameters and inputs that it reads itself."""
        for v in self.wanted:
            if v.name in self._read:
                yield copied(self._given(Kind.GRADIENT, v), replace(self._given(Kind.GRADIENT, v), kind=Kind.TEMPORARY), True)


def _copy(target: Buffer, at: tuple[Subscript, ...], value: Num | Read) -> Statement:
    """An assignment with the loops over heads, too."""
    made = assigned(target, at, value)
    others = value.at if isinstance(value, Read) else ()
    return replace(made, indices=tuple(dict.fromkeys(index for s in (*at, *others) for index in s.indices)))
