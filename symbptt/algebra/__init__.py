"""The SymPy vocabulary of formulas; knows nothing of recurrences."""
