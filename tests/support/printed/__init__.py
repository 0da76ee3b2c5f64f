"""Printed formulas read back to numbers: what test_printed.py compares."""
