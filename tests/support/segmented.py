"""Models whose loss falls apart into segments: built-in ones, lags, frozen samples, a learned start."""

from __future__ import annotations

from zoo import CLASSIC

from symbptt.model import define, read

LAGGED = define.model(
    name="lagged", inputs={"x": "H"}, states={"h": "H", "m": ""}, parameters={"W": "H H", "V": "H H", "s": ""},
    equations={"h": "tanh(W @ h[t-1] + V @ h[t-2] + x)", "m": "s * m[t-1] + mean(h)"}, loss="sum(h * h) + m * m",
)
_SUMMED = [m for m in map(read.load, CLASSIC) if m.loss is not None and m.loss.reduction == "sum"]
FROZEN = read.load("elman", freeze=True)
LEARNED = define.model(
    name="learned", inputs={"x": "D"}, states={"h": "H"}, parameters={"W": "H H", "U": "H D", "s": "H"}, initial={"h": "s"},
    equations={"h": "tanh(W @ h[t-1] + U @ x)"}, loss="sum(h * h)",
)
MODELS = (*_SUMMED, LAGGED, FROZEN, LEARNED)
