"""Pages in a browser: nothing is asked of the network, nothing sticks out or overlaps, everyone can read and use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import AUDIT, PROGRAM, Browser, Page, chromium

from symbptt import document
from symbptt.document import KINDS, DocumentOptions
from symbptt.words import languages

pytestmark = [pytest.mark.browser, pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")]
PHONE, DESK = 360, 1280
VERSIONS = [(name, version) for name, kind in KINDS.items() for version in ("teacher", "student")[: 1 + kind.exercises]]
A4 = 665
"""The width of the text on a page of paper, in pixels."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def elman(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return document.write("elman", 3, tmp_path_factory.mktemp("page"), formats=("html",))[0]


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = DocumentOptions(kind="handout")
    return document.write("elman", 3, tmp_path_factory.mktemp("handout"), formats=("html",), options=options)[0]


def faults(page: Page) -> list[str]:
    return [*page.complaints(), *page.requests(), *page.evaluate(AUDIT)]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name, T", [("elman", 3), ("lstm", 3), ("jordan", 6)])
def test_pages_keep_to_the_rules(name: str, T: int, width: int, dark: bool, browser: Browser, tmp_path: Path) -> None:
    page = browser.open(document.write(name, T, tmp_path, formats=("html",))[0], width, dark=dark)
    assert faults(page) == []
    page.close()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind, version", VERSIONS)
def test_every_kind_keeps_to_the_rules(kind: str, version: str, language: str, browser: Browser, tmp_path: Path) -> None:
    options = DocumentOptions(kind=kind, language=language, version=version)
    models = ("elman", "lstm")[: KINDS[kind].models]
    path = document.write(models, 3, tmp_path, formats=("html",), options=options)[0]
    for width, dark in ((PHONE, False), (DESK, True)):
        page = browser.open(path, width, dark=dark)
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        assert faults(page) == [], (width, dark)
        page.close()


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_page_without_scripts_is_whole(width: int, browser: Browser, elman: Path) -> None:
    page = browser.open(elman, width, script=False)
    assert page.requests() == []
    page.ask("Emulation.setScriptExecutionDisabled", value=False)
    said = page.evaluate(AUDIT)
    assert all("scrolls, but not with the keyboard" in line for line in said), "the rest needs no script"
    assert page.evaluate("document.querySelectorAll('.fold, .tools, .stepper').length") == 0
    page.close()


LONGEST = "[...document.querySelectorAll('main p')].sort((a, b) => b.textContent.length - a.textContent.length)[0]"
SPOILED = {
    "document.querySelector('.step .formula').style.cssText = 'overflow: hidden; width: 3em'": "does not scroll",
    "LONGEST.style.whiteSpace = 'nowrap'": "sticks out",
    "LONGEST.style.marginBottom = '-3em'": "overlap",
    "document.querySelector('.graph .name').append(document.querySelector('.graph .name').textContent.repeat(90))": "overlap",
    "LONGEST.style.color = '#999'": "contrast",
    "document.querySelector('.graph .label').style.fill = '#f88'": "contrast",
    "document.querySelector('h2').remove()": "leads nowhere",
    "document.querySelector('main h2').outerHTML = '<h4>x</h4>'": "a rank of headings is left out",
    "document.querySelector('math').removeAttribute('alttext')": "a formula without words",
    "document.querySelector('svg title').remove()": "a drawing without words",
    "document.querySelector('button').textContent = ''": "has no name",
    "LONGEST.style.fontSize = '11px'": "type of 11.0 px",
    "document.querySelector('msub').lastElementChild.style.fontSize = '8px'": "type of 8.0 px",
    "document.querySelector('th').removeAttribute('scope')": "does not say of what",
    "document.documentElement.lang = ''": "does not say its language",
}


@pytest.mark.parametrize("spoil", SPOILED)
def test_the_audit_objects(spoil: str, browser: Browser, elman: Path) -> None:
    page = browser.open(elman, DESK)
    page.evaluate(f"void ({spoil.replace('LONGEST', LONGEST)})")
    assert any(SPOILED[spoil] in line for line in page.evaluate(AUDIT))
    page.close()


def test_errors_and_requests_are_noticed(browser: Browser, elman: Path) -> None:
    page = browser.open(elman, DESK)
    page.evaluate("console.error('so'), setTimeout(() => { throw new Error('thus') }), fetch('http://localhost/').catch(() => 0)")
    page.evaluate("new Promise(done => setTimeout(done, 50))")
    assert any("so" in line for line in page.complaints()) and any("thus" in line for line in page.complaints())
    assert any("Content Security Policy" in line for line in page.complaints()), "the page itself forbids the request"
    page.close()


def lit(page: Page, kind: str) -> set[str]:
    script = f"[...document.querySelectorAll('figure .graph .{kind}.lit')].map(g => g.dataset.at ?? g.dataset.target)"
    return set(page.evaluate(script))


def test_a_term_lights_its_way_and_its_cell(browser: Browser, elman: Path) -> None:
    page = browser.open(elman, DESK)
    page.evaluate("document.querySelector('td[data-name=W_hh][data-t=\"3\"][data-k=\"2\"]').focus()")
    assert lit(page, "node") == {"L 3", "o 3", "h 3", "h 2"} and lit(page, "arrow") == {"o 3", "h 3", "h 2"}
    assert page.evaluate("[...document.querySelectorAll('.source')].map(g => g.dataset.at)")[0] == "h 2"
    assert page.evaluate("document.querySelector('.dock svg .node.lit') !== null"), "the graph is far away: a small one is shown"
    assert page.evaluate("[...document.querySelectorAll('mtr.lit')].every(row => row.dataset.t === '3' && row.dataset.k === '2')")
    page.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.k") == "1" and lit(page, "node") == {"L 3", "o 3", "h 3", "h 2", "h 1"}
    page.press("Escape")
    assert lit(page, "node") == set() and page.evaluate("document.querySelector('.dock') === null")
    page.evaluate("document.querySelector('td[data-name=W_ho][data-t=\"2\"][data-k=\"2\"]').focus()")
    assert lit(page, "node") == {"L 2", "o 2"}, "a readout weight never reaches the state"
    page.close()


