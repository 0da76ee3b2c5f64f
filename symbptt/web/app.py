"""The local server as an application of Starlette: files from a table that is read at the start, and the call at /answer."""

import asyncio
import hmac
import ipaddress
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from symbptt.web import page
from symbptt.web.limits import refused
from symbptt.web.pool import Pool
from symbptt.web.serving import LOCAL

LARGEST = 256 * 1024
"""Bytes of a request."""
TOKEN = "x-symbptt-token"
STRANGER = "this address belongs to another run of symbptt serve; open the one that it printed"
HEADERS = {
    "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer", "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
}


def is_own(host: str, served: str, port: int) -> bool:
    """Whether a Host header names this server: a page of elsewhere whose name was turned to our address does not.

    It must be the name or address that is served, localhost, or an address in numbers: no name that anybody could have turned.
    """
    name, colon, number = host.rpartition(":")
    if not colon or number != str(port):
        return False
    plain = name.removeprefix("[").removesuffix("]").lower()
    if plain in (served.lower(), "localhost"):
        return True
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        return False
    return address.is_loopback or served != LOCAL


class Gate:
    """What requests pass first: their host and their origin must be ours. Answers get the headers that a page of ours needs."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._app, self._host, self._port = app, host, port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Request(scope).headers
        host, origin = headers.get("host", ""), headers.get("origin")
        ours = is_own(host, self._host, self._port) and origin in (None, f"http://{host}")
        app = self._app if ours else JSONResponse(refused("this is not the host or the origin that symbptt serves"), 403)

        async def dressed(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            await send(message)

        await app(scope, receive, dressed)


def application(host: str, port: int, token: str) -> Starlette:
    """The application for a server at this host and port; requests must carry the token."""
    pool = Pool(min(4, os.cpu_count() or 2))
    files = page.files("serve")

    async def file(request: Request) -> Response:
        name = request.path_params.get("name", page.INDEX)
        if name not in files:
            return Response("no such page", 404, media_type="text/plain")
        return Response(files[name], media_type=page.media_type(name))

    async def answer(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get(TOKEN, "").encode(), token.encode()):
            return JSONResponse(refused(STRANGER), 403)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=499)
        if body is None:
            return JSONResponse(refused(f"a request has at most {LARGEST // 1024} KiB"), 413)
        asked = _object(body)
        if asked is None:
            return JSONResponse(refused("a request is a JSON object"), 400)
        told = await _while_wanted(request, pool, asked)
        return Response(status_code=499) if told is None else JSONResponse(told)

    @asynccontextmanager
    async def working(app: Starlette) -> AsyncIterator[None]:
        pool.open()
        try:
            yield
        finally:
            await pool.close()

    routes = [Route("/", file), Route("/answer", answer, methods=["POST"]), Route("/{name}", file)]
    return Starlette(routes=routes, middleware=[Middleware(Gate, host=host, port=port)], lifespan=working)


async def _body(request: Request) -> bytes | None:
    """The body; None if it is too large."""
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > LARGEST:
            return None
    return bytes(parts)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


async def _while_wanted(request: Request, pool: Pool, asked: dict[str, Any]) -> dict[str, Any] | None:
    """The answer; None as soon as the browser has hung up, and the work is ended."""
    working, gone = asyncio.ensure_future(pool.ask(asked)), asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, gone):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
