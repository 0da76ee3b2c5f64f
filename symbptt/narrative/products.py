"""The sum of products: in partial derivatives, then with every factor substituted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import derive
from symbptt.algebra import tidy
from symbptt.algebra.nodes import BETWEEN, SOURCE, TIME, ProductOver, SumOver
from symbptt.derive import formula, step
from symbptt.derive.adjoint import initial as starts
from symbptt.derive.factors import Kind
from symbptt.derive.sum_of_products import Gradient, Term
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import symbols
from symbptt.narrative.block_products import IN_BLOCKS
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.substituted import substituted
from symbptt.narrative.symbols import LAST
from symbptt.narrative.values import Prose, Section, Step
from symbptt.typeset.tree import Aligned, Equality, Fenced, Number, Operator, Row, Tree
from symbptt.unroll.graph import UnrolledGraph

EXPANDED = 4
"""The largest T for which every term is written out."""
TERMS = "terms"
"""The label of the terms that are written out."""


@dataclass(frozen=True)
class Pattern:
    """Variables whose gradients have the same form.

    They are shared over time or not (`timed`), initial states or not, and reach the state of their step, or its loss directly.
    """

    variables: tuple[Variable, ...]
    timed: bool
    initial: bool
    reaches: bool
    direct: bool

    def symbol(self, model: Model, at: sp.Expr | int = SOURCE) -> sp.MatrixSymbol:
        """The variable itself, or θ for several; an initial state stands for all of s_0."""
        if self.initial:
            return formula.state(model, 0)
        if len(self.variables) == 1:
            return self.variables[0].at(at)
        return symbols.parameter(model)


def patterns(model: Model, wrt: Iterable[Variable]) -> list[Pattern]:
    """The variables sorted by the form of their gradient, in order of first appearance; each timed one stands alone."""
    groups: dict[tuple[object, ...], list[Variable]] = {}
    for v in wrt:
        initial = bool(starts(model, v))
        reaches = initial or bool(step.immediate(model, v))
        direct = not initial and step.loss_direct(model, v) is not None
        key = (initial, v.timed and not initial, reaches, direct, v.name if v.timed or initial else "")
        groups.setdefault(key, []).append(v)
    return [Pattern(tuple(vs), bool(key[1]), bool(key[0]), bool(key[2]), bool(key[3])) for key, vs in groups.items()]


@dataclass(frozen=True)
class Factors:
    """How the factors are written: as partial derivatives, or with the letters J and g."""

    model: Model
    letters: bool

    def jacobian(self, at: sp.Expr | int) -> MatrixExpr:
        """J_j^T."""
        return tidy.transpose(symbols.jacobian(self.model, at) if self.letters else symbols.state_partial(self.model, at))

    def loss(self, at: sp.Expr | int) -> MatrixExpr:
        """g_t."""
        if self.letters:
            return symbols.loss_symbol(self.model, at)
        return tidy.transpose(symbols.immediate(symbols.loss(self.model, at), formula.state(self.model, at)))

    def lag(self, at: sp.Expr | int) -> MatrixExpr:
        """(d+L_t/ds_{t-1})^T."""
        return tidy.transpose(symbols.immediate(symbols.loss(self.model, at), formula.state(self.model, sp.sympify(at) - 1)))

    def immediate(self, theta: MatrixExpr, at: sp.Expr | int) -> MatrixExpr:
        """(d+s_k/d theta)^T."""
        return tidy.transpose(symbols.immediate(formula.state(self.model, at), theta))

    def direct(self, theta: MatrixExpr, at: sp.Expr | int) -> MatrixExpr:
        """(d+L_t/d theta)^T."""
        return tidy.transpose(symbols.immediate(symbols.loss(self.model, at), theta))


def _over_losses(model: Model, body: MatrixExpr, first: sp.Expr | int) -> MatrixExpr:
    """The sum over the steps that have a loss."""
    assert model.loss is not None
    if model.loss.at == "last":
        return body.xreplace({TIME: LAST})
    return SumOver(body, TIME, first, LAST)


def general(model: Model, pattern: Pattern, letters: bool) -> MatrixExpr:
    """The sum of products over all (t, k), for a symbolic T."""
    write, theta = Factors(model, letters), pattern.symbol(model)
    direct = [write.direct(theta, SOURCE if pattern.timed else TIME)] if pattern.direct else []
    if not pattern.reaches and not direct:
        return sp.ZeroMatrix(*theta.shape)
    if not pattern.reaches:
        return direct[0] if pattern.timed else _over_losses(model, tidy.add(*direct), 1)
    head = [] if pattern.initial else [write.immediate(theta, SOURCE)]
    first = sp.S.One if pattern.initial else SOURCE + 1
    term = tidy.mul(*head, ProductOver(write.jacobian(BETWEEN), BETWEEN, first, TIME), write.loss(TIME))
    if step.loss_lag(model):
        return _with_lag(model, pattern, write, head, first)
    if pattern.timed:
        return tidy.add(*direct, _over_losses(model, term, SOURCE))
    inner = term if pattern.initial else SumOver(term, SOURCE, 1, TIME)
    return _over_losses(model, tidy.add(*direct, inner), 1)


def _with_lag(model: Model, pattern: Pattern, write: Factors, head: list[MatrixExpr], first: sp.Expr) -> MatrixExpr:
    """The same where L_t reads s_{t-1}: the term k = t has no J_t, the others end with J_t^T g_t + (d+L_t/ds_{t-1})^T.

    With a loss at the last step only, L_t = 0 before it; the sum for one k keeps its limits, for there is no such term at k = T.
    """
    theta = pattern.symbol(model)
    start = tidy.add(tidy.mul(write.jacobian(TIME), write.loss(TIME)), write.lag(TIME))
    far = tidy.mul(*head, ProductOver(write.jacobian(BETWEEN), BETWEEN, first, TIME - 1), start)
    if pattern.initial:
        return _over_losses(model, far, 1)
    now = SOURCE if pattern.timed else TIME
    near = [write.direct(theta, now)] if pattern.direct else []
    near.append(tidy.mul(write.immediate(theta, now), write.loss(now)))
    if pattern.timed:
        return tidy.add(*near, SumOver(far, TIME, SOURCE + 1, LAST))
    return _over_losses(model, tidy.add(*near, SumOver(far, SOURCE, 1, TIME - 1)), 1)


def product(term: Term, write: Factors, theta: MatrixExpr) -> MatrixExpr:
    """A term as the product of its factors."""
    kinds = {kind: [f for f in term.factors if f.kind is kind] for kind in Kind}
    head = [write.immediate(theta, f.step) for f in kinds[Kind.IMMEDIATE]]
    chain = [write.jacobian(f.step) for f in kinds[Kind.STATE_JACOBIAN]]
    reaches = bool(head or chain)
    tail = tidy.mul(*(write.loss(f.step) for f in kinds[Kind.LOSS]))
    for factor in kinds[Kind.LAG]:
        tail = tidy.add(tidy.mul(chain.pop(), tail), write.lag(factor.step))
    parts = [write.direct(theta, f.step) for f in kinds[Kind.DIRECT]]
    if reaches:
        parts.append(tidy.mul(*head, *chain, tail))
    return tidy.add(*parts) if parts else sp.ZeroMatrix(*theta.shape)


def pair(t: int, k: int) -> Tree:
    """(t, k) as the label of a line."""
    return Fenced(Row((Number(str(t)), Operator(","), Number(str(k)))))


def lines(model: Model, presentation: Presentation, gradient: Gradient, values: Iterable[MatrixExpr]) -> Aligned:
    """One line per term: (t, k) : value; for an initial state, which enters step 1 alone, t : value."""
    start = bool(starts(model, gradient.parameter))

    def label(term: Term) -> Tree:
        return presentation.steps(f"t = {term.loss_step}" if start else f"({term.loss_step}, {term.source_step})")

    made = zip(gradient.terms, values, strict=True)
    return Aligned(tuple(Equality(label(term), (presentation.tree(value, model),), ":") for term, value in made))


def head(model: Model, pattern: Pattern) -> MatrixExpr:
    """dL/d theta, opaque."""
    return symbols.total(symbols.loss(model, None), pattern.symbol(model))


def members(model: Model, presentation: Presentation, pattern: Pattern) -> Prose:
    """Which variables a pattern stands for."""
    if pattern.initial:
        return _initial(model, presentation, pattern.variables[0])
    if len(pattern.variables) == 1:
        return ()
    names = presentation.listed(presentation.tree(v.at(), model) for v in pattern.variables)
    return presentation.prose("derivation.products.members", parameter=presentation.tree(symbols.parameter(model), model),
        members=names)


def _initial(model: Model, presentation: Presentation, variable: Variable) -> Prose:
    """What the gradient by s_0 has to do with a variable."""
    states = starts(model, variable)
    named = presentation.tree(variable.at(), model)
    start = presentation.tree(states[0].at(0), model)
    whole = presentation.tree(formula.state(model, 0), model)
    several = formula.stacked(model)
    block = presentation.prose("derivation.products.block", state=whole) if several else ()
    if variable.role is Role.PARAMETER:
        return presentation.prose("derivation.products.starts_from", parameter=named, state=start, block=block)
    return presentation.prose("derivation.products.initial", state=start, block=block) if several else ()


def rule(model: Model, presentation: Presentation, pattern: Pattern) -> Prose:
    """The rules behind the general formula."""
    assert model.loss is not None
    if not pattern.reaches:
        once = pattern.timed or model.loss.at == "last"
        return presentation.prose("derivation.products.direct" if once else "derivation.products.over_t")
    once = pattern.initial or pattern.timed
    return presentation.prose("derivation.products.chain_rule" if once else "derivation.products.chain_rule_over_k")


def chain_shapes(model: Model, presentation: Presentation, pattern: Pattern) -> str:
    """The shapes of a term: (P×H)(H×H)…(H×1) = (P×1)."""
    write, theta = Factors(model, True), pattern.symbol(model)
    if not pattern.reaches:
        return presentation.shape(theta)
    first = [] if pattern.initial else [presentation.shape(write.immediate(theta, SOURCE))]
    chain = presentation.ordered([*first, presentation.shape(write.jacobian(BETWEEN)), "⋯", presentation.shape(write.loss(TIME))])
    result = sp.MatrixSymbol("result", theta.shape[0] * theta.shape[1], 1)
    return f"{''.join(chain)} = {presentation.shape(result)}"


def partial_steps(graph: UnrolledGraph, presentation: Presentation, pattern: Pattern) -> list[Step]:
    """The general formula in partial derivatives and in letters, and every term for the chosen T."""
    model = graph.model
    left = head(model, pattern)
    sides = list(dict.fromkeys(general(model, pattern, letters) for letters in (False, True)))
    equation = presentation.equation(model, left, *sides)
    steps = [Step(equation, rule(model, presentation, pattern), chain_shapes(model, presentation, pattern),
        members(model, presentation, pattern))]
    return [*steps, *(listed(graph, presentation, pattern) if graph.T <= EXPANDED else ())]


def listed(graph: UnrolledGraph, presentation: Presentation, pattern: Pattern) -> list[Step]:
    """Every term for the chosen T; none for a variable with a value per step."""
    if pattern.timed:
        return []
    model, theta = graph.model, pattern.symbol(graph.model)
    gradient = derive.gradient(graph, pattern.variables[0].name)
    if not gradient.pairs:
        return []
    write = Factors(model, letters=formula.stacked(model))
    values = [product(term, write, theta) for term in gradient.terms]
    number = "term" if len(values) == 1 else "terms"
    claim = presentation.prose(f"derivation.products.{number}", number=str(len(values)), T=str(graph.T))
    written_out = presentation.prose("derivation.products.written_out")
    return [Step(lines(model, presentation, gradient, values), written_out, "", claim, label=TERMS)]


def _intro(graph: UnrolledGraph, presentation: Presentation, found: list[Pattern]) -> Prose:
    """What a term is; how many there are for a parameter that all steps share and the state reads."""
    model = graph.model
    assert model.loss is not None
    if not model.states:
        return presentation.prose("derivation.products.no_state")
    if not any(p.reaches for p in found):
        return presentation.prose("derivation.products.own_step")
    shared = any(p.reaches and not p.timed and not p.initial for p in found)
    number = sum(graph.keeps(t, k) for t in graph.loss_steps for k in range(1, t + 1))
    count = presentation.prose("derivation.products.count", number=str(number), T=str(graph.T)) if shared else ()
    return presentation.prose("derivation.products.intro", count=count)


def _truncated(graph: UnrolledGraph, presentation: Presentation) -> Iterator[Prose]:
    if graph.truncation is not None:
        every, back = map(str, graph.truncation)
        yield presentation.prose(f"derivation.products.{'window' if every == '1' else 'every'}", every=every, back=back)


def sections(graph: UnrolledGraph, presentation: Presentation, wrt: tuple[Variable, ...]) -> tuple[Section, ...]:
    """The sum of products in partial derivatives, and with the factors substituted."""
    model = graph.model
    found = patterns(model, wrt)
    partial = [s for pattern in found for s in partial_steps(graph, presentation, pattern)]
    cut = _truncated(graph, presentation) if any(p.reaches for p in found) and model.states else ()
    intro = (_intro(graph, presentation, found), *cut)
    first = Section(presentation.text("derivation.products.heading"), tuple(partial), intro)
    return (first, *in_full(graph, presentation, wrt))


def in_full(graph: UnrolledGraph, presentation: Presentation, wrt: tuple[Variable, ...]) -> tuple[Section, ...]:
    """The section with every factor substituted, if there is anything to say in it."""
    made, left_out = substituted(graph, presentation, wrt, lines, EXPANDED)
    if not made and not left_out:
        return ()
    heading = "heading_blocks" if any(step.label == IN_BLOCKS for step in made) else "heading"
    return (Section(presentation.text(f"derivation.substituted.{heading}"), tuple(made), left_out, level=2),)
