"""A program behind the door that does what it is told, and says what came of it."""

from __future__ import annotations

from typing import Any

from symbptt.guard import hooks


def serve(channel: Any) -> None:
    """Run one text after another; each may set `result`."""
    while True:
        told = channel.receive()
        names = dict(told["names"])
        outcome = "done"
        try:
            exec(told["text"], names)
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}"
        channel.send({"outcome": outcome, "result": names.get("result"), "refused": list(hooks.REFUSED)})
