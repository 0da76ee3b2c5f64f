"""A worker: a process that answers requests, a line of JSON each, until its input ends.

What anything prints goes to standard error; answers alone go out by the descriptor that standard output had at the start.
"""

import json
import os
import sys
from contextlib import suppress
from importlib import import_module

from symbptt.web.answering import answer

MEMORY = 3 << 30
"""Bytes of address space that a worker may have."""


def main() -> None:
    """Answer what comes in."""
    _limited()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        out.write(json.dumps(answer(json.loads(line))) + "\n")
        out.flush()


def _limited() -> None:
    """Limit the memory, where the system has such limits."""
    with suppress(ImportError, ValueError, OSError):
        resource = import_module("resource")
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
