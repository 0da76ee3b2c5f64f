"""Which term is wrong: explains the difference between a gradient and the true one by its parts (loss step t, source step k)."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from symbptt.data.values import Array, Data
from symbptt.model.values import Role, Variable
from symbptt.unroll import graph as unrolled
from symbptt.verify import complex_step
from symbptt.verify.case import Case
from symbptt.verify.emitted import Emitted

Terms = Mapping[tuple[int, int], Array]

_CLOSE = 1e-6
"""A candidate explains a difference if it leaves less than this share of it."""


def explain(case: Case, variable: Variable) -> str:
    """The difference in words: a multiple of one term or of a family of terms, or the first number of steps that shows it."""
    data, given = case.data, case.given[variable.name]
    terms = complex_step.terms(case.graph, data, variable)
    wanted = total(variable, data, terms)
    if given.shape != wanted.shape:
        return ""
    difference = given - wanted
    if np.allclose(given, wanted, rtol=0, atol=complex_step.TOLERANCE * np.abs(wanted).max()):
        return ""
    for label, part in _candidates(variable, data, terms):
        # The candidate's own entries decide the multiple; what remains decides whether it explains anything.
        size = float(np.vdot(part, part))
        factor = float(np.vdot(part, difference)) / size if size else 0.0
        if np.linalg.norm(difference - factor * part) <= _CLOSE * np.linalg.norm(difference):
            return f"the difference is {factor:.6g} times {label}"
    return _first(case.code, data, variable)


def total(variable: Variable, data: Data, terms: Terms) -> Array:
    """The sum of terms in the shape of the whole gradient, where those of an input or untied parameter keep their step."""
    whole = np.zeros(data.value(variable).shape)
    stepwise = variable.role is Role.INPUT or (variable.role is Role.PARAMETER and not variable.tied)
    for (_, k), term in terms.items():
        if stepwise:
            whole[k - 1] += term
        else:
            whole += term
    return whole


def _candidates(variable: Variable, data: Data, terms: Terms) -> Iterator[tuple[str, Array]]:
    def family(pairs: Iterable[tuple[int, int]]) -> Array:
        return total(variable, data, {pair: terms[pair] for pair in pairs})

    yield "the whole gradient", family(terms)
    for t, k in terms:
        yield f"term (t={t}, k={k})", family([(t, k)])
    for s in range(1, data.T + 1):
        yield f"the terms of loss step t={s}", family((t, k) for t, k in terms if t == s)
        yield f"the terms of source step k={s}", family((t, k) for t, k in terms if k == s)
        yield f"the terms with t - k = {s - 1}", family((t, k) for t, k in terms if t - k == s - 1)
        yield f"the terms that cross from step {s} to step {s - 1}", family((t, k) for t, k in terms if t >= s > k)
        yield f"the terms with t - k >= {s}", family((t, k) for t, k in terms if t - k >= s)


def _first(code: Emitted, data: Data, variable: Variable) -> str:
    if code.only_T is not None:
        return ""
    for T in range(1, data.T + 1):
        short = data.first(code.model, T)
        wanted = complex_step.gradient(unrolled.steps(code.model, T), short, variable)
        given = code.gradients(short)[variable.name]
        if not np.allclose(given, wanted, rtol=0, atol=complex_step.TOLERANCE * np.abs(wanted).max()):
            return f"first seen with T={T}: terms (t={T}, k<={T})" if T > 1 else "seen from T=1 on: term (t=1, k=1)"
    return ""
