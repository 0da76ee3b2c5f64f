"""The functions of a model as statements over steps and samples, from the derived recursion.

Every contribution to a value is a statement of its own, `+=`; which one comes first and assigns is settled once their order is
known (`passes.settling`). What an equation passes back to a state of step t-1 is added to the adjoint of that step.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.functions import Z
from symbptt.algebra.nodes import TIME, Timed
from symbptt.data.classes import class_targets
from symbptt.derive.pullback import cell_pullback, loss_pullback
from symbptt.derive.recursion import recursion
from symbptt.derive.step import step_jvp
from symbptt.model.values import Equation, Model, Role, Variable
from symbptt.program.buffers import COUNT, LOSS, MASK, RATE, STEP_WEIGHT, WEIGHTS, buffer, rows_ahead
from symbptt.program.contributions import Contributions
from symbptt.program.ir import STEPS, Assign, Buffer, Expr, For, Function, Kind, Map, Program, Read, Statement, Subscript, fixed
from symbptt.program.lower import SAMPLE, STEP, total
from symbptt.program.walk import assignments as each
from symbptt.program.walk import read_by, times

_SAMPLE, _NOW = Subscript(SAMPLE), Subscript(STEP)
_NOT_ZERO = sp.Piecewise((sp.S.One, sp.Ne(Z, 0)), (sp.S.Zero, True))
_ABOVE_HALF = sp.Piecewise((sp.S.One, sp.Rational(1, 2) < Z), (sp.S.Zero, True))
_AT_LEAST_ONE = sp.Piecewise((sp.S.One, Z < 1), (Z, True))


def _mass(target: Buffer, size: sp.Expr) -> Expr:
    """The sum of a target's entries."""
    return total(size, lambda k: Read(target, (_NOW, _SAMPLE, k, fixed(0))))


