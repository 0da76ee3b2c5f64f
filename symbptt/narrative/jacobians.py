"""The factors of the sum of products: state Jacobian, gradient of the loss of one step, immediate derivatives."""

from collections.abc import Iterable

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import derive, typeset
from symbptt.algebra import heads, tidy
from symbptt.algebra.head_nodes import JoinHeads, SumHeads
from symbptt.algebra.linear import LinearMap, jacobian
from symbptt.algebra.nodes import SOURCE, TIME, Partial
from symbptt.derive import formula, step
from symbptt.derive.direct import DirectRoute
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import symbols
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.stages import leading_to, readable, stages
from symbptt.narrative.values import Prose, Section, Step
from symbptt.typeset.tree import Equality, Fenced, Operator, Script, Text, Tree

SQUARE = 5
"""The largest number of states whose blocks are shown as one matrix."""
INSIDE = "derivation.jacobians.inside"
LONG = 80
"""Characters of text up to which a Jacobian is shown with its slopes in full, too."""


def _block(row: Variable, column: Variable) -> Partial:
    return Partial(row.at(), column.at(TIME - 1), "immediate")


def _whole_block(model: Model, row: Variable, column: Variable) -> MatrixExpr:
    """A block of J_t, which is of all heads."""
    if (row.name, column.name) not in step.state_jacobian(model):
        return sp.ZeroMatrix(*_block(row, column).shape)
    return symbols.immediate(*(formula.of_all_heads(s, model) for s in (row.at(), column.at(TIME - 1))))


def block_matrix(model: Model, presentation: Presentation) -> Tree:
    """J_t as a matrix of blocks."""
    return presentation.blocks(model, tuple(tuple(_whole_block(model, row, column) for column in model.states)
        for row in model.states))


def value(model: Model, head: Partial, inner: LinearMap) -> tuple[MatrixExpr, MatrixExpr]:
    """(left side, right side): the Jacobian, or where it is no matrix of one sample, its transpose acting on v.

    v has the shape of the numerator, the right side that of the denominator; on the left both are read as columns. Where heads
    act on each other, or on what they share, the numerator is that of all heads, and so is v.
    """
    above, below = head.args[:2]
    matrix = jacobian(inner, below.shape, above.shape)
    if matrix is not None:
        return head, matrix
    name = formula.free(model, "vector")
    column, own = sp.MatrixSymbol(name, head.shape[0], 1), sp.MatrixSymbol(name, *above.shape)
    if model[above.name].heads is not None:
        each = heads.cut(own, model.heads)
        of_heads = inner.transposed().apply(each)
        if model[below.name].heads is None or of_heads.atoms(SumHeads, JoinHeads) - {each}:
            whole = Partial(formula.of_all_heads(above, model), below, head.kind)
            return tidy.mul(tidy.transpose(whole), column), of_heads
    return tidy.mul(tidy.transpose(head), column), inner.transposed().apply(own)


def acts(model: Model, presentation: Presentation, lefts: Iterable[MatrixExpr]) -> tuple[Prose, ...]:
    """What v stands for, where one of the left sides is a derivative that acts on it."""
    if all(isinstance(left, Partial) for left in lefts):
        return ()
    letter = sp.MatrixSymbol(formula.free(model, "vector"), symbols.parameter(model).rows, 1)
    return (presentation.prose("derivation.jacobians.acts", vector=presentation.tree(letter, model)),)


def direct_head(model: Model, presentation: Presentation, state: Variable) -> Tree:
    """(ds_t/ds_k)^T of one state, with a mark for the direct route alone."""
    whole = presentation.tree(tidy.transpose(Partial(state.at(), state.at(SOURCE), "total")), model)
    base, sup = (whole.base, whole.sup) if isinstance(whole, Script) else (Fenced(whole), None)  # a scalar has no transpose
    return Script(base, Text(presentation.text("derivation.jacobians.direct_mark")), sup)


