"""One step with a symbolic t: the factors of the sum of products and of the nested recursion, against SymPy's derivative.

J_t^T and (d+s_t/d theta)^T, g_t and the direct part, and the tangents of a step. With these proved, the formulas for any T are
the chain rule over steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import sympy as sp

from symbptt.algebra import nodes
from symbptt.algebra.nodes import TIME
from symbptt.derive import step
from symbptt.derive.adjoint import STEP, symbol
from symbptt.derive.numeric import WEIGHT
from symbptt.derive.step import TANGENT, Program
from symbptt.model.values import Equation, Model, Role
from symbptt.verify.exact.arithmetic import Symbolic
from symbptt.verify.exact.entries import Entries, Samples
from symbptt.verify.exact.identity import Identity, proved
from symbptt.verify.exact.local_rule import places, symbols
from symbptt.verify.exact.whole_graph import is_shared, over_samples
from symbptt.verify.report import Check

NAME = "proved: one step"


def check(model: Model, sizes: Mapping[str, int], samples: int) -> Iterator[Check]:
    """One check for each of the programs that the forms are made of."""
    if model.states:
        seeds = {s.at(): symbol(STEP, s, TIME) for s in model.states}
        yield _checked("state Jacobian", model, sizes, samples, model.equations, seeds)
    if model.loss is not None:
        cell = tuple(e for e in model.equations if e.target.role is not Role.STATE)
        yield _checked("loss gradient", model, sizes, samples, cell + model.loss.equations, {model.loss.target.at(): WEIGHT})
    yield _tangents(model, sizes, samples)


def _started(model: Model, equations: Iterable[Equation], entries: Entries) -> tuple[sp.MatrixSymbol, ...]:
    """Symbols for what the equations read, and the values that they compute; returns what derivatives are taken by."""
    equations = tuple(equations)
    computed = {e.target.at() for e in equations}
    read = dict.fromkeys(leaf for e in equations for leaf in nodes.leaves(e.value) if leaf not in computed)
    for leaf in read:
        entries.leaves[leaf] = symbols(entries, leaf, str(leaf), is_shared(model, leaf))
    for e in equations:
        entries.leaves[e.target.at()] = entries(e.value)
    real = (Role.PARAMETER, Role.INPUT, Role.STATE)
    return tuple(leaf for leaf in read if model[leaf.name].role in real and not model[leaf.name].classes)


def _checked(
    subject: str, model: Model, sizes: Mapping[str, int], samples: int, equations: tuple[Equation, ...],
    seeds: Mapping[sp.MatrixSymbol, sp.MatrixSymbol],
) -> Check:
    """A pullback: the derivative of <seeds, values> by everything that the equations read."""
    arithmetic = Symbolic()
    entries = Entries(arithmetic, sizes, samples)
    leaves = _started(model, equations, entries)
    for seed in seeds.values():
        entries.leaves[seed] = symbols(entries, seed, str(seed))
    summands = (_product(entries.leaves[value], entries.leaves[seed]) for value, seed in seeds.items())
    objective = sp.Add(*summands)
    program = step.loss_vjp(model) if WEIGHT in seeds.values() else step.step_vjp(model)
    arrived = _run(program, entries)
    identities: list[Identity] = []
    for leaf in leaves:
        given = arrived.get(leaf, entries(sp.ZeroMatrix(*leaf.shape)))
        given = over_samples(given) if is_shared(model, leaf) else given
        for n, i, j in places(given):
            wanted = arithmetic.derivative(objective, entries.leaves[leaf][n][i][j])
            identities.append(Identity(f"{subject} by {leaf}[{i}, {j}]", given[n][i][j], wanted))
    return proved(NAME, subject, identities, arithmetic)


def _run(program: Program, entries: Entries) -> dict[sp.MatrixSymbol, Samples]:
    for target, value in program.assignments:
        entries.leaves[target] = entries(value)
    return {leaf: entries(value) for leaf, value in program.outputs}


def _product(a: Samples, b: Samples) -> sp.Expr:
    return sp.Add(*(a[n][i][j] * b[n][i][j] for n, i, j in places(a)))


def _tangents(model: Model, sizes: Mapping[str, int], samples: int) -> Check:
    """The push forward: the derivative of every value along a direction."""
    arithmetic = Symbolic()
    entries = Entries(arithmetic, sizes, samples)
    leaves = _started(model, model.all_equations, entries)
    along = {v.at(): symbol(TANGENT, v, TIME) for v in model.of(Role.PARAMETER, Role.INPUT)}
    along |= {s.at(TIME - 1): symbol(TANGENT, s, TIME - 1) for s in model.states}
    for leaf, tangent in along.items():
        shared = is_shared(model, leaf)
        still = entries(sp.ZeroMatrix(*leaf.shape))
        entries.leaves[tangent] = symbols(entries, tangent, str(tangent), shared) if leaf in leaves else still
    _run(step.step_jvp(model, model.loss is not None), entries)
    identities: list[Identity] = []
    for equation in model.all_equations:
        value, given = entries.leaves[equation.target.at()], entries.leaves[symbol(TANGENT, equation.target, TIME)]
        for n, i, j in places(value):
            parts = (_along(arithmetic, value[n][i][j], *_pair(model, entries, leaf, along[leaf])) for leaf in leaves)
            identities.append(Identity(f"tangent of {equation.target.name}[{i}, {j}]", given[n][i][j], sp.Add(*parts)))
    return proved(NAME, "tangents", identities, arithmetic)


def _pair(model: Model, entries: Entries, leaf: sp.MatrixSymbol, tangent: sp.MatrixSymbol) -> tuple[Samples, Samples]:
    """The entries of a leaf and of its tangent, once for what the samples share."""
    count = 1 if is_shared(model, leaf) else entries.samples
    return entries.leaves[leaf][:count], entries.leaves[tangent][:count]


def _along(arithmetic: Symbolic, value: sp.Expr, by: Samples, direction: Samples) -> sp.Expr:
    return sp.Add(*(arithmetic.derivative(value, by[n][i][j]) * direction[n][i][j] for n, i, j in places(by)))
