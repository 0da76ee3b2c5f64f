"""The third depth: the size of every term in a small seeded example."""

import numpy as np

from symbptt import derive, unroll
from symbptt.algebra.nodes import BatchMean
from symbptt.data.random_values import random
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import symbols
from symbptt.narrative.inline import math
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Norms, Section

LONGEST = 8
"""The largest T of the example."""
WIDEST = 4
"""The largest T for which every variable is shown; beyond, one."""
SEED = 0
SAMPLES = 3
"""The samples of a model that couples them; others have one."""


@np.errstate(over="ignore", invalid="ignore")  # a norm that no float holds is shown as one
def norms(model: Model, presentation: Presentation, T: int, wrt: tuple[Variable, ...]) -> Norms:
    """The Frobenius norms of all terms for one sample; the initial states are random too."""
    steps = min(T, LONGEST)
    graph = unroll.steps(model, steps)
    samples = SAMPLES if any(e.value.has(BatchMean) for e in model.all_equations) else 1
    data = random(model, T=steps, N=samples, seed=SEED)
    shown = [v for v in wrt if v.role is Role.PARAMETER and v.tied] or list(wrt[:1])
    if steps > WIDEST:
        shown = [v for v in shown if v in wrt][:1]
    pairs = tuple((t, k) for t in graph.loss_steps for k in range(1, t + 1))
    rows = []
    for v in shown:
        terms = derive.gradient(graph, v.name).evaluate(*data.groups)
        values = tuple(float(np.linalg.norm(terms[p])) if p in terms else 0.0 for p in pairs)
        whole = float(np.linalg.norm(sum(terms.values(), np.zeros(next(iter(terms.values())).shape))))
        rows.append((presentation.tree(v.at(), model), values, whole))
    return Norms(pairs, tuple(rows), tuple(sorted(data.dims.items())), samples, SEED, tuple(v.name for v in shown))


def section(model: Model, presentation: Presentation, T: int, wrt: tuple[Variable, ...]) -> Section:
    """The sum of products in numbers."""
    found = norms(model, presentation, T, wrt)
    sizes = presentation.listed(math(f"{name} = {size}") for name, size in (("T", min(T, LONGEST)), *found.sizes))
    samples = presentation.text(f"derivation.norms.{'one' if found.samples == 1 else 'samples'}", number=str(found.samples))
    L = presentation.tree(symbols.loss(model, None), model)
    intro = presentation.prose("derivation.norms.intro", samples=samples, sizes=sizes, seed=str(found.seed), loss=L)
    return Section(presentation.text("derivation.norms.heading"), (), (intro,), found, level=2)
