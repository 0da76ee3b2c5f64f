"""The corpus of chunk code: three backward passes written by hand, and what people get wrong in them, as changes of the text.

A case whose gradients are still right makes no mistake at its length and is left out; what counts as found is decided by names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from symbptt.diagnose import in_chunks
from symbptt.diagnose.case import Case, case, given
from symbptt.diagnose.hypotheses import mutants, other_models
from symbptt.diagnose.match import Matcher
from symbptt.diagnose.mutant import Mutant, predicted
from symbptt.model.define import model
from symbptt.model.values import Model

FOLDER = Path(__file__).parent / "theirs" / "chunks"
CHUNK = 4
RAGGED, WHOLE = 10, 12
SIZES = {"q": "K", "k": "K", "v": "V", "b": "", "d": "", "g": ""}
EQUATIONS = {
    "gated": {"S": "exp(d) * S[t-1] + outer(k, v)", "o": "S.T @ q"},
    "gla": {"S": "diag(exp(g)) @ S[t-1] + outer(k, v)", "o": "S.T @ q"},
    "delta": {"r": "b * (v - exp(g) * (S[t-1].T @ k))", "S": "exp(g) * S[t-1] + outer(k, r)", "o": "S.T @ q"},
}
INPUTS = {"gated": "qkvd", "gla": "qkvg", "delta": "qkvbg"}


@dataclass(frozen=True)
class Mistake:
    """A change of the text of some files, those that have `old`; one of `causes` should be named."""

    causes: tuple[str, ...]
    what: str
    changes: tuple[tuple[str, str], ...]

    def made_in(self, text: str) -> str | None:
        """The text with the mistake, None where it does not fit."""
        for old, new in self.changes:
            if old not in text:
                return None
            text = text.replace(old, new)
        return text


def _one(cause: str, what: str, *changes: tuple[str, str]) -> Mistake:
    return Mistake(tuple(cause.split()), what, changes)


_TRI, _STRICT = "np.tri(len(P))[..., None]", "np.tri(len(P), k=-1)[..., None]"
_READ, _NO_DIAGONAL = "return P * np.tri(len(q))[..., None]", "return P * np.tri(len(q), k=-1)[..., None]"
_INTO_V = ("np.einsum(\"ijn,inv->jnv\", P, do[s])", "np.einsum(\"ijn,inv->jnv\", P * np.tri(len(P), k=-1)[..., None], do[s])")
_TILES = "return [slice(i, min(i + C, T)) for i in range(0, T, C)]"
_DECAYS = ("np.exp(last)[:, None, None]", "np.exp(last)[..., None]")
_PARTIAL = "len(q[s]) < C"

MISTAKES = (
    _one("mask-wrong", "dP without the diagonal", (_TRI, _STRICT)),
    _one("mask-wrong", "dP without a mask", (" * " + _TRI, "")),
    _one("mask-wrong", "dv without the diagonal", _INTO_V),
    _one("mask-wrong", "no diagonal in either pass", (_READ, _NO_DIAGONAL), (_TRI, _STRICT)),
    _one("mask-wrong", "the triangular system with its diagonal", ("np.tri(n, k=-1)", "np.tri(n)"),
         ("np.tri(len(A), k=-1)", "np.tri(len(A))")),
    _one("mask-wrong", "the adjoint of the triangle with its diagonal", ("np.tri(len(A), k=-1)", "np.tri(len(A))")),
    _one("cumsum-wrong", "the gate's gradient from the token after it", ("[::-1], 0)[::-1]", "[::-1], 0)[::-1] - dc")),
    _one("cumsum-wrong", "the gate's gradient summed from the first token", ("np.cumsum(dc[::-1], 0)[::-1]", "np.cumsum(dc, 0)")),
    _one("cumsum-wrong", "an exclusive sum from the state to dq", ("dq[s] += np.exp(c) * np", "dq[s] += np.exp(c - g[s]) * np")),
    _one("cumsum-wrong", "an exclusive sum from the state to dq", ("dq[s] += np.exp(c)[..., None] * np",
                                                                   "dq[s] += np.exp(c - GATE[s])[..., None] * np")),
    *(_one("cumsum-wrong", "keys decay by their own gate in dv",
           (f"w{wide} * k[s], dS", f"np.exp(last - c + GATE[s]){wide} * k[s], dS")) for wide in ("[..., None]", "")),
    _one("border-decay", "the carry does not decay", ("dS = np.exp(last)[:, None, None] * dS", "dS = dS")),
    _one("border-decay", "the carry does not decay", ("dS = np.exp(last)[..., None] * dS", "dS = dS")),
    _one("border-decay", "queries do not decay in the carry", ("np.exp(c)[..., None] * q[s], do[s]", "q[s], do[s]")),
    _one("border-decay", "queries do not decay in the carry", ("np.exp(c) * q[s], do[s]", "q[s], do[s]")),
    _one("border-decay", "keys do not decay in dv", ("w[..., None] * k[s], dS", "k[s], dS")),
    _one("border-decay", "keys do not decay in dv", ("w * k[s], dS", "k[s], dS")),
    _one("border-decay", "no decay from the state to dq", ("dq[s] += np.exp(c)[..., None] * np", "dq[s] += np")),
    _one("border-decay", "no decay from the state to dq", ("dq[s] += np.exp(c) * np", "dq[s] += np")),
    _one("border-decay", "e^c for e^(c_C - c) in what keys get", ("late = w", "late = np.exp(c)")),
    _one("border-decay", "the state does not decay in either pass", ("S = np.exp(last)[:, None, None] * S", "S = S"),
         ("dS = np.exp(last)[:, None, None] * dS", "dS = dS"), (" + np.exp(last) * (S * dS).sum((-2, -1))", "")),
    _one("border-decay", "the state does not decay in either pass", ("S = np.exp(last)[..., None] * S", "S = S"),
         ("dS = np.exp(last)[..., None] * dS", "dS = dS"), (" + np.exp(last) * (S * dS).sum(-1)", "")),
    _one("carry-dropped truncated", "dS starts anew in every chunk",
         ("        c, last, w = sums(d[s])\n        P, D", "        dS = dS if s.stop == len(q) else 0 * dS\n"
          "        c, last, w = sums(d[s])\n        P, D")),
    *(_one("carry-dropped truncated", "dS starts anew in every chunk",
           (f"        {line} = ", f"        dS = dS if s.stop == len(q) else 0 * dS\n        {line} = "))
      for line in ("P, up, down", "A, L, W, R")),
    *(_one("carry-dropped route-missing", "what queries read is not carried", (f"dS = {d} * dS + np", f"dS = {d} * dS + 0 * np"))
      for d in _DECAYS),
    *(_one("counted-twice", "what queries read is carried twice", (f"dS = {d} * dS + np", f"dS = {d} * dS + 2 * np"))
      for d in _DECAYS),
    *(_one("counted-twice", "the carry is added twice", (f"dS = {d} * dS", f"dS = 2 * {d} * dS")) for d in _DECAYS),
    _one("final-cotangent-dropped", "dS starts at zero", ("    dq, dk", "    dS = 0 * dS\n    dq, dk")),
    _one("final-cotangent-dropped", "no final cotangent in the gate", (" + np.exp(last) * (S * dS)",
                                                                       " + (s.stop < len(q)) * np.exp(last) * (S * dS)")),
    _one("final-cotangent-dropped", "no final cotangent in dv", ("* k[s], dS)", "* k[s], dS * (s.stop < len(q)))")),
    _one("ragged-end", "T // C chunks", (_TILES, "return [slice(i, i + C) for i in range(0, T - C + 1, C)]")),
    _one("ragged-end", "the gate of the last chunk is not written", ("np.cumsum(dc[::-1], 0)[::-1]",
                                                                     f"0 if {_PARTIAL} else np.cumsum(dc[::-1], 0)[::-1]")),
    _one("ragged-end", "dk of the last chunk lacks what the state gives",
         ("dk[s] += late", f"dk[s] += 0 if {_PARTIAL} else late")),
    _one("ragged-end", "the decay is read at row C", ("    last = c[-1]\n", "    last = c[-1] if len(c) == C else 0 * c[-1]\n")),
    _one("anchor-wrong", "dq without the anchor", ("k[s] * down) * up", "k[s] * down) * np.exp(c)")),
    _one("anchor-wrong", "dk without the anchor", ("q[s] * up) * down", "q[s] * up) * np.exp(-c)")),
    _one("anchor-wrong", "queries of dk without the anchor", ("q[s] * up)", "q[s] * np.exp(c))")),
    _one("anchor-wrong", "keys of dq without the anchor", ("k[s] * down)", "k[s] * np.exp(-c))")),
)


@cache
def kernel(name: str) -> Model:
    """The model of one of the three."""
    inputs = {n: "K" if name == "gla" and n == "g" else SIZES[n] for n in INPUTS[name]}
    return model(name=name, inputs=inputs, states={"S": "K V"}, equations=EQUATIONS[name])


def draw(name: str, T: int) -> dict[str, np.ndarray]:
    """Arrays for a backward pass: gates are logarithms below zero."""
    rng = np.random.default_rng(5)
    K, V, N = 3, 5, 2
    shapes = {"q": (T, N, K), "k": (T, N, K), "v": (T, N, V)} | dict.fromkeys("bd", (T, N))
    shapes["g"] = (T, N, K) if name == "gla" else (T, N)
    made = {n: rng.normal(size=shapes[n]) for n in INPUTS[name]}
    made |= {n: -0.3 * np.abs(made[n]) for n in ("d", "g") if n in made}
    if name == "delta":
        made |= {"b": rng.uniform(0.2, 0.9, (T, N)), "k": 0.5 * made["k"]}
    return made | {"S": rng.normal(size=(N, K, V)), "do": rng.normal(size=(T, N, V)), "dS": rng.normal(size=(N, K, V))}


def gradients(name: str, text: str, T: int) -> dict[str, np.ndarray]:
    """What the text of a file gives."""
    namespace: dict[str, object] = {}
    exec(compile(text.replace("GATE", "d" if name == "gated" else "g"), name, "exec"), namespace)
    with np.errstate(all="ignore"):
        return namespace["backward"](**draw(name, T))  # type: ignore[operator]


@cache
def point(name: str, T: int) -> Case:
    """The model at the arrays of a backward pass."""
    data = draw(name, T)
    final = np.zeros((T, *data["dS"].shape))
    final[-1] = data["dS"]
    inputs = {n: data[n] for n in INPUTS[name]}
    return case(kernel(name), parameters={}, inputs=inputs, states={"S": data["S"]}, cotangents={"o": data["do"], "S": final})


@cache
def predictions(name: str, T: int) -> tuple[in_chunks.Form, list[Mutant], np.ndarray]:
    """Every single mistake that diagnosis knows, with the gradients that it predicts, side by side."""
    form = in_chunks.Form.of(point(name, T), CHUNK)
    known = [*mutants(form.case.backward, form.case.point), *other_models(form.case.backward, form.case.point)]
    matcher = matched(name, form, point(name, T).right, T)
    with np.errstate(all="ignore"):
        return form, known, np.stack([matcher.vector(predicted(m, form.case)) for m in known])


def matched(name: str, form: in_chunks.Form, theirs: Mapping[str, np.ndarray], T: int) -> Matcher:
    """Gradients of tokens beside the right ones."""
    compared, _ = given(point(name, T), theirs, {})
    return Matcher.of([form.placed(g) for g in compared], form.case.right)


def causes(name: str, theirs: dict[str, np.ndarray], T: int) -> set[str]:
    """The names of the single mistakes that give exactly these gradients, all of them."""
    form, known, vectors = predictions(name, T)
    matcher = matched(name, form, theirs, T)
    exact = np.flatnonzero(matcher.equal(vectors).all(axis=-1) & matcher.changed(vectors).any(axis=-1))
    return {cause.name for i in exact for cause in known[int(i)].causes}


def cases() -> Iterator[tuple[str, int, Mistake, dict[str, np.ndarray]]]:
    """Every mistake that changes some gradient, with the gradients."""
    for name in EQUATIONS:
        text = (FOLDER / f"{name}.py").read_text()
        for T in (RAGGED, WHOLE):
            right = gradients(name, text, T)
            for mistake in MISTAKES:
                wrong = mistake.made_in(text)
                theirs = gradients(name, wrong, T) if wrong is not None else right
                if any(not np.allclose(theirs[n], right[n], rtol=1e-9, atol=1e-9) for n in right):
                    yield name, T, mistake, theirs
