"""What libraries call the operations of the model language."""

UNARY = {
    "tanh": "tanh", "sigmoid": "sigmoid", "expit": "sigmoid", "relu": "relu", "exp": "exp", "log": "log", "sqrt": "sqrt",
    "abs": "abs", "absolute": "abs", "sin": "sin", "cos": "cos", "softplus": "softplus", "silu": "silu", "swish": "silu",
    "elu": "elu", "leaky_relu": "leaky_relu", "hardtanh": "hard_tanh", "hard_tanh": "hard_tanh",
    "softmax": "softmax", "log_softmax": "log_softmax", "reciprocal": "reciprocal",
}
"""Functions and methods of one array, in NumPy, JAX, PyTorch and SciPy."""
PRODUCTS = frozenset({"dot", "matmul", "mm", "mv"})
ELEMENTWISE = {"multiply": "*", "mul": "*", "add": "+", "subtract": "-", "sub": "-", "divide": "/", "div": "/"}
JOINED = frozenset({"concatenate", "concat", "cat", "hstack"})
SPLIT = frozenset({"split", "chunk", "array_split"})
SAME = frozenset({"asarray", "array", "float", "clone", "copy", "contiguous", "squeeze", "as_tensor", "astype"})
"""What changes nothing in the mathematics."""
AXES = frozenset({"axis", "dim", "keepdims", "dtype"})
"""Arguments by keyword that change nothing either, for a sample is one vector."""
SIZES = frozenset({"hidden_size", "hidden_dim", "n_hidden", "H", "hidden", "units"})
"""Attributes that are the size of the state."""
STATES = ("h", "c", "s", "hidden", "state", "cell", "carry", "S")
"""What a state is called, alone or with a word or sign for the step before."""
INPUTS = ("x", "u", "inp", "input", "inputs", "token", "emb")
BEFORE = ("prev", "previous", "last", "old", "tm1", "0", "t_1", "t0")
AFTER = ("new", "next", "t", "1", "out", "cur", "now")
