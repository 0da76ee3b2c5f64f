"""The page in a browser, with the local server behind it: what a stranger does there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pages
import pytest
from chromium import AUDIT, PROGRAM, Browser, Page, chromium

from .serving import Server, served

pytestmark = [pytest.mark.browser, pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")]
pytest.importorskip("starlette")
PHONE, DESK = 360, 1280
PATIENCE = 60.0
SHOWN = "document.querySelector('#frame-derivation iframe') !== null && !document.querySelector('.panel.stale:not([hidden])')"
COMPLAINT = "document.getElementById('complaint').textContent"
BUGGY = re.findall(r"```python\n(.*?)```", pages.text("diagnose"), re.DOTALL)[0]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as found:
        yield found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def page(server: Server, browser: Browser) -> Iterator[Page]:
    found = browser.visit(server.address, DESK)
    until(found, SHOWN)
    yield found
    assert faults(found, server) == []
    found.close()


def until(page: Page, condition: str) -> None:
    """Wait until something holds in the page."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"never: {condition}"
        time.sleep(0.05)


def faults(page: Page, server: Server) -> list[str]:
    home = f"http://{server.host}/"
    return [*page.complaints(), *(url for url in page.requests() if not url.startswith((home, f"blob:{home}")))]


def put(page: Page, name: str, value: str) -> None:
    """Give a field a value, as typing or choosing does."""
    field = f"document.getElementById('{name}')"
    page.evaluate(f"{field}.value = {value!r}, {field}.dispatchEvent(new Event('input', {{bubbles: true}})), 0")


def press(page: Page, name: str) -> None:
    page.evaluate(f"document.getElementById('{name}').click()")


def text(page: Page, name: str) -> str:
    field = page.evaluate(f"document.getElementById('{name}').value ?? document.getElementById('{name}').textContent")
    return str(field)


def title(page: Page) -> str:
    return str(page.evaluate("document.querySelector('#frame-derivation iframe').title"))


def test_typing_wrongly_and_rightly(page: Page) -> None:
    model = text(page, "editor")
    before = page.evaluate("document.querySelector('#frame-derivation iframe').src")
    put(page, "editor", model.replace("W_hh @ h", "W_hx @ h"))
    until(page, f"{COMPLAINT}.includes('W_xh')")
    assert page.evaluate(COMPLAINT).startswith("line 22, column 17: ")
    assert page.evaluate("document.querySelector('.gutter .wrong').textContent") == "22"
    assert page.evaluate("document.querySelector('#frame-derivation iframe').src") == before, "the last good result stays"
    page.evaluate("document.querySelector('#complaint button').click()")
    assert page.evaluate("document.activeElement.value.slice(document.activeElement.selectionStart).startsWith('W_hx')")
    put(page, "editor", model.replace("Elman network", "My network"))
    until(page, "document.querySelector('#frame-derivation iframe').title.includes('My network')")
    assert page.evaluate(COMPLAINT) == ""


def test_steps_notation_and_language(page: Page) -> None:
    sources = {page.evaluate("document.querySelector('#frame-derivation iframe').src")}
    for name, value in (("T", "5"), ("notation", "goodfellow"), ("layout", "row"), ("language", "zh"), ("kind", "summary")):
        put(page, name, value)
        until(page, f"!{list(sources)}.includes(document.querySelector('#frame-derivation iframe').src) && {SHOWN}")
        sources.add(page.evaluate("document.querySelector('#frame-derivation iframe').src"))
    assert page.evaluate("[document.documentElement.lang, document.getElementById('tab-bug').textContent]") == ["zh", "找错"]
    assert page.evaluate("document.querySelectorAll('[data-word=\"\"]').length") == 0
    put(page, "T", "99")
    until(page, f"{COMPLAINT}.includes('from 1 to 12')")


def test_equations_alone(page: Page) -> None:
    put(page, "editor", "h = tanh(W @ x + U @ h[t-1] + b)")
    until(page, f"{SHOWN} && !document.getElementById('written').hidden")
    assert 'W = "H D"' in page.evaluate("document.querySelector('#written pre').textContent")
    press(page, "take")
    until(page, f"{SHOWN} && document.getElementById('written').hidden")
    assert "[parameters]" in text(page, "editor")


def test_code_becomes_a_model(page: Page) -> None:
    press(page, "tab-read")
    put(page, "step", "import numpy as np\ndef step(x, h, W, U):\n    for i in x: pass\n    return h")
    press(page, "read")
    until(page, "document.getElementById('complaint-read').textContent.startsWith('pasted.py, line 3: ')")
    put(page, "step", "import numpy as np\ndef step(x, h, W, U):\n    return np.tanh(x @ W + h @ U)")
    press(page, "read")
    until(page, f"document.getElementById('editor').value.includes('W.T @ x') && {SHOWN}")
    assert page.evaluate(COMPLAINT) == ""


def test_the_tabs(page: Page) -> None:
    page.evaluate("document.getElementById('tab-derivation').focus()")
    page.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-code"
    until(page, "document.getElementById('code').textContent.includes('def backward')")
    for style, part in (("jax", "import jax"), ("torch", "import torch"), ("plain", "for t in reversed")):
        put(page, "style", style)
        until(page, f"document.getElementById('code').textContent.includes({part!r})")
    page.press("ArrowRight")
    until(page, "document.querySelector('#frame-flow iframe') !== null")
    page.press("ArrowRight")
    until(page, "document.getElementById('verdict-check').textContent === 'All checks agree.'")
    for _ in range(3):
        page.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-derivation", "the last is before the first"


