"""Serves a function of somebody's package, behind the guard.

The first message names the function and where its package lies; the answer says what it takes. Then one answer for each plan.
"""

import importlib
import inspect
import sys
import traceback
from pathlib import Path
from typing import Any

from symbptt.guard import alone, hooks, wire
from symbptt.guard.caught import Caught, told

libraries = alone.load(Path(__file__).with_name("libraries.py"))
answering = alone.load(Path(__file__).with_name("answering.py"))


def found(module: str, name: str, library: str) -> tuple[dict[str, Any], Any]:
    """What is to be known of a function, and how it is called."""
    thing: Any = importlib.import_module(module)
    file = getattr(thing, "__file__", None) or ""
    for part in name.split("."):
        thing = getattr(thing, part)
    autograd = libraries.is_autograd(thing)
    if inspect.isclass(thing) and not autograd:
        raise TypeError(f"{name} is a class: name a function, or a torch.autograd.Function")
    if not callable(thing):
        raise TypeError(f"{name} is no function but a {type(thing).__name__}")
    parameters = libraries.parameters(thing)
    chosen = "" if library == "numpy" else library or libraries.library_of(thing)
    facts = {"library": chosen, "file": file, **answering.taken(parameters)}
    if chosen not in libraries.LIBRARIES:
        return facts, None
    return facts, answering.Called(thing, libraries.LIBRARIES[chosen](), parameters, autograd)


def _place(error: BaseException, file: str) -> str:
    """The last line of their package that an error passed."""
    home = str(Path(file).parent)
    theirs = [f for f in traceback.extract_tb(error.__traceback__) if file and f.filename.startswith(home)]
    return f"{Path(theirs[-1].filename).name}, line {theirs[-1].lineno}: {theirs[-1].line}" if theirs else ""


def serve(channel: wire.Channel) -> None:
    """Find the function, then carry out plans as long as some come."""
    orders = channel.receive()
    sys.path[:0] = orders["paths"]
    with Caught() as caught:
        facts, called = found(orders["module"], orders["name"], orders["library"])
    if caught.error is not None:
        channel.send({"fault": told(caught.error)})
        return
    channel.send(facts)
    while True:
        asked = channel.receive()
        for order in asked["plans"]:
            kept: dict[str, Any] = {}
            answer: dict[str, Any] = {}
            with Caught() as failed:
                answer, kept = called.answered(order, asked["arrays"])
            if failed.error is not None:
                answer |= {"fault": told(failed.error), "place": _place(failed.error, facts["file"])}
            channel.send({**answer, "refused": sorted(set(hooks.REFUSED)), "skipped": [], "arrays": kept})
