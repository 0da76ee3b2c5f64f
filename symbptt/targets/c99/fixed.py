"""Sizes that a file is compiled for, and the workspace that it then has of its own: for processors without much memory."""

from collections.abc import Mapping
from typing import Any

import sympy as sp

from symbptt.checks import whole
from symbptt.errors import BadInput
from symbptt.program.ir import Buffer
from symbptt.targets.c99.interface import Interface

_MOST = 2**31 - 1
_ALIGNED = 16
"""Arrays of the workspace begin at multiples of so many numbers, as runtime/arrays.c has it."""


def values(interface: Interface, sizes: tuple[tuple[str, int], ...], functions: list[list[Buffer]]) -> dict[str, Any]:
    """What the templates take: the sizes in the order of the struct, and the length of the workspace. Raises BadInput."""
    made: dict[str, Any] = {"fixed": [], "call_opening": "(sizes, ", "call_closing": ", workspace)"}
    if not sizes:
        return made
    given = dict(sizes)
    _check(given, list(interface.dimensions.values()))
    numbers = {sp.Symbol(name, integer=True, positive=True): given[own] for name, own in interface.dimensions.items()}
    workspace = max(1, *(sum(map(lambda b: _rounded(b, numbers), pieces)) for pieces in functions))
    if workspace > _MOST:
        raise BadInput(f"--static: these sizes need a workspace of {workspace} numbers, expected at most {_MOST}")
    return made | {
        "fixed": [(own, given[own]) for own in interface.dimensions.values()], "workspace": workspace,
        "call_opening": " WITH_SIZES(", "call_closing": ")",
    }


def _check(given: Mapping[str, int], names: list[str]) -> None:
    unlike = [name for name in (*given, *names) if (name in given) != (name in names)]
    if unlike:
        raise BadInput(f"--static: {unlike[0]} is {'missing' if unlike[0] in names else 'no size'}; expected {', '.join(names)}")
    wrong = next((name for name in names if whole(given[name], 1, _MOST) is None), None)
    if wrong:
        raise BadInput(f"--static: {wrong} is {given[wrong]!r}, expected a whole number between 1 and {_MOST}")


def _rounded(buffer: Buffer, numbers: Mapping[sp.Symbol, int]) -> int:
    count = int(sp.Mul(*buffer.axes).subs(numbers))
    return -(-count // _ALIGNED) * _ALIGNED
