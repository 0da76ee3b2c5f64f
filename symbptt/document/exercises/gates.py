"""What a gate lets through: the direct route of a state over many steps."""

from math import log
from random import Random

from symbptt import derive
from symbptt.algebra.nodes import Diag, Elementwise, Timed
from symbptt.document.context import DocumentContext
from symbptt.document.exercises.generated import GeneratedExercise, told
from symbptt.document.sizes import written
from symbptt.model.values import Variable
from symbptt.narrative.inline import Prose, math
from symbptt.typeset.tree import Tree

LINES = 5
OPEN = (0.5, 0.8, 0.9, 0.95, 0.99)


def route(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """What is left of an adjoint along the direct route, and which value of the gate, and of its bias, keeps half of it."""
    model, presentation = context.model, context.presentation
    found = [(one.state, gate) for one in derive.direct_routes(model) if (gate := _gate(context, one.block)) is not None]
    if not found:
        return None
    state, gate = random.choice(found)
    value, steps = random.choice(OPEN), random.choice((10, 20, 50))
    half = 0.5 ** (1 / steps)
    slots: dict[str, str | Tree | Prose] = {
        "gate": presentation.tree(gate.at(), model), "state": presentation.tree(state.at(), model), "value": str(value),
        "steps": math(f"n = {steps}"), "left": written(value**steps), "half": f"{half:.4f}",
        "bias": f"{log(half / (1 - half)):.2f}",
    }
    return told(context, "gate", slots, LINES, "gate")


def _gate(context: DocumentContext, block: object) -> Variable | None:
    """The gate f of a direct route diag(f_t), if it is the sigmoid of something."""
    if not isinstance(block, Diag) or not isinstance(block.args[0], Timed):
        return None
    name = block.args[0].name
    value = next((e.value for e in context.model.equations if e.target.name == name), None)
    return context.model[name] if isinstance(value, Elementwise) and value.name == "sigmoid" else None
