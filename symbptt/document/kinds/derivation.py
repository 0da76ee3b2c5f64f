"""The complete derivation, with the code that it gives."""

from __future__ import annotations

from symbptt.document.kinds.kind import Kind
from symbptt.document.parts import closing, derived, opening
from symbptt.narrative.story import ALL

KIND = Kind((opening.remarks, opening.notation, opening.graph, derived.sections, closing.code, closing.references), wrt=ALL)
