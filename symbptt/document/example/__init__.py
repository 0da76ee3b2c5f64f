"""A small example by hand: numbers for every symbol, exact where functions allow it, and formulas with numbers in them."""
