"""Which states follow an affine recurrence, with which transition, and what follows from it: as text and as data."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

from symbptt.derive.affine import Component, components, definitions
from symbptt.derive.transition import Kind, Transition
from symbptt.derive.value_range import Range, plus, times, value_range
from symbptt.model.read import load
from symbptt.model.values import Model

KINDS = {
    Kind.IDENTITY: "identity", Kind.SCALAR: "scalar", Kind.DIAGONAL: "diagonal", Kind.BLOCKS: "blocks of diagonals",
    Kind.LOW_RANK: "diagonal plus low rank", Kind.DENSE: "dense",
}
"""The names of the kinds in data."""
_SUMMANDS = {Kind.IDENTITY: "identity", Kind.SCALAR: "scalar", Kind.DIAGONAL: "diagonal"}
_PER = {("rows",): "row", ("columns",): "column", ("columns", "rows"): "entry"}


@dataclass(frozen=True)
class Consequences:
    """What a transition means for running in parallel over time, for memory, and for products of state Jacobians."""

    parallel: str
    memory: str
    products: str


BORDERS = "the backward recursion of these states reads none of them; states at the borders of chunks suffice, T/C instead of T"
FOLLOWS = {
    Kind.IDENTITY: Consequences(
        "a cumulated sum of b_t: parallel over time, in chunks as masked products",
        "constant: s_{t-1} = s_t - b_t gives every state back",
        "A_t ... A_{k+1} = I: the gradient along these states neither vanishes nor grows",
    ),
    Kind.SCALAR: Consequences(
        "products of scalars, sums of their logarithms: parallel over time, in chunks as masked products",
        BORDERS, "||A_t ... A_{k+1}|| = product of |a_j|",
    ),
    Kind.DIAGONAL: Consequences(
        "products entry by entry, sums of logarithms: parallel over time, in chunks as products with weighted factors",
        BORDERS, "||A_t ... A_{k+1}|| = max over entries of the product of |a_j|: each entry on its own",
    ),
    Kind.BLOCKS: Consequences(
        "products of {m} x {m} blocks, one for each entry: parallel over time by a scan",
        BORDERS, "||A_t ... A_{k+1}|| <= product of the largest norms of a block",
    ),
    Kind.LOW_RANK: Consequences(
        "n transitions together are a diagonal plus rank n: parallel over time in chunks, in the WY form",
        BORDERS, "||A_t ... A_{k+1}|| <= product of ||A_j||; with unit k and 0 <= b <= 2, ||D (I - b k k^T)|| <= ||D||",
    ),
    Kind.DENSE: Consequences(
        "products of n x n matrices, n^3 each: parallel over time, which pays for small n only",
        BORDERS, "||A_t ... A_{k+1}|| <= product of ||A_j||",
    ),
}
SHIFT = Consequences(
    "values of earlier steps, not carried on: parallel over time", "nothing is accumulated", "a product of two is zero",
)
NONLINEAR = Consequences(
    "no, step by step; the backward recursion is affine all the same", "every state, or checkpoints",
    "||J_t ... J_{k+1}|| <= product of ||J_j||",
)


def structure(model: Model | str) -> tuple[Component, ...]:
    """The strongly connected components of a model's states; errors as of `symbptt.load`."""
    return components(load(model))


def consequences(component: Component) -> Consequences:
    """What follows for a component."""
    if not component.recurrent:
        return SHIFT
    return NONLINEAR if component.transition is None else FOLLOWS[component.transition.kind]


def weights_range(model: Model, transition: Transition) -> Range | None:
    """Bounds of the weights of a diagonal, from the functions that they are made of; None where there are none."""
    if transition.kind not in (Kind.SCALAR, Kind.DIAGONAL, Kind.LOW_RANK) or transition.diagonal is Kind.IDENTITY:
        return None
    known = definitions(model)
    low, high = plus(times(value_range(factor, known) for factor in route) for route in transition.factors)
    return None if (low, high) == (-inf, inf) else (low, high)


