"""Phases that are files: the model is what it is with the sections in their place, and its text holds all of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from symbptt.compose.phase_files import written
from symbptt.compose.read import from_text, load
from symbptt.errors import BadInput

ENCODER = """title = "An encoder"
reference = "a paper"
[inputs]
x = "D"
[states]
h = "H"
[parameters]
W = "H D"
U = "H H"
[equations]
h = "tanh(W @ x + U @ h[t-1])"
[symbols]
h = {latex = "\\\\eta", description = {en = "a \\"state\\""}}
"""
DECODER = """[inputs]
v = "H"
[states]
s = "H"
[parameters]
V = "H H"
[targets]
y = "H"
[equations]
s = "tanh(v + V @ s[t-1])"
o = "s + M.T @ softmax(M @ s)"
[loss]
step = "squared_error(o, y)"
"""
WHOLE = """title = "Both"
[phase.encoder]
file = "parts/encoder.toml"
steps = "S"
[phase.decoder]
file = "decoder.toml"
memory = {M = "encoder.h"}
initial = {s = "encoder.h"}
"""
HERE = f"""title = "Both"
[phase.encoder]
steps = "S"
{ENCODER.split('paper"')[1].replace("[", "[phase.encoder.").replace("h[phase.encoder.t-1]", "h[t-1]").replace('"a paper"', "")}
[phase.decoder.memory]
M = "encoder.h"
[phase.decoder.initial]
s = "encoder.h"
{DECODER.replace("[", "[phase.decoder.").replace("s[phase.decoder.t-1]", "s[t-1]")}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "encoder.toml").write_text(ENCODER)
    (tmp_path / "decoder.toml").write_text(DECODER)
    (tmp_path / "both.toml").write_text(WHOLE)
    return tmp_path


def test_files_are_put_in_their_place(folder: Path) -> None:
    of_files, here = load(folder / "both.toml"), from_text(HERE, "both.toml", "both")
    assert of_files.title == "Both" and of_files.reference == ""
    assert [part.model.equations for part in of_files.parts] == [part.model.equations for part in here.parts]
    assert [part.links for part in of_files.parts] == [part.links for part in here.parts]
    assert from_text(of_files.text, "again.toml", "both").parts == of_files.parts, "the text needs no other file"
    assert load(of_files) == of_files


@pytest.mark.parametrize(("old", "new", "said"), [
    ("parts/encoder.toml", "missing.toml", "missing.toml: no such file"),
    ("parts/encoder.toml", "../encoder.toml", r"\[phase.encoder\].*expected the path of a model file in the folder of this one"),
    ("parts/encoder.toml", "/etc/encoder.toml", "in the folder of this one"),
    ("parts/encoder.toml", "parts/encoder.txt", "in the folder of this one"),
    ('"parts/encoder.toml"', "3", "in the folder of this one"),
    ('steps = "S"', 'steps = "S"\nfreeze = true', "freeze belongs into parts/encoder.toml; beside file a phase has steps"),
])
def test_a_file_that_cannot_be_taken_is_told_in_one_sentence(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "both.toml").write_text(WHOLE.replace(old, new))
    with pytest.raises(BadInput, match=said):
        load(folder / "both.toml")


@pytest.mark.parametrize(("file", "old", "new", "said"), [
    ("decoder.toml", "tanh(v", "tanh(q", r"decoder.toml: \[equations\] s, column 6: unknown variable 'q'"),
    ("decoder.toml", 'V = "H H"', 'V = "H Q"', r"decoder.toml: \[equations\] s, column 12: the shapes"),
    ("parts/encoder.toml", "tanh(W", "tanh(x", r"parts/encoder.toml: \[equations\] h, column 8: the shapes"),
    ("parts/encoder.toml", "[states]", "[strange]", r"parts/encoder.toml: unknown key or section 'strange'"),
    ("parts/encoder.toml", 'h = "H"', 'h = "H complex"', r"parts/encoder.toml: \[equations\] h, column 1: tanh has no complex"),
    ("both.toml", '"encoder.h"}\ninitial', '"encoder.q"}\ninitial', r"both.toml: \[phase.decoder.memory\] M: unknown value"),
    ("both.toml", '{s = "encoder.h"}', '{s = "encoder.q"}', r"both.toml: \[phase.decoder.initial\] s: unknown value"),
    ("decoder.toml", "[loss]", '[initial]\ns = "start"\n[loss]',
     r'both.toml: \[phase.decoder.initial\] s: "encoder.h" here and "start" in .*decoder.toml: \[initial\] s; expected one'),
    ("parts/encoder.toml", "[inputs]", 'steps = "R"\n[inputs]',
     r'both.toml: \[phase.encoder\] steps: "S" here and "R" in .*encoder.toml: steps; expected one of them'),
])
def test_a_fault_has_the_place_in_the_file_that_says_it(folder: Path, file: str, old: str, new: str, said: str) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    with pytest.raises(BadInput, match=said):
        load(folder / "both.toml")


def test_what_both_files_say_alike_is_said_once(folder: Path) -> None:
    wanted = load(folder / "both.toml").parts
    (folder / "decoder.toml").write_text(DECODER + '[initial]\ns = "encoder.h"\n')
    assert load(folder / "both.toml").parts == wanted


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    outside = folder.parent / "outside.toml"
    outside.write_text(ENCODER)
    (folder / "parts" / "encoder.toml").unlink()
    (folder / "parts" / "encoder.toml").symlink_to(outside)
    with pytest.raises(BadInput, match="in the folder of this one"):
        load(folder / "both.toml")


def test_a_loop_of_links_is_told(folder: Path) -> None:
    (folder / "decoder.toml").unlink()
    (folder / "decoder.toml").symlink_to("decoder.toml")
    with pytest.raises(BadInput):
        load(folder / "both.toml")


def test_a_text_has_no_files_beside_it() -> None:
    with pytest.raises(BadInput, match="for models that are files themselves"):
        from_text(WHOLE, "both.toml", "both")


def test_content_is_written_as_it_is_read() -> None:
    data = tomllib.loads('a = 1\nb = [true, "x \\u007f"]\nc = 1.5\n[d]\n[d."odd key"]\n"é" = "\\""\n[d.e.f]\ng = "h"\n')
    assert tomllib.loads(written(data)) == data
