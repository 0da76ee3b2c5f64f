"""The names of weight initialisers that a model file may give to its parameters and states."""

from __future__ import annotations

INITIALISERS = ("zeros", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal", "orthogonal", "identity", "uniform")
