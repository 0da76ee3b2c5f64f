"""The formats: each writer writes words, formulas, drawings and listings; templates put them together."""
