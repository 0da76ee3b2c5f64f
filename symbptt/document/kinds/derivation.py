"""The complete derivation, with the code that it gives."""

from symbptt.data.wrt import ALL
from symbptt.document.kinds.kind import Kind
from symbptt.document.parts import closing, derived, opening

KIND = Kind(
    (opening.remarks, opening.whole_notation, opening.graph, derived.sections, closing.code, closing.references), wrt=ALL,
    in_chunks=True,
)
