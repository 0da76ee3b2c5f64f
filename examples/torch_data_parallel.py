"""The gradient of one batch in several processes: an emitted PyTorch module under DistributedDataParallel (gloo).

    python3 examples/torch_data_parallel.py          # two processes on this machine
    torchrun --nnodes 4 --nproc-per-node 8 examples/torch_data_parallel.py     # a cluster

Each process has its part of the batch. DistributedDataParallel averages the gradients over the processes while the backward pass
runs; with the loss divided by the number of samples of a process, and parts of one size, that is the gradient of the mean
over the whole batch. `Loss` of the emitted module is an nn.Module whose backward pass is the derived recursion.
"""

from __future__ import annotations

import os
import sys
import types

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn.parallel import DistributedDataParallel

from symbptt import emit

T, N, SIZES = 12, 16, {"D": 5, "H": 16, "O": 7}
NAMES = ("elman", "lstm", "gru_reset_after")


def module(name: str) -> types.ModuleType:
    """The emitted module of a built-in model; in a project it would be a file."""
    made = types.ModuleType(name)
    exec(emit.source(name, backend="torch").text, made.__dict__)
    return made


def gradients(name: str, rank: int, world: int) -> dict[str, torch.Tensor]:
    """The gradient of the mean loss over a batch of which this process has the samples rank, rank + world, ..."""
    generator = torch.Generator().manual_seed(0)
    layer = module(name).Loss(**SIZES, dtype=torch.float64, generator=generator)
    x = torch.randn(T, N, SIZES["D"], dtype=torch.float64, generator=generator)[:, rank::world]
    y = torch.randint(SIZES["O"], (T, N), generator=generator)[:, rank::world]
    trained = DistributedDataParallel(layer) if world > 1 else layer
    (trained({"x": x}, {"y": y}) / (T * x.shape[1])).backward()
    return {k: p.grad for k, p in layer.named_parameters()}


def work(rank: int, world: int) -> None:
    """One process: the shared gradient against that of the whole batch in this process alone."""
    dist.init_process_group("gloo", rank=rank, world_size=world)
    for name in NAMES:
        shared, alone = gradients(name, rank, world), gradients(name, 0, 1)
        error = max(float((shared[k] - alone[k]).abs().max() / alone[k].abs().max()) for k in alone)
        if rank == 0:
            print(f"{name:<16} {world} processes, gradients differ by {error:.0e}", flush=True)
        if not error < 1e-12:
            raise SystemExit(f"{name}: the gradients of rank {rank} differ")
    dist.destroy_process_group()


def main() -> int:
    """Under torchrun one process of many, else two processes of our own."""
    if "RANK" in os.environ:
        work(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
        return 0
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": sys.argv[1] if len(sys.argv) > 1 else "29511"}
    mp.spawn(work, args=(2,), nprocs=2)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