class Builder:
    """Builds the functions of one model with the gradients of `wanted`; with `final` outputs have of a state the last value."""

    def __init__(self, model: Model, wanted: tuple[Variable, ...], final: bool = False) -> None:
        self.model, self.wanted, self.final = model, wanted, final
        names = frozenset(v.name for v in wanted)
        reached = names | {s.name for v in wanted for s in model.starting(v)}
        self.pullback = cell_pullback(model, reached)
        self.useful = {v.name for v, _ in self.pullback.adjoints} | {s.name for s in model.states if s.name in reached}
        self.numbers = recursion(model)
        self.made = Contributions(model)

    def program(self, others: tuple[str, ...]) -> Program:
        """`forward`, `backward`, and those of the others that the model can have."""
        backward = self._backward()
        read = {r.buffer for s in each(backward) for r in read_by(s) if r.buffer.kind is Kind.VALUE}
        self.made = Contributions(self.model)
        kept = tuple(b for v in self.model.variables if (b := buffer(Kind.VALUE, v)) in read)
        outputs = tuple(buffer(Kind.OUTPUT, v, self.final) for v in self.model.outputs)
        forward = Function("forward", (*self._forward(), *self._outputs()), kept, outputs)
        functions: tuple[Function, ...] = (forward, Function("backward", backward, kept, self._gradients()))
        for name in others:
            if self.model.loss is not None or name not in OF_LOSS:
                self.made = Contributions(self.model)
                functions = (*functions, OTHERS[name](self))
        return Program(self.model, self.wanted, functions)

    # ---- forward

    def _forward(self) -> tuple[Statement, ...]:
        start = tuple(
            self.made.copy(buffer(Kind.VALUE, s), (fixed(0), _SAMPLE), buffer(Kind.INITIAL, s), (_SAMPLE,), s)
            for s in self.model.states
        )
        return (*start, For(STEP, tuple(s for e in self.model.equations for s in self._equation(e))))

    def _equation(self, equation: Equation) -> list[Assign]:
        v = equation.target
        return self.made.to(buffer(Kind.VALUE, v), (rows_ahead(v), _SAMPLE), v, equation.value, equation.number)

    def _outputs(self, kind: Kind = Kind.OUTPUT, of: Kind = Kind.VALUE) -> tuple[Statement, ...]:
        return self._handed(self.model.outputs, kind, of)

    def _handed(self, of: Iterable[Variable], outer: Kind, inner: Kind, back: bool = False) -> tuple[Statement, ...]:
        """What the caller has of variables from values of every step, or `back`."""
        by_step: dict[bool, list[Assign]] = {True: [], False: []}
        for v in of:
            held = buffer(outer, v, self.final)
            row = rows_ahead(v) if held.timed else fixed(STEPS)
            ends = (held, (_NOW, _SAMPLE) if held.timed else (_SAMPLE,)), (buffer(inner, v), (row, _SAMPLE))
            target, source = ends[::-1] if back else ends
            by_step[held.timed].append(self.made.copy(*target, *source, v))
        return (For(STEP, tuple(by_step[True])), *by_step[False])

    # ---- loss

    def _weights(self) -> tuple[Statement, ...]:
        """What each sample of a step counts, and for a mean how many there are."""
        loss = self.model.loss
        assert loss is not None
        mask: Expr = Read(MASK, (_NOW, _SAMPLE))
        weight = times(mask, Read(STEP_WEIGHT, (_NOW,)))
        count: tuple[Statement, ...] = ()
        if loss.reduction == "mean":
            kept = [Map(_NOT_ZERO, mask)]
            if loss.mask is not None:
                own = buffer(Kind.INPUT, self.model[loss.mask])
                kept.append(Map(_ABOVE_HALF, Read(own, (_NOW, _SAMPLE, fixed(0), fixed(0)))))
            for name in class_targets(self.model):
                target = self.model[name]
                row = buffer(Kind.TARGET, target)

                kept.append(Map(_NOT_ZERO, _mass(row, target.rows)))
            count = (For(STEP, (Assign(COUNT, (), times(*kept), over=(SAMPLE,)),), start=self._first),)
            weight = times(weight, Map(1 / Z, Map(_AT_LEAST_ONE, Read(COUNT, ()))))
        return (*count, For(STEP, (Assign(WEIGHTS, (_NOW, _SAMPLE), weight),), start=self._first))

    @property
    def _first(self) -> sp.Expr:
        """The first step with a loss."""
        assert self.model.loss is not None
        return STEPS - 1 if self.model.loss.at == "last" else sp.S.Zero

    def _loss(self, weights: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """The loss, behind the statements of its weights, and what it passes back to the values that it reads."""
        loss = self.model.loss
        assert loss is not None
        with self.made.aside(self._first != 0):
            made = [s for e in loss.equations for s in self._equation(e)]
            made.append(self._weighed(LOSS, Kind.VALUE))
            pullback = loss_pullback(self.model)
            for v, adjoint in pullback.adjoints:
                made += self._adjoint(v, adjoint)
            made += self._leaves(pullback.leaves)
        return (*weights, For(STEP, tuple(made), start=self._first))

    def _weighed(self, total: Buffer, kind: Kind) -> Assign:
        """The sum over samples of what a sample counts times the loss, or its tangent."""
        assert self.model.loss is not None
        value = Read(buffer(kind, self.model.loss.target), (_NOW, _SAMPLE, fixed(0), fixed(0)))
        return Assign(total, (), times(Read(WEIGHTS, (_NOW, _SAMPLE)), value), over=(SAMPLE,))

    # ---- tangents

    def _moved(self, of_loss: bool) -> list[Assign]:
        """The tangents of a step, of its values or of its loss, each with the number of its equation."""
        numbers = {e.target.name: e.number for e in self.model.all_equations}
        own = {e.target.name for e in self.model.equations}
        made: list[Assign] = []
        for symbol, value in step_jvp(self.model, of_loss).assignments:
            v = self.model[symbol.primal.name]
            if (v.name in own) != of_loss:
                made += self.made.to(buffer(Kind.TANGENT, v), (rows_ahead(v), _SAMPLE), v, value, numbers[v.name])
        return made

    def _tangents(self) -> tuple[Statement, ...]:
        """Tangents along a direction that the caller gives. A state that is not given moves with the parameter it starts from."""
        made: list[Statement] = []
        for s in self.model.states:
            target, at = buffer(Kind.TANGENT, s), (fixed(0), _SAMPLE)
            made.append(self.made.copy(target, at, buffer(Kind.DIRECTION, s), (_SAMPLE,), s))
            if s.initial is not None:
                start = self.made.copy(target, at, buffer(Kind.DIRECTION, self.model[s.initial]), (), s)
                made.append(replace(start, unless=buffer(Kind.INITIAL, s)))
        return (*made, For(STEP, tuple(self._moved(False))))

    def jvp(self) -> Function:
        """The outputs, and their tangents."""
        body = (*self._forward(), *self._outputs(), *self._tangents(), *self._outputs(Kind.OUTPUT_TANGENT, Kind.TANGENT))
        gives = tuple(buffer(kind, v) for kind in (Kind.OUTPUT, Kind.OUTPUT_TANGENT) for v in self.model.outputs)
        return Function("jvp", body, gives=gives)

    def value_and_jvp(self) -> Function:
        """The loss, and its rate along a direction."""
        loss = self.model.loss
        assert loss is not None
        body = (*self._forward(), *self._tangents(), *self._weights())
        with self.made.aside(self._first != 0):
            made = [s for e in loss.equations for s in self._equation(e)]
            made += [self._weighed(LOSS, Kind.VALUE), *self._moved(True), self._weighed(RATE, Kind.TANGENT)]
        return Function("value_and_jvp", (*body, For(STEP, tuple(made), start=self._first)), gives=(LOSS, RATE))

    # ---- backward

    def _adjoint(self, v: Variable, value: MatrixExpr) -> list[Assign]:
        number = self.numbers.adjoint_number(v.name)
        return self.made.to(buffer(Kind.ADJOINT, v), (rows_ahead(v), _SAMPLE), v, value, number)

    def _leaves(self, leaves: dict[sp.MatrixSymbol, MatrixExpr]) -> list[Assign]:
        """What arrives at values, at states of the step before, and at parameters and inputs with a gradient."""
        made: list[Assign] = []
        wanted = {v.name for v in self.wanted}
        for leaf, value in leaves.items():
            v = self.model[leaf.name]
            back = int(isinstance(leaf, Timed) and leaf.step != TIME)
            if v.role in (Role.STATE, Role.LOCAL):
                if v.name in self.useful:
                    number = self.numbers.adjoint_number(v.name)
                    row = rows_ahead(v).shifted(sp.Integer(-back))
                    made += self.made.to(buffer(Kind.ADJOINT, v), (row, _SAMPLE), v, value, number)
            elif v.name in wanted:
                lead = (_NOW, _SAMPLE) if v.role is Role.INPUT else (_NOW,) if v.timed else ()
                number = self.numbers.gradient_number(v.name)
                made += self.made.to(buffer(Kind.GRADIENT, v), lead, v, value, number, v.role is not Role.INPUT)
        return made

    def _sweep(self) -> tuple[Statement, ...]:
        """The backward recursion, and the gradients of initial states."""
        made = [s for v, value in self.pullback.adjoints for s in self._adjoint(v, value)]
        made += self._leaves(self.pullback.leaves)
        last: list[Statement] = []
        for v in self.wanted:
            if v.role is Role.STATE:
                last.append(
                    self.made.copy(buffer(Kind.GRADIENT, v), (_SAMPLE,), buffer(Kind.ADJOINT, v), (fixed(0), _SAMPLE), v)
                )
            last += [self.made.summed(v, s, self.numbers.gradient_number(v.name)) for s in self.model.starting(v)]
        return (For(STEP, tuple(made), reverse=True), *last)

    def _gradients(self) -> tuple[Buffer, ...]:
        return tuple(buffer(Kind.GRADIENT, v) for v in self.wanted)

    def _seeds(self) -> tuple[Statement, ...]:
        """The adjoints of what is handed out begin with the caller's cotangents."""
        return self._handed((v for v in self.model.outputs if v.name in self.useful), Kind.COTANGENT, Kind.ADJOINT, True)

    def _backward(self) -> tuple[Statement, ...]:
        return (*self._seeds(), *self._sweep())

    def value_and_grad(self) -> Function:
        """The loss and its gradients."""
        body = (*self._forward(), *self._loss(self._weights()), *self._sweep())
        return Function("value_and_grad", body, gives=(LOSS, *self._gradients()))

    def weigh(self) -> Function:
        """What each sample of a step counts, first in the workspace."""
        return Function("weigh", self._weights(), keeps=(WEIGHTS,))

    def segment(self) -> Function:
        """Loss and gradients of some steps of a sequence: `mask` has what `weigh` gave, cotangents come from later steps."""
        given = (For(STEP, (Assign(WEIGHTS, (_NOW, _SAMPLE), Read(MASK, (_NOW, _SAMPLE))),)),)
        body = (*self._forward(), *self._seeds(), *self._loss(given), *self._sweep())
        return Function("segment", body, gives=(LOSS, *self._gradients()))


WHOLE: tuple[str, ...] = ("value_and_grad",)
"""The function of a loss over all steps."""
PARTS: tuple[str, ...] = ("weigh", "segment")
"""The functions of a loss over some of the steps."""
TANGENTS: tuple[str, ...] = ("jvp", "value_and_jvp")
"""The functions that go forward along a direction."""
OTHERS: dict[str, Callable[[Builder], Function]] = {
    "value_and_grad": Builder.value_and_grad, "weigh": Builder.weigh, "segment": Builder.segment, "jvp": Builder.jvp,
    "value_and_jvp": Builder.value_and_jvp,
}
OF_LOSS = frozenset(OTHERS) - {"jvp"}
"""Those that only a model with a loss has."""


def build(model: Model, wanted: tuple[Variable, ...], others: tuple[str, ...] = WHOLE, final: bool = False) -> Program:
    """The program of a model with the gradients of `wanted`: parameters, inputs, initial states.

    With `final` the caller has of a state, and of its cotangent, what is behind the last step alone.
    """
    return Builder(model, wanted, final).program(others)
