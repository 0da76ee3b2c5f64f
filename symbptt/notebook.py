"""How the values of all stages look in a notebook and in a terminal: mathematics as LaTeX and HTML, tables and code as text.

To show a type of one's own, register a function for it with `tree` (mathematics), `text` or `html`.
"""

from collections.abc import Iterable, Sequence
from functools import singledispatch
from html import escape
from itertools import islice

import sympy as sp

from symbptt import typeset
from symbptt.algebra import tidy
from symbptt.algebra.nodes import SOURCE, TIME, Partial
from symbptt.analyze import Analysis
from symbptt.analyze.report import as_text
from symbptt.derive.adjoint import AdjointEquation, AdjointSystem
from symbptt.derive.factors import Factor
from symbptt.derive.formula import state
from symbptt.derive.nested import Sensitivities
from symbptt.derive.sum_of_products import Gradient, Term
from symbptt.derive.sweep import Contribution
from symbptt.document.blocks import Document
from symbptt.document.writing import shown
from symbptt.emit import SourceFile
from symbptt.errors import MissingRule
from symbptt.model.values import Equation, Model, Role, Variable
from symbptt.typeset.tree import Equality, Operator, Row, Tree
from symbptt.unroll.graph import Assignment, UnrolledGraph

MOST_LINES = 30
"""The largest number of equations that is shown."""
MOST_TERMS = 6
"""The largest number of terms that is shown; of more, the first two and the last."""


@singledispatch
def tree(value: object) -> Tree | None:
    """The presentation tree of a value that is mathematics; None where there is nothing to show."""
    raise MissingRule("presentation", value, "symbptt/notebook.py")


@singledispatch
def text(value: object) -> str:
    """The text of a value."""
    shown_tree = tree(value)
    return typeset.text(shown_tree) if shown_tree else ""


@singledispatch
def html(value: object) -> str:
    """The HTML of a value that is text."""
    return f'<pre style="overflow-x: auto">{escape(str(value))}</pre>'


def latex(value: object) -> str:
    """The LaTeX of a value that is mathematics, between dollars."""
    shown_tree = tree(value)
    return rf"$\displaystyle {typeset.latex(shown_tree)}$" if shown_tree else ""


def _mathematics(value: object) -> str:
    shown_tree = tree(value)
    return f'<div style="overflow-x: auto">{typeset.mathml(shown_tree)}</div>' if shown_tree else ""


def _equations(pairs: Iterable[tuple[sp.Basic, sp.Basic]], model: Model) -> Tree | None:
    """Equations (left, right) below each other; after the first `MOST_LINES`, dots."""
    rest = iter(pairs)
    lines = [typeset.equation(left, right, model=model) for left, right in islice(rest, MOST_LINES)]
    if next(rest, None) is not None:
        lines.append(Equality(Row(()), (Operator("⋮"),), "\u2061"))
    return typeset.aligned(lines) if lines else None


@tree.register
def _(value: Tree) -> Tree | None:
    return value


@tree.register
def _(value: Model) -> Tree | None:
    return _equations(((e.target.at(), e.value) for e in value.all_equations if e.target.definition is None), value)


@tree.register
def _(value: Equation) -> Tree | None:
    return typeset.equation(value.target.at(), value.value)


@tree.register
def _(value: UnrolledGraph) -> Tree | None:
    return _equations(((a.target, a.value) for a in value if a.variable.definition is None), value.model)


@tree.register
def _(value: Assignment) -> Tree | None:
    return typeset.equation(value.target, value.value)


@tree.register
def _(value: AdjointSystem) -> Tree | None:
    return _equations(((e.symbol, e.value) for e in value.equations), value.graph.model)


@tree.register
def _(value: AdjointEquation) -> Tree | None:
    return typeset.equation(value.symbol, value.value)


@tree.register
def _(value: Contribution) -> Tree | None:
    return typeset.compose(value.value)


@tree.register
def _(value: Factor) -> Tree | None:
    return typeset.compose(value.partial)


@tree.register
def _(value: Term) -> Tree | None:
    return typeset.compose(value.partial, model=value.model)


@tree.register
def _(value: Gradient) -> Tree | None:
    """dL/d theta = the sum of its terms."""
    model, variable, terms = value.graph.model, value.parameter, [term.partial for term in value.terms]
    return Equality(_left(model, variable), (_sum(model, variable, terms),))


def _sum(model: Model, variable: Variable, terms: Sequence[sp.MatrixExpr]) -> Tree:
    kept = terms if len(terms) <= MOST_TERMS else terms[:2]
    value = tidy.add(*kept) if kept else sp.ZeroMatrix(variable.rows, variable.columns)
    side = typeset.compose(value, model=model)
    if len(terms) <= MOST_TERMS:
        return side
    return Row((side, Operator("+"), Operator("⋯"), Operator("+"), typeset.compose(terms[-1], model=model)))


def _left(model: Model, variable: Variable) -> Tree:
    """dL/d theta."""
    assert model.loss is not None
    total = sp.MatrixSymbol(model.loss.target.name, 1, 1)
    return typeset.derivative(total, _source(variable), model=model)


def _source(variable: Variable) -> sp.MatrixSymbol:
    return variable.at(0 if variable.role is Role.STATE else SOURCE)


@tree.register
def _(value: Sensitivities) -> Tree | None:
    """ds_t/d theta = d+s_t/d theta + J_t ds_{t-1}/d theta."""
    model, variable = value.graph.model, value.parameter
    theta, now, before = _source(variable), state(model), state(model, TIME - 1)
    through = tidy.mul(Partial(now, before, "immediate"), Partial(before, theta, "total"))
    once = variable.role is Role.STATE or variable.timed
    side = through if once else tidy.add(Partial(now, theta, "immediate"), through)
    return Equality(typeset.derivative(now, theta, model=model), (typeset.compose(side, model=model),))


for _type in (
    Tree, Model, Equation, UnrolledGraph, Assignment, AdjointSystem, AdjointEquation, Contribution, Factor, Term, Gradient,
    Sensitivities,
):
    html.register(_type, _mathematics)


@text.register
def _(value: Analysis) -> str:
    return as_text(value)


@text.register
def _(value: SourceFile) -> str:
    return value.text


@html.register
def _(value: Document) -> str:
    frame = 'style="width: 100%; height: 40rem; border: 0"'
    return f'<iframe title="{escape(value.title)}" srcdoc="{escape(shown(value))}" {frame}></iframe>'
