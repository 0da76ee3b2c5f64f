"""What a parameter collects from the samples."""

from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import OfHeads
from symbptt.emit import heads
from symbptt.emit.code import Code
from symbptt.emit.contraction import contracted
from symbptt.emit.layout import Layout, array_rank, shape_text
from symbptt.emit.lowering import Lowering, is_row, product, times_number
from symbptt.emit.plan.statements import terms
from symbptt.emit.tree import ADD, Items, Tree, Word, added
from symbptt.model.values import Variable


def reduced(lower: Lowering, value: MatrixExpr, variable: Variable, layout: Layout) -> str:
    """A contribution to a parameter, summed over the batch, in the parameter's shape."""
    return added(*(_reduced_term(lower, term, variable, layout) for term in terms(value))).at(ADD)


def _reduced_term(lower: Lowering, term: MatrixExpr, variable: Variable, layout: Layout) -> Tree:
    term = heads.plain(term)
    number, factors = tidy.split_number(term)
    if len(factors) == 1 and (found := heads.summed_over_samples(lower, factors[0])) is not None:
        return times_number(lower, number, found).tree
    rank = array_rank(variable)
    cut = next((i for i, f in enumerate(factors, 1) if f.shape[1] == 1 and not is_row(factors[0])), len(factors))
    if rank == 2 and cut < len(factors):
        left, right = product(lower, factors[:cut]), lower.whole(tidy.mul(*factors[cut:]))
        if left.batched and right.batched and left.rank == right.rank == 1:
            both = Code(left.body.then(".T") @ right.body, False, 2, negative=left.negative != right.negative)
            return times_number(lower, number, both).tree
    if rank == 2 and lower.contracts and len(factors) == 1 and isinstance(factors[0], sp.HadamardProduct):
        parts = [lower(a) for a in factors[0].args]
        if all(p.rank == 2 for p in parts) and not factors[0].has(OfHeads):
            leads = ("n" * any(p.batched for p in parts[:-1]), "n" * parts[-1].batched, "")
            found = Code(contracted(heads.multiplied(parts[:-1]), parts[-1].body, "ij", leads), False, 2)
            return times_number(lower, number, replace(found, negative=sum(p.negative for p in parts) % 2 == 1)).tree
    code = lower.whole(term)
    total = code.tree.then(".sum(axis=0)") if code.batched else Word(lower.batch) * code.tree
    return total if code.rank == rank else Items((total,)).then(f".reshape({shape_text(variable, lower.size)})")
