"""The command: it starts, answers whatever comes, and ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from symbptt.cli import main
from symbptt.model.read import load

from .serving import Server, served

pytestmark = pytest.mark.slow
pytest.importorskip("starlette")
ELMAN = load("elman").text
ENDLESS = "def backward(W_xh, W_hh, b_h, W_ho, b_o, x, y):\n    while True:\n        pass\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as found:
        yield found


def test_it_answers_and_ends() -> None:
    with served() as server:
        assert server.address.startswith("http://127.0.0.1:") and len(server.token) >= 20
        assert server.ask(task="code", model=ELMAN)["ok"]
        assert server.stop() == 0
        assert server.process.stderr and "Traceback" not in server.process.stderr.read()


def test_a_hundred_requests_at_once(server: Server) -> None:
    models = [ELMAN, "h = ", ELMAN.replace("W_hh", "Q"), "[" * 1000]
    with ThreadPoolExecutor(100) as many:
        told = list(many.map(lambda number: server.ask(task="code", model=models[number % 4]), range(100)))
    assert [answer["ok"] for answer in told] == [number % 4 == 0 or number % 4 == 2 for number in range(100)]


def test_an_endless_function_is_stopped(server: Server) -> None:
    told = server.ask(task="bug", model=ELMAN, code=ENDLESS)
    assert told["ok"] and told["failed"] and "ran longer than" in told["report"]
    assert server.ask(task="code", model=ELMAN)["ok"]


def test_what_nobody_waits_for_is_ended(server: Server) -> None:
    """Of two workers one is kept for short tasks, and the other is there again soon after the browser has hung up."""
    for _ in range(4):
        connection = HTTPConnection("127.0.0.1", server.port)
        body = b'{"task": "bug", "model": %s, "code": %s}' % (quoted(ELMAN), quoted(ENDLESS))
        connection.request("POST", "/answer", body, {"Host": server.host, "X-Symbptt-Token": server.token})
        time.sleep(0.3)
        connection.close()
    assert server.ask(task="check", model=ELMAN)["agree"]


def quoted(text: str) -> bytes:
    return ('"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"').encode()


def test_a_huge_model_is_answered_in_a_sentence(server: Server) -> None:
    rows = "\n".join(f'a{i} = "tanh(a{i - 1} * x)"' for i in range(1, 400))
    text = f'[inputs]\nx = "H"\n[states]\nh = "H"\n[equations]\na0 = "x * h[t-1]"\n{rows}\nh = "a399"\n'
    told = server.ask(task="derivation", model=text, T=12)
    assert told["ok"] or told["error"]["message"]
    assert server.ask(task="code", model=ELMAN)["ok"]


def test_a_second_server_says_why_it_cannot(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--no-browser", "--port", str(server.port)]) == 2
    assert "--port 0 takes one that is free" in capsys.readouterr().err
    assert main(["serve", "--no-browser", "--host", "no.such.host.invalid"]) == 2
