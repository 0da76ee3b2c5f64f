"""The beginning of the guarded process: limits and protections first, then the program that serves at the channel."""

import json
import os
import resource
import signal
import sys
from contextlib import suppress
from importlib import import_module

from symbptt.guard import alone, linux, protections


def main(orders: str) -> None:
    """Carry out orders in JSON: the program's file, the channel's descriptor, the folder, limits, and where to import from.

    The program is a file with a function `serve(channel)`; it may import symbptt.guard, nothing else of symbptt.
    """
    told = json.loads(orders)
    with suppress(linux.Unavailable):
        linux.prctl(linux.PARENT_DEATH_SIGNAL, int(signal.SIGKILL))
    if os.getppid() != told["parent"]:
        return
    for limit, value in told["limits"].items():
        # Systems refuse limits that they do not know, and some the one of memory.
        with suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, limit), (value, value))
    os.chdir(told["folder"])
    names = told["protections"]
    force = protections.apply(told["folder"], None if names is None else frozenset(names))
    channel = import_module("symbptt.guard.wire").Channel(told["channel"])
    program = alone.load(told["program"])
    # Their code finds what it would find without symbptt.
    sys.path.remove(told["root"])
    channel.send({"present": force.present, "absent": force.absent})
    program.serve(channel)
