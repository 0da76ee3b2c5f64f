"""Descent over the cliff as text and data."""

import numpy as np

from symbptt.analyze import cliff as cliffs
from symbptt.analyze.experiments.outcome import Options, Result
from symbptt.analyze.export import SCHEMA, numbers
from symbptt.analyze.layout import cell, columns
from symbptt.analyze.table import ROUNDING


def cliff(options: Options) -> Result:
    """Descent over the cliff, with and without clipping."""
    found = cliffs.cliff()
    head = ("", "last (w, b)", "last loss", "least loss", "longest step", "largest gradient", "shortened", "least rate")
    cells = [(p.method, f"({p.points[-1][0]:.3g}, {p.points[-1][1]:.3g})", cell(p.losses[-1]), cell(p.losses.min()),
             cell(p.longest), cell(p.norms.max()), f"{(p.rates < 1 - ROUNDING).sum()} of {len(p.rates)}", cell(p.rates.min()))
            for p in found.paths]
    said = [f"the cliff: gradient norms on the surface from {cell(found.norms.min())} to {cell(found.norms.max())}, median "
             f"{cell(float(np.median(found.norms)))}", *columns([head, *cells])]
    paths = [{"method": p.method, "points": p.points.tolist(), "losses": numbers(p.losses), "norms": numbers(p.norms),
              "rates": numbers(p.rates)}
             for p in found.paths]
    surface = {"w": found.w.tolist(), "b": found.b.tolist(), "losses": found.losses.tolist()}
    rows = [
        {"method": p.method, "step": i, "w": w, "b": b, "loss": p.losses[i], "gradient": p.norms[i], "rate": p.rates[i]}
        for p in found.paths
        for i, (w, b) in enumerate(p.points.tolist())
    ]
    data = {"schema": SCHEMA, "experiment": "cliff", "surface": surface, "paths": paths}
    return Result("cliff", "\n".join(said), data, rows, found)
