"""Exercises drawn from the derivation: a generator per kind, questions and solutions made by the same engine as the document."""