def test_the_picture_with_numbers_grows_with_the_arrow_keys(browser: Browser, handout: Path) -> None:
    page = browser.open(handout, DESK)
    now = "document.querySelector('.node.now')?.dataset.at ?? ''"
    page.evaluate("document.querySelector('.stepper input').focus()")
    seen = []
    for _ in range(int(page.evaluate("document.querySelector('.stepper input').max"))):
        page.press("ArrowRight")
        seen.append(page.evaluate(now))
    assert seen[:4] == ["h 1", "o 1", "L 1", "h 2"] and seen[9:12] == ["o 3", "h 3", "o 2"] and seen[-1] == "h 1"
    page.press("ArrowLeft")
    assert page.evaluate(now) == seen[-2] and page.evaluate("document.querySelectorAll('g.adjoint.done').length") > 0
    page.close()


def test_the_backward_pass_goes_step_by_step(browser: Browser, elman: Path) -> None:
    page = browser.open(elman, DESK)
    seen = []
    page.evaluate("document.querySelector('[data-go=next]').focus()")
    while page.evaluate("!document.querySelector('[data-go=next]').disabled"):
        page.press("Enter")
        seen.append(page.evaluate("document.querySelector('.node.now').dataset.at"))
    assert seen[:4] == ["L 3", "o 3", "h 3", "x 3"] and seen[-1] == "h 0"
    assert page.evaluate("document.querySelector('.stepper output').textContent").startswith(f"{len(seen)} / {len(seen)}")
    page.evaluate("document.querySelector('[data-go=first]').click()")
    assert page.evaluate("document.querySelector('.led, .now, .done')") is None
    page.close()


def test_parts_fold_and_links_unfold_them(browser: Browser, elman: Path) -> None:
    page = browser.open(elman, DESK)
    open_now = "[...document.querySelectorAll('main .step')].filter(step => step.checkVisibility()).length"
    every = page.evaluate(open_now)
    page.evaluate("document.querySelector('[data-fold=all]').click()")
    assert page.evaluate(open_now) == 0
    page.evaluate("location.hash = '#eq-11'")
    page.evaluate("new Promise(done => setTimeout(done, 50))")
    assert page.evaluate("document.getElementById('eq-11').checkVisibility()") and 0 < page.evaluate(open_now) < every
    page.evaluate("document.querySelector('[data-fold=none]').click()")
    assert page.evaluate(open_now) == every
    page.evaluate("document.querySelector('.tools input').click()")
    assert page.evaluate("document.querySelector('.step .rule').checkVisibility()") is False
    assert faults(page) == []
    page.close()


@pytest.mark.parametrize("name", ["elman", "lstm", "deep_feedforward_batch_norm"])
def test_a_page_prints_whole_and_light(name: str, browser: Browser, tmp_path: Path) -> None:
    page = browser.open(document.write(name, 3, tmp_path, formats=("html",))[0], DESK, dark=True)
    page.evaluate("document.querySelector('[data-fold=all]').click()")
    page.ask("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 33, 39)"
    assert page.evaluate("[...document.querySelectorAll('.step')].every(step => step.checkVisibility())")
    assert page.evaluate("['.contents', '.tools', '.stepper'].every(s => !document.querySelector(s).checkVisibility())")
    page.ask("Emulation.setDeviceMetricsOverride", width=A4, height=900, deviceScaleFactor=1, mobile=False)
    assert page.evaluate(AUDIT) == []
    page.pdf(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")
    page.close()


def test_the_fonts_are_those_of_the_page(browser: Browser, elman: Path) -> None:
    page = browser.open(elman, DESK)
    used = page.evaluate("[...document.fonts].filter(face => face.status === 'loaded').map(face => face.family).sort()")
    assert {name.strip('"') for name in used} == {"symbptt math", "symbptt text"}
    page.ask("DOM.enable")
    page.ask("CSS.enable")
    root = page.ask("DOM.getDocument")["root"]["nodeId"]
    for selector in ("main p:not(:has(code))", "main .formula math", ".graph .name", ".graph .label"):
        for node in page.ask("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"]:
            fonts = page.ask("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]
            assert all(font["isCustomFont"] for font in fonts), (selector, fonts)
    page.close()


def test_slides_are_shown_one_by_one_with_keys(browser: Browser, tmp_path: Path) -> None:
    path = document.write("elman", 3, tmp_path, formats=("html",), options=DocumentOptions(kind="slides"))[0]
    page = browser.open(path, DESK)
    seen = "[...document.querySelectorAll('.frame')].flatMap((frame, n) => frame.checkVisibility() ? [n + 1] : [])"
    number = len(page.evaluate(seen))
    page.evaluate("document.querySelector('main > .tools button').click()")
    assert page.evaluate(seen) == [1] and page.evaluate("document.activeElement.className") == "frame now"
    page.press("ArrowRight")
    page.press(" ")
    page.press("ArrowLeft")
    assert page.evaluate(seen) == [2] and page.evaluate("document.querySelector('.counter').textContent") == f"2 / {number}"
    for _ in range(number):
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("Number(document.querySelector('.now').style.zoom)") >= 1
        page.press("ArrowRight")
    assert page.evaluate(seen) == [number]
    page.press("Escape")
    assert page.evaluate(seen) == list(range(1, number + 1)) and page.complaints() == []
    page.close()
