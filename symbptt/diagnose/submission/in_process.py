"""A function of the caller's own process with a declaration: tried in every layout that is open, as those of a file are."""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.submission import code, guarded, invoke, signature
from symbptt.diagnose.submission.arguments import calls
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.plans import Plan
from symbptt.diagnose.submission.session import Session
from symbptt.errors import BadInput
from symbptt.guard.caught import told
from symbptt.model.values import Model

_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, RuntimeError, TypeError, ValueError)


class _Here(Session):
    """Plans are carried out in this process."""

    of_file = False
    function: Callable[..., Any]

    def carried_out(self, plans: Sequence[Plan], orders: Sequence[dict[str, Any]], arrays: Mapping[str, Array]) -> guarded.Run:
        return guarded.Run(tuple(self._answer(order, arrays) for order in orders), "", "", (), "")

    def _answer(self, order: Mapping[str, Any], arrays: Mapping[str, Array]) -> guarded.Answer:
        module: Any = SimpleNamespace(**{self.call.function.name: self.function})
        kept: dict[str, Any] = {}
        answer: dict[str, Any] = {"refused": [], "skipped": [], "place": ""}
        watch, before = invoke.Watch(self.function.__code__.co_filename), sys.getprofile()
        try:
            sys.setprofile(watch)
            result, _, answer["changed"] = invoke.call(module, order, arrays)
            sys.setprofile(before)
            invoke.record(watch.held, "held", kept)
            answer["first"] = invoke.record(invoke.flatten(result, order["returns"]), "first", kept)
            invoke.record(invoke.flatten(invoke.call(module, order, arrays)[0], order["returns"]), "again", kept)
        except _FAULTS as error:
            answer["fault"] = told(error)
        finally:
            sys.setprofile(before)
        return guarded.answer({**answer, "arrays": kept})


def function(model: Model, given: Callable[..., Any], table: Table) -> Diagnosis:
    """Diagnose the gradients that a function returns. Raises BadInput where its source is unknown or names cannot be guessed."""
    name = getattr(given, "__name__", type(given).__name__)
    if table.module_names or table.forward:
        raise BadInput(f"{table.place}: globals and forward are for files; hand in a function that needs neither")
    try:
        text, file = dedent(inspect.getsource(given)), inspect.getsourcefile(given) or name
    except (OSError, TypeError):
        raise BadInput(f"{name}: its source is unknown, so what it returns has no names; hand in a plain function") from None
    source = signature.parsed(Path(file), text)
    session = _Here(model, Path(file), calls(source, name, table, model), table, guarded.Limits())
    session.function = given
    return code.diagnosis(session, session.best())
