"""Powers of a recurrent matrix: what its eigenvalues decide and its norm does not (Pascanu, Mikolov and Bengio 2013, 2.1)."""

from random import Random

import numpy as np
import sympy as sp

from symbptt.algebra.evaluate import Array
from symbptt.analyze import bound
from symbptt.document.context import DocumentContext
from symbptt.document.exercises.generated import GeneratedExercise, told
from symbptt.document.sizes import written
from symbptt.narrative.inline import Prose
from symbptt.typeset.pieces import Piece, raised
from symbptt.typeset.tree import Fenced, Matrix, Number, Operator, Row, Script, Tree

LINES = 6
SLOW, FAST, CORNER = ("0.9", "0.8"), ("0.5", "0.4", "0.3"), ("2", "3", "4")
"""Of the triangular matrix that is drawn: its eigenvalues, and the entry above the diagonal."""
ABOVE = "1.1"
"""The eigenvalue of the matrix that explodes."""
SMALL, LATE = 0.01, 50


def _matrix(slow: str, fast: str, corner: str) -> Array:
    """[[slow, corner], [0, fast]] in numbers."""
    return np.array([[float(slow), float(corner)], [0.0, float(fast)]])


def corners(slow: str, fast: str, corner: str, most: int = 200) -> Array:
    """The upper right entries of the powers 1 to `most` of [[slow, corner], [0, fast]], as an array (most,)."""
    return np.array([np.linalg.matrix_power(_matrix(slow, fast, corner), n)[0, 1] for n in range(1, most + 1)])


def limit(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """The eigenvalues of a matrix whose norm is above one, its powers, and the transient before they vanish."""
    model, presentation = context.model, context.presentation
    form = bound.form(model)
    if form is None or not model[form.weight].tied or len(model[form.weight].shape) != 2:
        return None
    slow, fast, corner = random.choice(SLOW), random.choice(FAST), random.choice(CORNER)
    entries = corners(slow, fast, corner)
    weight, exponent = presentation.tree(model[form.weight].at(), model), presentation.tree(sp.Symbol("n"))
    slots: dict[str, str | Tree | Prose] = {
        "weight": weight, "power": raised(Piece(weight), exponent).tree,
        "matrix": Matrix(((Number(slow), Number(corner)), (Number("0"), Number(fast)))), "slow": slow, "fast": fast,
        "corner": Row((presentation.tree(sp.Rational(corner) / (sp.Rational(slow) - sp.Rational(fast))), Fenced(Row(
            (Script(Number(slow), None, exponent), Operator("−"), Script(Number(fast), None, exponent)))))),
        "norm": written(float(np.linalg.norm(_matrix(slow, fast, corner), 2))),
        "peak": written(float(entries.max())), "at": str(int(entries.argmax()) + 1), "small": f"{SMALL:g}",
        "below": str(int(np.flatnonzero(entries >= SMALL)[-1]) + 2), "above": ABOVE, "late": str(LATE),
        "exploded": written(float(corners(ABOVE, fast, corner)[LATE - 1])),
    }
    return told(context, "powers", slots, LINES, "powers")
