"""The terms of the sum of products with every factor in place: written out for one state, in blocks for several."""

from collections.abc import Callable, Iterable

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import derive, typeset
from symbptt.algebra import tidy
from symbptt.algebra.nodes import SOURCE, TIME, BatchMean
from symbptt.derive import formula, step
from symbptt.derive.adjoint import initial as starts
from symbptt.derive.sum_of_products import Gradient, Term
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import symbols
from symbptt.narrative.block_products import in_blocks
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.stages import readable
from symbptt.narrative.values import Prose, Step
from symbptt.narrative.written_sum import head, written_sum
from symbptt.typeset.tree import Aligned, Brace, Equality, Row
from symbptt.unroll.graph import UnrolledGraph

Lines = Callable[[Model, Presentation, Gradient, Iterable[MatrixExpr]], Aligned]


LONG = 110
"""Characters of text up to which a term is written without letters for its Jacobians."""
SYMBOLS = 4 * LONG
"""Symbols of a term above which it is not even tried: its slopes may become letters, the rest is too long in any case."""
MANY = 6
"""The largest number of variables for each of which all terms are listed; beyond, they are listed for one."""


def _values(model: Model, presentation: Presentation, gradient: Gradient) -> list[MatrixExpr] | None:
    """The value of every term, slope matrices as letters; where that is long, state Jacobians are letters too.

    None where even that is too long, or the state is a matrix or of heads: J acts on a column of all entries, the others do not.
    """
    found = list(gradient.written_out(SYMBOLS).values())
    if not found:
        return None
    values = [symbols.abbreviated(value, model) for value in found if value is not None]
    if len(values) == len(found) and max(len(typeset.text(presentation.tree(v, model))) for v in values) <= LONG:
        return values
    if any(state.columns != 1 or state.heads is not None for state in model.states):
        return None
    values = [symbols.abbreviated(_with_letters(model, gradient.parameter, t), model) for t in gradient.terms]
    return values if all(readable(value, model) for value in values) else None


def _with_letters(model: Model, variable: Variable, term: Term) -> MatrixExpr:
    """A term with everything substituted but the state Jacobians."""
    t, k = term.loss_step, term.source_step
    initial = bool(starts(model, variable))
    chain = [tidy.transpose(symbols.jacobian(model, j)) for j in range(k if initial else k + 1, t + 1)]
    gradients = step.loss_gradient(model)
    cotangent = symbols.at(next(iter(gradients.values()), sp.ZeroMatrix(formula.state_rows(model), 1)), t)
    if chain:
        for lag in step.loss_lag(model).values():
            cotangent = tidy.add(tidy.mul(chain.pop(), cotangent), symbols.at(lag, t))
    cotangent = tidy.mul(*chain, cotangent)
    if initial:
        return cotangent
    direct = step.loss_direct(model, variable) if t == k else None
    parts = [sp.ZeroMatrix(variable.rows, variable.columns)] if direct is None else [symbols.at(direct, t)]
    for inner in step.immediate(model, variable).values():
        parts.append(inner.replaced({TIME: sp.Integer(k)}).transposed().product(cotangent))
    return tidy.add(*parts)


def _written_out(model: Model, presentation: Presentation, term: Term, value: MatrixExpr) -> Step | None:
    """The deepest term with every slope matrix in full, above a brace with its letter."""
    product = presentation.tree(value, model)
    full = {
        presentation.tree(symbols.at(letter, j), model): presentation.tree(symbols.at(template, j), model)
        for _, template, letter in symbols.slopes(model) for j in range(term.source_step, term.loss_step + 1)
    }
    if not isinstance(product, Row) or not full:
        return None
    items = tuple(Brace(full[item], item) if item in full else item for item in product.items)
    if items == product.items:
        return None
    claim = presentation.prose("derivation.substituted.in_full", t=str(term.loss_step), k=str(term.source_step))
    line = Equality(presentation.steps(f"({term.loss_step}, {term.source_step})"), (Row(items),), ":")
    return Step(line, presentation.prose("derivation.substituted.slopes"), presentation.check(value), claim, label="term-in-full")


