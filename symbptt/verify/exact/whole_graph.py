"""The whole graph for a few steps: the backward recursion against SymPy's derivative of the loss, one scalar expression."""

from collections.abc import Iterator, Mapping

import sympy as sp

from symbptt import derive
from symbptt.algebra import nodes
from symbptt.derive.adjoint import AdjointSystem, GradientEquation
from symbptt.model.values import Model, Role
from symbptt.unroll.graph import UnrolledGraph, steps
from symbptt.verify.exact.arithmetic import Scalar, Symbolic
from symbptt.verify.exact.entries import Entries, Samples
from symbptt.verify.exact.identity import Identity, proved
from symbptt.verify.exact.local_rule import places, symbols
from symbptt.verify.report import Check

NAME = "proved: whole graph, T = {}"


def leaves(graph: UnrolledGraph) -> tuple[sp.MatrixSymbol, ...]:
    """What the graph reads and does not compute, in reading order."""
    computed = {a.target for a in graph}
    return tuple(dict.fromkeys(leaf for a in graph for leaf in nodes.leaves(a.value) if leaf not in computed))


def is_shared(model: Model, leaf: sp.MatrixSymbol) -> bool:
    """Whether all samples have the same value of a leaf."""
    return model[leaf.name].role in (Role.PARAMETER, Role.BUFFER)


def run(graph: UnrolledGraph, entries: Entries) -> list[Scalar]:
    """Compute all values from the leaves; returns the losses of all steps and samples."""
    for a in graph:
        entries.leaves[a.target] = entries(a.value)
    loss = graph.model.loss
    return [sample[0][0] for t in graph.loss_steps for sample in entries.leaves[loss.target.at(t)]] if loss else []


def gradients(system: AdjointSystem, entries: Entries) -> Iterator[tuple[GradientEquation, sp.MatrixSymbol, Samples]]:
    """Evaluate the recursion: the gradient by every leaf, one matrix for a parameter, one per sample otherwise."""
    for adjoint in system.equations:
        entries.leaves[adjoint.symbol] = entries(adjoint.value)
    for equation in system.gradients:
        v = equation.variable
        of = system.graph.model[equation.start].at(0) if equation.start else v.at(equation.step or 0)
        zero = sp.ZeroMatrix(v.rows, v.columns)
        value = entries(sp.MatAdd(zero, *(term.value for term in equation.terms)) if equation.terms else zero)
        yield equation, of, over_samples(value) if is_shared(system.graph.model, of) else value


def over_samples(value: Samples) -> Samples:
    """The sum over the samples, as the one matrix of what they share."""
    return [[[_total(column) for column in zip(*rows, strict=True)] for rows in zip(*value, strict=True)]]


def _total(entries: tuple[Scalar, ...]) -> Scalar:
    total = entries[0]
    for entry in entries[1:]:
        total = total + entry
    return total


def label(equation: GradientEquation) -> str:
    """What a gradient is by: W_hh, x_2, h_0."""
    if equation.step is None:
        return equation.variable.name
    return f"{equation.variable.name}_{equation.step}"


def _started(graph: UnrolledGraph, arithmetic: Symbolic, sizes: Mapping[str, int], samples: int) -> Entries:
    """The leaves as symbols."""
    entries = Entries(arithmetic, sizes, samples)
    for leaf in leaves(graph):
        entries.leaves[leaf] = symbols(entries, leaf, str(leaf), is_shared(graph.model, leaf))
    return entries


def terms(model: Model, T: int, sizes: Mapping[str, int], samples: int) -> int:
    """How many terms the gradients have together when they are written out, at most."""
    graph = steps(model, T)
    arithmetic = Symbolic()
    entries = _started(graph, arithmetic, sizes, samples)
    run(graph, entries)
    made = gradients(derive.adjoints(graph), entries)
    return sum(arithmetic.terms(value[n][i][j]) for _, _, value in made for n, i, j in places(value))


def check(model: Model, T: int, sizes: Mapping[str, int], samples: int) -> Iterator[Check]:
    """One check for every parameter, input and initial state, over all its entries and steps."""
    graph = steps(model, T)
    arithmetic = Symbolic()
    entries = _started(graph, arithmetic, sizes, samples)
    loss = sp.Add(*run(graph, entries))
    found: dict[str, list[Identity]] = {}
    for equation, of, value in gradients(derive.adjoints(graph), entries):
        by = entries.leaves.get(of)
        for n, i, j in places(value):
            about = f"dL/d{label(equation)}[{i}, {j}]"
            wanted = arithmetic.derivative(loss, by[n][i][j]) if by else sp.S.Zero
            found.setdefault(equation.variable.name, []).append(Identity(about, value[n][i][j], wanted))
    for name, these in found.items():
        yield proved(NAME.format(T), name, these, arithmetic)