def _comes_back(model: Model, state: Variable) -> bool:
    """Whether what a state does to the other states comes back to it at a later step."""
    known = step.state_jacobian(model)
    reached, new = set[str](), {state.name}
    while new:
        new = {row for row, column in known if column in new} - reached - {state.name}
        reached |= new
    return any((state.name, other) in known for other in reached)


def _direct_step(model: Model, presentation: Presentation, route: DirectRoute, direct: MatrixExpr) -> Step:
    """The derivative along the direct route over several steps: all of the block where there is no other route."""
    state, product = route.state, route.chain
    assert product is not None
    own, name = presentation.tree(state.at(), model), presentation.tree(state.at(TIME - 1), model)
    block = Partial(state.at(), state.at(SOURCE), "total")
    whole = route.others is None and not _comes_back(model, state)
    claim = presentation.prose(
        f"derivation.jacobians.{'only_route' if whole else 'direct_claim'}", before=name, now=own,
        derivative=presentation.tree(direct, model), block=presentation.tree(block, model),
    )
    sides = (product, direct) if direct == sp.Identity(state.rows) else (product,)
    left = tidy.transpose(block) if whole else direct_head(model, presentation, state)
    rule = presentation.prose("derivation.jacobians.direct")
    return Step(presentation.equation(model, left, *sides), rule, presentation.shape(product), claim,
        label=f"direct-route-{state.name}")


def state_jacobian(model: Model, presentation: Presentation) -> Section:
    """J_t, its blocks where there are several states, and the direct route on its own."""
    blocks = step.state_jacobian(model)
    letter, whole = symbols.jacobian(model), symbols.state_partial(model)
    steps: list[Step] = []
    single = not formula.stacked(model)
    if not single:
        few = len(model.states) <= SQUARE
        shown = (block_matrix(model, presentation),) if 1 < len(model.states) <= SQUARE else ()
        claim = () if few else presentation.prose("derivation.jacobians.many", number=str(len(model.states)))
        equation = Equality(presentation.tree(letter, model), (presentation.tree(whole, model), *shown))
        rule = presentation.prose("derivation.jacobians.blocks")
        steps.append(Step(equation, rule, presentation.shape(letter), claim, label="state-jacobian"))
    lefts: list[MatrixExpr] = []
    left_out: list[Partial] = []
    staged: dict[Partial, MatrixExpr] = {}
    for (row, column), inner in blocks.items():
        left, right = value(model, _block(model[row], model[column]), inner)
        sides = [symbols.abbreviated(right, model)]
        if not readable(sides[0], model):
            found = stages(model, model[column])
            if not found:
                left_out.append(_block(model[row], model[column]))
                continue
            inside = leading_to(model, found, model[row].at())
            steps += [_stage(model, presentation, *pair) for pair in inside.values() if pair[0] not in staged]
            staged |= dict(inside.values())
            sides = [found[model[row].at()][1]]
        elif single and right != sides[0] and len(typeset.text(right, model)) <= LONG:
            sides.append(right)
        named = (letter,) if single and isinstance(left, Partial) else ()
        result = left if isinstance(left, Partial) else model[column].at()
        label = "state-jacobian" if single else f"jacobian-{row}-{column}"
        equation = presentation.equation(model, *named, left, *sides)
        steps.append(Step(equation, presentation.prose(INSIDE), presentation.check(sides[0], result), label=label))
        lefts.append(left)
    for route in derive.direct_routes(model):
        alone = single and route.others is None
        if route.block is not None and not alone:
            steps.append(_direct_step(model, presentation, route, route.block))
    intro = (presentation.prose("derivation.jacobians.intro"), *acts(model, presentation, lefts),
        *_left_out(model, presentation, left_out))
    return Section(presentation.text("derivation.jacobians.heading"), tuple(steps), intro)


def _stage(model: Model, presentation: Presentation, head: Partial, right: MatrixExpr) -> Step:
    equation = presentation.equation(model, head, right)
    return Step(equation, presentation.prose(INSIDE), presentation.check(right, head),
        label=f"inside-{head.args[0].name}-{head.args[1].name}")


