"""The local server: the page, and the one call behind it, for whoever has the address that it prints.

A page of another site cannot use it: requests must name this server as their host (against DNS rebinding), come from its own
page or from none, and carry the token, which is in the address that is printed and nowhere else.
"""

import secrets
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from symbptt.errors import BadInput
from symbptt.files import reason

EXTRA = "symbptt[web]"
LOCAL = "127.0.0.1"


def _needed(name: str) -> ModuleType:
    """A module of the extra; raises BadInput without it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if str(error.name).startswith("symbptt"):
            raise
        raise BadInput(f"the page needs Starlette and uvicorn: pip install '{EXTRA}'") from None


def serve(host: str = LOCAL, port: int = 0, ready: Callable[[str], None] = print) -> None:
    """Serve the page until the process is told to stop (Ctrl-C); `ready` is given its address, which has the token.

    Port 0 is one that is free. Raises BadInput if the address cannot be had or the extra is not installed.
    """
    uvicorn, app = _needed("uvicorn"), _needed("symbptt.web.app")
    with _bound(host, port) as listening:
        number = listening.getsockname()[1]
        token = secrets.token_urlsafe(18)
        shown = f"[{host}]" if ":" in host else host
        config = uvicorn.Config(
            app.application(host, number, token), log_level="error", access_log=False, server_header=False,
            timeout_graceful_shutdown=1, limit_concurrency=None, ws="none",
        )
        ready(f"http://{shown}:{number}/?token={token}")
        sys.stdout.flush()
        try:
            uvicorn.Server(config).run(sockets=[listening])
        except KeyboardInterrupt:
            return


def _bound(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(found[0], socket.SOCK_STREAM)
    except (OSError, OverflowError, UnicodeError) as error:
        raise BadInput(f"--host {host}: {reason(error) if isinstance(error, OSError) else 'no address'}") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(found[4])
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        said = reason(error) if isinstance(error, OSError) else "a port is a number up to 65535"
        raise BadInput(f"{host}, port {port}: {said}; --port 0 takes one that is free") from None
    return listening
