"""Code from a derivation."""

from __future__ import annotations

from symbptt.emit.kernel_test import reference
from symbptt.emit.source_file import SourceFile, for_steps, loops, source

__all__ = ["SourceFile", "for_steps", "loops", "reference", "source"]


def __dir__() -> list[str]:
    return __all__
