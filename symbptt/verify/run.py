"""All routes over one subject, timed, and the term named where they disagree."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from symbptt.checks import seed as whole_seed
from symbptt.errors import BadInput
from symbptt.model.values import Model
from symbptt.unroll.graph import steps
from symbptt.verify import complex_step, dot_product, finite_difference, forms, forward, locate, oracle, taylor
from symbptt.verify.case import Case
from symbptt.verify.chunk_form import of_code
from symbptt.verify.conditioning import Conditioning
from symbptt.verify.emitted import Emitted
from symbptt.verify.load import STEPS, resolve, stored
from symbptt.verify.points import point
from symbptt.verify.report import Check, Report
from symbptt.verify.sizes import chosen

ROUTES: tuple[Callable[[Case, np.random.Generator], Iterator[Check | str]], ...] = (
    forward.check, complex_step.check, complex_step.check_own, complex_step.check_weighted, finite_difference.check,
    taylor.check, dot_product.check, forms.check, oracle.check,
)
"""All routes, in the order of the report; another one is another row. A text that a route gives is a note for the reader."""


def gradients(
    subject: Any, *, dims: Mapping[str, int] | None = None, T: int | None = None, N: int | None = None, seed: int = 0,
    model: Model | None = None,
) -> Report:
    """Verify the gradients of emitted code on random data, by every route.

    The subject is a built-in's name, a Model, a SourceFile, or a namespace with the functions of the emitted code's contract
    (whose model is `model`, or read from its MODEL_FILE). T is 5, or what straight-line code is made for; N is 2, or more for a
    model with a norm over the batch.
    Raises BadInput for sizes that make no sense or take too much, Undefined for a model that is defined at no values drawn,
    Disagreement if the code fails to run.
    """
    return _report(resolve(subject, model, T or STEPS), dims, T, N, seed)


def file(
    path: Path | str, *, dims: Mapping[str, int] | None = None, T: int | None = None, N: int | None = None, seed: int = 0
) -> Report:
    """Verify a module that symbptt emitted, from its file, which runs behind the guard; arguments as of `gradients`."""
    with stored(path) as code:
        chunk = code.module.chunk
        report = _report(code, dims, T, N, seed) if chunk is None else of_code(code, chunk, dims=dims, T=T, N=N, seed=seed)
    return replace(report, notes=(*report.notes, *code.module.notes))


def _report(code: Emitted, dims: Mapping[str, int] | None, T: int | None, N: int | None, seed: int) -> Report:
    seed = whole_seed(seed)
    if T is None:
        T = code.only_T or STEPS
    if code.only_T not in (None, T):
        raise BadInput(f"{code.name} is straight-line code for T = {code.only_T}, not {T}")
    sizes = chosen(code.model, dims, T, N)
    graph = steps(code.model, T)
    data, drawn = point(graph, sizes.dims, sizes.N, seed)
    # Corrupt or diverging code gives nan, which the checks report.
    with np.errstate(all="ignore"):
        case = Case(code, graph, data, code.gradients(data))
        found = list(_all(case, seed))
    checks = tuple(item for item in found if isinstance(item, Check))
    return Report(code.name, checks, (*sizes.notes, *drawn, *(item for item in found if isinstance(item, str))))


def _all(case: Case, seed: int) -> Iterator[Check | str]:
    conditioning = Conditioning(case.graph, case.data)
    for number, route in enumerate(ROUTES):
        started = process_time()
        for item in route(case, np.random.default_rng([seed, number])):
            if isinstance(item, Check):
                item = replace(_explained(conditioning.judged(item), case), seconds=process_time() - started)
            yield item
            started = process_time()


def _explained(check: Check, case: Case) -> Check:
    """The check with the term or step that is wrong, if it objects to an emitted gradient."""
    if check.ok or check.subject not in case.given:
        return check
    why = locate.explain(case, case.code.variable(check.subject))
    return replace(check, where=f"{check.where}; {why}") if why else check
