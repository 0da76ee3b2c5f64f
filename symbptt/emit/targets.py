"""The targets of programs: C, and those of installed packages (entry points `symbptt.targets`, docs/extending.md)."""

from symbptt import extensions
from symbptt.emit import c_files
from symbptt.targets.target import CHECKPOINT, FORWARD, PYTHON, STATIC, TRUNCATION, Target

C = Target("c", ".c", c_files.files, frozenset((PYTHON, STATIC, TRUNCATION, CHECKPOINT, FORWARD)))
TARGETS: dict[str, Target] = extensions.rows(extensions.TARGETS, Target, {C.name: C})