def _left_out(model: Model, presentation: Presentation, derivatives: Iterable[MatrixExpr], of: str = "jacobians") -> tuple[Prose,
    ...]:
    """Which derivatives of the states, or of the loss, are not written out, and where their values come from."""
    named = [presentation.tree(derivative, model) for derivative in derivatives]
    letter = sp.MatrixSymbol(formula.free(model, "vector"), symbols.parameter(model).rows, 1)
    vector = presentation.tree(letter, model)
    if not named:
        return ()
    return (presentation.prose(f"derivation.{of}.left_out", derivatives=presentation.listed(named), vector=vector),)


def loss_gradient(model: Model, presentation: Presentation) -> Section:
    """g_t, and the derivative of L_t by the state before where L_t reads it."""
    steps: list[Step] = []
    when = symbols.loss_at(model)
    L = symbols.loss(model, when)
    found = {name: symbols.at(value, when) for name, value in step.loss_gradient(model).items()}
    letter, head = symbols.loss_symbol(model, when), tidy.transpose(symbols.immediate(L, formula.state(model, when)))
    single = not formula.stacked(model)
    if not found:
        zero = sp.ZeroMatrix(*letter.shape)
        equation = presentation.equation(model, letter, head, zero)
        steps.append(Step(equation, presentation.prose("derivation.loss.unread"), presentation.shape(letter),
            label="loss-gradient"))
    elif single:
        (value,) = found.values()
        sides = tuple(dict.fromkeys((symbols.abbreviated(value, model), value)))
        equation = presentation.equation(model, letter, head, *sides)
        steps.append(Step(equation, presentation.prose(INSIDE), presentation.check(value), label="loss-gradient"))
    else:
        shown = (_loss_blocks(model, presentation, when, found),) if len(model.states) > 1 else ()
        blocks = Equality(presentation.tree(letter, model), (presentation.tree(head, model), *shown))
        steps.append(Step(blocks, presentation.prose("derivation.jacobians.blocks"), presentation.shape(letter),
            label="loss-gradient"))
    lag = {name: symbols.at(value, when) for name, value in step.loss_lag(model).items()}
    parts = [] if single else [(s.at(when), found[s.name]) for s in model.states if s.name in found]
    parts += [(s.at(when - 1), lag[s.name]) for s in model.states if s.name in lag]
    left_out = [by for by, value in parts if not readable(symbols.abbreviated(value, model), model)]
    steps += [_loss_step(model, presentation, L, by, value) for by, value in parts if by not in left_out]
    told = _left_out(model, presentation, [symbols.immediate(L, by) for by in left_out], "loss")
    return Section(presentation.text("derivation.loss.heading"), tuple(steps), (_loss_claim(model, presentation), *told))


def _loss_claim(model: Model, presentation: Presentation) -> Prose:
    assert model.loss is not None
    if model.loss.at == "last":
        return presentation.prose("derivation.loss.last", loss=presentation.tree(symbols.loss(model), model))
    independent = presentation.prose("derivation.loss.independent") if len(model.states) > 1 else ()
    return (*presentation.prose("derivation.loss.every"), *independent)


def _loss_blocks(model: Model, presentation: Presentation, when: sp.Expr, found: dict[str, MatrixExpr]) -> Tree:
    """g_t as blocks: a column, or where it would be too high, a row that is transposed."""
    blocks = [_loss_block(model, s, when, found) for s in model.states]
    if len(blocks) <= SQUARE or presentation.notation.layout == "row":
        return presentation.blocks(model, tuple((block,) for block in blocks))
    lying = presentation.blocks(model, (tuple(map(tidy.transpose, blocks)),))
    return Script(lying, None, Operator(presentation.notation.transpose))


