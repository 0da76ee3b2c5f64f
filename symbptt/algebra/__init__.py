"""Stage 0: the SymPy vocabulary of formulas; knows nothing of recurrences."""
