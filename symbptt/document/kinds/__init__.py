"""The kinds of documents, one file each: a table of parts. To add a kind: a file here, and its row below."""

from symbptt.document.kinds import compare, derivation, handout, slides, summary
from symbptt.document.kinds.kind import Kind

KINDS: dict[str, Kind] = {
    "derivation": derivation.KIND, "handout": handout.KIND, "slides": slides.KIND, "summary": summary.KIND,
    "compare": compare.KIND,
}
"""Kind by name."""
