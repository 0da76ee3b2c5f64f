"""Activations as text and data: how steep they are, and where a step enlarges."""

from typing import Any

from symbptt.analyze.curves import table
from symbptt.analyze.experiments.outcome import Options, Result
from symbptt.analyze.export import SCHEMA, number
from symbptt.analyze.interval import Interval, intervals
from symbptt.analyze.layout import cell, columns

WEIGHTS = (1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0, 4.25, 4.5, 5.0, 6.0, 6.9, 8.0, 10.0, 15.0, 20.0, 50.0)


def curves(options: Options) -> Result:
    """The activations: how steep at most and where, and how much of [-8, 8] is flat."""
    found = table()
    rows = [(c.name, cell(c.bound), cell(c.steepest), f"{c.flat:.0%}") for c in found]
    said = ["activations: sup of the derivative, where it is, and the part of [-8, 8] with less than 5 % of it"]
    said += columns([("", "sup", "at z", "flat"), *rows])
    data: dict[str, Any] = {"schema": SCHEMA, "experiment": "curves", "activations": [vars(c) for c in found]}
    return Result("curves", "\n".join(said), data, data["activations"], found)


def interval(options: Options) -> Result:
    """The arguments where one step enlarges, |w phi'(w x + b)| > 1: their width in x, by the weight w."""
    names = ("sigmoid", "tanh") if options.activation is None else (options.activation,)
    found = {name: [(w, intervals(name, w)) for w in WEIGHTS] for name in names}
    said = ["where one step enlarges, |w phi'(z)| > 1 with z = w x + b: the interval of z; its width in x"]
    rows = [(f"{w:g}", *(_cell(found[name][i][1]) for name in names)) for i, w in enumerate(WEIGHTS)]
    said += columns([("w", *names), *rows])
    made = [
        {"activation": name, "w": w, "intervals": [{key: number(value) for key, value in vars(i).items()} for i in where]}
        for name in names
        for w, where in found[name]
    ]
    return Result("interval", "\n".join(said), {"schema": SCHEMA, "experiment": "interval", "entries": made}, made, found)


def _cell(where: tuple[Interval, ...]) -> str:
    return " or ".join(f"{item.words()}; {item.width:.4g}" for item in where) or "nowhere"
