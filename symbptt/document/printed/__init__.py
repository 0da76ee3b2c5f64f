"""The emitted passes as one function that fits on a page and runs as it is printed."""
