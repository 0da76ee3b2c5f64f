"""A headless Chromium, driven over a pair of pipes in its DevTools protocol: messages are JSON, each ended by a zero byte."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
AUDIT = Path(__file__).with_name("audit.js").read_text(encoding="utf-8")
"""A script that lists what is wrong with a page for people: contrast, names, ranks, what sticks out or overlaps."""
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
    # Braces of formulas vanish at the edges of small tiles.
    "--default-tile-width=2048", "--default-tile-height=2048",
)
TO_BROWSER, FROM_BROWSER = 3, 4
"""The file descriptors at which Chromium listens and answers."""


@dataclass
class Browser:
    """A running Chromium."""

    write: Any
    read: Any
    events: list[dict[str, Any]] = field(default_factory=list)
    last: int = 0
    buffer: bytes = b""

    def message(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            more = os.read(self.read, 1 << 20)
            assert more, "Chromium closed its pipe"
            self.buffer += more
        text, self.buffer = self.buffer.split(b"\0", 1)
        return dict(json.loads(text))

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self.last += 1
        said = {"id": self.last, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self.write, json.dumps(said).encode() + b"\0")
        while (answer := self.message()).get("id") != self.last:
            self.events.append(answer)
        assert "error" not in answer, (method, answer["error"])
        return dict(answer["result"])

    def open(self, path: Path, width: int, *, dark: bool = False, script: bool = True) -> Page:
        """Load a file in a window of a width, and wait for its fonts."""
        return self.visit(path.resolve().as_uri(), width, dark=dark, script=script)

    def visit(self, address: str, width: int, *, dark: bool = False, script: bool = True) -> Page:
        """The same for an address."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        page = Page(self, self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"], target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        page.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        page.ask("Emulation.setScriptExecutionDisabled", value=not script)
        self.events.clear()
        page.ask("Page.navigate", url=address)
        while not page.heard("Page.loadEventFired"):
            self.events.append(self.message())
        page.evaluate("document.fonts.ready.then(() => true)")
        return page


@dataclass
class Page:
    """A page that is loaded."""

    browser: Browser
    session: str
    target: str

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.ask(method, self.session, **parameters)

    def heard(self, method: str) -> list[dict[str, Any]]:
        return [e["params"] for e in self.browser.events if e.get("method") == method and e.get("sessionId") == self.session]

    def evaluate(self, script: str) -> Any:
        """The value of an expression; a promise is awaited."""
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release a key, as Tab or Enter."""
        code = {"Tab": 9, "Enter": 13, " ": 32, "Escape": 27, "ArrowRight": 39, "ArrowLeft": 37}[key]
        text = {"text": "\r"} if key == "Enter" else {"text": " "} if key == " " else {}
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, and exceptions."""
        said = [str(e["args"]) for e in self.heard("Runtime.consoleAPICalled") if e["type"] in ("error", "warning", "assert")]
        said += [e["entry"]["text"] for e in self.heard("Log.entryAdded") if e["entry"]["level"] in ("error", "warning")]
        return said + [str(e["exceptionDetails"]) for e in self.heard("Runtime.exceptionThrown")]

    def requests(self) -> list[str]:
        """The addresses that the page asked for, without its own and those that hold their data."""
        asked = [e["request"]["url"] for e in self.heard("Network.requestWillBeSent")]
        return [url for url in asked[1:] if not url.startswith("data:")]

    def screenshot(self, path: Path, full: bool = True) -> None:
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=full)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self, path: Path) -> None:
        printed = self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        path.write_bytes(base64.b64decode(printed["data"]))

    def close(self) -> None:
        self.browser.ask("Target.closeTarget", targetId=self.target)


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A Chromium with an empty profile, ended afterwards."""
    assert PROGRAM is not None
    hears, says = os.pipe()
    listens, answers = os.pipe()

    # Through a shell, since a fork of this process is refused where JAX was loaded into it.
    place = f'exec "$@" {TO_BROWSER}</dev/fd/{hears} {FROM_BROWSER}>/dev/fd/{answers}'
    command = ["sh", "-c", place, "sh", PROGRAM, *OPTIONS, f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        command, pass_fds=(hears, answers), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(hears)
    os.close(answers)
    try:
        yield Browser(says, listens)
    finally:
        os.close(says)
        os.close(listens)
        process.terminate()
        process.wait(timeout=30)
