"""The emitted JAX and PyTorch modules: the derived backward pass inside each framework."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from benchmarks import peak
from benchmarks.case import Case, Subject
from benchmarks.subjects.emitted import module

jax.config.update("jax_enable_x64", True)


def _read(result: Any) -> tuple[float, dict[str, Any]]:
    return float(result[0]), {name: np.asarray(value) for name, value in result[1].items()}


def make(case: Case) -> dict[str, Subject]:
    """`jit` of the JAX module's value_and_grad, compiled outside the timing, and the PyTorch module's."""
    parts = (case.parameters, case.inputs, case.targets, case.states)
    known = jax.tree.map(jnp.asarray, parts)
    compiled = jax.jit(module(case.model, backend="jax").value_and_grad).lower(*known).compile()
    code = module(case.model, backend="torch")
    tensors = [{name: torch.from_numpy(np.asarray(value)) for name, value in part.items()} for part in parts]

    def by_torch() -> Any:
        return code.value_and_grad(*tensors)

    return {
        "symbptt in JAX": Subject(lambda: jax.block_until_ready(compiled(*known)), _read, lambda: peak.by_xla(compiled)),
        "symbptt in PyTorch": Subject(by_torch, _read, lambda: peak.by_torch(by_torch)),
    }
