"""The gate of the local server: who may ask, and what may be asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pytest

pytest.importorskip("starlette")

from symbptt.web import app, page

PORT, TOKEN = 8021, "secret"


@dataclass
class Told:
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def client(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Told:
    """One request. Without its lifespan the application has no workers: what is refused is refused before."""
    sent: list[Any] = []

    parts = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(parts, None) or await asyncio.sleep(60, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    given = {"host": f"127.0.0.1:{PORT}", **(headers or {})}
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": unquote(path), "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()], "root_path": "", "scheme": "http",
    }
    asyncio.run(app.application("127.0.0.1", PORT, TOKEN)(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Told(sent[0]["status"], told, b"".join(part.get("body", b"") for part in sent[1:]).decode())


@pytest.mark.parametrize(("host", "served", "own"), [
    ("127.0.0.1:8021", "127.0.0.1", True), ("localhost:8021", "127.0.0.1", True), ("[::1]:8021", "127.0.0.1", True),
    ("evil.example:8021", "127.0.0.1", False), ("127.0.0.1", "127.0.0.1", False), ("127.0.0.1:80", "127.0.0.1", False),
    ("192.168.1.5:8021", "127.0.0.1", False), ("192.168.1.5:8021", "0.0.0.0", True), ("evil.example:8021", "0.0.0.0", False),
    ("lab.example:8021", "lab.example", True), ("127.0.0.1.evil.example:8021", "127.0.0.1", False), ("", "127.0.0.1", False),
])
def test_whose_host(host: str, served: str, own: bool) -> None:
    assert app.is_own(host, served, PORT) is own


@pytest.mark.parametrize(("headers", "status"), [
    ({"host": "evil.example:8021", "x-symbptt-token": TOKEN}, 403),
    ({"origin": "http://evil.example", "x-symbptt-token": TOKEN}, 403),
    ({"origin": "null", "x-symbptt-token": TOKEN}, 403),
    ({"origin": "http://localhost:8021", "x-symbptt-token": TOKEN}, 403),
    ({}, 403), ({"x-symbptt-token": "guess"}, 403), ({"x-symbptt-token": ""}, 403),
])
def test_strangers_are_refused(headers: Mapping[str, str], status: int) -> None:
    told = client("POST", "/answer", headers, b'{"task": "start"}')
    assert told.status == status and not told.json()["ok"] and TOKEN not in told.text


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"\xff\xfe", b"[" * 100_000])
def test_a_request_is_an_object(body: bytes) -> None:
    assert client("POST", "/answer", {"x-symbptt-token": TOKEN}, body).status == 400


def test_a_request_is_not_too_large() -> None:
    body = b'{"task": "' + b"a" * app.LARGEST + b'"}'
    assert client("POST", "/answer", {"x-symbptt-token": TOKEN}, body).status == 413


def test_an_unknown_task_needs_no_worker() -> None:
    told = client("POST", "/answer", {"x-symbptt-token": TOKEN}, b'{"task": "no"}')
    assert told.json() == {"ok": False, "error": {"message": "unknown task"}}


@pytest.mark.parametrize("path", [
    "/../pyproject.toml", "/..%2fpyproject.toml", "/%2e%2e/%2e%2e/etc/passwd", "/app.py", "/__init__.py", "/pool.py",
    "/page/app.js", "//etc/passwd", "/index.html%00.js",
])
def test_only_the_files_of_the_page(path: str) -> None:
    assert client("GET", path).status == 404


def test_the_page_says_what_it_may_load() -> None:
    told = client("GET", "/")
    assert told.status == 200 and TOKEN not in told.text
    policy = told.text.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0]
    assert "default-src &#39;none&#39;" in policy and "http" not in policy and "unsafe-inline" not in policy.split(";")[1]
    assert told.headers["x-frame-options"] == "DENY" and told.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("name", page.files("serve"))
def test_every_file_is_served(name: str) -> None:
    told = client("GET", f"/{name}")
    assert told.status == 200 and told.headers["content-type"].startswith(page.media_type(name))
    assert told.headers["x-content-type-options"] == "nosniff"
