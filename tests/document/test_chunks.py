"""Documents of chunk forms: how they come about, and the triangle (t, k) in tiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbptt.chunk import NoChunkForm, chunked
from symbptt.cli import main
from symbptt.document import DocumentOptions, compose, render
from symbptt.document.blocks import Heading, Lines, Plotted
from symbptt.document.context import DocumentContext
from symbptt.document.parts import chunks
from symbptt.draw import plot
from symbptt.errors import BadInput
from symbptt.model.define import model
from symbptt.model.values import Model
from symbptt.typeset import as_text


def kernel(**equations: str) -> Model:
    inputs = {"q": "K", "k": "K", "v": "V", "b": "", "g": ""}
    used = {n: s for n, s in inputs.items() if any(n in text for text in equations.values())}
    return model(name="kernel", title="A kernel", inputs=used, states={"S": "K V"}, equations=equations)


GATED = kernel(S="exp(-softplus(g)) * S[t-1] + outer(k, v)", o="S.T @ q")
DELTA = kernel(S="S[t-1] + outer(k, b * (v - S[t-1].T @ k))", o="S.T @ q")
PER_KEY = kernel(S="diag(exp(-softplus(k))) @ S[t-1] + outer(k, v)", o="S.T @ q")
IN_ROWS = model(name="kernel", inputs={"q": "K", "k": "K", "v": "V"}, states={"S": "V K"},
                equations={"S": "S[t-1] @ diag(sigmoid(q)) + outer(v, k)", "o": "S @ q"})


def lines(about: Model) -> list[str]:
    form = chunked(about)
    blocks = chunks.chunks(DocumentContext((form.differentiable,), 2, chunks=form, chunk=4))
    return [as_text.write(tree) for block in blocks if isinstance(block, Lines) for tree, _ in block.lines]


def test_the_state_of_a_token_is_unrolled_over_the_chunk():
    assert "exp(cᵢ) S₀ + " in lines(GATED)[2] and "exp(cᵢ − cⱼ)" in lines(GATED)[2]
    assert "(exp(cᵢ) 𝟏ᵀ) ⊙ S₀" in lines(PER_KEY)[2]
    assert "S₀ ⊙ (𝟏 exp(cᵢ)ᵀ)" in lines(IN_ROWS)[2] or "(𝟏 exp(cᵢ)ᵀ) ⊙ S₀" in lines(IN_ROWS)[2]
    assert lines(DELTA)[1].startswith("Sᵢ = S₀ + ") and any("⁻¹" in line for line in lines(DELTA)[2:])


@pytest.mark.slow
@pytest.mark.parametrize(("language", "title"), [("en", "A kernel, 8 tokens in one step"), ("zh", "A kernel，每步 8 个词元")])
def test_a_page_has_the_picture_and_says_what_it_is_about(language, title):
    options = DocumentOptions(chunk=8, language=language)
    page = render(GATED, 3, "html", options=options)
    assert title in page and "--chunk 8" in page
    found = compose(GATED, 3, options=options)
    assert [b.key for b in found.blocks if isinstance(b, Heading)].count("chunks") == 1
    assert sum(isinstance(b, Plotted) for b in found.blocks) == 1


def test_the_triangle_is_tiled():
    drawn = plot.tiles(3, 4, "t", "k")
    assert len(drawn.boxes) == 4 * 6 + 6 and len(drawn.lines) == 6
    assert max(box.x + box.width for box in drawn.boxes) <= drawn.width


def test_what_has_no_such_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(BadInput, match="kind summary has no room for a chunk form; --chunk is for a derivation or handout"):
        DocumentOptions(kind="summary", chunk=4)
    with pytest.raises(NoChunkForm, match="lstm has no chunk form"):
        compose("lstm", 2, options=DocumentOptions(chunk=4))
    assert main(["document", "linear_attention", "--chunk", "0", "-o", str(tmp_path)]) == 2
    assert "--chunk" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(("about", "length"), [(GATED, "full"), (DELTA, "short")], ids=["gated", "delta"])
def test_a_handout(about, length):
    assert "tokens in one step" in render(about, 2, "tex", options=DocumentOptions(kind="handout", length=length, chunk=2))
