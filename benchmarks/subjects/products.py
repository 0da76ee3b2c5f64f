"""The limit: nothing but the matrix products that forward and backward need, by NumPy's BLAS and by PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.case import Case, Subject

GATES = {"elman": 1, "lstm": 4, "gru_reset_after": 3}


def _shapes(case: Case) -> tuple[list[tuple[Any, Any, Any]], list[tuple[Any, Any, Any]]]:
    """(rows, inner, columns) of the products over all steps, and of those of one step."""
    T, N, D, H, classes = case.size
    G, rows = GATES[case.model] * H, T * N
    whole = [(rows, D, G), (G, rows, D), (G, rows, H), (rows, H, classes), (rows, classes, H), (classes, rows, H)]
    return whole, [(N, H, G), (N, G, H)]


def make(case: Case) -> dict[str, Subject]:
    """One call multiplies everything once; results are not looked at."""
    random = np.random.default_rng(0)
    whole, stepwise = _shapes(case)
    steps = case.size[0]

    def drawn(shapes: list[tuple[Any, Any, Any]]) -> list[tuple[Any, Any, Any]]:
        made = [(random.standard_normal((m, k)), random.standard_normal((k, n)), np.zeros((m, n))) for m, k, n in shapes]
        return [tuple(array.astype(case.dtype) for array in triple) for triple in made]  # type: ignore[misc]

    at_once, each = drawn(whole), drawn(stepwise)
    tensors = [[tuple(map(torch.from_numpy, triple)) for triple in group] for group in (at_once, each)]

    def by_numpy() -> None:
        for a, b, out in at_once:
            np.matmul(a, b, out=out)
        for _ in range(steps):
            for a, b, out in each:
                np.matmul(a, b, out=out)

    def by_torch() -> None:
        for a, b, out in tensors[0]:
            torch.mm(a, b, out=out)
        for _ in range(steps):
            for a, b, out in tensors[1]:
                torch.mm(a, b, out=out)

    calls = {"products, NumPy": by_numpy, "products, PyTorch": by_torch}
    return {name: Subject(call, lambda _: (0.0, {})) for name, call in calls.items()}
