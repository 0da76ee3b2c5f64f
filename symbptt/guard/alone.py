"""Loading one file of symbptt without the packages that it lies in: the guarded process begins with little."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any


def load(path: str | Path) -> Any:
    """The module in a file, under a name of its own."""
    name = f"guarded_{Path(path).stem}"
    spec = spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
