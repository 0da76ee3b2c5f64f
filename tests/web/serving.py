"""A server of the page in a process of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit


class Server:
    """A running server: its address with the token, and the process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self.process = process
        self.address = process.stdout.readline().strip()
        found = urlsplit(self.address)
        self.host, self.port, self.token = found.netloc, found.port, found.query.removeprefix("token=")

    def request(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body or None, {"Host": self.host, **(headers or {})})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ask(self, **request: Any) -> dict[str, Any]:
        status, body = self.request("POST", "/answer", json.dumps(request).encode(), {"X-Symbptt-Token": self.token})
        assert status == 200, (status, body)
        return dict(json.loads(body))

    def stop(self) -> int:
        """What Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@contextmanager
def served() -> Iterator[Server]:
    command = [sys.executable, "-m", "symbptt", "serve", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            yield Server(process)
        finally:
            process.kill()
