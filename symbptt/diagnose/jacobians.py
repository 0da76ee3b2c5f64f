"""A backward pass as products of the Jacobians ∂s_j/∂s_{j−1} of the steps, for code that multiplies them out, in a wrong way.

Adjoints are rows here: the right way from a loss at step t to step k is g_t J_t J_{t−1} … J_{k+1}.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.linear import Frame, compiled
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Chain
from symbptt.model.values import Role


def adjoints(backward: BackwardPass, point: Point, chain: Chain) -> tuple[Frame, Mapping[str, Array]]:
    """The adjoints of every step, stacked, and those that reach step 0, if states are joined by these products."""
    own = _within(backward, point, {}, len(point.losses), external=True)
    jacobians, start, first = _jacobians(backward, point), _starts(backward, point), _lagged(backward, point, own)
    # A loss that reads more of its step than the states has a first factor of its own, which is no Jacobian.
    whole = np.allclose(np.einsum("tlns,tnsr->tlnr", start, jacobians), first, rtol=1e-9, atol=1e-12)
    reached = np.zeros((point.T + 1, *start.shape[1:]))
    for step, i in point.places.items():
        for k in range(step):
            row, steps = (start, chain.steps(step, k)) if whole else (first, chain.steps(step - 1, k))
            reached[k, i] = _product(row[step - 1, i], jacobians, steps, chain.turned)
    later = _within(backward, point, _split(backward, point, reached[1:]), len(point.losses), external=False)
    now = {name: own[name] + later[name] for name in own}
    after = {name: np.concatenate([array[1:], np.zeros_like(array[:1])]) for name, array in now.items()}
    return Frame(slice(None), now, after), {n: a[0] for n, a in _split(backward, point, reached[:1]).items()}


def _within(backward: BackwardPass, point: Point, given: Mapping[str, Array], count: int, *, external: bool) -> dict[str, Array]:
    """The adjoints of every step if these arrive, (T, count, N, rows, columns), and nothing comes from the step after."""
    now: dict[str, Array] = {}
    frame = Frame(slice(None), now, {})
    for variable in backward.order:
        total = np.zeros((point.T, count, point.N, *point.size(variable)))
        if variable.name in given:
            total += given[variable.name]
        for route in backward.into(variable.name):
            if not route.external:
                total += compiled(route.value, point)(frame)
            elif external:
                value = compiled(route.value, point)(frame)
                for step, i in point.places.items():
                    total[step - 1, i] += point.weight[step - 1] * value[step - 1][0]
        now[variable.name] = total
    return now


def _jacobians(backward: BackwardPass, point: Point) -> Array:
    """J of every step, (T, N, S, S), for all S entries of the states."""
    size = sum(_sizes(backward, point))
    basis = np.broadcast_to(np.eye(size)[None, :, None], (point.T, size, point.N, size))
    now = _within(backward, point, _split(backward, point, basis), size, external=False)
    return _lagged(backward, point, now).swapaxes(1, 2)


def _lagged(backward: BackwardPass, point: Point, now: Mapping[str, Array]) -> Array:
    """What adjoints hand to the states of the step before, (T, count, N, S)."""
    count = next(iter(now.values())).shape[1]
    parts = []
    for state in backward.model.states:
        total = np.zeros((point.T, count, point.N, *point.size(state)))
        for route in backward.into(state.name, lagged=True):
            total += compiled(route.value, point)(Frame(slice(None), now, {}))
        parts.append(total.reshape(point.T, count, point.N, -1))
    return np.concatenate(parts, axis=-1)


def _product(row: Array, jacobians: Array, steps: Sequence[int], turned: bool) -> Array:
    """A row of each sample times the Jacobians of these steps."""
    for j in steps:
        row = np.einsum("ns,nts->nt" if turned else "ns,nst->nt", row, jacobians[j - 1])
    return row


def _starts(backward: BackwardPass, point: Point) -> Array:
    """The gradient g_t of each loss by the states of its own step, the other states held fixed: (T, loss steps, N, S)."""
    kept = (r for r in backward.routes if r.external or r.through.role is not Role.STATE)
    now = _within(replace(backward, routes=tuple(kept)), point, {}, len(point.losses), external=True)
    parts = [now[s.name].reshape(point.T, len(point.losses), point.N, -1) for s in backward.model.states]
    return np.concatenate(parts, axis=-1)


def _sizes(backward: BackwardPass, point: Point) -> list[int]:
    return [int(np.prod(point.size(s))) for s in backward.model.states]


def _split(backward: BackwardPass, point: Point, rows: Array) -> dict[str, Array]:
    """Rows (..., S) as one array (..., rows, columns) for each state."""
    states, ends = backward.model.states, np.cumsum(_sizes(backward, point))[:-1]
    parts = np.split(rows, ends, axis=-1)
    return {s.name: part.reshape(*part.shape[:-1], *point.size(s)) for s, part in zip(states, parts, strict=True)}
