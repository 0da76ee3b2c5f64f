"""Calls of somebody's function at other data, which show where its gradient is wrong: terms (t, k), samples, lengths."""
