"""Any model and any wrong numbers give a report: the fuzzer's models, and one model of every kind."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import answers
import numpy as np
import pytest
from commands import FILES

from symbptt import diagnose
from symbptt.data.random_values import random
from symbptt.data.values import Data
from symbptt.diagnose import Diagnosis
from symbptt.diagnose.case import Case, case
from symbptt.diagnose.check import diagnosed
from symbptt.diagnose.hypotheses import mutants
from symbptt.diagnose.mutant import predicted
from symbptt.fuzz.generate import draft
from symbptt.model.read import from_text, load
from symbptt.model.values import Model, Role

Arrays = dict[str, np.ndarray]


def _kind(equations: str, loss: str, **sections: str) -> str:
    text = "".join(f"[{name}]\n{body}\n" for name, body in sections.items())
    return f"{text}[equations]\n{equations}\n[loss]\n{loss}\n" if loss else f"{text}[equations]\n{equations}\n"


KINDS = {
    "own loss": _kind('h = "w * h[t-1] + x"', 'step = "sum((h - y) ** 2) + log(1 + exp(w[0:1]))"', inputs='x = "H"',
                      states='h = "H"', parameters='w = "H"', targets='y = "H"'),
    "loss at last": _kind('h = "tanh(W @ h[t-1] + x)"', 'step = "sqrt(1 + sum((h - y) ** 2))"\nat = "last"', inputs='x = "H"',
                          states='h = "H"', parameters='W = "H H"', targets='y = "H"'),
    "inputs only": _kind('h = "a * h[t-1] + x"', 'step = "dot(g, h)"', inputs='a = "H"\nx = "H"', states='h = "H"',
                         targets='g = "H"'),
    "no targets": _kind('h = "tanh(a * h[t-1] + x)"', 'step = "0.5 * dot(h, h)"', inputs='x = "H"', states='h = "H"',
                        parameters='a = "H"'),
    "matrix state": _kind('S = "S[t-1] + outer(v, k)"\no = "S @ k"', 'step = "dot(g, o)"', inputs='k = "K"\nu = "V"',
                          states='S = "V K"', parameters='v = "V"', targets='g = "V"'),
    "scalar state": _kind('s = "a * s[t-1] + b * x"', 'step = "(s - y) ** 2"', inputs='x = ""', states='s = ""',
                          parameters='a = ""\nb = ""', targets='y = ""'),
    "untied": _kind('h = "tanh(W[t] @ h[t-1] + x)"', 'step = "squared_error(h, y)"', inputs='x = "H"', states='h = "H"',
                    parameters='W = "H H"', targets='y = "H"'),
    "several lags": _kind('h = "tanh(U @ h[t-1] + V @ h[t-3] + x)"', 'step = "squared_error(h, y)"', inputs='x = "H"',
                          states='h = "H"', parameters='U = "H H"\nV = "H H"', targets='y = "H"'),
    "learned start": _kind('h = "tanh(U @ h[t-1] + x)"', 'step = "squared_error(h, y)"', inputs='x = "H"', states='h = "H"',
                           parameters='U = "H H"\nh_0 = "H"', targets='y = "H"', initial='h = "h_0"'),
    "two losses": _kind('h = "tanh(U @ h[t-1] + x)"\no = "V @ h"',
                        'step = "squared_error(h, y) + softmax_cross_entropy(o, c)"', inputs='x = "H"', states='h = "H"',
                        parameters='U = "H H"\nV = "O H"', targets='y = "H"\nc = "O"'),
    "no inputs": _kind('h = "tanh(U @ h[t-1])"', 'step = "sum(h)"', states='h = "H"', parameters='U = "H H"'),
    "learned start and lag, no inputs": _kind('Z = "(Z[t-2] + Z[t-1]) * p"', "", states='Z = "H"', parameters='Z_0 = "H"\np = ""',
                                              initial='Z = "Z_0"'),
    "no states": _kind('o = "tanh(U @ x)"', 'step = "squared_error(o, y)"', inputs='x = "H"', parameters='U = "O H"',
                       targets='y = "O"'),
    "no loss": _kind('h = "tanh(U @ h[t-1] + x)"', "", inputs='x = "H"', states='h = "H"', parameters='U = "H H"'),
}


@cache
def _point(text: str, T: int, N: int, seed: int, dims: tuple[tuple[str, int], ...] = ()) -> tuple[Model, Case]:
    model = from_text(text, "model.toml")
    data: Data = random(model, dict(dims) or None, T, N, seed)
    outside: dict[str, Any] = {"targets": data.targets} if model.loss else {"cotangents": data.cotangents}
    with np.errstate(all="ignore"):
        return model, case(model, T=T, parameters=data.parameters, inputs=data.inputs, states=data.states, **outside)


def _drawn(number: int) -> tuple[Model, Case]:
    made = draft(12, number)
    model = from_text(made.text(), "model.toml")
    shared = not model.of(Role.INPUT) and all(s.initial for s in model.states)
    dims = tuple((d, n) for d, n in made.dims.items() if d in model.dimensions)
    return _point(made.text(), made.T, 1 if shared else made.N, made.seed, dims)


def _wrongs(known: Case, seed: int) -> dict[str, Arrays]:
    """Wrong numbers of several kinds for every gradient of a model."""
    rng = np.random.default_rng(seed)
    noise = {n: a + rng.standard_normal(a.shape) for n, a in known.right.items()}
    one = next(iter(sorted(known.right)))
    return {
        "noise": noise, "zero": {n: 0 * a for n, a in known.right.items()},
        "one gradient": {**known.right, one: noise[one]}, "squared": {n: a * a for n, a in known.right.items()},
        "turned": {n: a.T for n, a in known.right.items()}, "no numbers": {n: a / 0.0 for n, a in known.right.items()},
    }


def _check(model: Model, known: Case, seed: int, *kinds: str) -> None:
    with np.errstate(all="ignore"):
        assert Diagnosis(model, diagnosed(known, known.right, {})).ok
        for theirs in (theirs for kind, theirs in _wrongs(known, seed).items() if not kinds or kind in kinds):
            found = Diagnosis(model, diagnosed(known, theirs, {}))
            assert {f.gradient for f in found.findings} == set(known.right)
            assert str(found) and found.json()


def _explains_its_own(model: Model, known: Case, seed: int, count: int) -> None:
    """What a hypothesis predicts is explained with certainty."""
    with np.errstate(all="ignore"):
        made = mutants(known.backward, known.point)
        for i in np.random.default_rng(seed).permutation(len(made))[:count]:
            theirs = predicted(made[i], known)
            if all(np.isfinite(a).all() for a in theirs.values()):
                found = Diagnosis(model, diagnosed(known, theirs, {}))
                assert all(f.right or f.certain for f in found.findings), (made[i].causes, str(found))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_has_a_report(kind: str) -> None:
    model, known = _point(KINDS[kind], 3, 2, 3)
    _check(model, known, 1, "noise", "no numbers")
    _explains_its_own(model, known, 1, 1)


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("T", "N"), [(1, 1), (4, 3)])
def test_every_kind_of_model_has_a_report_at_every_size(kind: str, T: int, N: int) -> None:
    model, known = _point(KINDS[kind], T, N, 4)
    _check(model, known, 2)
    _explains_its_own(model, known, 2, 3)


@pytest.mark.share(5)
@pytest.mark.slow
@pytest.mark.parametrize("number", range(24))
def test_any_random_model_has_a_report(number: int) -> None:
    model, known = _drawn(number)
    if all(np.isfinite(a).all() for a in known.right.values()):
        _check(model, known, number)
        _explains_its_own(model, known, number, 2)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [
    "learned-start", "loss-mean", "names-of-code", "states-only", "no-inputs", "structured", "given-constants",
])
def test_emitted_code_of_special_kinds_is_right(kind: str, tmp_path: Path) -> None:
    """States that start from parameters, a mask of the model's own, names of the contract, one T, dimensions T and N."""
    model = load(str(FILES[kind]))
    for file in answers.files(model, tmp_path):
        found = (diagnose.code if file.suffix == ".py" else diagnose.values).file(model, file)
        assert found.ok == (file.stem == "right"), f"{file.name}: {found}"
