"""Every formula that differs from a given one by one edit: the mistakes that people make, undone. A family is a function.

The order of the families is that in which causes are named: where two edits repair a formula, the commoner mistake goes first.
"""

from collections.abc import Iterator, Sequence

from symbptt.diagnose.formula.edits import missing, signs, slopes, steps
from symbptt.diagnose.formula.edits.edit import Edit, Family
from symbptt.diagnose.formula.edits.tokens import operators
from symbptt.diagnose.formula.tree import Node
from symbptt.diagnose.formula.vocabulary import Around

FAMILIES: tuple[Family, ...] = (
    signs.repeated, signs.signs, operators, signs.transposes, slopes.slopes, slopes.slope_arguments, steps.indices, steps.bounds,
    signs.orders, signs.diagonals, signs.extra, signs.summands_extra, slopes.slopes_for_values, steps.symbols,
    missing.wrapped, steps.derivatives, missing.missing, missing.summands, missing.constants,
)
"""Another family is another row; the first that repairs a formula names its cause."""
PAIRED: tuple[Family, ...] = (
    signs.signs, signs.transposes, signs.orders, steps.indices, steps.bounds, steps.derivatives, slopes.slopes, signs.extra,
    signs.summands_extra,
)
"""Those of which two are tried together."""


def edits(right: Node, around: Around, families: Sequence[Family]) -> Iterator[Edit]:
    """All single edits of these families."""
    for family in families:
        yield from family(right, around)
