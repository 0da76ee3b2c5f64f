"""The page as static files: what is written, and the page in a browser with the engine in its tab."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tarfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pages
import pytest
from chromium import AUDIT, PROGRAM, Page, chromium

import symbptt
from symbptt.errors import BadInput
from symbptt.web import engine, page, site

PYODIDE = os.environ.get("PYODIDE_FOLDER", "")
"""A folder with the files of Pyodide from npm and NumPy's wheel for it; .ci/run makes one."""
BUGGY = re.findall(r"```python\n(.*?)```", pages.text("diagnose"), re.DOTALL)[0]
PATIENCE = 240.0
MOST_SENT = 16_000_000


def test_the_official_distribution_is_named_with_hashes() -> None:
    core, wheel, numpy = engine.official()
    assert core.folder.startswith("https://") and numpy.folder.startswith("https://") and not core.copies
    assert all(re.fullmatch(r"sha256-[\w+/]{43}=", hash) for hash in (*core.files.values(), numpy.files[wheel]))
    assert engine.PYODIDE in core.folder and engine.PYODIDE in numpy.folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What looks like a folder of Pyodide."""
    made = tmp_path / "pyodide"
    made.mkdir()
    for name in engine.CORE:
        (made / name).write_bytes(b"x")
    (made / "numpy.whl").write_bytes(b"wheel")
    known = {"file_name": "numpy.whl", "sha256": sha256(b"wheel").hexdigest()}
    (made / engine.LOCK).write_text(json.dumps({"packages": {"numpy": known}}))
    return made


def test_a_folder_of_pyodide_is_copied(folder: Path) -> None:
    core, wheel, numpy = engine.local(folder)
    assert core.folder == "pyodide/" and set(core.copies) == set(engine.CORE)
    assert numpy.files == {"numpy.whl": engine.integrity(b"wheel")} and wheel == "numpy.whl"


@pytest.mark.parametrize(("spoil", "message"), [
    (lambda folder: (folder / "pyodide.asm.wasm").unlink(), "no pyodide.asm.wasm; expected the files of Pyodide"),
    (lambda folder: (folder / "numpy.whl").write_bytes(b"another"), "is not the file that pyodide-lock.json names"),
    (lambda folder: (folder / engine.LOCK).write_text("[]"), "names no wheel of NumPy"),
    (lambda folder: (folder / engine.LOCK).write_text('{"packages": {"numpy": {"file_name": "../x.whl", "sha256": ""}}}'),
     "cannot name a wheel"),
])
def test_what_is_no_folder_of_pyodide(spoil, message: str, folder: Path, tmp_path: Path) -> None:
    spoil(folder)
    with pytest.raises(BadInput, match=re.escape(message)):
        site.write(tmp_path / "site", folder)
    assert not (tmp_path / "site").exists()


def test_the_policy_of_a_site_names_its_hosts_alone() -> None:
    text = page.files("tab", *site.sources(engine.official()[0], engine.official()[2]))[page.INDEX].decode()
    policy = text.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0]
    assert set(re.findall(r"https?://[^\s;]*", policy)) <= {"https://cdn.jsdelivr.net"}


@pytest.mark.slow
def test_a_site_is_written_whole_and_not_over_another(tmp_path: Path) -> None:
    paths = site.write(tmp_path / "site")
    told = json.loads((tmp_path / "site" / "engine.json").read_text())
    own = (tmp_path / "site" / engine.ARCHIVE).read_bytes()
    assert told["own"] == {engine.ARCHIVE: engine.integrity(own)} and own == engine.archive(), "the same bytes every time"
    assert {path.name for path in paths} >= {"index.html", "app.js", "worker.js", "engine.json", "answers.json"}
    known = json.loads((tmp_path / "site" / "answers.json").read_text())
    assert [one["request"]["task"] for one in known] == ["start", "derivation"] and all(one["answer"]["ok"] for one in known)
    assert "pdf" not in known[0]["answer"]["downloads"], "there is no TeX in a tab"
    with pytest.raises(BadInput, match="exists already"):
        site.write(tmp_path / "site")


@pytest.mark.slow
def test_the_archive_has_all_that_the_package_reads() -> None:
    with tarfile.open(fileobj=io.BytesIO(engine.archive())) as packed:
        names = set(packed.getnames())
    package = Path(symbptt.__file__).parent
    of_the_page = {".js", ".mjs", ".css", ".svg", ".pyc", ".typed"}
    files = [path for path in package.rglob("*") if path.is_file() and path.suffix not in of_the_page]
    read = [path for path in files if path.parent.name != "page"]
    assert [path for path in read if path.relative_to(package.parent).as_posix() not in names] == []
    assert {name for name in names if name.startswith("sympy/physics/")} > {"sympy/physics/units/__init__.py"}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not PYODIDE:
        pytest.skip("PYODIDE_FOLDER names no folder with Pyodide from npm and NumPy's wheel")
    written = tmp_path_factory.mktemp("site")
    paths = site.write(written, Path(PYODIDE))
    # What a host sends that compresses what is not compressed yet, as hosts of files do.
    assert sum(len(gzip.compress(path.read_bytes())) for path in paths) < MOST_SENT
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(written))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def until(page: Page, condition: str) -> None:
    end = time.monotonic() + PATIENCE
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"never: {condition}"
        time.sleep(0.1)


def put(page: Page, name: str, value: str) -> None:
    field = f"document.getElementById('{name}')"
    page.evaluate(f"{field}.value = {value!r}, {field}.dispatchEvent(new Event('input', {{bubbles: true}})), 0")


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")
def test_the_engine_runs_in_the_tab(address: str, tmp_path: Path) -> None:
    shown = "document.querySelector('#frame-derivation iframe') !== null && !document.querySelector('.panel.stale:not([hidden])')"
    source = "document.querySelector('#frame-derivation iframe').src"
    complaint = "document.getElementById('complaint').textContent"
    with chromium(tmp_path / "profile") as browser:
        page = browser.visit(address, 1280)
        assert "[equations]" in page.evaluate("document.getElementById('editor').value"), "there is a model before Python is"
        until(page, shown)
        assert f"{address}answers.json" in page.requests(), "its document is written with the page"
        before = page.evaluate(source)
        put(page, "T", "4")
        until(page, f"{shown} && {source} !== {before!r}")
        put(page, "editor", "h = tanh(W @ x + U @ h[t-1] + ")
        until(page, f"{complaint}.startsWith('line 1, column ')")
        put(page, "start", "elman")
        until(page, f"{shown} && {complaint} === ''")
        before = page.evaluate(source)
        put(page, "start", "birnn")
        until(page, f"{shown} && {source} !== {before!r}")
        put(page, "start", "elman")
        until(page, f"{shown} && {complaint} === ''")
        assert page.evaluate(AUDIT) == []
        page.evaluate("document.getElementById('tab-bug').click()")
        put(page, "pasted", BUGGY)
        page.evaluate("document.getElementById('find').click()")
        until(page, "document.querySelector('#verdict .verdict-line') !== null")
        assert page.evaluate("document.querySelector('#verdict .verdict-line').textContent").startswith("Wrong: carry-dropped")
        put(page, "pasted", "def backward(W_xh, W_hh, b_h, W_ho, b_o, x, y):\n    while True:\n        pass\n")
        page.evaluate("document.getElementById('find').click()")
        until(page, "!document.getElementById('cancel').hidden")
        page.evaluate("document.getElementById('cancel').click()")
        page.evaluate("document.getElementById('tab-code').click()")
        until(page, "document.getElementById('code').textContent.includes('def backward')")
        put(page, "style", "c")
        until(page, "document.getElementById('code').textContent.includes('#include')")
        page.evaluate("document.getElementById('tab-check').click()")
        until(page, "document.getElementById('verdict-check').textContent === 'All checks agree.'")
        assert page.complaints() == []
        assert [url for url in page.requests() if not url.startswith((address, f"blob:{address}"))] == []
        page.close()
