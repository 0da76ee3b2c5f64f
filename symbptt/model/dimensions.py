"""Where the size of a named dimension can be read: an axis of an array, less what is known of a sum such as H+D."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import sympy as sp

from symbptt.checks import positive
from symbptt.errors import UnknownName
from symbptt.model.values import Model, Role, Variable


@dataclass(frozen=True)
class Source:
    """size = (length of an `axis` of the variable - `number` - the sizes of `others`) / (`count` * those of `factors`)."""

    variable: Variable
    axis: int
    number: int = 0
    others: tuple[str, ...] = ()
    count: int = 1
    factors: tuple[str, ...] = ()


Axis = tuple[Variable, int, sp.Expr]


def sources(*groups: Iterable[Variable]) -> dict[str, Source]:
    """A source for every dimension that these variables tell, in an order in which the sizes can be computed.

    A later group serves for what those before leave open. Inside a group an axis that is the dimension alone goes before a
    sum, and the first variable before the others. A class tells nothing.
    """
    found: dict[str, Source] = {}
    axes: list[Axis] = []
    for group in groups:
        axes += [(v, i, size) for v in group if not v.classes for i, size in enumerate(v.axes)]
        for v, i, size in axes:
            if size.is_Symbol:
                found.setdefault(size.name, Source(v, i))
        while new := next(_from_sums(axes, found), None):
            found.update([new])
    return found


def _from_sums(axes: list[Axis], known: dict[str, Source]) -> Iterator[tuple[str, Source]]:
    for v, i, size in axes:
        terms = [term.as_coeff_Mul() for term in sp.Add.make_args(size)]
        if any(rest.is_Mul for _, rest in terms):
            yield from _from_product(v, i, size, known)
            continue
        open_terms = [(int(count), rest.name) for count, rest in terms if rest.is_Symbol and rest.name not in known]
        if len(open_terms) == 1:
            count, name = open_terms[0]
            others = tuple(rest.name for times, rest in terms if rest.is_Symbol and rest.name != name for _ in range(int(times)))
            yield name, Source(v, i, sum(int(times) for times, rest in terms if rest == 1), others, count)


def _from_product(v: Variable, axis: int, size: sp.Expr, known: dict[str, Source]) -> Iterator[tuple[str, Source]]:
    """M*K tells K where M is known."""
    count, rest = size.as_coeff_Mul()
    names = [factor.name for factor in sp.Mul.make_args(rest) if factor.is_Symbol]
    unknown = [name for name in names if name not in known]
    if not size.is_Add and len(unknown) == 1 and len(names) == len(sp.Mul.make_args(rest)):
        yield unknown[0], Source(v, axis, count=int(count), factors=tuple(name for name in names if name not in unknown))


def check_sizes(model: Model, dims: Mapping[str, int]) -> None:
    """Raises UnknownName for a dimension that the model does not have, BadInput for a size that is not a positive integer."""
    for name, size in dims.items():
        if name not in model.dimensions:
            raise UnknownName("dimension", name, model.dimensions)
        positive(size, f"dimension {name}")


def told_by_states(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """The states without whose initial values some dimension would have no size."""
    everything = tuple(variables)
    given = (v for v in everything if v.role in (Role.PARAMETER, Role.BUFFER, Role.INPUT))
    found = sources(given, (v for v in everything if v.role is Role.STATE)).values()
    return tuple(dict.fromkeys(source.variable for source in found if source.variable.role is Role.STATE))


def untold(variables: Iterable[Variable]) -> tuple[str, ...]:
    """The dimensions whose size no input, parameter or state tells."""
    everything = tuple(variables)
    names = {s.name for v in everything for size in (v.rows, v.columns) for s in size.free_symbols}
    telling = (v for v in everything if v.role in (Role.INPUT, Role.PARAMETER, Role.BUFFER, Role.STATE))
    return tuple(sorted(names - sources(telling).keys()))
