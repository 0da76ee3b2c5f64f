"""What all stages know about the arrays of a model, told once: their shapes and sizes, random values, what is asked for."""

from symbptt.data.random_values import random
from symbptt.data.values import Data

__all__ = ["Data", "random"]
__dir__ = __all__.copy
