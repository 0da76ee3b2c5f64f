"""A class judged: every submission in the guarded child, several at a time; one that fails is a row with its reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from symbptt.checks import positive
from symbptt.compose import Subject, any_model
from symbptt.course import grades, panel
from symbptt.course.credit import Credit, credit
from symbptt.course.folder import Submission, twins
from symbptt.course.grades import Grade
from symbptt.diagnose.submission import mapping as mappings
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role

SECONDS = 10.0
"""What a submission's own code may take."""
_JUDGING = 120.0
"""What its diagnosis may take beside that."""


@dataclass(frozen=True)
class Options:
    """How a class is judged: `wrt` are the gradients that count, as for `asked`; `function` and `mapping` are those of
    `symbptt.diagnose.code.file`; `credit` is the file of a table; `jobs` run at a time, one for each core if 0."""

    wrt: Sequence[str] | str | None = None
    function: str | None = None
    mapping: Path | str | None = None
    credit: Path | str | None = None
    seconds: float = SECONDS
    jobs: int = 0


@dataclass(frozen=True)
class Gradebook:
    """The grades of a class, by name, for the gradients of a model."""

    model: Model = field(repr=False)
    gradients: tuple[str, ...]
    credit: Credit
    grades: tuple[Grade, ...]

    @property
    def out_of(self) -> float:
        """The points of a submission that is right."""
        return round(sum(map(self.credit.of, self.gradients)), 6)

    @property
    def mean(self) -> float:
        """The mean of the points."""
        return sum(g.points for g in self.grades) / len(self.grades)


def _silent(count: int) -> None:
    """Progress that nobody looks at."""


def grade(
    model: Subject | str, given: Sequence[Submission], options: Options | None = None, told: Callable[[int], None] = _silent
) -> Gradebook:
    """Judge submissions for a model; `told` hears how many are done.

    Raises BadInput for options that do not fit the model. Whatever is wrong with a submission is said in its grade.
    """
    known, chosen = cast(Model, any_model(model)), options or Options()  # of a chain it is asked for what a model has, too
    if not given:
        raise BadInput("no submissions to grade")
    if not known.text:
        raise BadInput(f"the model {known.name} has no text; make it with symbptt.model.define.model")
    wanted = asked(known, chosen.wrt)
    table = credit(chosen.credit, wanted)
    if chosen.mapping is not None:
        mappings.file(chosen.mapping, known)
    orders = {
        "model": known.text, "name": known.name, "place": f"{known.name}.toml", "wrt": list(wanted), "seconds": chosen.seconds,
        "function": chosen.function, "mapping": None if chosen.mapping is None else str(Path(chosen.mapping).resolve()),
    }
    readable = [s for s in given if not s.fault]
    jobs = positive(chosen.jobs, "the number of jobs") if chosen.jobs else panel.cores()
    with TemporaryDirectory(prefix="symbptt-") as folder:
        paths = [_module(s, Path(folder, str(i))) for i, s in enumerate(readable)]
        answers = panel.judged(orders, paths, jobs, chosen.seconds + _JUDGING, told)
    judged = {s.file: answer for s, answer in zip(readable, answers, strict=True)}
    same = twins(given)
    made = (_grade(s, judged.get(s.file, {"fault": s.fault}), wanted, table, same.get(s.file, ())) for s in given)
    return Gradebook(known, wanted, table, tuple(made))


def asked(model: Subject, wrt: Sequence[str] | str | None = None) -> tuple[str, ...]:
    """The gradients that count: those that are named, "all" for all, else those of the parameters, or of what else has one.

    Raises BadInput for a name without a gradient and for a model that has none at all.
    """
    every = tuple(v.name for v in sorted(model.with_gradient, key=lambda v: v.role is not Role.PARAMETER))
    parameters = tuple(v.name for v in model.parameters)
    found = every if wrt == "all" else mappings.asked(wrt, cast(Model, model), "wrt") if wrt else parameters or every
    if not found:
        raise BadInput(f"{model.name} has nothing to differentiate by")
    return tuple(dict.fromkeys(found))


def _module(submission: Submission, folder: Path) -> Path:
    """The file to run: its own, or the cells of a notebook as a module."""
    if not submission.is_notebook:
        return submission.path
    folder.mkdir()
    path = folder / f"{submission.path.stem}.py"
    path.write_text(submission.text, encoding="utf-8")
    return path


def _grade(
    submission: Submission, answer: Mapping[str, Any], wanted: Sequence[str], table: Credit, same: tuple[str, ...]
) -> Grade:
    name, file = submission.name, submission.file
    if answer["fault"]:
        return Grade(name, file, grades.none(wanted, table), answer["fault"], twins=same)
    findings = [] if answer["failed"] else answer["diagnosis"]["findings"]
    reason = "" if findings else ". ".join((*answer["opening"], *answer["notes"]))
    seen = tuple(answer["opening"]) if findings else ()
    return Grade(name, file, grades.marks(findings, wanted, table), reason, seen, answer["report"], same)
