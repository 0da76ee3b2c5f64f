"""What the drawing of an unrolled graph shows: some values of a step, and which of them flow into which."""

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from symbptt import typeset
from symbptt.algebra.nodes import TIME, is_leaf
from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import recursion
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative.presentation import Presentation
from symbptt.typeset.tree import Tree

LABEL = 16
"""The longest label of an arrow, in characters of text."""
FEW = 3
"""Up to so many values that are only kept for a later step are drawn."""


@dataclass(frozen=True)
class Edge:
    """`source`, `lag` steps back, flows into `target`."""

    source: Variable
    lag: int
    target: Variable


@lru_cache(maxsize=64)
def shown_values(model: Model) -> tuple[Variable, ...]:
    """Inputs, states, what the loss reads, and the loss; of many that are only kept for a later step none."""
    assert model.loss is not None
    read, gone = _read_by_loss(model), set(not_drawn(model))
    cell = [e.target for e in model.equations if e.target.definition is None and e.target not in gone]
    kept = [v for v in cell if v.role is Role.STATE or v.name in read]
    return (*model.of(Role.INPUT), *kept, model.loss.target)


def not_drawn(model: Model) -> tuple[Variable, ...]:
    """The states that only keep a value for a later step, as those of a convolution, where they are many."""
    read = _read_by_loss(model)
    copies = [e.target for e in model.equations if e.target.role is Role.STATE and is_leaf(e.value) and e.target.name not in read]
    return tuple(copies) if len(copies) > FEW else ()


def _read_by_loss(model: Model) -> set[str]:
    assert model.loss is not None
    return {s.name for e in model.loss.equations for s in e.value.atoms(sp.MatrixSymbol)}


def edges(model: Model, shown: tuple[Variable, ...]) -> list[Edge]:
    """What each shown value depends on, through values that are not shown."""
    names = {v.name for v in shown}
    by_name = {e.target.name: e for e in model.all_equations}
    found: list[Edge] = []
    for target in shown:
        if target.name not in by_name:
            continue
        waiting, seen = [target.name], set()
        while waiting:
            for leaf in by_name[waiting.pop()].value.atoms(sp.MatrixSymbol):
                key = (leaf.name, leaf.step) if hasattr(leaf, "step") else (leaf.name, None)
                if key in seen:
                    continue
                seen.add(key)
                lag = 0 if key[1] in (None, TIME) else 1
                if leaf.name in names:
                    found.append(Edge(model[leaf.name], lag, target))
                elif leaf.name in by_name and lag == 0:
                    waiting.append(leaf.name)
    return sorted(set(found), key=lambda e: (e.target.name, e.lag, e.source.name))


def entries(model: Model, shown: tuple[Variable, ...], name: str) -> tuple[str, ...]:
    """The shown values into which a variable flows directly, or through values that are not shown."""
    waiting, names = [name], {v.name for v in shown}
    found: list[str] = []
    while waiting:
        reads = waiting.pop()
        for equation in model.all_equations:
            target = equation.target.name
            if all(leaf.name != reads for leaf in equation.value.atoms(sp.MatrixSymbol)) or target in found:
                continue
            (found if target in names else waiting).append(target)
    return tuple(found)


def depths(shown: tuple[Variable, ...], found: list[Edge]) -> dict[str, int]:
    """The longest path inside a step to each value; the loss stands above all."""
    depth = {v.name: 0 if v.role is Role.INPUT else 1 for v in shown}
    for _ in shown:
        for edge in found:
            if edge.lag == 0:
                depth[edge.target.name] = max(depth[edge.target.name], depth[edge.source.name] + 1)
    losses = [v.name for v in shown if v.role is Role.LOSS]
    return depth | dict.fromkeys(losses, 1 + max((depth[v.name] for v in shown if v.name not in losses), default=0))


def forward_labels(model: Model, presentation: Presentation, found: list[Edge]) -> dict[Edge, Tree]:
    """The one matrix between two values, where no other parameter multiplies on the way; a matrix that some arrow passes
    besides others stands on none."""
    factors = {edge: _factors(model, edge) for edge in found}
    alone = {edge: next(iter(names)) for edge, names in factors.items() if len(names) == 1}
    beside = {leaf for edge, leaves in factors.items() if edge not in alone for leaf in leaves}
    return {
        edge: presentation.tree(leaf, model) for edge, leaf in alone.items()
        if leaf not in beside and model[leaf.name].role is Role.PARAMETER
    }


@lru_cache(maxsize=4096)
def _factors(model: Model, edge: Edge) -> frozenset[sp.MatrixSymbol]:
    """What multiplies a value on its way to another one."""
    on_the_way = [e for e in model.all_equations if e.target == edge.target or _between(model, edge, e.target)]
    passing = {edge.source.at(TIME - edge.lag)} | {e.target.at() for e in on_the_way if e.target != edge.target}
    return frozenset(
        other for e in on_the_way for node in e.value.atoms(sp.MatMul, sp.HadamardProduct) if passing & set(node.args)
        for other in node.args if isinstance(other, sp.MatrixSymbol) and other not in passing
    )


@lru_cache(maxsize=4096)
def _between(model: Model, edge: Edge, value: Variable) -> bool:
    """Whether a value that is not shown lies on the way of an edge."""
    if value in shown_values(model) or not _reaches(model, value, edge.target):
        return False
    reads = next(e for e in model.all_equations if e.target == value).value.atoms(sp.MatrixSymbol)
    if edge.source.at(TIME - edge.lag) in reads:
        return True
    return any(_between(model, edge, model[leaf.name]) for leaf in reads if model[leaf.name].role is Role.LOCAL)


def backward_label(model: Model, presentation: Presentation, edge: Edge, step: int) -> Tree | None:
    """What an arrow carries back: its one contribution if that is short, else the adjoint it starts from."""
    found = recursion(model)
    own = next((e for e in found.adjoints if e.variable == edge.source), None)
    leaf = next((e for e in found.gradients if e.variable == edge.source), None)
    terms = own.carries if own and edge.lag else own.terms if own else leaf.terms if leaf else ()
    between = [c for c in terms if _reaches(model, c.through, edge.target)]
    at = {TIME: sp.Integer(step - edge.lag)}
    if len(between) == 1 and _leads_only(model, between[0].through, edge.target):
        label = presentation.tree(between[0].value.xreplace(at), model)
        if len(typeset.text(label)) <= LABEL:
            return label
    if edge.target.role is Role.LOSS:
        return presentation.tree(Adjoint(edge.source.at(step)), model) if edge.lag == 0 else None
    return presentation.tree(Adjoint(edge.target.at(step)), model)


def _leads_only(model: Model, through: Variable, target: Variable) -> bool:
    """Whether what comes back through a value comes from no other shown value than `target`."""
    return all(value == target or not _reaches(model, through, value) for value in shown_values(model))


@lru_cache(maxsize=64)
def _readers(model: Model) -> dict[sp.MatrixSymbol, tuple[Variable, ...]]:
    """The left sides whose equations read a value of their own step."""
    found: dict[sp.MatrixSymbol, tuple[Variable, ...]] = {}
    for equation in model.all_equations:
        for leaf in equation.value.atoms(sp.MatrixSymbol):
            found[leaf] = (*found.get(leaf, ()), equation.target)
    return found


@lru_cache(maxsize=4096)
def _reaches(model: Model, reader: Variable, target: Variable) -> bool:
    """Whether a value flows into `target` without passing another shown value."""
    if reader == target:
        return True
    if reader in shown_values(model):
        return False
    return any(_reaches(model, other, target) for other in _readers(model).get(reader.at(), ()))
