"""What is said of the runs of somebody's function, beside the findings."""

from collections.abc import Iterator

from symbptt.diagnose.submission.plans import Plan
from symbptt.diagnose.submission.session import Attempt, Session
from symbptt.diagnose.submission.witness import computed
from symbptt.guard.text import plain


def opening(best: Attempt, name: str) -> tuple[str, ...]:
    """What is said first: that the forward pass is another already."""
    if not best.fit.differs:
        return ()
    if best.fit.first is not None:
        return (f"The forward pass of {name} is not the model's: {best.fit.first}. Mend that first: the gradients below are "
                "compared with those of the model's forward pass, and no causes are guessed.",)
    right, given = best.case.loss, best.found.loss
    if given is None or right is None:
        return (f"The forward pass of {name} is not the model's: look there first.",)
    return (f"{name} returned the loss {given:.8g}, the model's is {right:.8g}: its forward pass or its loss is another, so "
            "look there first.",)


def undecided(best: Attempt, rival: Attempt) -> str:
    """That two layouts fit, and what is right in each."""

    def told(attempt: Attempt) -> str:
        right = ", ".join(sorted(attempt.fit.right)) or "no gradient"
        last = ", the last step alone" if attempt.plan.last else ""
        classes = ", one-hot targets" if attempt.plan.layout.classes is False else ""
        return f"{attempt.plan.layout.words}{last}{classes}{order(attempt.plan)}: {right} right"

    return (f"two layouts fit and give different verdicts, {told(best)}; {told(rival)}. Say which is meant in a mapping, "
            f'as axes = "{best.plan.layout.axes}", layout = "{best.plan.layout.weights}"')


def of_one(larger: Attempt, best: Attempt, name: str) -> str:
    """What is said of a function that takes several samples and is the model for one."""
    first = f": {larger.fit.first}" if larger.fit.first is not None else ""
    return (f"{name} was judged for one sample. With {larger.plan.data.N} samples it runs too, but its forward pass is not the "
            f'model\'s{first}; if it is meant for one sample, say so in a mapping: axes = "{best.plan.layout.axes}"')


def ran(session: Session, name: str) -> Iterator[str]:
    """How the run itself went."""
    run = session.run
    assert run is not None
    if run.ended:
        yield f"{name} did not come back: {run.ended}"
    if run.files:
        yield f"{name} wrote files, which are thrown away: {', '.join(run.files[:3])}"
    if run.printed:
        yield f"{name} printed, which is not shown: {run.printed[:60]}"


def about_answer(session: Session, best: Attempt, name: str) -> Iterator[str]:
    """What came back beside gradients, and what happened on the way."""
    answer = best.answer
    if answer.fault:
        yield f"{name} raised {answer.fault}"
    for what in answer.refused:
        yield f"{name}: {what} was refused"
    for what in answer.skipped:
        yield f"{plain(session.path.name)}, outside functions: {what}, and was left out"
    if answer.changed:
        yield f"{name} changes its {'argument' if len(answer.changed) == 1 else 'arguments'} {', '.join(answer.changed)} in place"
    if best.found.listed:
        yield f"{name} returned lists of one gradient per step, {', '.join(best.found.listed)}, which were added up"
    if best.found.gradients:
        for n in (n for n in best.found.unknown if n not in answer.first or not computed(best.case, answer.first[n])):
            yield f"{name} returned {n}, which is no gradient of {best.case.model.name} that can be recognised"


def about_loss(best: Attempt, name: str) -> Iterator[str]:
    """That the loss is a mean."""
    if best.fit.way not in (None, "sum"):
        yield f'{name} returned the loss as a {best.fit.way}; if that is meant, say loss = "{best.fit.way}" in a mapping'


def order(plan: Plan) -> str:
    """The order of the gates, where there are several."""
    blocks = [plan.meaning(m) for m in plan.call.meanings.values() if m.kind == "blocks" and len(m.blocks) > 1]
    return f", gates in the order {', '.join(' '.join(row) for row in blocks[0].blocks)}" if blocks else ""
