"""symbptt: backpropagation through time, derived once and exactly."""

__version__ = "0.1.0"
