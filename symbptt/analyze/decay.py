"""How fast the long product ds_T/ds_{T-d} falls or grows, over several draws of weights: medians and quartiles by distance."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp

from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import Elementwise
from symbptt.analyze import bound
from symbptt.analyze.data import adjusted, evaluated, point
from symbptt.analyze.jacobian import Jacobians, direct_routes
from symbptt.analyze.norms import norm
from symbptt.analyze.recurrent import recurrent
from symbptt.data.values import Data
from symbptt.model.values import Model, Role
from symbptt.unroll.graph import steps

STEPS, SEEDS, WIDTH, ENTRIES = 20, 7, 32, 64
"""The steps; the draws; the size of a dimension of states; the most entries that all states have together."""
ROUNDING = 1e-9
"""How far a number may be from one that it is equal to."""


@dataclass(frozen=True)
class Decay:
    """2-norms of the products over d = 0 .. T steps, (seeds, T+1): measured, and the product of the norms of their factors.

    `closed` is the bound (gamma sigma_max(W))^d, None for other forms; `direct` has by state the product of the direct routes.
    `watched` is the median of a value over all seeds, steps and units, nan unless one was asked for. `isometry` is "identity" or
    "orthogonal" where every J_t of every draw is such a matrix, else "".
    """

    measured: Array
    jacobians: Array
    closed: Array | None
    direct: Mapping[str, Array]
    watched: float = np.nan
    isometry: str = ""

    @property
    def bound(self) -> Array:
        """The bound that says most: the closed one, else the product of norms."""
        return self.jacobians if self.closed is None else self.closed


def quartiles(values: Array) -> Array:
    """The lower quartile, the median and the upper one over the seeds, (3, …)."""
    with np.errstate(all="ignore"):
        return np.asarray(np.quantile(values, (0.25, 0.5, 0.75), axis=0))


def width(model: Model) -> int:
    """The size of the dimensions of states: 32, or less where the states would have too many entries together."""
    return next((n for n in range(WIDTH, 1, -1) if _entries(model, n) <= ENTRIES), 2)


def _counts(model: Model) -> list[sp.Expr]:
    """How many entries each state has, in dimensions."""
    return [s.rows * s.columns for s in model.states]


def _entries(model: Model, size: int) -> int:
    return sum(int(count.subs(dict.fromkeys(count.free_symbols, size))) for count in _counts(model))


def sizes(model: Model) -> dict[str, int]:
    """The dimensions of the states, as they are measured."""
    size, read = width(model), {symbol.name for count in _counts(model) for symbol in count.free_symbols}
    return {name: size for name in model.dimensions if name in read}


Change = Callable[[Model, Data], Data]
"""What is done to the weights of a draw."""


def decay(
    model: Model, change: Change | None = None, T: int = STEPS, init: Mapping[str, str] | None = None, watch: str | None = None
) -> Decay:
    """Measure a model at its first weights, or with others made from them, for one sample and the seeds 0, 1, …"""
    runs = []
    for seed in range(SEEDS):
        data = point(model, T, sizes(model), 1, seed, init=init)
        runs.append(_run(model, data if change is None else change(model, data), watch))
    closed = None if runs[0].closed is None else np.array([run.closed for run in runs])
    direct = {name: np.array([run.direct[name] for run in runs]) for name in runs[0].direct}
    kinds = {run.isometry for run in runs}
    return Decay(
        np.array([run.measured for run in runs]), np.array([run.jacobians for run in runs]), closed, direct,
        float(np.median([run.watched for run in runs])), _shared(kinds),
    )


def _isometry(jacobian: Array) -> str:
    """ "identity", "orthogonal" or "", up to rounding."""
    one = np.eye(len(jacobian))
    if np.allclose(jacobian, one, rtol=0, atol=ROUNDING):
        return "identity"
    return "orthogonal" if np.allclose(jacobian.T @ jacobian, one, rtol=0, atol=ROUNDING) else ""


def _shared(kinds: set[str]) -> str:
    """What all Jacobians are; the identity is orthogonal."""
    return "" if "" in kinds else kinds.pop() if len(kinds) == 1 else "orthogonal"


def _run(model: Model, data: Data, watch: str | None) -> Decay:
    """One draw: arrays (T+1,)."""
    done = evaluated(steps(model, data.T), data)
    jacobians = Jacobians(done)
    product, long, factors = np.eye(jacobians.entries), [1.0], []
    routes, kinds = {name: [1.0] for name in direct_routes(model)}, set[str]()
    direct: dict[str, Array] = {}
    with np.errstate(all="ignore"):
        for k in range(data.T, 0, -1):
            factor = jacobians.at(k)
            product = product @ factor.jacobian[0]
            long.append(float(norm(product, "2")))
            factors.append(float(norm(factor.jacobian[0], "2")))
            kinds.add(_isometry(factor.jacobian[0]))
            for name, route in factor.direct.items():
                direct[name] = direct[name] @ route[0] if name in direct else route[0]
                routes[name].append(float(norm(direct[name], "2")))
    met = [done.batch(done.at(k).leaves[model[watch].at()]) for k in range(1, data.T + 1)] if watch else [np.array(np.nan)]
    limits = bound.factors(model, data)
    closed = None if limits is None else bound.products(limits)
    by_state = {name: np.array(values) for name, values in routes.items()}
    middle = float(np.median(np.array(met)))
    return Decay(np.array(long), bound.products(np.array(factors[::-1])), closed, by_state, middle, _shared(kinds))


def scaled(factor: float) -> Change:
    """All recurrent matrices multiplied by a number."""
    return lambda model, data: adjusted(model, data, {}, dict.fromkeys(recurrent(model), factor))


def stretched(size: float) -> Change:
    """W of h = phi(W h + …) multiplied so that gamma sigma_max(W) has a size."""

    def change(model: Model, data: Data) -> Data:
        form, factors = bound.form(model), bound.factors(model, data)
        assert form is not None and factors is not None
        return adjusted(model, data, {}, {form.weight: size / float(factors.max())}) if factors.max() else data

    return change


def filled(name: str, value: float) -> Change:
    """A parameter filled with a number."""
    return lambda model, data: adjusted(model, data, {name: value}, {})


@dataclass(frozen=True)
class Gate:
    """A gate on the direct route of a state, and the bias that opens it."""

    state: str
    gate: str
    bias: str


@lru_cache(maxsize=64)
def gate(model: Model) -> Gate | None:
    """The first sigmoid on the direct route of a state that has a bias of its own: f and b_f of an LSTM's c."""
    known = {e.target.name: e.value for e in model.equations}
    for state, route in direct_routes(model).items():
        for name in sorted(leaf.name for leaf in route.atoms(sp.MatrixSymbol)):
            value = known.get(name)
            if isinstance(value, Elementwise) and value.name == "sigmoid":
                inner = known.get(getattr(value.operand, "name", ""), value.operand)
                bias = next(iter(_biases(model, inner.args)), None)
                if bias is not None:
                    return Gate(state, name, bias)
    return None


def _biases(model: Model, summands: Iterable[sp.Basic]) -> list[str]:
    """The parameters that are added as they are."""
    names = [part.name for part in summands if isinstance(part, sp.MatrixSymbol)]
    return [name for name in names if model[name].role is Role.PARAMETER and not model[name].timed]
