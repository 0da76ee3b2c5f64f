"""The formats: each pen writes words, formulas, drawings and listings; templates put them together."""
