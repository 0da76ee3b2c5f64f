"""Parts that take chunks of tokens: by their step form, with what is read at every step, and last values handed on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from symbptt import compose
from symbptt.chunk import NoChunkForm
from symbptt.compose.emission import source
from symbptt.errors import BadInput
from symbptt.verify.load import loaded

FOLDER = Path(__file__).parent / "chunks"
CASES = [("both", "numpy"), ("phases", "numpy"),
         *(pytest.param(*case, marks=pytest.mark.slow) for case in (("both", "jax"), ("phases", "torch")))]
Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(("name", "backend"), CASES)
def test_parts_in_chunks_equal_their_steps(name: str, backend: str) -> None:
    """T = 7 and S = 8 are no multiples of the chunk."""
    report = compose.in_chunks(FOLDER / f"{name}.toml", 3, T=7, backend=backend)
    report.raise_for_disagreement()
    assert {c.name.split(",")[0] for c in report.checks} == {"outputs", "vjp", "loss"}
    assert max(c.worst_error for c in report.checks) < 1e-11


def test_states_of_single_entries_are_read_at_every_step() -> None:
    compose.in_chunks(FOLDER / "scans.toml", 2, T=5).raise_for_disagreement()


@pytest.mark.parametrize(("name", "lost"), [
    ("both", '_add(cotangents, "f", _turn(found["f"]))'), ("scans", '_add(cotangents, "b_handed", found["b"])'),
    ("phases", '_add(cotangents, "A", found["P"])'), ("phases", '_add(cotangents, "h", _from_memory(found["M"]))'),
])
def test_a_file_in_chunks_checks_itself(name: str, lost: str) -> None:
    """Right as it is, and wrong without one of the gradients that parts hand back."""
    text = source(compose.load(FOLDER / f"{name}.toml"), chunk=2).text
    assert "In chunks: part 1, 2 take up to CHUNK tokens in a step." in text and lost in text
    right, wrong = (max(loaded(code, name).self_check(N=1).values()) for code in (text, text.replace(lost, "pass", 1)))
    assert right < 1e-11 and wrong > 1e-3


@pytest.mark.slow
def test_heads_and_a_start_from_the_first_step() -> None:
    """Some sizes are told by no array but states, or as products."""
    chain = compose.load(FOLDER / "heads.toml")
    assert max(c.worst_error for c in compose.in_chunks(chain, 3, T=4).checks) < 1e-11
    assert max(loaded(source(chain).text, "steps").self_check(N=1, T=2).values()) < 1e-11
    compose.gradients(chain, T=2, N=1).raise_for_disagreement()


def test_a_part_without_a_chunk_form_goes_by_steps_and_one_has_to_have_it() -> None:
    chain = compose.chunked(compose.load(FOLDER / "phases.toml"))
    assert [[*part.model.of("input")][-1].name for part in chain.parts] == ["real", "real", "Q"]  # type: ignore[arg-type]
    with pytest.raises(NoChunkForm, match=r"^birnn_1 has no chunk form: h is not affine.*; birnn_2 has no chunk form: b"):
        source(compose.load("birnn"), chunk=4)
    with pytest.raises(BadInput, match="go without a style"):
        source(chain, chunk=4, style="plain")


def test_what_reads_a_matrix_is_computed_beside_it() -> None:
    """A vector of each step is handed on, and no matrix; what both directions' matrices make goes to the last part."""
    chain = compose.load(FOLDER / "both.toml")
    assert [[link.source for link in part.links] for part in chain.parts] == [[], ["f"], ["f", "b"]]
    mixed = compose.subject(chain.text.replace('b = "B @ q"', 'b = "(B + F) @ q"'), "both.toml", "both")
    assert isinstance(mixed, compose.Chain) and {link.source for link in mixed.parts[-1].links} == {"F", "f", "B"}


@pytest.mark.slow
def test_the_commands(run: Run, tmp_path: Path) -> None:
    both, file = FOLDER / "both.toml", tmp_path / "made.py"
    assert run("emit", both, "--chunk", "3", "--wrt", "W_q", "-o", file)[0] == 0
    assert "symbptt emit both --wrt W_q --chunk 3" in file.read_text()
    assert "symbptt verify MODEL --chunk 3" in run("verify", file)[2]
    assert run("verify", both, "--chunk", "2", "-T", "3")[0] == 0
    assert "P_{F,t}" in run("show", both, "--chunk", "3")[1]
    assert run("emit", both, "--chunk", "3", "--backend", "c", "-o", tmp_path / "made.c")[0] == 2
