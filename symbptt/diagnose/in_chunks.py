"""Gradients of tokens as gradients of a chunk form, so that the mistakes of chunk code can be made in its backward pass.

The chunk form of a model is a model; its point has the tokens of a token's point, C in each step, and its gradients of inputs are
theirs with the axis of the tokens in the middle, (chunks, N, C, ...). What fills up the last chunk is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.chunk import NoChunkForm, chunked
from symbptt.derive.numeric import in_own_shape
from symbptt.diagnose.case import Arrays, Case, case, given
from symbptt.diagnose.findings import Finding
from symbptt.diagnose.judge import findings
from symbptt.diagnose.submitted import SubmittedGradient
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable


def tokens_for(chunk: int) -> int:
    """A number of tokens that shows the mistakes of chunks of this length: two whole ones and one that is not full.

    It is none of the odd sizes that dimensions are given, so that shapes tell the axis of the tokens apart.
    """
    return {1: 6, 2: 15}.get(chunk, 2 * chunk + 2)


def form(model: Model) -> Model:
    """The chunk form whose backward pass is judged: the loss of a token stays outside. Raises NoChunkForm."""
    return chunked(replace(model, loss=None)).model


def diagnosed(tokens: Case, chunk: int, theirs: Arrays, entries: Arrays, deep: bool = True) -> tuple[Finding, ...]:
    """The findings on gradients at a point of tokens, as those of the chunk form: causes and terms are those of chunks.

    Raises NoChunkForm, or BadInput for a cotangent that a chunk form has no place for.
    """
    compared, strange = given(tokens, theirs, entries)
    known = Form.of(tokens, chunk)
    placed = [known.placed(g) for g in compared]
    with np.errstate(all="ignore"):  # a hypothesis may divide by zero; it is no hypothesis then
        found = {f.gradient: known.told(f) for f in (*findings(known.case, placed, deep=deep), *strange)}
    return tuple(found[v.name] for v in tokens.backward.model.variables if v.name in found)


@dataclass(frozen=True)
class Form:
    """The chunk form at the point of some tokens."""

    case: Case
    tokens: Model
    chunk: int
    T: int

    @classmethod
    def of(cls, tokens: Case, chunk: int) -> Form:
        model, T = tokens.backward.model, tokens.point.T
        _check_loss(tokens)
        length = max(1, min(chunk, T))
        chunks = chunked(replace(model, loss=None))
        whole = {v.name: _in_chunks(_shaped(_values(tokens, v), v, tokens), length, _axis(v)) for v in model.of(Role.INPUT)}
        whole[chunks.mask] = _in_chunks(np.ones((T, tokens.point.N)), length, 2, real=True)
        leaves = tokens.point.run.values.leaves
        known = case(
            chunks.model, inputs=whole, cotangents=_cotangents(tokens, chunks.model, length), padding=chunks.mask,
            parameters={v.name: in_own_shape(v, leaves[v.at()][0], 0, tokens.point.values) for v in model.parameters},
            states={s.name: in_own_shape(s, _batch(leaves[s.at(0)], tokens), 1, tokens.point.values) for s in model.states},
        )
        return cls(known, model, length, T)

    def placed(self, gradient: SubmittedGradient) -> SubmittedGradient:
        """A gradient at the places that it has in the chunk form."""
        variable = self.tokens[gradient.name]
        if variable.role is not Role.INPUT:
            return gradient
        shape: tuple[int, ...] = self.case.right[gradient.name].shape
        whole = _in_tokens(np.arange(np.prod(shape, dtype=int)).reshape(shape), self.T, _axis(variable))
        places = whole.ravel() if gradient.places is None else whole.ravel()[gradient.places]
        return replace(gradient, places=places, shape=shape)

    def told(self, finding: Finding) -> Finding:
        """A finding whose worst number is at a token."""
        if finding.worst is None or self.tokens[finding.gradient].role is not Role.INPUT or len(finding.worst.place) < 3:
            return finding
        variable, place = self.tokens[finding.gradient], list(finding.worst.place)
        token, step = place.pop(_axis(variable)), place.pop(0)
        place += [0] * (variable.shape == ("1",))
        return replace(finding, worst=replace(finding.worst, place=(step * self.chunk + token, *place)))


def _batch(value: Array, tokens: Case) -> Array:
    return np.broadcast_to(value, (tokens.point.N, *value.shape[-2:]))


def _values(tokens: Case, variable: Variable) -> Array:
    """A value of every token, (T, N, rows, columns)."""
    leaves = tokens.point.run.values.leaves
    return np.stack([_batch(leaves[variable.at(t)], tokens) for t in range(1, tokens.point.T + 1)])


def _shaped(array: Array, variable: Variable, tokens: Case) -> Array:
    """(T, N, rows, 1) in the shape of a token of a chunk form."""
    heads = [] if variable.heads is None else [tokens.point.values.size(variable.heads)]
    return array.reshape(*array.shape[:2], *heads, *([] if variable.rows in (1, variable.heads) else [-1]))


def _axis(variable: Variable) -> int:
    """Where the tokens of a chunk have their axis: behind those of chunks and samples, and of heads."""
    return 2 + (variable.heads is not None)


def _in_chunks(array: Array, length: int, axis: int, real: bool = False) -> Array:
    """(T, N, ...) as (chunks, N, length, ...); the last chunk is filled with copies of the last token, or with zeros."""
    missing = -len(array) % length
    tail = np.repeat(array[-1:], missing, axis=0)
    array = np.concatenate((array, np.zeros_like(tail) if real else tail))
    return np.moveaxis(array.reshape(-1, length, *array.shape[1:]), 1, axis)


def _in_tokens(chunks: Array, T: int, axis: int) -> Array:
    array = np.moveaxis(chunks, axis, 1)
    return array.reshape(-1, *array.shape[2:])[:T]


def _check_loss(tokens: Case) -> None:
    """Raises NoChunkForm where a loss reads what the chunks do not hand out."""
    model = tokens.backward.model
    inside = {e.target for e in model.loss.equations} if model.loss else set()
    for route in tokens.backward.routes:
        handed_out = route.target in model.outputs and not route.lagged
        if route.through in inside and route.target not in inside and not handed_out:
            what = f"its loss reads {route.target.name}, which the chunks do not hand out"
            raise NoChunkForm(f"{model.name} has no chunk form: {what}")


def _cotangents(tokens: Case, model: Model, length: int) -> Mapping[str, Array]:
    """What reaches the outputs of the tokens from outside, with a loss from that, as cotangents of the chunks."""
    token, T = tokens.backward.model, tokens.point.T
    made: dict[str, Array] = {}
    for v in (v for v in model.outputs if v.name in {o.name for o in token.outputs}):
        if v.role is not Role.STATE:
            shape = (T, tokens.point.N, *tokens.point.size(token[v.name]))
            reached = np.broadcast_to(tokens.total.frame.now[v.name][:, 0], shape)
            made[v.name] = _in_chunks(_shaped(reached, token[v.name], tokens), length, _axis(v), real=True)
            continue
        outside = np.asarray(tokens.point.cotangents.get(v.name, np.zeros(())), float)
        if token.loss is None and outside.ndim:
            if outside[:-1].any():
                what = "is not zero before the last step; a chunk form has the state of the last alone"
                raise BadInput(f"cotangents.{v.name} {what}")
            final = np.zeros((-(-T // length), *outside.shape[1:]))
            final[-1] = outside[-1]
            made[v.name] = final
    return made
