"""The engine for a tab: symbptt and what it needs of pure Python in one archive, and where Pyodide and NumPy come from."""

import gzip
import io
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from symbptt import resources
from symbptt.errors import BadInput
from symbptt.guard.text import plain

PYODIDE = "0.27.7"
"""The version of Pyodide that the hashes are of; it has Python 3.12 and NumPy 2.0."""
CORE_FOLDER = f"https://cdn.jsdelivr.net/npm/pyodide@{PYODIDE}/"
WHEEL_FOLDER = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE}/full/"
CORE = {
    "pyodide.mjs": "sha256-BMBSyBWrsL8pgfo4wt+ljjEg7lKIyVbfKyoV4wF4LF8=",
    "pyodide.asm.js": "sha256-a0yQ3ltxcoc/BPIYhNDp0idOMF/jIRZVj+Pk++NhjVE=",
    "pyodide.asm.wasm": "sha256-pQ3RhD+AWgt8RbYQN+4Neybf6F7+DhjvlaNK0k5AH18=",
    "python_stdlib.zip": "sha256-FmEVNHJuXYrCvY+SZBCy3LjW9JqiSRNGNTO0V6IRXBY=",
    "pyodide-lock.json": "sha256-nEW5FgAadQ9BAvwodJTz6rIVkJx1NcYmog24D9YzPiw=",
}
"""The files of the official distribution that a tab loads, with their hashes."""
NUMPY, NUMPY_HASH = "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl", "sha256-67YSQdliuYshWX185DtnZoptW6s6zsT76VhlcyDXzQg="
LOCK = "pyodide-lock.json"
ARCHIVE = "engine.tar.gz"
NEEDED = ("sympy", "mpmath", "jinja2", "markupsafe", "click")
"""The packages beside NumPy."""
_LEFT_OUT = {"tests", "__pycache__", "benchmarks", "page"}
_UNUSED = tuple(f"sympy/{name}" for name in (
    "categories/", "crypto/", "diffgeom/", "holonomic/", "liealgebras/", "parsing/autolev/", "parsing/c/", "parsing/fortran/",
    "parsing/latex/", "physics/biomechanics/", "physics/continuum_mechanics/", "physics/control/", "physics/hep/",
    "physics/hydrogen", "physics/matrices", "physics/mechanics/", "physics/optics/", "physics/paulialgebra", "physics/pring",
    "physics/qho", "physics/quantum/", "physics/secondquant", "physics/sho", "physics/vector/", "physics/wigner", "sandbox/",
    "stats/", "unify/",
))
"""Parts of SymPy that nothing here reaches."""
_KEPT = (".py", ".toml", ".jinja", ".txt", ".json", ".c")


@dataclass(frozen=True)
class Place:
    """A folder, as an address or as files to copy beside the page, and the hashes of what is loaded from it."""

    folder: str
    files: Mapping[str, str]
    copies: Mapping[str, bytes]


def integrity(content: bytes) -> str:
    """A hash as browsers check it."""
    return f"sha256-{b64encode(sha256(content).digest()).decode()}"


def archive() -> bytes:
    """The packages as one archive, the same bytes for the same files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as packed:
        for name, content in sorted(_sources()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    # Unpacked in a tab this is four times as fast as bzip2.
    return gzip.compress(made.getvalue(), mtime=0)


def compiled(sources: bytes, pyodide: Path) -> bytes:
    """An archive compiled by the Python of Pyodide, run by Node.js: it starts in a third of the time. As it is without Node.js.

    Raises BadInput if the folder's Pyodide does not do it.
    """
    node = shutil.which("node")
    if node is None:
        return sources
    with tempfile.TemporaryDirectory(prefix="symbptt-") as folder:
        before, after = Path(folder) / "sources", Path(folder) / "compiled"
        before.write_bytes(sources)
        command = [node, str(Path(__file__).with_name("compile.mjs")), str(pyodide), str(before), str(after)]
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, encoding="utf-8", errors="replace")
        if done.returncode or not after.is_file():
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise BadInput(f"{pyodide}: this Pyodide does not run under Node.js: {plain(last)}")
        return after.read_bytes()


def _sources() -> Iterator[tuple[str, bytes]]:
    for name in ("symbptt", *NEEDED):
        found = find_spec(name)
        assert found is not None and found.submodule_search_locations
        yield from _files(Path(found.submodule_search_locations[0]), name)
    if Path(str(resources.templates())).name != "_templates":
        yield from _files(Path(str(resources.templates())), "symbptt/_templates")


def _files(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        packed = f"{name}/{inside.as_posix()}"
        if path.is_file() and path.suffix in _KEPT and not _LEFT_OUT & set(inside.parts[:-1]) and not packed.startswith(_UNUSED):
            yield packed, path.read_bytes()


def official() -> tuple[Place, str, Place]:
    """Pyodide from its official distribution; the name of NumPy's wheel, and where it is."""
    return Place(CORE_FOLDER, CORE, {}), NUMPY, Place(WHEEL_FOLDER, {NUMPY: NUMPY_HASH}, {})


def local(folder: Path) -> tuple[Place, str, Place]:
    """Pyodide and NumPy's wheel from a folder, to be copied beside the page. Raises BadInput for what is not there."""
    copies = {name: _read(folder, name) for name in CORE}
    wheel = _numpy(copies[LOCK], folder)
    numpy = {wheel: _read(folder, wheel)}
    hashes = [{name: integrity(content) for name, content in part.items()} for part in (copies, numpy)]
    return Place("pyodide/", hashes[0], copies), wheel, Place("pyodide/", hashes[1], numpy)


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.is_file():
        raise BadInput(f"{folder}: no {name}; expected the files of Pyodide {PYODIDE} and NumPy's wheel for it")
    return path.read_bytes()


def _numpy(lock: bytes, folder: Path) -> str:
    """The name of NumPy's wheel in a lock file, which must have the hash that stands there."""
    try:
        known = json.loads(lock)["packages"]["numpy"]
        name, expected = str(known["file_name"]), str(known["sha256"])
    except (ValueError, LookupError, TypeError):
        raise BadInput(f"{folder / LOCK}: names no wheel of NumPy") from None
    if not re.fullmatch(r"[\w.-]+\.whl", name):
        raise BadInput(f"{folder / LOCK}: {name[:60]!r} cannot name a wheel")
    if sha256(_read(folder, name)).hexdigest() != expected:
        raise BadInput(f"{folder / name}: is not the file that {LOCK} names")
    return name
