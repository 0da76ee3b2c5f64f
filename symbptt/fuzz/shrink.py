"""A failing draft cut down: fewer steps, samples and equations, smaller expressions, as long as the same fault shows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from time import process_time
from typing import Any

from symbptt.fuzz.draft import Declared, Draft
from symbptt.fuzz.expression import SCALAR, Expression, Shape
from symbptt.fuzz.fault import Fault
from symbptt.fuzz.trial import trial

_PLAIN: dict[str, Any] = {
    "distributions": False, "masked": False, "at": "every", "reduction": "sum", "freeze": False, "training": True, "learned": (),
    "finals": (),
}  # fmt: skip

TRIALS = 400
"""The most trials that shrinking a draft may take."""


SECONDS = 240.0
"""The processor time after which shrinking stops."""


def shrunk(
    draft: Draft, fault: Fault, pieces: Iterable[str] = ("gradients",), trials: int = TRIALS
) -> tuple[Draft, Fault]:
    """The smallest draft found with the same fault, and its fault. A run without end is shrunk by few trials."""
    wanted, stop = tuple(pieces), process_time() + SECONDS
    progress = True
    while progress and trials > 0 and process_time() < stop:
        progress = False
        for candidate in candidates(draft):
            trials -= 1
            found = trial(candidate, wanted, fault.route).fault
            if found is not None and found.same == fault.same:
                draft, fault, progress = candidate, found, True
                break
            if trials <= 0 or process_time() > stop:
                break
    return draft, fault


def candidates(draft: Draft) -> Iterator[Draft]:
    """Drafts that are smaller in one respect, those that promise most first."""
    for i, phase in enumerate(draft.before):
        around = draft.before[:i], draft.before[i + 1 :]
        yield replace(draft, before=(*around[0], *around[1]))
        yield from (replace(draft, before=(*around[0], smaller, *around[1])) for smaller in candidates(phase))
    if draft.loss:
        yield replace(draft, loss=None)
    yield from (_without_equation(draft, name) for name, _ in draft.equations if len(draft.equations) > 1)
    yield from _smaller_data(draft)
    for i, value in enumerate(draft.expressions()):
        for place in value.places():
            for new in _simpler(draft, value.at(place)):
                yield _with_expression(draft, i, value.having(place, new))


def _smaller_data(draft: Draft) -> Iterator[Draft]:
    yield from (replace(draft, T=T) for T in (1, 2, draft.T - 1) if T < draft.T and T > 0)
    yield from (replace(draft, N=N) for N in (1, 2) if draft.N > N)
    if any(size > 1 for size in draft.dims.values()):
        yield replace(draft, dims=dict.fromkeys(draft.dims, 1))
    yield from (replace(draft, dims={**draft.dims, name: size - 1}) for name, size in draft.dims.items() if size > 1)
    yield from (replace(draft, **{name: value}) for name, value in _PLAIN.items() if getattr(draft, name) != value)


def _simpler(draft: Draft, value: Expression) -> Iterator[Expression]:
    """Parts of an expression that have its shape, a variable in its place, and an untied parameter tied."""
    if value.form.endswith("[t]") and not value.parts:
        yield replace(value, form=value.reads)
    if value.parts:
        inner = (value.at(place) for place in value.places() if place)
        yield from dict.fromkeys(part for part in inner if part.shape == value.shape)
        yield leaf(draft, value.shape)
        yield from (replace(value, parts=(*value.parts[:i], part, *value.parts[i + 1 :])) for i, part in _scalars(draft, value))


def _scalars(draft: Draft, value: Expression) -> Iterator[tuple[int, Expression]]:
    """Operands that broadcasting lets be scalars."""
    if value.form.startswith("({0} ") and len(value.parts) == 2 and "@" not in value.form:
        yield from ((i, leaf(draft, SCALAR)) for i, part in enumerate(value.parts) if part.shape != SCALAR and part.parts)


def leaf(draft: Draft, shape: Shape) -> Expression:
    """A tied parameter of a shape; `_with_expression` declares it."""
    for d in draft.declared:
        if d.section == "parameters" and d.shape == shape and not _is_untied(draft, d.name):
            return Expression(d.name, shape, reads=d.name)
    name = f"p{sum(d.name.startswith('p') for d in draft.declared) + 1}"
    return Expression(name, shape, reads=name)


def _is_untied(draft: Draft, name: str) -> bool:
    return any(leaf.reads == name and leaf.form != name for value in draft.expressions() for leaf in value.leaves())


def _declaring(draft: Draft, values: tuple[Expression, ...]) -> tuple[Declared, ...]:
    known = {d.name for d in draft.declared} | {name for name, _ in (*draft.equations, *draft.memory)}
    new = {leaf.reads: leaf.shape for value in values for leaf in value.leaves() if leaf.reads not in known}
    return (*draft.declared, *(Declared(name, "parameters", shape) for name, shape in new.items()))


def _with_expression(draft: Draft, number: int, value: Expression) -> Draft:
    declared = _declaring(draft, (value,))
    if number == len(draft.equations):
        return replace(draft, declared=declared, loss=value)
    equations = tuple((name, value if i == number else old) for i, (name, old) in enumerate(draft.equations))
    return replace(draft, declared=declared, equations=equations)


def _without_equation(draft: Draft, name: str) -> Draft:
    """The draft without an equation; a parameter takes its place where it is read."""

    def replaced(value: Expression) -> Expression:
        for place in value.places():
            there = value.at(place)
            if there.reads == name:
                value = value.having(place, leaf(draft, there.shape))
        return value

    equations = tuple((other, replaced(value)) for other, value in draft.equations if other != name)
    loss = replaced(draft.loss) if draft.loss else None
    declared = tuple(d for d in draft.declared if d.name != name)
    bare = replace(draft, declared=declared, equations=equations, loss=loss)
    return replace(bare, declared=_declaring(bare, bare.expressions()))
