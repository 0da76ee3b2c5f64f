"""The fast style: the bodies of forward and backward from an optimised plan, in the frame of the plain style."""

from collections.abc import Callable, Mapping

from symbptt.algebra.nodes import BatchMean
from symbptt.algebra.related import Related
from symbptt.derive.numeric import LOSS_WEIGHT
from symbptt.emit.fast.block_writer import BlockWriter
from symbptt.emit.fast.loss import LossWriter, is_for_all_steps, shared_target
from symbptt.emit.fast.operands import Arrays
from symbptt.emit.fast.prepared import Prepared
from symbptt.emit.fast.storage import Storage
from symbptt.emit.lines import Body, Line, needed, opened, reads
from symbptt.emit.plain import PlainWriter
from symbptt.emit.plan import equations
from symbptt.emit.plan.batch_gate_products import batch_gate_products
from symbptt.emit.plan.constants import constants
from symbptt.emit.plan.factors import factors
from symbptt.emit.plan.hoist import hoist
from symbptt.emit.plan.schedule import schedule
from symbptt.emit.plan.sigmoid_as_tanh import sigmoid_as_tanh
from symbptt.emit.plan.stack_gates import stack_gates
from symbptt.emit.plan.statements import Block, Carry, Gradient, Key, Plan, variable_of
from symbptt.emit.plan.tile_products import tile_products
from symbptt.model.values import Model, Role, Variable

PASSES: dict[str, Callable[[Plan], Plan]] = {
    "schedule": schedule,
    "constants": constants,
    "factors": factors,
    "halves": sigmoid_as_tanh,
    "hoist": hoist,
    "gates": stack_gates,
    "together": batch_gate_products,
    "tiles": tile_products,
}
"""The passes by name, in their order; each can be left out."""


class FastWriter(PlainWriter):
    """Builds the parts of a module in the fast style; `without` names passes to leave out."""

    passes: Mapping[str, Callable[[Plan], Plan]] = PASSES
    arrays: type[Arrays] = Arrays

    def __init__(
        self, model: Model, wanted: tuple[Variable, ...], without: tuple[str, ...] = (), fixed: int | None = None
    ) -> None:
        super().__init__(model, None, wanted, fixed)
        for name, run in self.passes.items():
            if name not in without:
                self.plan = run(self.plan)
        self.tiled, self.storage = self.plan.tiled, Storage(self.plan, self.layout, self._kept())

    def _kept(self) -> frozenset[Key]:
        """What the caller, the moving averages and the loss read."""
        statistics = {e.target.at() for e in self.model.equations if isinstance(e.value, BatchMean)}
        return frozenset(v.at() for v in self.model.outputs) | statistics | self._read_by_loss()

    def _read_by_loss(self) -> frozenset[Key]:
        if self.model.loss is None:
            return frozenset()
        read = {key for s in equations.loss(self.model).statements for key, _ in s.reads if key != LOSS_WEIGHT}
        return frozenset(variable_of(self.model, key).at() for key in read)

    def cell_values(self) -> tuple[Variable, ...]:
        """What the forward pass hands on: states, outputs, and what loss and backward read."""
        read = {key for block in self.plan.backward for s in (*block.ahead, *block.statements) for key, _ in s.reads}
        kept = {key.name for key in read | self._kept() if not isinstance(key, Related)}
        return tuple(e.target for e in self.model.equations if e.target.role is Role.STATE or e.target.name in kept)

    def _forward(self) -> Body:
        work = self._blocks(self.plan.forward, backward=False)
        for state in self.model.states:
            name = self.layout.array(state)
            work.allocated.setdefault(name, work.arrays.made(name, f"T + 1, N, {self._shape(state)}"))
        initial = [Line(f"{self.layout.array(s)}[0] = {self._initial(s)}") for s in self.model.states]
        return self._body(work, self.plan.forward, initial, frozenset())

    def _backward(self) -> Body:
        work = self._blocks(self.plan.backward, backward=True)
        written = {key for b in self.plan.backward for s in b.statements for key in s.keys}
        stepwise = {s.key for b in self.plan.backward if b.each for s in b.statements}
        initial = []
        for v in self.wanted:
            if v.role is not Role.STATE and (Gradient(v.at()) not in written or Gradient(v.at()) in stepwise):
                initial.append(Line(f"{self.layout.gradient(v)} = {self._zero_gradient(v)}"))
        for s in self.model.states:
            if Carry(s.at()) in self.storage.stored:
                initial.append(Line(f"{self.layout.carry(s)}[T] = {work.arrays.behind(s.at())}"))
        carried = [s for s in self.model.states if Carry(s.at()) in written]
        after = self._state_gradients(carried)
        results = {self.layout.gradient(v) for v in self.wanted if v.role is not Role.STATE}
        body = self._body(work, self.plan.backward, initial, reads(after) | results)
        return Body(body.before, (), tuple(after))

    def _at_start(self, state: Variable, carried: list[Variable]) -> str:
        given, carry = self.layout.cotangent(state), self.layout.carry(state)
        if Carry(state.at()) in self.storage.stored:
            carry = f"{carry}[0]"
        missing = carry if state in carried else f"np.zeros((N, {self._shape(state)}), dtype)"
        added = f"{given}[0] + {carry}" if state in carried else f"{given}[0]"
        return f"{missing} if {given} is None else {added}"

    def _loss(self) -> Body:
        if not is_for_all_steps(self.model):
            return super()._loss()
        direct = self.loss_direct()
        zeros = {v.name: self._zero_gradient(v) for v in direct}
        lines = LossWriter(self.model, self.arrays(self.storage, self.lower)).write(self.loss_reads(), direct, zeros)
        return Body(tuple(lines), (), ())

    def target_line(self, variable: Variable) -> str:
        """A target that shares work with its loss stays as it is given."""
        if variable != shared_target(self.model) or not is_for_all_steps(self.model):
            return super().target_line(variable)
        name = self.layout.array(variable)
        return f'{name} = _classes(targets["{variable.name}"], dtype)'

    def seed_lines(self, seeded: list[Variable]) -> list[str]:
        """Cotangents that are not given are None."""
        return [f'{self.layout.cotangent(v)} = cotangents.get("{v.name}")' for v in seeded]

    def _blocks(self, blocks: tuple[Block, ...], backward: bool) -> BlockWriter:
        arrays = self.arrays(self.storage, self.lower)
        work = BlockWriter(arrays, Prepared(arrays, self.lower), backward)
        work.allocate(blocks)
        return work

    def _body(self, work: BlockWriter, blocks: tuple[Block, ...], initial: list[Line], read: frozenset[str]) -> Body:
        for block in blocks:
            work.write(block)
        prepared = [*(v for v in work.arrays.views.values() if v), *work.prepared.lines.values()]
        opening = [*opened(work.allocated.values()), *work.fixed, *opened(prepared)]
        read |= {self.layout.array(v) for v in self.cell_values()}
        return Body(tuple(needed([*opening, *initial, *work.lines], read)), (), ())
