"""What is timed: each file makes calls `() -> (loss, gradients)` from one case; gradients are NumPy arrays by name.

`make(case)` returns a dict label -> Subject. Preparing data is not timed; a call computes the loss and all gradients anew.
"""
