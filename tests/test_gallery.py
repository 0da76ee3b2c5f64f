"""The committed gallery is what the sources make of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from symbptt import gallery
from symbptt.errors import Stale


@pytest.mark.slow
def test_the_gallery_is_up_to_date():
    assert gallery.build(check=True) == []


@pytest.mark.slow
def test_a_changed_byte_a_missing_file_and_an_orphan_are_noticed(tmp_path):
    root = tmp_path / "generated"
    gallery.build(root=root)
    assert gallery.build(check=True, root=root) == []
    target = root / gallery.RECIPES[0].path
    text = target.read_text()
    target.write_text(text.replace("tanh", "sinh", 1))
    with pytest.raises(Stale, match=r"(?s)elman\.py.*symbptt build"):
        gallery.build(check=True, root=root)
    target.unlink()
    with pytest.raises(Stale, match="elman"):
        gallery.build(check=True, root=root)
    (root / "orphan.txt").write_text("nobody made me")
    with pytest.raises(Stale, match=r"orphan\.txt"):
        gallery.build(check=True, root=root)
    assert sorted(gallery.build(root=root)) == ["numpy/elman.py", "orphan.txt"]
    assert target.read_text() == text


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1", "12345"])
def test_the_bytes_do_not_depend_on_the_hash_seed(seed):
    code = "from symbptt import gallery; gallery.build(check=True)"
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
