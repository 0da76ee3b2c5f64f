"""The interactive page: self-contained, and showing the numbers of the engine in a real browser."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import pytest
from chromium import AUDIT, PROGRAM, chromium

import symbptt
from symbptt import analyze
from symbptt.analyze.layout import cell
from symbptt.analyze.page import Choice, names, page_of
from symbptt.cli import main
from symbptt.errors import BadInput

ELMAN = symbptt.load("elman")
CHOICE = Choice((0.5, 1.0, 2.0), ("tanh", "sigmoid"), (3, 6))
BROWSER = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def text():
    return page_of(ELMAN, choice=CHOICE)


def _data(text):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])


def _expected(scale, activation, T, name):
    model = symbptt.load("elman", activation=activation)
    point = analyze.adjusted(model, analyze.point(model, T), {}, {"W_hh": scale})
    return analyze.at(model, point, [name])


def test_the_page_loads_nothing(text):
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)""", text)
    assert "default-src 'none'" in text


def test_the_tables_are_those_of_the_engine(text):
    tables = _data(text)["tables"]
    assert set(tables) == {f"{s}|{a}|{T}" for s in ("0.5", "1", "2") for a in ("tanh", "sigmoid") for T in (3, 6)}
    found = _expected(2.0, "sigmoid", 6, "W_hh")
    entry, item = tables["2|sigmoid|6"], found.table["W_hh"]
    assert entry["verdict"] == found.growth.verdict.words and entry["terms"]["W_hh"]["total"] == cell(item.total)
    for t, row in enumerate(entry["terms"]["W_hh"]["rows"], start=1):
        assert [value for value, _ in row] == [cell(item.norms[t - 1, k - 1]) for k in range(1, t + 1)]
    assert entry["terms"]["W_hh"]["bias"] == [cell(b / item.total) for b in item.bias]


def test_parameters_on_the_page():
    assert names(ELMAN)[0] == "W_hh" and names(symbptt.load("lstm")) == ("W_hi", "W_hf", "W_hg", "W_hq")


def test_hostile_titles_stay_text():
    toml = ELMAN.text.replace('title = "Elman network"', "title = '</script><script>alert(1)</script>'")
    made = page_of(symbptt.model.read.from_text(toml, "hostile"), choice=Choice((1.0,), ("tanh",), (2,)))
    assert "<script>alert" not in made and html.escape("</script>") in made


def test_models_without_a_named_activation_or_with_a_loss_at_the_end():
    assert _data(page_of(symbptt.load("lstm"), choice=Choice((1.0,), ("tanh",), (3,))))["activations"] == [""]
    rows = _data(page_of(symbptt.load("deep_feedforward"), choice=Choice((1.0,), ("tanh",), (3,))))["tables"]["1|tanh|3"]
    assert [len(row) for row in rows["terms"]["W"]["rows"]] == [0, 0, 3]
    for model in (symbptt.load("mlp"), symbptt.load("elman", loss="none")):
        with pytest.raises(BadInput):
            page_of(model)


@pytest.mark.slow
def test_from_the_command_line(tmp_path, capsys):
    path = tmp_path / "flow.html"
    assert main(["analyze", "elman", "-T", "4", "--format", "html", "-o", str(path)]) == 0
    assert _data(path.read_text(encoding="utf-8"))["steps"] == [1, 2, 4]
    capsys.readouterr()
    other = ["lstm", "-T", "3", "--wrt", "b_f,x", "--set", "b_f=2", "--init", "orthogonal", "--norm", "2", "--seed", "4"]
    assert main(["analyze", *other, "--format", "html"]) == 0
    said = capsys.readouterr().out
    assert _data(said)["parameters"] == ["b_f", "x"] and "seed 4; b_f = 2; 2 norm" in said
    model = symbptt.load("lstm")
    made = analyze.adjusted(model, analyze.point(model, 3, seed=4, init="orthogonal"), {"b_f": 2}, {})
    found = analyze.at(model, made, ["b_f"], norm="2").table["b_f"]
    assert _data(said)["tables"]["1||3"]["terms"]["b_f"]["rows"][2][1][0] == cell(found.norms[2, 1])
    for arguments in (["elman", "--scale", "W_hh=2"], ["elman", "--window", "2"], ["elman", "--modes"],
                      ["elman", "-T", "0"], ["mlp"], ["--experiment", "signal"]):
        assert main(["analyze", *arguments, "--format", "html"]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def _dump(path, address=""):
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000", "--dump-dom", f"file://{path}{address}"],
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0
    return done.stdout


def _shown(dom):
    terms = dict(re.findall(r'data-term="(\d+,\d+)" data-norm="([^"]*)"', dom))
    by_id = {key: re.search(rf'id="{key}"[^>]*>([^<]*)<', dom)[1] for key in ("verdict", "loss", "total", "bias", "scale-value")}
    return terms, by_id, len(re.findall(r'<rect [^>]*class="[^"]*\bcut\b', dom))


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no headless browser")
@pytest.mark.parametrize(("address", "scale", "activation", "T", "name", "window"), [
    ("", 1.0, "tanh", 6, "W_hh", 6), ("#scale=2&activation=sigmoid&steps=3&parameter=b_h&window=2", 2.0, "sigmoid", 3, "b_h", 2),
    ("#scale=0.5&window=1", 0.5, "tanh", 6, "W_hh", 1),
])
def test_a_browser_shows_the_numbers(text, tmp_path, address, scale, activation, T, name, window):
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    terms, shown, cut = _shown(_dump(path, address))
    found = _expected(scale, activation, T, name)
    item = found.table[name]
    assert terms == {f"{t},{k}": cell(item.norms[t - 1, k - 1]) for t, k in item.pairs}
    assert html.unescape(shown["verdict"]) == found.growth.verdict.words
    assert (shown["loss"], shown["total"]) == (cell(found.table.loss), cell(item.total))
    assert shown["bias"] == cell(item.bias[window] / item.total)
    assert cut == sum(t - k >= window for t, k in item.pairs)


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no headless browser")
def test_moving_the_sliders_switches_tables(text, tmp_path):
    move = """<script>
for (const [id, value] of [["scale", 0], ["steps", 0], ["window", 1]]) {
  document.getElementById(id).value = value;
  document.getElementById(id).dispatchEvent(new Event("input"));
}
document.getElementById("activation").value = "sigmoid";
document.getElementById("activation").dispatchEvent(new Event("input"));
</script></body>"""
    path = tmp_path / "page.html"
    path.write_text(text.replace("</body>", move), encoding="utf-8")
    terms, shown, cut = _shown(_dump(path))
    item = _expected(0.5, "sigmoid", 3, "W_hh").table["W_hh"]
    assert shown["scale-value"] == "0.5" and cut == 3
    assert terms == {f"{t},{k}": cell(item.norms[t - 1, k - 1]) for t, k in item.pairs}


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="no headless browser")
def test_everyone_can_read_and_use_it(text, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    with chromium(tmp_path / "profile") as browser:
        for width, dark in ((360, False), (1280, True)):
            page = browser.open(path, width, dark=dark)
            # One figure with sliders has neither parts to go to nor a colophon.
            assert set(page.evaluate(AUDIT)) <= {"there must be one nav", "there must be one footer"}
            assert page.complaints() == [] and page.requests() == []
            page.close()
