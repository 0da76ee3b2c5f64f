"""A module that runs a recurrence of single entries in blocks of tokens.

What is made on the way, forward and backward, stays in the cache and is made anew on the way back: only states are kept.
"""

from collections.abc import Callable, Mapping
from typing import Any

from symbptt.emit.checkpoint import wanted as with_states
from symbptt.emit.fast.operands import Arrays
from symbptt.emit.fast.writer import PASSES, FastWriter
from symbptt.emit.layout import residual, taken
from symbptt.emit.literals import literal
from symbptt.emit.plan.scans import scans
from symbptt.emit.plan.statements import Carry, Key, Plan
from symbptt.emit.source_file import filled
from symbptt.model.values import Model, Role, Variable


class TokenBlockArrays(Arrays):
    """Arrays that the blocks have in common; what comes back to a state stands among the cotangents."""

    def made(self, name: str, shape: str) -> str:
        """The line that makes an array, or takes that of the block before."""
        return f'{name} = _room({self.storage.own("room")}, "{name}", ({shape}), dtype)'

    def started(self, key: Key, shape: str) -> str:
        """What a loop backward starts from, as an array of its own."""
        return f"np.array({self.behind(key)}, dtype)"

    def behind(self, key: Key) -> str:
        """What the block behind passes back."""
        return f'cotangents["{self.storage.layout.variable(key).name}"]'


class TokenBlockWriter(FastWriter):
    """The functions of a block."""

    passes: Mapping[str, Callable[[Plan], Plan]] = {**PASSES, "scans": scans}
    arrays = TokenBlockArrays

    def seeded(self) -> frozenset[str]:
        """The values that get cotangents: a state has those from behind only."""
        return super().seeded() - {s.name for s in self.model.states}

    def _at_start(self, state: Variable, carried: list[Variable]) -> str:
        return self.layout.carry(state) + "[0]" * (Carry(state.at()) in self.storage.stored)


def values(model: Model, wanted: tuple[Variable, ...], recipe: str) -> dict[str, Any]:
    """What `templates/numpy/blocks.py.jinja` takes of its own."""
    writer = TokenBlockWriter(model, with_states(model, wanted))
    states, inputs = model.states, model.of(Role.INPUT)
    return filled(writer, recipe) | {
        "core": "_block", "more": f", {writer.layout.names.own('room')}",
        "token_sizes": 'block["_sizes"]' if model.heads is not None else "",
        "state_lines": [f'"{s.name}": {residual(model, s, "[-1]", "block")}.copy(),' for s in states],
        "token_lines": [
            *(f'"{v.name}": {taken(v, f"""inputs["{v.name}"]""")},' for v in inputs),
            *(f'"{s.name}": block["{s.name}"][-1],' for s in states),
        ],
        "behind_lines": [f'"{s.name}": {taken(s, f"""found["{s.name}"]""")}.copy(),' for s in states],
        "kept": literal(tuple(v.name for v in model.outputs if v.role is not Role.STATE)),
        "names": literal(tuple(v.name for v in wanted if v.role is not Role.STATE)),
        "block_gradients": [_gradient(v) for v in wanted],
    }


def _gradient(variable: Variable) -> str:
    if variable.role is Role.STATE:
        return f'"{variable.name}": found["{variable.name}"].copy(),'
    text = f'np.concatenate(by_step["{variable.name}"])' if variable.role is Role.INPUT else f'total["{variable.name}"]'
    return f'"{variable.name}": {text},'
