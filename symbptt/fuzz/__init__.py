"""Random model files through every stage: gradients, documents, analyses, diagnoses, and code for every backend."""

from symbptt.fuzz.pieces import PIECES, chosen
from symbptt.fuzz.pieces.backends import missing
from symbptt.fuzz.run import Outcome, outcomes

__all__ = ["PIECES", "Outcome", "chosen", "missing", "outcomes"]
__dir__ = __all__.copy
