"""A derivation as a document: blocks, chosen by a kind, written by a pen, one self-contained file per format."""

from __future__ import annotations

from symbptt.document.blocks import Document
from symbptt.document.formats import FORMATS
from symbptt.document.kinds import KINDS
from symbptt.document.page import compose, finished, render, shown, write
from symbptt.document.wishes import VERSIONS, Wishes

__all__ = ["FORMATS", "KINDS", "VERSIONS", "Document", "Wishes", "compose", "finished", "render", "shown", "write"]


def __dir__() -> list[str]:
    return __all__
