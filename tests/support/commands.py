"""Every command line that a model can be sent through: read off the commands themselves, one option varied at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import click

from symbptt.analyze.layout import LAYOUTS
from symbptt.cli import cli
from symbptt.document.kinds import KINDS
from symbptt.emit.source_file import BACKENDS, STYLES
from symbptt.typeset.notations import names as notations

KINDS_OF_MODELS = sorted((Path(__file__).resolve().parents[1] / "kinds").glob("*.toml"))
