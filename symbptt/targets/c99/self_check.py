"""What the self-check of an emitted file is made of: arrays of random numbers, and what is compared."""

from typing import Any

from symbptt.algebra.functions import Held, formula
from symbptt.algebra.nodes import Elementwise
from symbptt.data.arrays import shows_samples, sizes
from symbptt.model.values import Model, Role
from symbptt.program.ir import Kind
from symbptt.targets.c99.interface import AXES, STRUCTS, Interface, Member
from symbptt.targets.c99.lengths import length
from symbptt.targets.target import Request

STEPS, SAMPLES = 4, 3


def values(interface: Interface, request: Request) -> dict[str, Any]:
    """What `templates/c99/self_check.c.jinja` takes."""
    model = interface.model
    objective = "value_and_grad" if model.loss else "forward"
    tangent = next((name for name in ("value_and_jvp", "jvp") if name in interface.functions), "")
    functions = (*(("value_and_grad",) if model.loss else ("forward", "backward")), *((tangent,) if tangent else ()))
    used = [kind for kind in STRUCTS if any(kind in interface.structs(f) for f in functions)]
    fixed = dict(request.sizes)
    # Where every run goes back to step 1 a truncated gradient is whole; with gaps it never is, and only the loss is computed.
    every, back = request.truncation or (1, STEPS)
    steps = interface.chunk + 1 if interface.chunk else min(STEPS, back // every * every or back)
    numbers = dict(zip(AXES, (steps, SAMPLES if shows_samples(model) else 1), strict=True)) | sizes(model)
    if request.truncation:
        numbers |= {str(length): min(steps, numbers[str(length)]) for length in interface.steps.values()}
    return {
        "check_sizes": ", ".join(str(fixed.get(own, numbers[name])) for name, own in interface.dimensions.items()),
        "check_structs": [(STRUCTS[kind], [_array(interface, kind, m) for m in interface.members[kind]]) for kind in used],
        "check_objective": objective, "check_steps": steps, "check_tangent": tangent,
        "check_gradients": [
            (m.name, length(interface, interface.buffer(Kind.GRADIENT, m.variable).axes))
            for m in interface.members[Kind.GRADIENT]
        ],
        "check_calls": {f: ", ".join(f"&{STRUCTS[kind]}" for kind in interface.structs(f)) for f in functions},
        "check_wanted": [
            (STRUCTS[kind], m.name, length(interface, interface.buffer(kind, m.variable).axes))
            for kind, m in (_compared(interface) if every <= back else ())
        ],
    }


def _states_derivatives(model: Model) -> bool:
    """Whether a function holds its argument, so that differences of values are not the gradient."""
    nodes = (node for e in model.all_equations for node in e.value.atoms(Elementwise))
    return any(formula(node).has(Held) for node in nodes)


def _compared(interface: Interface) -> list[tuple[Kind, Member]]:
    """The members whose gradients are compared: none where a model states derivatives.

    A state that starts from a parameter is left to start there.
    """
    kinds = {Role.PARAMETER: Kind.PARAMETER, Role.INPUT: Kind.INPUT, Role.STATE: Kind.INITIAL}
    made: list[tuple[Kind, Member]] = []
    for v in () if _states_derivatives(interface.model) else interface.program.wanted:
        kind = kinds[v.role]
        if v.initial is None:
            made.append((kind, next(m for m in interface.members[kind] if m.variable == v)))
    return made


def _array(interface: Interface, kind: Kind, m: Member) -> dict[str, Any]:
    """How a member is made: `how` draws its numbers."""
    v = m.variable
    axes = interface.buffer(kind, v).axes
    how = "numbers"
    if m.integers:
        how = "classes"
    elif (kind is Kind.INITIAL and v.initial is not None) or (kind is Kind.DIRECTION and v not in interface.program.wanted):
        how = "none"
    elif v.role is Role.BUFFER or v.mask:
        how = "ones"
    return {
        "name": m.name, "how": how, "length": length(interface, axes[:-2] if m.integers else axes),
        "size": length(interface, (v.rows,)), "otherwise": m.otherwise,
    }
