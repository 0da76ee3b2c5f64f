"""A model laid out over T steps."""

from symbptt.unroll.graph import Assignment, UnrolledGraph, steps

__all__ = ["Assignment", "UnrolledGraph", "steps"]
__dir__ = __all__.copy
