"""Measured comparisons of the emitted code with frameworks; `python3 run.py bench` runs them all."""
