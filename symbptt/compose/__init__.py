"""Models of several recurrences in a row: two directions of time, and phases of different lengths.

Each part is an ordinary model, which reads the values of earlier parts as inputs. Its gradient is derived as that of any model,
and the gradients of those inputs are what it hands back.
"""

from symbptt.compose import report
from symbptt.compose.analysis import Flow, flow
from symbptt.compose.chain import Chain, Link, Part
from symbptt.compose.chunks import chunked
from symbptt.compose.either import Subject, any_model, any_source, subject, truncated, verified
from symbptt.compose.emission import source
from symbptt.compose.proof import prove
from symbptt.compose.read import is_composed, is_emitted, load, names
from symbptt.compose.told import Told, derivation, summary, unrolled
from symbptt.compose.verification import file, gradients, in_chunks

__all__ = [
    "Chain", "Flow", "Link", "Part", "Subject", "Told", "any_model", "any_source", "chunked", "derivation", "file", "flow",
    "gradients", "in_chunks", "is_composed", "is_emitted", "load", "names", "prove", "report", "source", "subject", "summary",
    "truncated", "unrolled", "verified",
]
__dir__ = __all__.copy
