"""How many terms, how many factors: counted by listing them."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from symbptt import derive
from symbptt.derive.factors import Kind
from symbptt.derive.sum_of_products import pairs
from symbptt.document.context import DocumentContext
from symbptt.document.exercises.generated import GeneratedExercise, said
from symbptt.model.values import Model, Variable
from symbptt.narrative.forward import is_recurrent
from symbptt.narrative.inline import Prose, math
from symbptt.narrative.presentation import Presentation
from symbptt.typeset.tree import Tree
from symbptt.unroll.graph import steps

LINES = 3
Pairs = list[tuple[int, int]]
QUESTIONS: dict[str, Callable[[int, int], int]] = {
    "all": lambda distance, window: 1,
    "window": lambda distance, window: distance < window,
    "distance": lambda distance, window: distance == window,
    "jacobians": lambda distance, window: distance,
}
"""What is counted, by its name in the tables of words: what a pair (t, k) adds, by its distance t − k and a number K."""


BY_JACOBIANS = {"distance", "jacobians"}
"""The questions about state Jacobians: a term (t, k) has t − k of them only if the loss reads the state of its own step."""


def _one_each(model: Model, theta: Variable) -> bool:
    found = derive.gradient(steps(model, 3), theta.name).terms
    return all(sum(f.kind is Kind.STATE_JACOBIAN for f in t.factors) == t.loss_step - t.source_step for t in found)


@dataclass(frozen=True)
class Count:
    """A question by its name in the tables of words, what fills it, and the number that answers it."""

    name: str
    slots: Mapping[str, Tree | Prose | str]
    answer: int
    working: str
    """The sum over the distances that gives the answer."""
    pairs: Pairs
    """What is counted."""


def count(context: DocumentContext, random: Random) -> Count | None:
    """A number of terms or factors for a T that is not the document's."""
    model, presentation, theta = context.model, context.presentation, context.main
    if theta is None or not is_recurrent(model):
        return None
    asked = sorted(QUESTIONS if _one_each(model, theta) else set(QUESTIONS) - BY_JACOBIANS)
    name, T = random.choice(asked), random.randint(5, 12)
    window = random.randint(2, T - 2)
    slots: dict[str, Tree | Prose | str] = {
        "parameter": presentation.tree(theta.at(), model), "steps": math(f"T = {T}"), "window": str(window),
    }
    worth = QUESTIONS[name]
    found = [(t, k) for t, k in pairs(steps(model, T), theta) if worth(t - k, window)]
    shares = Counter(t - k for t, k in found)
    summands = [f"{number}·{d}" if worth(d, window) > 1 else str(number) for d, number in sorted(shares.items())]
    return Count(name, slots, sum(worth(t - k, window) for t, k in found), " + ".join(summands), found)


def terms(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """How many terms or factors there are."""
    found, presentation = count(context, random), context.presentation
    if found is None:
        return None
    return GeneratedExercise(
        (said(presentation.prose(f"exercises.count.{found.name}.question", **found.slots)),),
        presentation.prose(f"exercises.count.{found.name}.hint", **found.slots),
        (said(_solution(found, presentation)),), LINES,
        about=frozenset((f"count-{found.name}",)),
    )


def _solution(found: Count, presentation: Presentation) -> Prose:
    if found.name == "distance":
        first, last = (math(f"({t}, {k})") for t, k in (min(found.pairs), max(found.pairs)))
        return presentation.prose("exercises.count.one_distance", answer=str(found.answer), first=first, last=last)
    return presentation.prose("exercises.count.solution", sum=math(found.working), answer=str(found.answer))
