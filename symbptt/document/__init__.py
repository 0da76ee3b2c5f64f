"""A derivation as a document: blocks, chosen by a kind, written by a writer, one self-contained file per format."""

from symbptt.document.blocks import Document
from symbptt.document.formats import FORMATS
from symbptt.document.kinds import KINDS
from symbptt.document.options import VERSIONS, DocumentOptions
from symbptt.document.writing import compose, finished, render, shown, write

__all__ = ["FORMATS", "KINDS", "VERSIONS", "Document", "DocumentOptions", "compose", "finished", "render", "shown", "write"]
__dir__ = __all__.copy
