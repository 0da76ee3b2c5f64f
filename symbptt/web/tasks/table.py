"""What the page can ask for, a function each. To add one: a row below, and one in `limits`."""

from collections.abc import Callable
from typing import Any

from symbptt.web.fields import Request
from symbptt.web.tasks.bug import bug
from symbptt.web.tasks.check import check
from symbptt.web.tasks.code import code
from symbptt.web.tasks.document import derivation, file
from symbptt.web.tasks.flow import flow
from symbptt.web.tasks.read import read
from symbptt.web.tasks.start import start

Task = Callable[[Request], dict[str, Any]]

TASKS: dict[str, Task] = {
    "start": start, "derivation": derivation, "code": code, "check": check, "flow": flow, "bug": bug, "file": file,
    "read": read,
}
"""What is asked for by its name: from the fields of a request to those of the answer."""
