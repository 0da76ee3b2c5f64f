#!/usr/bin/env python3
"""The commands on a fresh machine, with nothing but Python 3.11 or later and pip:

    python3 run.py demo          derive, document, emit, analyze and verify the Elman network, into demo/
    python3 run.py test [...]    ruff, mypy and the tests; further arguments go to pytest
    python3 run.py bench [...]   the measured comparisons, with the packages they need; --quick for a short run
    python3 run.py docs          the documentation as a site, into site/; every warning is an error
    python3 run.py serve [...]   the page in the browser, with the packages that it needs
    python3 run.py site -o DIR   the page as static files, with the engine in the browser's tab
    python3 run.py symbptt ...   the command line

The first use makes a private environment in .venv (or in the folder that VENV names) and installs this checkout there.
Later uses find it by a stamp, which holds a hash of pyproject.toml, the version of Python and the place of the checkout.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
MINIMUM = (3, 11)
EXTRAS = ("html", "plot")
"""What every use has: fonts inside pages, and pictures."""


def environment() -> Path:
    """The folder of the private environment."""
    return Path(os.environ.get("VENV") or ROOT / ".venv").absolute()


def interpreter() -> str:
    """The environment's Python."""
    return str(environment() / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def fingerprint() -> str:
    """What an installation depends on."""
    parts = [(ROOT / "pyproject.toml").read_text(encoding="utf-8"), sys.version, str(ROOT)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def pip() -> list[str]:
    """A pip that installs into the environment: the one that runs here, or one that Python brings along.

    Debian's Python comes without ensurepip, so the environment is made without a pip of its own.
    """
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", interpreter()]
    if importlib.util.find_spec("ensurepip"):
        subprocess.run([interpreter(), "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
        return [interpreter(), "-m", "pip"]
    sys.exit("run.py: this Python has no pip; install it first (Debian: apt install python3-pip)")


def set_up(*more: str) -> None:
    """Make the environment and install this checkout with its extras, unless the stamp says that all are there."""
    stamp, key = environment() / "symbptt.stamp", fingerprint()
    have = stamp.read_text(encoding="utf-8").split() if stamp.is_file() and Path(interpreter()).exists() else []
    extras = sorted({*EXTRAS, *more, *(have[1:] if have[:1] == [key] else ())})
    if have == [key, *extras]:
        return
    print(f"run.py: setting up {environment()} (once; needs the network)", file=sys.stderr, flush=True)
    start = time.monotonic()
    try:
        if not Path(interpreter()).exists():
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment())], check=True)
        options = ["-qq", "--disable-pip-version-check", "--no-input"]
        subprocess.run([*pip(), "install", *options, "--editable", f"{ROOT}[{','.join(extras)}]"], check=True)
    except subprocess.CalledProcessError as error:
        sys.exit(f"run.py: the set-up failed (exit code {error.returncode}); the lines above say why")
    stamp.write_text(" ".join([key, *extras]) + "\n", encoding="utf-8")
    print(f"run.py: done in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def test(arguments: list[str]) -> int:
    """Ruff, mypy, then pytest on all cores, whose closing line comes last; fails if one of them does."""
    set_up("test")
    tools = (["ruff", "check", "."], ["mypy"], ["pytest", "-n", "auto", *arguments])
    # The cores go to the processes of pytest; threads of BLAS beside them would only fight for the same ones.
    threads = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")} | dict(os.environ)
    return int(any([subprocess.run([interpreter(), "-m", *tool], cwd=ROOT, env=threads).returncode for tool in tools]))


def symbptt(arguments: list[str]) -> int:
    """The command line, in the folder of the caller."""
    set_up()
    return subprocess.run([interpreter(), "-P", "-m", "symbptt", *arguments]).returncode


def serve(arguments: list[str]) -> int:
    """The page in the browser; Ctrl-C ends it."""
    set_up("web")
    with subprocess.Popen([interpreter(), "-P", "-m", "symbptt", "serve", *arguments]) as running:
        while True:
            try:
                return running.wait()
            except KeyboardInterrupt:  # the server has been told so, too, and ends by itself
                continue


def site(arguments: list[str]) -> int:
    """The page as static files."""
    return symbptt(["site", *arguments])


def bench(arguments: list[str]) -> int:
    """The comparisons in benchmarks/, in an environment that has the libraries compared with."""
    set_up("bench")
    threads = {"OPENBLAS_NUM_THREADS": "1"} | dict(os.environ)
    return subprocess.run([interpreter(), "-m", "benchmarks", *arguments], cwd=ROOT, env=threads).returncode


def docs(arguments: list[str]) -> int:
    """The documentation as a site."""
    set_up("docs")
    command = [interpreter(), "-m", "sphinx", "-q", "-W", "--keep-going", *arguments, "docs", "site"]
    done = subprocess.run(command, cwd=ROOT).returncode
    if not done:
        print(ROOT / "site" / "index.html")
    return done


DEMO = (
    ("derive", "demo/derivation.txt", ["elman", "-T", "3"]),
    ("document", None, ["elman", "-T", "3", "-o", "demo", "--force"]),
    ("emit", None, ["elman", "-o", "demo/elman.py", "--force"]),
    ("analyze", "demo/gradient_flow.txt", ["elman"]),
    ("analyze", None, ["elman", "--format", "png", "-o", "demo/gradient_flow.png", "--force"]),
    ("analyze", None, ["elman", "--format", "html", "-o", "demo/gradient_flow.html", "--force"]),
    ("verify", "demo/verification.txt", ["demo/elman.py"]),
)
"""Command, the file that keeps what it prints (None: it prints the names of the files it writes), arguments."""


def demo(arguments: list[str]) -> int:
    """The whole pipe for the Elman network over three steps."""
    if arguments:
        sys.exit("run.py: demo takes no arguments; for more, python3 run.py symbptt --help")
    set_up()
    (ROOT / "demo").mkdir(exist_ok=True)
    rows = []
    for command, kept, options in DEMO:
        start = time.monotonic()
        line = [interpreter(), "-P", "-m", "symbptt", command, *options]
        done = subprocess.run(line, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8")
        seconds = time.monotonic() - start
        if kept:
            (ROOT / kept).write_text(done.stdout, encoding="utf-8")
        if done.returncode or command == "verify":
            print(done.stdout)
        if done.returncode:
            return done.returncode
        rows += [(command, seconds, path) for path in ([kept] if kept else done.stdout.splitlines())]
    print("stage     seconds  file")
    for command, seconds, path in rows:
        print(f"{command:9} {seconds:7.1f}  {ROOT / path}")
    return 0


VERBS = {"demo": demo, "test": test, "bench": bench, "docs": docs, "serve": serve, "site": site, "symbptt": symbptt}


def main() -> int:
    """Run one verb; returns its exit code."""
    if sys.version_info < MINIMUM:
        sys.exit("run.py: needs Python 3.11 or later; this is " + sys.version.split()[0])
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        print(__doc__.strip())
        return 0 if sys.argv[1:2] in ([], ["-h"], ["--help"]) else 2
    return VERBS[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
