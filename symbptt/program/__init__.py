"""The emitted program as values: buffers with axes, scalar expressions over indexed reads, statements, loops. No text."""

from symbptt.program.builder import build
from symbptt.program.ir import Assign, Buffer, For, Function, Program

__all__ = ["Assign", "Buffer", "For", "Function", "Program", "build"]
__dir__ = __all__.copy
