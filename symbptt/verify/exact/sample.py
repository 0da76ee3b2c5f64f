"""Three steps at random rational numbers: the recursion and the written-out terms against dual numbers, in exact arithmetic.

An opaque value is a random rational number for each argument, and so is its slope where no rule ties it to the value. Equality
at random points is no proof, but a wrong formula has to be right by chance.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import derive
from symbptt.derive.adjoint import initial
from symbptt.model.values import Model
from symbptt.unroll.graph import UnrolledGraph, steps
from symbptt.verify.exact.arithmetic import Dual, Sampled, directions
from symbptt.verify.exact.entries import Entries, Samples
from symbptt.verify.exact.local_rule import places
from symbptt.verify.exact.whole_graph import gradients, is_shared, label, leaves, over_samples, run
from symbptt.verify.report import Check

NAME = "sampled exactly: {}, T = {}"


def check(model: Model, T: int, sizes: Mapping[str, int], samples: int, seed: int) -> Iterator[Check]:
    """One check for every parameter, input and initial state."""
    graph = steps(model, T)
    arithmetic = Sampled(seed)
    entries = Entries(arithmetic, sizes, samples)
    for leaf in leaves(graph):
        entries.leaves[leaf] = _drawn(entries, arithmetic, leaf, is_shared(model, leaf))
    wanted = _slopes(graph, entries)
    run(graph, entries)
    wrong: dict[str, list[str]] = {}
    for equation, of, value in gradients(derive.adjoints(graph), entries):
        these = wrong.setdefault(equation.variable.name, [])
        for n, i, j in places(value):
            expected = wanted[of][n][i][j] if of in wanted else 0
            if value[n][i][j] != expected:
                these.append(f"dL/d{label(equation)}[{i}, {j}]: {float(value[n][i][j]):.6g} is not {float(expected):.6g}")
    for name, these in wrong.items():
        yield _check("recursion", T, name, these)
    for name in wrong:
        yield from _written_out(graph, name, entries, wanted)


def _check(route: str, T: int, name: str, wrong: list[str]) -> Check:
    return Check(NAME.format(route, T), name, float(len(wrong)), 0.0, wrong[0] if wrong else "")


def _written_out(graph: UnrolledGraph, name: str, entries: Entries, wanted: dict[sp.MatrixSymbol, Samples]) -> Iterator[Check]:
    """The sum of the terms as products with all factors substituted, where each is one product."""
    variable = graph.model[name]
    sums: dict[sp.MatrixSymbol, list[MatrixExpr]] = {}
    for term in derive.gradient(graph, name).terms:
        if term.value is None or initial(graph.model, variable):
            return
        sums.setdefault(variable.at(term.source_step), []).append(term.value)
    wrong = []
    for of, terms in sums.items():
        value = entries(sp.MatAdd(sp.ZeroMatrix(*of.shape), *terms))
        value = over_samples(value) if is_shared(graph.model, of) else value
        true = wanted.get(of, entries(sp.ZeroMatrix(*of.shape)))
        wrong += [f"{of}[{i}, {j}]" for n, i, j in places(value) if value[n][i][j] != true[n][i][j]]
    yield _check("sum of products", graph.T, name, wrong)


def _drawn(entries: Entries, arithmetic: Sampled, leaf: sp.MatrixSymbol, shared: bool) -> Samples:
    def matrix(n: int) -> list[list[object]]:
        return entries.filled(leaf, lambda i, j: arithmetic.draw("leaf", str(leaf), n, i, j) - 4)

    return [matrix(0)] * entries.samples if shared else [matrix(n) for n in range(entries.samples)]


def _slopes(graph: UnrolledGraph, entries: Entries) -> dict[sp.MatrixSymbol, Samples]:
    """The derivatives of the loss by every entry of every leaf, with dual numbers."""
    own = Entries(entries.arithmetic, {}, entries.samples)
    own.sizes = entries.sizes
    index: dict[sp.MatrixSymbol, list[list[list[int]]]] = {}
    count = 0
    for leaf, values in entries.leaves.items():
        kept = values[:1] if is_shared(graph.model, leaf) else values
        index[leaf] = []
        for matrix in kept:
            index[leaf].append([[count + i * len(row) + j for j in range(len(row))] for i, row in enumerate(matrix)])
            count += len(matrix) * len(matrix[0])
    unit = directions(count)
    for leaf, values in entries.leaves.items():
        places_of = index[leaf] * entries.samples if len(index[leaf]) == 1 else index[leaf]
        own.leaves[leaf] = [
            [[Dual(entry, unit[k]) for entry, k in zip(row, ks, strict=True)] for row, ks in zip(matrix, rows, strict=True)]
            for matrix, rows in zip(values, places_of, strict=True)
        ]
    losses = run(graph, own)
    total = sum((loss.slopes for loss in losses if isinstance(loss, Dual)), np.zeros(count, dtype=object))
    return {leaf: [[[total[k] for k in row] for row in rows] for rows in places_of] for leaf, places_of in index.items()}
