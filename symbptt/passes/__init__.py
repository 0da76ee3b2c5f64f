"""Program to program, one idea a file; `prepared` is their order for a target that compiles loops."""

from dataclasses import replace

from symbptt.passes.fusion import fuse
from symbptt.passes.gathering import gather
from symbptt.passes.joining import join
from symbptt.passes.laying import lay
from symbptt.passes.liveness import live
from symbptt.passes.matrix_products import products
from symbptt.passes.overwriting import overwrite
from symbptt.passes.reusing import reuse
from symbptt.passes.scheduling import schedule
from symbptt.passes.settling import settle
from symbptt.passes.stacking import stack
from symbptt.program.ir import Function, Program

__all__ = ["prepared"]

PASSES = (live, schedule, settle, products, stack, lay, join, reuse, gather, fuse, overwrite)
"""In this order; the checker must accept what each of them gives."""


def prepared(program: Program, copies: bool = True) -> Program:
    """A program after all passes; without `copies` those are left out that spend memory to save time."""
    return replace(program, functions=tuple(_prepared(function, copies) for function in program.functions))


def _prepared(function: Function, copies: bool) -> Function:
    for item in PASSES:
        if copies or item is not lay:
            function = item(function)
    return function
__dir__ = __all__.copy