def _terms(graph: UnrolledGraph, presentation: Presentation, variable: Variable, lines: Lines, full: bool) -> list[Step]:
    """Every term for the chosen T, and if asked the deepest one with its slopes in full."""
    model = graph.model
    gradient = derive.gradient(graph, variable.name)
    values = _values(model, presentation, gradient)
    if values is None:
        return []
    claim = presentation.prose("derivation.substituted.terms", gradient=presentation.tree(head(model, variable), model),
        T=str(graph.T))
    rule = presentation.prose("derivation.substituted.rule")
    label = f"terms-{variable.name}"
    made = [Step(lines(model, presentation, gradient, values), rule, presentation.shape(variable.at()), claim, label=label)]
    deepest = max(range(len(values)), key=lambda i: (gradient.terms[i].loss_step - gradient.terms[i].source_step, -i))
    whole = _written_out(model, presentation, gradient.terms[deepest], values[deepest]) if full else None
    return [*made, whole] if whole else made


def _one_state(
    graph: UnrolledGraph, presentation: Presentation, wrt: tuple[Variable, ...], lines: Lines, limit: int
) -> tuple[list[Step], tuple[Prose, ...]]:
    model = graph.model
    made: list[Step] = []
    left_out: list[Variable] = []
    first = next((v for v in wrt if v.role is Role.PARAMETER and step.immediate(model, v)), wrt[0] if wrt else None)
    listed = _listed(model, wrt, first) if limit >= graph.T else ()
    for variable in wrt:
        loop = written_sum(model, variable)
        if loop is not None and not readable(loop, model):
            left_out.append(variable)
            continue
        if loop is not None:
            left = head(model, variable)
            rule = presentation.prose("derivation.substituted.rule")
            check = presentation.check(loop, variable.at())
            made.append(Step(presentation.equation(model, left, loop), rule, check, label=f"sum-{variable.name}"))
        found: list[Step] | None = None
        if variable in listed:
            found = _terms(graph, presentation, variable, lines, variable == first)
        elif loop is not None and variable.timed and limit >= graph.T:
            found = _step_by_step(graph, presentation, variable)
        made += found or []
        left_out += [variable] if found == [] else []
    names = presentation.listed(presentation.tree(variable.at(), model) for variable in left_out)
    return made, (presentation.prose("derivation.substituted.left_out", variables=names),) if left_out else ()


def _step_by_step(graph: UnrolledGraph, presentation: Presentation, variable: Variable) -> list[Step]:
    """The gradients by the values of a variable at every step k, for the chosen T: sums over t of the terms (t, k)."""
    model = graph.model
    gradient = derive.gradient(graph, variable.name)
    values = _values(model, presentation, gradient)
    if values is None:
        return []
    parts: dict[int, list[MatrixExpr]] = {k: [] for k in range(1, graph.T + 1)}
    for term, value in zip(gradient.terms, values, strict=True):
        parts[term.source_step].append(value)
    left, zero = head(model, variable), sp.ZeroMatrix(variable.rows, variable.columns)
    rows = [presentation.equation(model, left.xreplace({SOURCE: sp.Integer(k)}), tidy.add(zero, *found))
        for k, found in parts.items()]
    claim = presentation.prose("derivation.substituted.steps", gradient=presentation.tree(left, model), T=str(graph.T))
    rule = presentation.prose("derivation.substituted.rule")
    return [Step(Aligned(tuple(rows)), rule, presentation.shape(variable.at()), claim, label=f"terms-{variable.name}")]


def _listed(model: Model, wrt: tuple[Variable, ...], first: Variable | None) -> tuple[Variable, ...]:
    """The variables whose terms are listed: not those with a value per step, and of many the first."""
    if any(e.value.has(BatchMean) for e in model.all_equations):
        return ()
    shared = tuple(v for v in wrt if not v.timed or starts(model, v))
    return shared if len(shared) <= MANY else tuple(v for v in shared if v == first)


def substituted(
    graph: UnrolledGraph, presentation: Presentation, wrt: tuple[Variable, ...], lines: Lines, limit: int
) -> tuple[list[Step], tuple[Prose, ...]]:
    """The steps of the second depth, and what is left out of it; `lines` lays the terms out, up to T = `limit` all are shown."""
    if len(graph.model.states) > 1:
        return in_blocks(graph.model, presentation, wrt), ()
    return _one_state(graph, presentation, wrt, lines, limit)
