"""One step with a symbolic t: the factors of the sum of products and of the nested recursion, against SymPy's derivative.

J_t^T and (d+s_t/d theta)^T, g_t and the direct part, and the tangents of a step. With these proved, the formulas for any T are
the chain rule over steps.
"""

from collections.abc import Callable, Iterable, Mapping

import sympy as sp

from symbptt.algebra import nodes
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import StepAdjoint, Tangent
from symbptt.derive import step
from symbptt.derive.numeric import LOSS_WEIGHT
from symbptt.derive.step import LinearProgram
from symbptt.model.values import Equation, Model, Role
from symbptt.verify.exact.arithmetic import Symbolic
from symbptt.verify.exact.entries import Entries, Samples
from symbptt.verify.exact.identity import Identity
from symbptt.verify.exact.local_rule import places, symbols
from symbptt.verify.exact.whole_graph import is_shared, over_samples

NAME = "proved: one step"


Claim = Callable[[Model, Entries, Symbolic], list[Identity]]


def claims(model: Model) -> dict[str, Claim]:
    """What is to be proved, by subject: one claim for each of the programs that the forms are made of."""
    found: dict[str, Claim] = {"state Jacobian": _state_jacobian} if model.states else {}
    found |= {"loss gradient": _loss_gradient} if model.loss is not None else {}
    return found | {"tangents": _tangents}


def identities(model: Model, claim: Claim, sizes: Mapping[str, int], samples: int) -> tuple[list[Identity], Symbolic]:
    """A claim as equations between scalars."""
    arithmetic = Symbolic()
    return claim(model, Entries(arithmetic, sizes, samples), arithmetic), arithmetic


def _state_jacobian(model: Model, entries: Entries, arithmetic: Symbolic) -> list[Identity]:
    seeds = {s.at(): StepAdjoint(s.at()) for s in model.states}
    return _pulled(model, entries, arithmetic, model.equations, seeds, step.step_vjp(model))


def _loss_gradient(model: Model, entries: Entries, arithmetic: Symbolic) -> list[Identity]:
    assert model.loss is not None
    cell = tuple(e for e in model.equations if e.target.role is not Role.STATE)
    seeds = {model.loss.target.at(): LOSS_WEIGHT}
    return _pulled(model, entries, arithmetic, cell + model.loss.equations, seeds, step.loss_vjp(model))


def _started(model: Model, equations: Iterable[Equation], entries: Entries) -> tuple[sp.MatrixSymbol, ...]:
    """Symbols for what the equations read, and the values that they compute; returns what derivatives are taken by."""
    equations = tuple(equations)
    computed = {e.target.at() for e in equations}
    read = dict.fromkeys(leaf for e in equations for leaf in nodes.leaves(e.value) if leaf not in computed)
    for leaf in read:
        entries.leaves[leaf] = symbols(entries, leaf, str(leaf), is_shared(model, leaf))
    for e in equations:
        entries.leaves[e.target.at()] = entries(e.value)
    return tuple(leaf for leaf in read if model[leaf.name] in model.with_gradient)


def _pulled(
    model: Model, entries: Entries, arithmetic: Symbolic, equations: tuple[Equation, ...],
    seeds: Mapping[sp.MatrixSymbol, sp.MatrixSymbol], program: LinearProgram,
) -> list[Identity]:
    """A pullback: the derivative of <seeds, values> by everything that the equations read."""
    leaves = _started(model, equations, entries)
    for seed in seeds.values():
        entries.leaves[seed] = symbols(entries, seed, str(seed))
    summands = (_product(entries.leaves[value], entries.leaves[seed]) for value, seed in seeds.items())
    objective = sp.Add(*summands)
    arrived = _run(program, entries)
    made: list[Identity] = []
    for leaf in leaves:
        given = arrived.get(leaf, entries(sp.ZeroMatrix(*leaf.shape)))
        given = over_samples(given) if is_shared(model, leaf) else given
        for n, i, j in places(given):
            wanted = arithmetic.derivative(objective, entries.leaves[leaf][n][i][j])
            made.append(Identity(f"by {leaf}[{i}, {j}]", given[n][i][j], wanted))
    return made


def _run(program: LinearProgram, entries: Entries) -> dict[sp.MatrixSymbol, Samples]:
    for target, value in program.assignments:
        entries.leaves[target] = entries(value)
    return {leaf: entries(value) for leaf, value in program.outputs}


def _product(a: Samples, b: Samples) -> sp.Expr:
    return sp.Add(*(a[n][i][j] * b[n][i][j] for n, i, j in places(a)))


def _tangents(model: Model, entries: Entries, arithmetic: Symbolic) -> list[Identity]:
    """The push forward: the derivative of every value along a direction."""
    leaves = _started(model, model.all_equations, entries)
    along = {v.at(): Tangent(v.at()) for v in model.of(Role.PARAMETER, Role.INPUT)}
    along |= {s.at(TIME - 1): Tangent(s.at(TIME - 1)) for s in model.states}
    for leaf, tangent in along.items():
        shared = is_shared(model, leaf)
        still = entries(sp.ZeroMatrix(*leaf.shape))
        entries.leaves[tangent] = symbols(entries, tangent, str(tangent), shared) if leaf in leaves else still
    _run(step.step_jvp(model, model.loss is not None), entries)
    made: list[Identity] = []
    for equation in model.all_equations:
        value, given = entries.leaves[equation.target.at()], entries.leaves[Tangent(equation.target.at())]
        for n, i, j in places(value):
            parts = (_along(arithmetic, value[n][i][j], *_pair(model, entries, leaf, along[leaf])) for leaf in leaves)
            made.append(Identity(f"tangent of {equation.target.name}[{i}, {j}]", given[n][i][j], sp.Add(*parts)))
    return made


def _pair(model: Model, entries: Entries, leaf: sp.MatrixSymbol, tangent: sp.MatrixSymbol) -> tuple[Samples, Samples]:
    """The entries of a leaf and of its tangent, once for what the samples share."""
    count = 1 if is_shared(model, leaf) else entries.samples
    return entries.leaves[leaf][:count], entries.leaves[tangent][:count]


def _along(arithmetic: Symbolic, value: sp.Expr, by: Samples, direction: Samples) -> sp.Expr:
    return sp.Add(*(arithmetic.derivative(value, by[n][i][j]) * direction[n][i][j] for n, i, j in places(by)))
