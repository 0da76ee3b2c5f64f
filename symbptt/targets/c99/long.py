"""What the templates of truncation and checkpoints take: the functions of a whole sequence, made of those of its parts."""

from typing import Any

from symbptt.errors import BadInput
from symbptt.model.values import Role
from symbptt.program.buffers import buffer
from symbptt.program.builder import PARTS, TANGENTS, WHOLE
from symbptt.program.ir import Kind
from symbptt.targets.c99.interface import STRUCTS, Interface, Member
from symbptt.targets.c99.lengths import length
from symbptt.targets.target import Request


def functions(request: Request) -> tuple[str, ...]:
    """The functions that are needed besides forward and backward."""
    if request.truncation:
        return PARTS
    return (*WHOLE, *(PARTS if request.checkpoint else ()), *(TANGENTS if request.tangents else ()))


def inside(interface: Interface, request: Request) -> tuple[str, ...]:
    """The functions that nobody else calls."""
    return (*PARTS, "backward") if request.truncation and not interface.windows else PARTS


def values(interface: Interface, request: Request) -> dict[str, Any]:
    """What the templates take. Raises BadInput where there is nothing to do in parts."""
    long = request.truncation is not None or request.checkpoint
    made: dict[str, Any] = {
        "long": long and interface.windows is None, "truncation": request.truncation, "checkpoint": request.checkpoint,
        "in_windows": interface.windows is not None,
    }
    if not long:
        return made
    model = interface.model
    if request.sizes:
        raise BadInput("--static is for whole sequences; it goes with neither truncation nor checkpoints")
    if not request.wanted:
        raise BadInput(f"{model.name} has no gradient asked for, which could be truncated or taken in segments")
    k1, k2 = request.truncation or (1, 1)
    if interface.windows:
        return made | {"k1": k1, "k2": k2}
    arguments = interface.arguments("value_and_grad") if model.loss else ()
    taken = {kind for name in interface.functions for kind in interface.structs(name)}
    return made | {
        "k1": k1, "k2": k2, "gaps": k1 > k2, "last_only": model.loss is not None and model.loss.at == "last",
        "structs_taken": [STRUCTS[kind] for kind in STRUCTS if kind in taken],
        "members": {STRUCTS[kind]: [_member(interface, kind, m) for m in interface.members[kind]] for kind in STRUCTS},
        "segments_arguments": ", ".join((*arguments[:-1], "size_t segments", *arguments[-1:])).replace("*sizes", "*all", 1),
        **{f"{name}_takes": [STRUCTS[kind] for kind in interface.structs(name)] for name in interface.functions},
    }


def _member(interface: Interface, kind: Kind, m: Member) -> dict[str, Any]:
    """An array of a struct: how many entries it has, and how many a step where it has an axis of steps."""
    held = buffer(kind, m.variable)
    real = length(interface, held.axes[1:]) if held.timed else ""
    return {
        "name": m.name, "state": kind is Kind.GRADIENT and m.variable.role is Role.STATE,
        "length": length(interface, held.axes), "row": length(interface, held.axes[1:-2]) if real and m.integers else real,
        "otherwise": m.otherwise, "otherwise_row": real,
    }
