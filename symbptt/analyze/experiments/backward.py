"""The backward signal as text and data."""

from typing import Any

from symbptt import checks
from symbptt.analyze.data import whole
from symbptt.analyze.experiments.outcome import Options, Result
from symbptt.analyze.export import SCHEMA, number, numbers
from symbptt.analyze.layout import columns
from symbptt.analyze.signal import Experiment, published
from symbptt.errors import BadInput, UnknownName


def signal(options: Options) -> Result:
    """The backward signal as published (seed 3, N = 2, H = 3, T = 20), and with half the matrix; or with a factor asked for."""
    unknown = set(options.scale) - {"W_h"}
    if unknown:
        raise UnknownName("matrix", unknown.pop(), ["W_h"])
    for name in options.dims:
        if name != "H":
            raise UnknownName("dimension", name, ["H"])
    seed = checks.seed(3 if options.seed is None else options.seed)
    if seed >= 2**32:
        raise BadInput(f"the seed of this experiment must be below 2**32, not {seed}")
    sizes = {"seed": seed, "N": whole("N", options.N, {}, 2), "T": whole("T", options.T, {}, 20)}
    H = whole("H", options.dims.get("H"), {}, 3)
    factors = (options.scale["W_h"],) if options.scale else (1.0, 0.5)
    found = [published(factor, H=H, kind=options.norm, activation=options.activation, **sizes) for factor in factors]
    step = "dh W_h^T" if options.activation is None else f"(dh * {options.activation}'(z)) W_h^T"
    said = [f"backward signal: dh <- {step} from ones, {options.norm} norm over N; "
            + ", ".join(f"{name} = {value}" for name, value in {**sizes, "H": H}.items())]
    rows = [("step", *(f"W_h * {factor:g}" for factor in factors))]
    rows += [(str(t + 1), *(f"{item.norms[t]:.6g}" for item in found)) for t in range(sizes["T"])]
    said += columns(rows) + [f"  W_h * {factor:g}: {_words(item)}" for factor, item in zip(factors, found, strict=True)]
    data = [{"factor": factor, **_data(item)} for factor, item in zip(factors, found, strict=True)]
    made = {"schema": SCHEMA, "experiment": "signal", **sizes, "H": H, "series": data}
    flat = [{"factor": s["factor"], "step": t, "norm": value} for s in data for t, value in enumerate(s["norms"], start=1)]
    return Result("signal", "\n".join(said), made, flat, found)


def _words(item: Experiment) -> str:
    s = item.spectrum
    return f"sigma_max {s.largest:.4g}, spectral radius {s.radius:.4g}; {item.verdict.words}"


def _data(item: Experiment) -> dict[str, Any]:
    return {
        "norms": numbers(item.norms), "start": number(item.start), "singular_values": numbers(item.spectrum.singular),
        "radius": number(item.spectrum.radius), "verdict": item.verdict.kind.value, "words": item.verdict.words,
    }