def test_two_directions(page: Page) -> None:
    press(page, "tab-bug")
    put(page, "bugs", "3")
    press(page, "find")
    until(page, "document.querySelector('#verdict .verdict-line') !== null")
    assert page.evaluate("document.querySelector('#verdict .verdict-line').textContent") == "Wrong: not-reversed."
    press(page, "tab-derivation")
    until(page, f"{SHOWN} && document.querySelector('#frame-derivation iframe').title.includes('Bidirectional')")
    press(page, "tab-code")
    until(page, "document.getElementById('code').textContent.includes('t counted from the last step')")
    press(page, "tab-flow")
    until(page, "Boolean(document.querySelector('#frame-flow iframe')?.title)")


def test_the_buggy_function_of_the_docs(page: Page) -> None:
    press(page, "tab-bug")
    put(page, "pasted", BUGGY)
    press(page, "find")
    until(page, "document.querySelector('#verdict .verdict-line') !== null")
    assert page.evaluate("document.querySelector('#verdict .verdict-line').textContent").startswith("Wrong: carry-dropped")
    wrong = BUGGY.splitlines().index("        da = (do @ W_ho) * (1 - h[t] ** 2)") + 1
    assert page.evaluate("document.querySelector('#panel-bug .gutter .wrong').textContent") == str(wrong)
    assert page.evaluate("document.querySelectorAll('.triangle td').length") > 3
    assert page.evaluate("document.querySelector('.cause math').textContent.includes('𝜹')"), "the equation, as documents show it"
    put(page, "language", "zh")
    assert page.evaluate("document.querySelector('#verdict .verdict-line').textContent").startswith("有错：carry-dropped")
    put(page, "language", "en")
    put(page, "pasted", "def backward(")
    press(page, "find")
    until(page, "document.getElementById('complaint-bug').textContent !== ''")


def test_a_link_holds_what_was_typed(page: Page, server: Server, browser: Browser) -> None:
    put(page, "editor", text(page, "editor").replace("Elman network", "Sent <b>far</b> away"))
    press(page, "tab-bug")
    put(page, "pasted", BUGGY)
    press(page, "share")
    until(page, "location.hash.startsWith('#s=')")
    address = page.evaluate("location.href")
    assert server.token not in address
    other = browser.visit(address, PHONE)
    until(other, "document.querySelector('#verdict .verdict-line') !== null")
    assert text(other, "pasted") == BUGGY and "Sent <b>far</b> away" in text(other, "editor")
    assert faults(other, server) == []
    other.close()
    bad = browser.visit(address[:-40], DESK)
    until(bad, f"{COMPLAINT}.includes('link')")
    bad.close()


def test_a_handout_is_cancelled(page: Page) -> None:
    put(page, "start", "lstm")
    put(page, "kind", "handout")
    put(page, "format", "pdf")
    until(page, "!document.getElementById('cancel').hidden")
    press(page, "cancel")
    until(page, "document.getElementById('cancel').hidden")
    put(page, "kind", "summary")
    until(page, SHOWN)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_tab_keeps_to_the_rules(width: int, dark: bool, server: Server, browser: Browser) -> None:
    page = browser.visit(server.address, width, dark=dark)
    until(page, SHOWN)
    assert page.evaluate(AUDIT) == []
    press(page, "tab-code")
    until(page, "document.getElementById('code').textContent !== ''")
    assert page.evaluate(AUDIT) == []
    press(page, "tab-bug")
    put(page, "bugs", "0")
    press(page, "find")
    until(page, "document.querySelector('#verdict .verdict-line') !== null")
    assert page.evaluate(AUDIT) == []
    put(page, "editor", "h = ")
    until(page, f"{COMPLAINT} !== ''")
    assert page.evaluate(AUDIT) == []
    assert faults(page, server) == []
    page.close()


def test_script_in_every_field_is_text(page: Page) -> None:
    script = "</textarea><script>document.title = 'caught'</script><img src=x onerror=\"document.title='caught'\">"
    put(page, "editor", text(page, "editor").replace("Elman network", script.replace('"', "'")))
    until(page, "document.querySelector('#frame-derivation iframe').title.includes('img')")
    press(page, "tab-bug")
    for pasted in (script, f"def backward(W_hh, x, y):\n    return {script!r}", f"dW_hh = '{script}'"):
        put(page, "pasted", pasted)
        press(page, "find")
        said = "document.getElementById('complaint-bug').textContent + document.getElementById('verdict').textContent"
        until(page, f"document.getElementById('cancel').hidden && {said} !== ''")
    assert page.evaluate("document.title") != "caught" and page.evaluate("document.querySelector('img')") is None


def test_without_the_token_nothing_is_answered(server: Server, browser: Browser, tmp_path: Path) -> None:
    with chromium(tmp_path / "other profile") as other:
        page = other.visit(f"http://{server.host}/", DESK)
        until(page, f"{COMPLAINT}.includes('another run of symbptt serve')")
