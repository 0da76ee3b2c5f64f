"""From somebody's step function to a model file: parsed, never executed."""

from symbptt.model.code.reading import read_code

__all__ = ["read_code"]
__dir__ = __all__.copy
