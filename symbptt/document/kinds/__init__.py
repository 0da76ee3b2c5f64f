"""The kinds of documents, one file each: a table of parts. To add a kind: a file here, and its row below."""

from __future__ import annotations

from symbptt.document.kinds import derivation, handout
from symbptt.document.kinds.kind import Kind

KINDS: dict[str, Kind] = {"derivation": derivation.KIND, "handout": handout.KIND}
"""Kind by name."""
