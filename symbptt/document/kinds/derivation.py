"""The complete derivation, with the code that it gives."""

from __future__ import annotations

from symbptt.document.parts import closing, derived, opening

PARTS = (opening.remarks, opening.notation, opening.graph, derived.sections, closing.code, closing.references)
