"""Program to program, one idea a file; `prepared` is their order for a target that compiles loops."""

from __future__ import annotations

from dataclasses import replace

from symbptt.passes.fusion import fuse
from symbptt.passes.gathering import gather
from symbptt.passes.joining import join
from symbptt.passes.liveness import live
from symbptt.passes.matrix_products import products
from symbptt.passes.reusing import reuse
from symbptt.passes.scheduling import schedule
from symbptt.passes.settling import settle
from symbptt.passes.stacking import stack
from symbptt.program.ir import Function, Program

__all__ = ["prepared"]

PASSES = (live, schedule, settle, products, stack, join, reuse, gather, fuse)
"""In this order; the checker must accept what each of them gives."""


def prepared(program: Program) -> Program:
    """A program after all passes."""
    return replace(program, functions=tuple(map(_prepared, program.functions)))


def _prepared(function: Function) -> Function:
    for item in PASSES:
        function = item(function)
    return function


def __dir__() -> list[str]:
    return __all__
