"""A derivation told step by step, each with its rule and its shapes; documents and the command line print it."""

from symbptt.narrative.forms import json, latex, text
from symbptt.narrative.story import derivation
from symbptt.narrative.values import Derivation, Norms, Section, Step

__all__ = ["Derivation", "Norms", "Section", "Step", "derivation", "json", "latex", "text"]
__dir__ = __all__.copy