def words(transition: Transition, columns: bool = True) -> str:
    """A transition in words; `columns` tells a matrix state from a vector."""
    if transition.kind is Kind.LOW_RANK:
        rank = "one" if transition.rank == 1 else str(transition.rank)
        mixes = f", mixing {transition.side}" if columns else ""
        return f"{_SUMMANDS[transition.diagonal]} plus rank {rank}{mixes}"
    if transition.kind is Kind.BLOCKS:
        return f"{transition.size} x {transition.size} blocks of diagonals"
    per = f", one factor per {_PER[tuple(sorted(transition.axes))]}" if columns and transition.kind is Kind.DIAGONAL else ""
    return KINDS[transition.kind] + per


def structure_text(model: Model | str) -> str:
    """One paragraph per component."""
    model = load(model)
    found = structure(model)
    head = f"components of the states, each behind those that it reads: {len(found)}" if found else "no states"
    return "\n\n".join([f"{model.name}: {head}", *("\n".join(_lines(model, part)) for part in found)])


def _verdict(model: Model, part: Component) -> str:
    if not part.recurrent:
        return "no recurrence: reads none of its own past"
    if part.transition is None:
        inner = [name for name in part.nonlinear if name not in part.states and model[name].definition is None]
        inside = f" through {', '.join(inner)}" if inner else ""
        return f"not affine: its Jacobian depends on its own past{inside}"
    is_matrix = model[part.states[0]].columns != 1
    each = all(model[state].heads is not None for state in part.states) and part.transition.kind is not Kind.DENSE
    return f"affine, s_t = A_t s_(t-1) + b_t with A_t {words(part.transition, is_matrix)}{', in each head' if each else ''}"


def _lines(model: Model, part: Component) -> Iterator[str]:
    name = part.states[0] if len(part.states) == 1 else f"({', '.join(part.states)})"
    yield f"{name}: {_verdict(model, part)}"
    if part.transition is not None:
        bounds = weights_range(model, part.transition)
        if bounds is not None:
            yield f"  {'diagonal' if part.transition.rank else 'weights'}  {_interval(bounds, part.transition)}"
        if len(part.states) > 1:
            for row, column, block in part.blocks:
                yield f"  {row} <- {column}: {words(block, model[row].columns != 1)}"
    follows = consequences(part)
    m = part.transition.size if part.transition is not None else 1
    yield f"  parallel  {follows.parallel.format(m=m)}"
    yield f"  memory    {follows.memory}"
    yield f"  products  {follows.products}"


def _interval(bounds: Range, transition: Transition) -> str:
    low, high = (f"{end:g}" for end in bounds)
    if bounds[0] == -inf:
        return f"at most {high}"
    told = f"at least {low}" if bounds[1] == inf else f"between {low} and {high}"
    return told + (": products of them do not grow" if max(map(abs, bounds)) <= 1 and not transition.rank else "")


def structure_json(model: Model | str) -> str:
    """`structure_text` as a JSON text."""
    model = load(model)
    return json.dumps({"schema": 1, "model": model.name, "components": components_data(model)}, indent=2)


def components_data(model: Model) -> list[dict[str, Any]]:
    """The components of the states as data."""
    return [_data(model, part) for part in structure(model)]


def _data(model: Model, part: Component) -> dict[str, Any]:
    follows = consequences(part)
    m = part.transition.size if part.transition is not None else 1
    return {
        "states": list(part.states),
        "recurrent": part.recurrent,
        "affine": part.affine,
        "nonlinear": list(part.nonlinear),
        "transition": None if part.transition is None else _transition(model, part.transition),
        "blocks": [{"row": row, "column": column, **_transition(model, block)} for row, column, block in part.blocks],
        "parallel": follows.parallel.format(m=m),
        "memory": follows.memory,
        "products": follows.products,
    }


def _transition(model: Model, transition: Transition) -> dict[str, Any]:
    bounds = weights_range(model, transition)
    data: dict[str, Any] = {"kind": KINDS[transition.kind], "axes": sorted(transition.axes)}
    if transition.kind is Kind.LOW_RANK:
        data |= {"diagonal": KINDS[transition.diagonal], "rank": transition.rank, "side": transition.side}
    if transition.kind is Kind.BLOCKS:
        data |= {"size": transition.size}
    if bounds is not None:
        data |= {"weights": [None if abs(end) == inf else end for end in bounds]}
    return data
