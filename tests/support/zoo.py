"""The built-in models in two groups: the classical cells, which every test of models meets, and the recurrences since 2020."""

from __future__ import annotations

from symbptt.resources import model_names

CLASSIC = (
    "deep_feedforward", "deep_feedforward_batch_norm", "elman", "gru", "gru_reset_after", "indrnn", "irnn", "jordan", "leaky",
    "linear", "lstm", "lstm_coupled", "lstm_peephole", "mgu", "mlp", "residual_rnn", "scalar",
)
RECENT = tuple(name for name in model_names() if name not in CLASSIC)
"""They have references in tests/model; of other tests only modules with `EVERY_MODEL` meet them."""
HEADED = tuple(name for name in RECENT if name.endswith("_heads"))
"""The published form, with several heads, of a layer whose name alone has one head."""
