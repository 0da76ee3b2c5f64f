"""The one call of the page: a request in, an answer out, both of which are JSON.

A request names its `task` and has its fields; an answer has `ok` and either what was asked for or an `error`, which is one
sentence and, where it is about the text of the editor, its line and column.
"""

from typing import Any

from symbptt.errors import BadInput, SymbpttError, UnknownName
from symbptt.web import fields, written
from symbptt.web.limits import refused
from symbptt.web.tasks.table import TASKS

MEMORY = "out of memory; smaller sizes, fewer steps or a smaller model need less"
DEPTH = "the model is nested too deep; name parts of it in equations of their own"


def answer(request: fields.Request) -> dict[str, Any]:
    """Answer a request of the page. Nothing that is asked raises: what cannot be answered is an `error`."""
    try:
        name = fields.text(request, "task")
        if name not in TASKS:
            raise UnknownName("task", name[:40], TASKS)
        return {"ok": True, **TASKS[name](request)}
    except SymbpttError as error:
        return {"ok": False, "error": written.told(error, _editor(request))}
    except MemoryError:
        return refused(MEMORY)
    except RecursionError:
        return refused(DEPTH)


def _editor(request: fields.Request) -> str:
    try:
        return fields.text(request, "model")
    except BadInput:
        return ""
