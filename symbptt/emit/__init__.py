"""Code from a derivation."""

from symbptt.emit.by_equation import statements
from symbptt.emit.chunks import chunk_source
from symbptt.emit.kernel_test import reference
from symbptt.emit.source_file import SourceFile, for_steps, loops, source
from symbptt.emit.targets import TARGETS

__all__ = ["TARGETS", "SourceFile", "chunk_source", "for_steps", "loops", "reference", "source", "statements"]
__dir__ = __all__.copy
