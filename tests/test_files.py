"""Whole files or none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from symbptt import files
from symbptt.errors import BadInput


def test_writes_utf8_with_plain_line_ends_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = files.write(tmp_path / "a.tex", "α\nβ\n")
    assert path.read_bytes() == "α\nβ\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_refuses_to_replace_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("mine")
    with pytest.raises(BadInput, match=r"a\.py: exists already; --force"):
        files.write(path, "new")
    assert path.read_text() == "mine"
    files.write(path, "new", force=True)
    assert path.read_text() == "new"


def test_one_existing_file_stops_all(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(BadInput, match="b: exists already"):
        files.write_all({tmp_path / "a": "1", tmp_path / "b": "2"})
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


def test_an_error_while_writing_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match="b: cannot write: no space left on device"):
        files.write_all({tmp_path / "a": "1", tmp_path / "b": "2"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "message"), [
    ("missing/a.py", "missing does not exist"), ("folder", "is a folder"), ("file/a.py", "file does not exist"),
    ("x" * 300, "cannot write: file name too long"),
])
def test_places_that_cannot_be_written(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=message):
        files.write(tmp_path / name, "text", force=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_folder(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(BadInput, match="permission denied"):
        files.write(tmp_path / "closed" / "a", "text")


@pytest.mark.skipif(sys.platform == "win32", reason="no /dev")
def test_a_device_is_never_replaced() -> None:
    with pytest.raises(BadInput, match="not a regular file"):
        files.write("/dev/null", "text", force=True)
    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="no modes")
def test_a_replaced_file_keeps_its_mode_and_a_link_its_name(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    real.chmod(0o750)
    link.symlink_to(real)
    files.write(link, "new", force=True)
    assert link.is_symlink() and real.read_text() == "new" and real.stat().st_mode & 0o777 == 0o750


def test_make_folder(tmp_path: Path) -> None:
    assert files.make_folder(tmp_path / "a" / "b").is_dir()
    assert files.make_folder(tmp_path / "a").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="exists and is not a folder"):
        files.make_folder(tmp_path / "file")
    with pytest.raises(BadInput, match="cannot make the folder: not a directory"):
        files.make_folder(tmp_path / "file" / "below")


def test_a_dash_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="goes to standard output"):
        files.write("-", "text")
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(BadInput, match="leads to itself"):
        files.write(loop, "text", force=True)
