"""Truncation as a filter on terms: a window, the k1/k2 scheme, and weights drawn at random; compared with emitted code.

A term (t, k) is kept if k > k1 ceil(t / k1) - k2; a window of K steps is k1 = 1, k2 = K. Randomised truncation weights it by
xi_{k+1} ... xi_t with E[xi] = 1 (z_t = d+s_t/d theta + xi_t J_t z_{t-1}, recursing on its own z_{t-1}), so it is unbiased.
Williams and Peng (1990); Tallec and Ollivier (2017) Unbiasing truncated backpropagation through time. arXiv:1705.08209.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze import emitted
from symbptt.analyze.data import evaluated
from symbptt.analyze.norms import norm
from symbptt.analyze.table import difference, floor
from symbptt.analyze.tally import Tally
from symbptt.data.values import Data
from symbptt.data.wrt import asked
from symbptt.derive.sum_of_products import gradient, pairs
from symbptt.derive.walk import size, visits
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable
from symbptt.unroll.graph import kept, steps

MOST = 12
"""The most steps for which all outcomes of a random truncation are enumerated."""


def weighted(model: Model, data: Data, variables: Iterable[Variable], weight: Callable[[int, int], float]) -> dict[str, Array]:
    """The sum of weight(t, k) times the term (t, k), by name, in the shapes of the gradients."""
    done = evaluated(steps(model, data.T), data)
    losses = tuple(reversed(done.graph.loss_steps))
    tallies = {v.name: Tally(v, data.T, losses, "fro", done.values) for v in variables}
    with np.errstate(all="ignore"):
        for visit in visits(done, tuple(t.variable for t in tallies.values())):
            for lane in visit.lanes:
                weights = np.array([weight(t, visit.k) for t in visit.losses[lane.places]])
                tallies[lane.name].add(visit.k, lane.places, lane.values * weights[:, None, None, None])
            for tally in tallies.values():
                tally.close(visit.k)
    return {name: tally.gradient(*size(tally.variable, done.values), done.N) for name, tally in tallies.items()}


@dataclass(frozen=True)
class Cut:
    """One truncated gradient: how many terms are kept, its bias relative to the gradient's norm, the cosine between the two,
    and its largest difference from the emitted truncated code."""

    name: str
    kept: int
    terms: int
    bias: float
    cosine: float
    error: float


@dataclass(frozen=True)
class Truncation:
    """The truncated gradients of a scheme."""

    k1: int
    k2: int
    cuts: tuple[Cut, ...]


def truncate(model: Model, data: Data, k1: int, k2: int, wrt: Iterable[str] | str | None = None) -> Truncation:
    """Truncate by a filter on terms and by emitted code, and compare; k1 = 1 is a window of k2 steps."""
    if model.loss is None:
        raise BadInput(f"{model.name} has no loss, so there is nothing to truncate; choose one with --loss")
    graph, variables = steps(model, data.T), asked(model, wrt)
    whole = weighted(model, data, variables, lambda t, k: 1.0)
    part = weighted(model, data, variables, lambda t, k: float(kept(t, k, k1, k2)))
    _, code = emitted.value_and_grad(emitted.module(model, data.T, wrt="all", truncation=(k1, k2)), data)
    cuts, least = [], floor(code)
    for v in variables:
        found = pairs(graph, v)
        keeping = sum(kept(t, k, k1, k2) for t, k in found)
        bias, cosine = compared(part[v.name], whole[v.name])
        cuts.append(Cut(v.name, keeping, len(found), bias, cosine, difference(part[v.name], code[v.name], least)))
    return Truncation(k1, k2, tuple(cuts))


def compared(part: Array, whole: Array) -> tuple[float, float]:
    """||part - whole|| / ||whole||, and the cosine; nan where there is nothing to compare with."""
    sizes = [float(norm(x.reshape(-1, 1))) for x in (part - whole, whole, part)]
    with np.errstate(all="ignore"):
        bias = sizes[0] / sizes[1] if sizes[1] else float("nan")
        angle = float((part / sizes[2] * (whole / sizes[1])).sum()) if sizes[1] and sizes[2] else float("nan")
    return bias, angle


@dataclass(frozen=True)
class Randomised:
    """All outcomes of a random truncation of one parameter's gradient: how far their mean is from the gradient (relative),
    the root mean square distance of one outcome from it, and the bias of the outcome that always cuts."""

    name: str
    outcomes: int
    mean_error: float
    spread: float
    always_cut: float


def randomise(model: Model, data: Data, keep: float, wrt: Iterable[str] | str | None = None) -> tuple[Randomised, ...]:
    """Enumerate xi_2 .. xi_T, each 1/keep with probability `keep`, else 0; for parameters, T <= 12.

    Raises BadInput for more steps, and unless 0 < keep <= 1.
    """
    if model.loss is None or data.T > MOST:
        raise BadInput(f"all outcomes are enumerated for a model with a loss and at most {MOST} steps, not for T = {data.T}")
    if not 0 < keep <= 1:
        raise BadInput(f"the probability of going on must be above 0 and at most 1, not {keep:g}")
    graph = steps(model, data.T)
    chosen = [v for v in asked(model, wrt) if v.role is Role.PARAMETER and not model.starting(v)]
    made = []
    for v in chosen:
        terms = gradient(graph, v.name).evaluate(*data.groups)
        made.append(_enumerate(v, terms, data.T, keep))
    return tuple(made)


def _enumerate(variable: Variable, terms: Mapping[tuple[int, int], Array], T: int, keep: float) -> Randomised:
    order = list(terms)
    stacked = np.array([_placed(variable, k, terms[t, k], T) for t, k in order])
    whole = stacked.sum(axis=0)
    mean, square, cut = np.zeros_like(whole), 0.0, 0.0
    for going in product((False, True), repeat=T - 1):
        chance = keep ** sum(going) * (1 - keep) ** (T - 1 - sum(going))
        xi = np.array([1.0, 1.0, *(1 / keep if goes else 0.0 for goes in going)])
        weights = np.array([np.prod(xi[k + 1 : t + 1]) for t, k in order])
        estimate = weights @ stacked
        mean += chance * estimate
        square += chance * float(((estimate - whole) ** 2).sum())
        cut = float(norm((estimate - whole)[:, None])) if not any(going) else cut
    scale = float(norm(whole[:, None])) or 1.0
    error = float(norm((mean - whole)[:, None])) / scale
    return Randomised(variable.name, 2 ** (T - 1), error, square**0.5 / scale, cut / scale)


def _placed(variable: Variable, k: int, term: Array, T: int) -> Array:
    """A term as a vector of the whole gradient; that of an untied parameter belongs to its step."""
    if not variable.timed:
        return term.ravel()
    place = np.zeros((T, term.size))
    place[k - 1] = term.ravel()
    return place.ravel()
