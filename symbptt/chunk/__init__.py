"""Affine recurrences in chunks: a rewrite of a model into one whose step takes C tokens."""

from symbptt.chunk.form import Chunked
from symbptt.chunk.rewrite import chunked
from symbptt.chunk.terms import NoChunkForm

__all__ = ["Chunked", "NoChunkForm", "chunked"]
__dir__ = __all__.copy
