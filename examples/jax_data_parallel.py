"""The gradient of one batch on several devices: an emitted JAX module under jax.sharding, the batch axis split.

    python3 examples/jax_data_parallel.py            # eight virtual devices on one CPU
    python3 examples/jax_data_parallel.py --hosts    # one process per host, started by your cluster; see below

The module is used as it is. Inputs, targets and states are placed with their batch axis split over the devices, parameters
are on all of them. The gradient of a parameter is a sum over samples, so XLA adds up the devices' shares (an all-reduce).
On several hosts `jax.distributed.initialize()` joins the processes first; everything after it is the same.
"""

from __future__ import annotations

import os
import sys
import types

DEVICES = 8
if "--hosts" not in sys.argv:
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={DEVICES}"

import jax  # noqa: E402  the flag is read on import
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax.sharding import Mesh, NamedSharding, PartitionSpec  # noqa: E402

from symbptt import emit  # noqa: E402

T, N, SIZES = 12, 32, {"D": 5, "H": 16, "O": 7}


def module(name: str) -> types.ModuleType:
    """The emitted module of a built-in model; in a project it would be a file."""
    made = types.ModuleType(name)
    exec(emit.source(name, backend="jax", wrt="all").text, made.__dict__)
    return made


def point(cell: types.ModuleType) -> tuple[dict[str, np.ndarray], ...]:
    """Parameters, inputs, targets and initial states."""
    random = np.random.default_rng(0)
    parameters = {k: 0.3 * random.standard_normal([SIZES[d] for d in shape]) for k, shape in cell.PARAMETERS.items()}
    inputs = {"x": random.standard_normal((T, N, SIZES["D"]))}
    targets = {"y": random.integers(0, SIZES["O"], (T, N))}
    return parameters, inputs, targets, {k: random.standard_normal((N, SIZES["H"])) for k in cell.STATES}


def main() -> int:
    """Compare the gradients of all devices with those of one."""
    if "--hosts" in sys.argv:
        jax.distributed.initialize()
    jax.config.update("jax_enable_x64", True)
    mesh = Mesh(np.array(jax.devices()), ("batch",))
    everywhere, steps, rows = (NamedSharding(mesh, PartitionSpec(*axes)) for axes in ((), (None, "batch"), ("batch",)))
    worst = 0.0
    for name in ("elman", "lstm", "gru_reset_after"):
        cell = module(name)
        parameters, inputs, targets, states = point(cell)
        placed = (
            jax.device_put(parameters, everywhere), jax.device_put(inputs, steps), jax.device_put(targets, steps),
            jax.device_put(states, rows),
        )
        loss, gradients = jax.jit(cell.value_and_grad)(*placed)
        alone, expected = cell.value_and_grad(*jax.tree.map(jnp.asarray, (parameters, inputs, targets, states)))
        errors = {k: float(abs(gradients[k] - expected[k]).max() / abs(expected[k]).max()) for k in expected}
        worst = max(worst, *errors.values(), float(abs(loss - alone) / abs(alone)))
        parts = gradients["x"].addressable_shards
        split = f"dL/dx in {len(parts)} parts of {parts[0].data.shape}"
        print(f"{name:<16} {mesh.size} devices, {split}, gradients differ by {max(errors.values()):.0e}")
    return 0 if worst < 1e-12 else 1


if __name__ == "__main__":
    raise SystemExit(main())
