"""Numbers in a file: a .npz archive whose arrays are called parameters.W_hh, inputs.x, gradients.W_hh and the like."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.checks import whole
from symbptt.data.values import GROUPS
from symbptt.diagnose.check import gradients
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.errors import BadInput, UnknownName
from symbptt.files import reason
from symbptt.model.values import Model

DICTS = (*GROUPS, "cotangents", "gradients", "entries")
ALONE = ("mask", "weights", "T")
MAX_BYTES = 256 * 1024 * 1024
"""The largest file, packed and unpacked."""


def file(model: Model | str, path: Path | str) -> Diagnosis:
    """Diagnose the gradients in a .npz file. Raises BadInput if it cannot be read or does not fit the model."""
    theirs, parts, alone = groups(Path(path))
    return gradients(model, theirs, **parts, **alone)  # type: ignore[arg-type]


def groups(path: Path) -> tuple[dict[str, Array], dict[str, dict[str, Array]], dict[str, Any]]:
    """The gradients in a .npz file, the other arrays by group and name, and what stands alone. Raises BadInput."""
    parts: dict[str, dict[str, Array]] = {group: {} for group in DICTS}
    alone: dict[str, Any] = {}
    for key, array in arrays(path).items():
        group, dot, name = key.partition(".")
        if key in ALONE:
            alone[key] = _count(array, path) if key == "T" else array
        elif group not in DICTS or not dot or not name:
            raise UnknownName("array", key, (*(f"{g}.NAME" for g in DICTS), *ALONE), str(path))
        else:
            parts[group][name] = array
    theirs = parts.pop("gradients")
    if not theirs and not parts["entries"]:
        raise BadInput(f"{path}: no gradients in it; expected arrays such as gradients.W_hh or entries.W_hh")
    return theirs, parts, alone


def _count(array: Array, path: Path | str) -> int:
    """A number of steps."""
    found = whole(array.item(), 1) if array.size == 1 else None
    if found is None:
        raise BadInput(f"{path}: T is the number of steps, expected one whole number of at least 1")
    return found


def arrays(path: Path) -> dict[str, Array]:
    """The arrays of an .npz file by name; raises BadInput for a file that is not one, or too large."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path}: larger than {MAX_BYTES // 2**20} MiB")
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_BYTES:
                raise BadInput(f"{path}: larger than {MAX_BYTES // 2**20} MiB when unpacked")
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {reason(error)}") from None
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError, NotImplementedError) as error:
        raise BadInput(f"{path}: not an .npz file of plain arrays: {error}") from None
