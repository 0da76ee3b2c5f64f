"""The table of the backward walk, read back from the page: what reaches a value adds up to its adjoint, by complex step."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from printed.meaning import Meaning
from printed.numbers import sized
from printed.oracle import Oracle
from printed.reader import Reader, parsed

from symbptt import typeset
from symbptt.algebra.nodes import TIME
from symbptt.derive.formula import state
from symbptt.document.blocks import Table
from symbptt.document.context import DocumentContext
from symbptt.document.parts.cell import cell
from symbptt.model.read import load, names
from symbptt.model.values import Model, Role
from symbptt.narrative.presentation import Presentation, presentation_in
from symbptt.narrative.values import Prose
from symbptt.typeset import notations
from symbptt.typeset.tree import Tree

T = 3
COUPLED = {"deep_feedforward_batch_norm"}
"""Models whose samples act on each other, which one sample does not show."""


def table(model: Model, presentation: Presentation) -> Table | None:
    return next((block for block in cell(DocumentContext((model,), T, presentation=presentation)) if isinstance(block, Table)),
        None)


def formula(prose: Prose) -> Tree | None:
    return next((part for part in prose if isinstance(part, Tree)), None)


def value(reader: Reader, tree: Tree, t: int) -> Any:
    return reader.value(parsed(typeset.mathml(tree)), {"T": T, "t": t})


def arriving(model: Model, presentation: Presentation, oracle: Oracle) -> dict[tuple[str, int], Any]:
    """What the rows pass to every variable at every step, added up; to a parameter that all steps share at step 0."""
    meaning, found = Meaning(model, presentation, oracle), table(model, presentation)
    assert found is not None and model.loss is not None
    reader, sums = meaning.reader(), defaultdict[tuple[str, int], Any](lambda: np.zeros(1))
    own = {e.target.name for e in model.loss.equations}
    node = ""
    for _, named, _, operand, part in found.rows:
        shown = formula(named)
        if shown is not None:  # an operation without a name inside the loss belongs to it
            node = meaning.places.get(meaning.look(shown), (node if node in own else "", None))[0]
        to, passed = formula(operand), formula(part)
        assert to is not None and passed is not None
        name, step = meaning.places.get(meaning.look(to), ("", None))
        for t in range(1, T + 1):
            if name and not (model.loss.at == "last" and node in own and t < T):
                at = 0 if step is None else int(step.subs(TIME, t))
                sums[name, at] = sums[name, at] + value(reader, passed, t)
    return sums


def check(model: Model, presentation: Presentation) -> int:
    """Compare all variables that the walk reaches; how many numbers were compared."""
    oracle = Oracle(model, T, presentation.notation.layout, state(model).name if model.states else "")
    count = 0
    for (name, at), reached in arriving(model, presentation, oracle).items():
        variable = model[name]
        if variable.role in (Role.PARAMETER, Role.INPUT) or at == 0:
            expected = oracle.gradient(name, at if variable.timed or variable.role is not Role.PARAMETER else None)
        else:
            expected = oracle.node_adjoint(name, at)
        mine, theirs = sized(reached, expected), sized(expected, reached)
        np.testing.assert_allclose(mine + 0 * theirs, theirs + 0 * mine, rtol=1e-10, atol=1e-12, err_msg=f"{name} at step {at}")
        count += 1
    return count


@pytest.mark.sampled(4)
@pytest.mark.parametrize("layout", ["column", "row"])
@pytest.mark.parametrize("name", sorted(set(names()) - COUPLED))
def test_what_a_value_receives_is_its_adjoint(name: str, layout: str) -> None:
    model, presentation = load(name), presentation_in(layout=layout)
    if table(model, presentation) is None:
        pytest.skip("the table is too wide for a page")
    assert check(model, presentation) >= 2 * T


@pytest.mark.parametrize("notation", notations.names())
def test_every_notation_says_the_same(notation: str) -> None:
    assert check(load("elman"), presentation_in("zh", notation)) >= 2 * T


def test_a_part_that_is_missing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cell

    def shorter(context: DocumentContext) -> tuple[Any, ...]:
        return tuple(Table(b.head, b.rows[:-1]) if isinstance(b, Table) else b for b in whole(context))

    monkeypatch.setitem(globals(), "cell", shorter)
    with pytest.raises(AssertionError):
        check(load("elman"), presentation_in())
        check(load("lstm"), presentation_in())
