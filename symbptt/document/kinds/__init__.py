"""The kinds of documents, one file each: a table of parts. To add a kind: a file here, and its row below."""

from __future__ import annotations

from collections.abc import Callable

from symbptt.document.blocks import Block
from symbptt.document.kinds import derivation
from symbptt.document.lesson import Lesson

Part = Callable[[Lesson], tuple[Block, ...]]
KINDS: dict[str, tuple[Part, ...]] = {"derivation": derivation.PARTS}
"""Kind to its parts, in order."""
