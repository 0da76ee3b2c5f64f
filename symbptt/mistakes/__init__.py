"""What people get wrong in a backward pass: one catalogue for diagnosis, pitfalls, exercises and question banks."""

from symbptt.mistakes.mistake import Mistake, Part
from symbptt.mistakes.table import catalogue, named

__all__ = ["Mistake", "Part", "catalogue", "named"]
__dir__ = __all__.copy