def _loss_block(model: Model, state: Variable, when: sp.Expr, found: dict[str, MatrixExpr]) -> MatrixExpr:
    if state.name not in found:
        return sp.ZeroMatrix(state.rows * state.columns, 1)
    return tidy.transpose(symbols.immediate(symbols.loss(model, when), formula.of_all_heads(state.at(when), model)))


def _loss_step(model: Model, presentation: Presentation, L: MatrixExpr, by: MatrixExpr, value: MatrixExpr) -> Step:
    head = tidy.transpose(symbols.immediate(L, by))
    equation = presentation.equation(model, head, symbols.abbreviated(value, model))
    return Step(equation, presentation.prose(INSIDE), presentation.check(value), label=f"loss-gradient-{by.name}")


def vector(model: Model, state: Variable) -> sp.MatrixSymbol:
    """The part of the column v that belongs to a state."""
    name = formula.free(model, "vector")
    return sp.MatrixSymbol(f"{name}_{state.name}" if formula.stacked(model) else name, state.rows, state.columns)


def _acting(model: Model, state: Variable) -> MatrixExpr:
    """That part as it stands in formulas: that of each head."""
    return vector(model, state) if state.heads is None else heads.cut(vector(model, state), state.heads)


def immediate_action(model: Model, variable: Variable) -> tuple[MatrixExpr, MatrixExpr] | None:
    """((d+s_t/d theta)^T v, what it is), or None where theta does not reach the state inside its step."""
    found = step.immediate(model, variable)
    if not found:
        return None
    parts = [inner.transposed().product(_acting(model, model[name])) for name, inner in found.items()]
    whole = sp.MatrixSymbol(formula.free(model, "vector"), formula.state_rows(model), 1)
    head = tidy.transpose(symbols.immediate(formula.state(model), variable.at()))
    return tidy.mul(head, whole), symbols.abbreviated(tidy.joined(*parts), model)


def immediate(model: Model, presentation: Presentation, wrt: tuple[Variable, ...]) -> Section:
    """The immediate derivatives, as they act on a column, and the direct parts."""
    steps: list[Step] = []
    left_out: list[MatrixExpr] = []
    unread: list[MatrixExpr] = []
    for variable in wrt:
        if variable.role is Role.STATE:
            continue
        action = immediate_action(model, variable) if model.states else None
        if action is not None and not readable(action[1], model):
            left_out.append(symbols.immediate(formula.state(model), variable.at()))
        elif action is not None:
            check = presentation.check(action[1], variable.at())
            steps.append(Step(presentation.equation(model, *action), presentation.prose(INSIDE), check,
                label=f"immediate-{variable.name}"))
        direct = step.loss_direct(model, variable)
        if direct is not None:
            when = symbols.loss_at(model)
            by = variable.at(when) if variable.timed else variable.at()
            head = tidy.transpose(symbols.immediate(symbols.loss(model, when), by))
            short = symbols.abbreviated(symbols.at(tidy.joined(direct), when), model)
            if not readable(short, model):
                unread.append(symbols.immediate(symbols.loss(model, when), by))
                continue
            rule = presentation.prose("derivation.immediate.direct")
            equation = presentation.equation(model, head, short)
            steps.append(Step(equation, rule, presentation.check(short, variable.at()), label=f"direct-{variable.name}"))
    intro = (_immediate_claim(model, presentation), *_left_out(model, presentation, left_out),
        *_left_out(model, presentation, unread, "loss"))
    return Section(presentation.text("derivation.immediate.heading"), tuple(steps), intro)


def _immediate_claim(model: Model, presentation: Presentation) -> Prose:
    if not model.states:
        return presentation.prose("derivation.immediate.no_state")
    whole = presentation.tree(sp.MatrixSymbol(formula.free(model, "vector"), formula.state_rows(model), 1), model)
    if not formula.stacked(model):
        return presentation.prose("derivation.immediate.state", column=whole)
    parts = presentation.listed(presentation.tree(vector(model, variable), model) for variable in model.states)
    return presentation.prose("derivation.immediate.states", column=whole, parts=parts)
