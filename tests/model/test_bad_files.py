"""Bad model files, each with the message it must give; the place is part of the message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from symbptt.errors import BadInput
from symbptt.model import read
from symbptt.model.latex import COMMANDS

LATEX = ", ".join([*sorted(COMMANDS)[:60], f"... ({len(COMMANDS)} in all)"])
CELL = """
[inputs]
x = "D"
i = "index K"
[states]
h = "H"
[parameters]
W = "H D"
V = "H H"
s = ""
E = "H K"
[targets]
y = "H"
[equations]
b = "W @ x"
h = "tanh(b)"
a = %s
c = "V @ h"
[loss]
step = "squared_error(h, y)"
"""
"""A cell in which one right-hand side, that of `a`, is bad."""

EXPRESSIONS = (
    ("", ": expected an expression such as W @ x + b, found nothing"),
    ("   ", ": expected an expression such as W @ x + b, found nothing"),
    ("W @", ", column 3: syntax error; expected one expression such as W @ x + b"),
    ("W @ x +", ", column 7: syntax error; expected one expression such as W @ x + b"),
    ("(W @ x", ", column 1: '(' is never closed"),
    ("W @ x)", ", column 6: ')' closes nothing"),
    ("W @ x]", ", column 6: ']' closes nothing"),
    ("(W @ x]", ", column 7: ']' closes nothing"),
    ("W @@ x", ", column 4: syntax error; expected one expression such as W @ x + b"),
    ("W @ x; h", ", column 6: the character ';' is not part of the language"),
    ("W @ x # no", ", column 7: the character '#' is not part of the language"),
    ("'x'", ", column 1: the character \"'\" is not part of the language; a transpose is written .T"),
    ("x == x", ", column 1: a comparison by == is not part of the language"),
    ("x if x else x", ", column 1: 'if' is not part of the language"),
    ("lambda: x", ", column 1: 'lambda' is not part of the language"),
    ("x and x", ", column 1: 'and' or 'or' is not part of the language"),
    ("not x", ", column 1: 'not' is not part of the language"),
    ("x // 2", ", column 1: '//' is not part of the language"),
    ("x % 2", ", column 3: the character '%' is not part of the language"),
    ("[x, x]", ", column 1: a list is not part of the language"),
    ("x, x", ", column 1: a tuple is not part of the language"),
    ("{x}", ", column 1: the character '{' is not part of the language; a step stands in square brackets, as in h[t-1]"),
    ("x := x", ", column 1: ':=' is not part of the language"),
    ("(x := x)", ", column 2: ':=' is not part of the language"),
    ("f'{x}'", ", column 2: the character \"'\" is not part of the language; a transpose is written .T"),
    ("x.shape", ", column 1: '.shape' is not part of the language; the only attribute is .T, the transpose"),
    ("x.__class__", ", column 1: '.__class__' is not part of the language; the only attribute is .T, the transpose"),
    ("__import__('os')", ", column 12: the character \"'\" is not part of the language; a transpose is written .T"),
    ("x()", ", column 1: x is a variable, not a function; write * for a product"),
    ("(x)(x)", ", column 1: x is a variable, not a function; write * for a product"),
    ("True * x", ", column 1: True is not part of the language"),
    ("None", ", column 1: None is not part of the language"),
    ("*x", ", column 1: syntax error; expected one expression such as W @ x + b"),
    ("tanh(*x)", ", column 6: '*' before an argument is not part of the language"),
    ("sum(x for x in x)", ", column 4: a comprehension is not part of the language"),
    ("1if x else x", ", column 2: a number runs into 'if'; expected an operator between them"),
    ("2x", ", column 2: a number runs into 'x'; expected an operator between them"),
    ("0x10 * x", ", column 2: a number runs into 'x10'; expected an operator between them"),
    ("1j * x", ", column 2: a number runs into 'j'; expected an operator between them"),
    ("1_000 * x", ", column 2: a number runs into '_000'; expected an operator between them"),
    ("1e999 * x", ", column 1: a number has at most 40 digits and an exponent of at most 99"),
    ("11111111111111111111111111111111111111111 * x",
     ", column 1: a number has at most 40 digits and an exponent of at most 99"),
    ("σ(x)", ", column 1: the character 'σ' is not part of the language; write sigmoid(...), or a name in ASCII "
     "letters with its sign as latex in [symbols]"),
    ("θ * x", ", column 1: the character 'θ' is not part of the language; names have ASCII letters: write theta, "
     "and give latex in [symbols] to print its sign"),
    ("x ^ 2", ", column 3: the character '^' is not part of the language; a power is written **"),
    ("ReLU(x)", ", column 1: unknown function 'ReLU'; did you mean 'relu'?"),
    ("Dropout(x)", ", column 1: there is no function Dropout; draw its mask outside, as an input m, and write m * h"),
    ("maximum(x, x)", ", column 1: there is no function maximum; write max(a, b)"),
    ("max(x, h)", ", column 1: the shapes (D) and (H) do not fit; expected equal shapes or scalars"),
    ("max(1, 2)", ", column 5: expected an expression with a variable among the operands, not numbers only"),
    ("max(x)", ", column 1: max takes 2 to 16 operands, not 1: max(a, b)"),
    ("x > 0", ", column 1: a comparison stands only as the first operand of where, as in where(a > b, u, v)"),
    ("where(x, x, x)", ", column 7: expected one comparison, as in where(a > b, u, v)"),
    ("where(0 < x < 1, x, x)", ", column 7: expected one comparison, as in where(a > b, u, v)"),
    ("where(1 > 0, x, x)", ", column 1: both sides are constant; expected a comparison with a variable"),
    ("clip(x, 1, 0)", ", column 1: clip(x, lo, hi) expects lo below hi, not 1 and 0"),
    ("clip(x, h, 1)", ", column 9: lo of clip must be a number"),
    ("clip(x, 0, lo=1)", ", column 12: the argument lo is given twice"),
    ("clip(x, 0, 1, 2)", ", column 1: clip takes 1 operand, not 4: clip(x, lo, hi)"),
    ("surrogate(x, h)",
     ", column 1: the shapes (D) and (H) do not fit; surrogate expects a value and the expression whose derivative it has"),
    ("np.tanh(x)", ", column 1: only a function of the language can be called, by its name; write tanh(...)"),
    ("h_prev", ", column 1: there is no variable h_prev; the value of h at the step before is written h[t-1]"),
    ("x − x", ", column 3: the character '−' is not part of the language; write - for minus"),
    ("ｘ", ", column 1: the character 'ｘ' is not part of the language"),
    ("W @ z", ", column 5: unknown variable 'z'; known: E, V, W, b, h, i, s, x"),
    ("W @ xx", ", column 5: unknown variable 'xx'; known: E, V, W, b, h, i, s, x"),
    ("Tanh(x)", ", column 1: unknown function 'Tanh'; did you mean 'tanh'?"),
    ("tahn(x)", ", column 1: unknown function 'tahn'; did you mean 'tanh'?"),
    ("tanh", ", column 1: tanh is a function; expected its operands in brackets, as in tanh(...)"),
    ("t * x", ", column 1: t is the step; it may stand only in square brackets, as in h[t-1]"),
    ("D", ": the right side is a constant; expected an expression with a variable"),
    ("x / (D - 1)", ", column 3: D - 1 may be zero; expected a divisor that is above zero for every size of the dimensions"),
    ("(D + H) ** -0.5 * x", ", column 9: a root and a negative power are taken of one dimension, as in K ** -0.5"),
    ("x ** D", ", column 3: the exponent of ** must be a number; for a variable exponent use exp and log"),
    ("V @ y", ", column 5: y is a target; only the loss may read it"),
    ("a + x", ", column 1: a reads itself inside one step; for the value of the step before write a[t-1]"),
    ("b + x", ", column 3: the shapes (H) and (D) do not fit; + expects two equal shapes or a scalar"),
    ("x(2)", ", column 1: x is a variable, not a function; write * for a product"),
    ("W x", ", column 3: expected an operator before 'x': @ for a matrix product, * entry by entry"),
    ("W @ h", ", column 3: the shapes (H, D) and (H) do not fit; '@' expects as many columns as the right side has rows"),
    ("x @ x",
     ", column 3: the shapes (D) and (D) do not fit; '@' expects as many columns as the right side has rows; "
     "for two vectors write dot(u, v) or outer(u, v)"),
    ("2 @ x", ", column 3: '@' is a product of matrices; write * for a number"),
    ("x @ 2", ", column 3: '@' is a product of matrices; write * for a number"),
    ("s @ x",
     ", column 3: the shapes (1) and (D) do not fit; '@' expects as many columns as the right side has rows; "
     "write * for a scalar"),
    ("x + h", ", column 3: the shapes (D) and (H) do not fit; + expects two equal shapes or a scalar"),
    ("W + x", ", column 3: the shapes (H, D) and (D) do not fit; + expects two equal shapes or a scalar; "
     "with an entry of a vector v for each column of a matrix A write A + outer(ones(H), v)"),
    ("h * W", ", column 3: the shapes (H) and (H, D) do not fit; * expects two equal shapes or a scalar; "
     "with an entry of a vector v for each row of a matrix A write diag(v) @ A"),
    ("V @ h_{t-1}", ", column 7: the character '{' is not part of the language; a step stands in square brackets, as in h[t-1]"),
    ("swish(x)", ", column 1: there is no function swish; write silu(x)"),
    ("x * h", ", column 3: the shapes (D) and (H) do not fit; * expects two equal shapes or a scalar"),
    ("x / h", ", column 3: the shapes (D) and (H) do not fit; / expects two equal shapes or a scalar"),
    ("W - V", ", column 3: the shapes (H, D) and (H, H) do not fit; - expects two equal shapes or a scalar"),
    ("i[t-1]", ", column 1: i is an integer input; embed it, and read what it is embedded as with a lag"),
    ("h[t+1]", ", column 3: h[t+...] lies in the future; a step reads only itself and earlier steps"),
    ("h[t-0]", ", column 3: a lag lies between 1 and 16"),
    ("h[t-99]", ", column 3: a lag lies between 1 and 16"),
    ("h[t*2]", ", column 3: expected a step such as h[t-1] or a slice such as h[0:3]"),
    ("h[1]", ", column 3: expected a step such as h[t-1] or a slice such as h[0:3]"),
    ("h[-1]", ", column 3: expected a step such as h[t-1] or a slice such as h[0:3]"),
    ("h[s]", ", column 3: expected a step such as h[t-1] or a slice such as h[0:3]"),
    ("(x + x)[t-1]", ", column 1: only a variable has steps, as in h[t-1]"),
    ("c[t-1]", ", column 1: c is no state, and read with a lag above its equation: list c in [states], with its shape"),
    ("c", ", column 1: c is used before it is defined; move its equation above that of a"),
    ("a[t-1]", ", column 1: a is no state, and read with a lag above its equation: list a in [states], with its shape"),
    ("y[t-1]", ", column 1: y is a target; a state, an input or an intermediate is read with a lag"),
    ("W[t-1]", ", column 1: W is a parameter; a state, an input or an intermediate is read with a lag"),
    ("conv(x + x, W)", ", column 1: conv takes two names, conv(x, w): give a formula a left side of its own"),
    ("conv(x, W)",
     ", column 1: conv(x, w) expects a declared w with 1 to 17 columns, one per step back, as in w = \"D 4\""),
    ("h[t-1.5]", ", column 3: expected a step such as h[t-1] or a slice such as h[0:3]"),
    ("x[0:2]", ", column 1: the slice [0:2] does not lie inside (D) for every size of the dimensions"),
    ("x[0:D+1]", ", column 1: the slice [0:D + 1] does not lie inside (D) for every size of the dimensions"),
    ("x[::2]", ", column 1: a slice has no step; expected x[start:stop]"),
    ("x[H:D]", ", column 1: the slice [H:D] does not lie inside (D) for every size of the dimensions"),
    ("W[0:2]", ", column 1: the slice [0:2] does not lie inside (H, D) for every size of the dimensions"),
    ("W[:, 1:D]", ", column 1: the slice [1:D] does not lie inside (H, D) for every size of the dimensions"),
    ("W[:, D]", ", column 1: the slice [D:D + 1] does not lie inside (H, D) for every size of the dimensions"),
    ("W[:, 0, 0]", ", column 1: a matrix has rows and columns; expected two slices, as in A[:, 0:2]"),
    ("W[0, 1]", ", column 1: the slice [1:2] does not lie inside (H, D) for every size of the dimensions"),
    ("diagonal(W)", ", column 1: diagonal expects a square matrix, not the shape (H, D)"),
    ("diag(W)", ", column 1: diag expects a vector, not the shape (H, D)"),
    ("ones(x)", ", column 6: unknown dimension 'x'; known: D, H, K"),
    ("ones(D, H, K)", ", column 1: ones takes 1 to 2 operands, not 3: ones(K)"),
    ("x[1.5:2]", ", column 3: expected a dimension: a name, an integer, or a sum of them"),
    ("x[Q:D]", ", column 3: unknown dimension 'Q'; known: D, H, K"),
    ("concat(h, x)[0:H*D]", ", column 1: the slice [0:D*H] does not lie inside (D+H) for every size of the dimensions"),
    ("x[0:H*(D+K)]", ", column 5: a product of sums is not a dimension; expected a product of names, as M*K"),
    ("x[-1:D]", ", column 3: expected a dimension: a name, an integer, or a sum of them"),
    ("x[0:0]", ", column 1: the slice [0:0] does not lie inside (D) for every size of the dimensions"),
    ("x ** h", ", column 3: the exponent of ** must be a number; for a variable exponent use exp and log"),
    ("x ** 99", ", column 3: an exponent lies between -16 and 16"),
    ("2 ** 0.5 * x", ", column 3: a number is raised to an integer only, and zero to no negative one"),
    ("0 ** -1 * x", ", column 3: a number is raised to an integer only, and zero to no negative one"),
    ("x / 0", ", column 3: division by zero"),
    ("x * 9**16**16", ", column 6: an exponent lies between -16 and 16"),
    ("x * (9**16 * 9**16 * 9**16 * 9**16 * 9**16 * 9**16)", ", column 44: the number has more than 256 bits"),
    ("tanh()", ", column 1: tanh takes 1 operand, not 0: tanh(x)"),
    ("tanh(x, x)", ", column 1: tanh takes 1 operand, not 2: tanh(x)"),
    ("tanh(2)", ", column 6: expected an expression with a variable, not the number 2"),
    ("tanh(x, slope=2)", ", column 9: unknown argument 'slope' of tanh; it takes none"),
    ("leaky_relu(x, slope=x)", ", column 15: slope of leaky_relu must be a number"),
    ("hard_sigmoid(x, slope=0)", ", column 17: slope of hard_sigmoid must be a positive number"),
    ("leaky_relu(x, slope=1, slope=2)", ", column 24: the argument slope is given twice"),
    ("leaky_relu(x, 0.5)", ", column 1: leaky_relu takes 1 operand, not 2: leaky_relu(x, slope=1/100)"),
    ("layer_norm(x, eps=0)", ", column 15: eps of layer_norm must be a positive number"),
    ("layer_norm(W)", ", column 1: layer_norm expects a vector, not the shape (H, D)"),
    ("softmax(W)", ", column 1: softmax expects a vector, not the shape (H, D)"),
    ("concat(W, x)", ", column 1: concat expects a vector, not the shape (H, D)"),
    ("concat()", ", column 1: concat takes 1 to 64 operands, not 0: concat(x, h)"),
    ("dot(x, h)", ", column 1: the shapes (D) and (H) do not fit; dot expects two vectors of one length"),
    ("dot(x, W)", ", column 1: dot expects a vector, not the shape (H, D)"),
    ("outer(W, x)", ", column 1: outer expects a vector, not the shape (H, D)"),
    ("outer(x)", ", column 1: outer takes 2 operands, not 1: outer(u, v)"),
    ("eye(h)", ", column 5: unknown dimension 'h'; did you mean 'H'?"),
    ("eye(0)", ", column 5: expected a dimension: a name, a positive integer, or a sum of them"),
    ("eye(Q)", ", column 5: unknown dimension 'Q'; known: D, H, K"),
    ("eye(2.5)", ", column 5: expected a dimension: a name, an integer, or a sum of them"),
    ("eye(H)", ": the right side is a constant; expected an expression with a variable"),
    ("2", ": the right side is a constant; expected an expression with a variable"),
    ("1 + 1", ": the right side is a constant; expected an expression with a variable"),
    ("x * 0", ": the right side is a constant; expected an expression with a variable"),
    ("embed(E, x)", ", column 1: embed expects an integer input, declared as in i = \"index V\", as its second operand"),
    ("embed(W, i)", ", column 1: the shapes (H, D) and (K) do not fit; embed expects a table with one column per class"),
    ("activation(x)", ", column 1: activation(...) needs a line such as activation = \"tanh\" at the top of the file"),
    ("softmax_cross_entropy(x, h)",
     ", column 1: the shapes (D) and (H) do not fit; softmax_cross_entropy expects two equal shapes"),
    ("squared_error(x, h)", ", column 1: the shapes (D) and (H) do not fit; squared_error expects two equal shapes"),
    ("softmax_cross_entropy(W, W)", ", column 1: softmax_cross_entropy expects vectors, not (H, D)"),
    ("tanh(eye(H))", ", column 6: expected an expression with a variable, not a constant"),
    ("huber(x, h, x)", ", column 1: huber takes 1 to 2 operands, not 3: huber(o, y, delta=1)"),
    ("x" + "+x" * 70, ", column 1: the expression is nested deeper than 60; name a part of it in an equation of its own"),
    ("(" * 61 + "x" + ")" * 61, ", column 61: brackets are nested deeper than 60"),
    ("x + " + "x" * 2000, ": an expression has at most 2000 characters, not 2004"),
    ("-" * 1900 + "x", ", column 60: the expression is nested deeper than 60; name a part of it in an equation of its own"),
)

FILES = (
    ("", "the file is empty; expected at least [equations]"),
    ("  \n\t\n", "the file is empty; expected at least [equations]"),
    ("h = tanh(a)", "not TOML: Invalid value (at line 1, column 5)"),
    ("[inputs]\nξ = 'D'", "'ξ' cannot be a name: write it in ASCII letters, and how it looks under [symbols]; not TOML: Invalid "
                          "statement (at line 2, column 1)"),
    ("[inputs\nx = 'D'", "not TOML: Expected ']' at the end of a table declaration (at line 1, column 8)"),
    ("$Ea = \"x\"\n", "something is defined twice: Cannot overwrite a value (at line 3, column 8)"),
    ("[inputs]\n[inputs]\n", "something is defined twice: Cannot declare ('inputs',) twice (at line 2, column 8)"),
    ("title = 1\n$H$E", "title: expected a string, not an integer"),
    ("$H$E[translations]\nzh = 'x'\n", "[translations] zh: expected a table with title or notes, not a string"),
    ("$H$E[translations.ZH]\ntitle = 'x'\n", "[translations]: 'ZH' is not a language code such as en or zh"),
    ("$H$E[translations.zh]\ntitel = 'x'\n", "[translations] zh: unknown key 'titel'; did you mean 'title'?"),
    ("$H$E[translations.zh]\nnotes = 'x'\n", "[translations] zh: expected a list of strings, not a string"),
    ("titel = \"x\"\n$H$E", "unknown key or section 'titel'; did you mean 'title'?"),
    ("[input]\nx = \"D\"\n$E", "unknown key or section 'input'; did you mean 'inputs'?"),
    ("[equation]\n", "unknown key or section 'equation'; did you mean 'equations'?"),
    ("$H", "expected a section [equations] with at least one equation, as in h = \"tanh(a)\""),
    ("$H[equations]\n", "expected a section [equations] with at least one equation, as in h = \"tanh(a)\""),
    ("inputs = 3\n$E", "[inputs]: expected a section [inputs] with one entry per line, not an integer"),
    ("equations = \"x\"", "[equations]: expected a section [equations] with one entry per line, not a string"),
    ("$H[equations]\na = 3\n", "[equations] a: expected a string, not an integer"),
    ("[inputs]\nx = [\"D\"]\n$E", "[inputs] x: expected a string, not a list"),
    ("[inputs]\nx = {a = 1}\n$E", "[inputs] x: expected a string, not a table"),
    ("schema = 2\n$H$E", "schema: this version reads schema 1, not 2"),
    ("schema = true\n$H$E", "schema: this version reads schema 1, not True"),
    ("title = \"a\\nb\"\n$H$E", "title, column 2: expected one line of printable text, not the character '\\n'"),
    ("reference = \"\\u202e\"\n$H$E", "reference, column 1: expected one line of printable text, not the character '\\u202e'"),
    ("notes = \"x\"\n$H$E", "notes: expected a list of strings, not a string"),
    ("notes = [1]\n$H$E", "notes: expected a string, not an integer"),
    ("activation = \"tan\"\n$H$E", "activation: unknown activation 'tan'; did you mean 'tanh'?"),
    ("activation = \"tanh\"\n$H$E", "activation: no equation uses it; expected activation(...) in one"),
    ("activation = 1\n$H$E", "activation: expected a string, not an integer"),
    ("[inputs]\nclass = \"D\"\n$E", "[inputs]: 'class' cannot name one of the inputs: it is a keyword of Python"),
    ("[inputs]\n_x = \"D\"\n$E",
     "[inputs]: '_x' cannot name one of the inputs: a name is an ASCII letter followed by letters, digits "
     "and _"),
    ("[inputs]\nx__y = \"D\"\n$E",
     "[inputs]: 'x__y' cannot name one of the inputs: a name has no double and no trailing underscore"),
    ("[inputs]\nx_ = \"D\"\n$E",
     "[inputs]: 'x_' cannot name one of the inputs: a name has no double and no trailing underscore"),
    ("[inputs]\n\"x y\" = \"D\"\n$E",
     "[inputs]: 'x y' cannot name one of the inputs: a name is an ASCII letter followed by letters, digits "
     "and _"),
    ("[inputs]\n\"x\\n;import os\" = \"D\"\n$E",
     "[inputs]: 'x\\n;import os' cannot name one of the inputs: a name is an ASCII letter followed by "
     "letters, digits and _"),
    ("[inputs]\n\"__import__\" = \"D\"\n$E",
     "[inputs]: '__import__' cannot name one of the inputs: a name is an ASCII letter followed by letters, "
     "digits and _"),
    ("[inputs]\nT = \"D\"\n$E", "[inputs]: 'T' cannot name one of the inputs: it is reserved for the number of steps"),
    ("[inputs]\nnp = \"D\"\n$E", "[inputs]: 'np' cannot name one of the inputs: it is reserved for the emitted module"),
    ("[inputs]\nprint = \"D\"\n$E", "[inputs]: 'print' cannot name one of the inputs: it is a built-in name of Python"),
    ("[inputs]\ntanh = \"D\"\n$E", "[inputs]: 'tanh' cannot name one of the inputs: it is a function of the language"),
    ("[inputs]\nactivation = \"D\"\n$E",
     "[inputs]: 'activation' cannot name one of the inputs: it stands for the function that the file names "
     "as its activation"),
    ("[inputs]\n\"\u03c3\" = \"D\"\n$E",
     "[inputs]: 'σ' cannot name one of the inputs: a name is an ASCII letter followed by letters, digits and "
     "_"),
    ("[inputs]\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx = \"D\"\n$E",
     "[inputs]: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' cannot name one of the inputs: a name has at most 32 "
     "characters"),
    ("[inputs]\n\"\" = \"D\"\n$E",
     "[inputs]: '' cannot name one of the inputs: a name is an ASCII letter followed by letters, digits and "
     "_"),
    ("[inputs]\n\"\\\\input{x}\" = 'D'\n$E",
     "[inputs]: '\\\\input{x}' cannot name one of the inputs: a name is an ASCII letter followed by letters, "
     "digits and _"),
    ("[inputs]\nx = \"D D D\"\n$E",
     "[inputs] x: a shape has at most two dimensions, as in 'H D', not 3; heads = \"M\" at the top lets M stand in front"),
    ("[inputs]\nx = \"0\"\n$E", "[inputs] x: a dimension lies between 1 and 1000000, not 0"),
    ("[inputs]\nx = \"-1\"\n$E",
     "[inputs] x: '-1' cannot name a dimension; a name is an ASCII letter followed by letters, digits and _"),
    ("[inputs]\nx = \"99999999999\"\n$E", "[inputs] x: a dimension lies between 1 and 1000000, not 99999999999"),
    ("[inputs]\nx = \"D+\"\n$E", "[inputs] x: a dimension is a name, an integer or a sum of them such as H+D or 2*H"),
    ("[inputs]\nx = \"D*D\"\n$E", "[inputs] x: 'D*D': a product takes a dimension some number of times, as 2*H"),
    ("[inputs]\nx = \"2*3\"\n$E", "[inputs] x: '2*3': a product takes a dimension some number of times, as 2*H"),
    ("[inputs]\nx = \"17*D\"\n$E", "[inputs] x: a dimension has at most 16 summands"),
    ("[inputs]\nx = \"0*D\"\n$E", "[inputs] x: '0*D': a product takes a dimension some number of times, as 2*H"),
    ("[inputs]\nx = \"t\"\n$E", "[inputs] x: 't' cannot name a dimension: it is reserved for the step"),
    ("[inputs]\nx = \"class\"\n$E", "[inputs] x: 'class' cannot name a dimension: it is a keyword of Python"),
    ("[inputs]\nx = \"index\"\n$E", "[inputs] x: an index needs the number of its classes, as in 'index V'"),
    ("[inputs]\nx = \"index V D\"\n$E", "[inputs] x: an index needs the number of its classes, as in 'index V'"),
    ("$HD = \"H\"\n$E", "[inputs] D: D is a dimension, too; expected two different names"),
    ("[inputs]\nx = \"D+D+D+D+D+D+D+D+D+D+D+D+D+D+D+D+D\"\n$E", "[inputs] x: a dimension has at most 16 summands"),
    ("$H[parameters]\nx = \"D\"\n$E", "[parameters]: x is declared twice, the first time in [inputs]"),
    ("$H[states]\nh = \"index V\"\n$E", "[states] h: only an input can be an index"),
    ("$H[targets]\ny = \"index V\"\n$E",
     "[targets] y: only an input can be an index; a target of classes is written as 'V' and given as integers"),
    ("$H[states]\nh = \"H\"\n$E", "[states] h: the state has no equation; expected one with this left side"),
    ("$H[equations]\nx = \"x\"\n", "[equations]: x is declared as input; a left side is a state or a new name"),
    ("$H[equations]\nD = \"x\"\n", "[equations]: D is a dimension; a left side is a state or a new name"),
    ("$H[equations]\nL = \"x\"\n", "[equations]: 'L' cannot name a left side: it is reserved for the loss"),
    ("$H[equations]\nlambda = \"x\"\n", "[equations]: 'lambda' cannot name a left side: it is a keyword of Python"),
    ("$H[equations]\nsoftmax = \"x\"\n", "[equations]: 'softmax' cannot name a left side: it is a function of the language"),
    ("$H[parameters]\nW = \"D\"\n[equations]\nW = \"x\"\n",
     "[equations]: W is declared as parameter; a left side is a state or a new name"),
    ("$H[targets]\ny = \"D\"\n[equations]\ny = \"x\"\n",
     "[equations]: y is declared as target; a left side is a state or a new name"),
    ("$H[states]\nh = \"H\"\n[equations]\nh = \"x\"\n",
     "[equations] h: the state h has the shape (H), its equation the shape (D)"),
    ("$H[states]\nh = \"D D\"\n[equations]\nh = \"x\"\n",
     "[equations] h: the state h has the shape (D, D), its equation the shape (D)"),
    ("$H[equations]\na = \"b\"\nb = \"c + x\"\nc = \"a\"\n",
     "[equations] a, column 1: a cycle inside one step: a -> b -> c -> a; one of them must be read with a "
     "lag, as b[t-1]"),
    ("$H[equations]\na = \"a + x\"\n",
     "[equations] a, column 1: a reads itself inside one step; for the value of the step before write a[t-1]"),
    ("$H[equations]\na = \"b\"\nb = \"x\"\n",
     "[equations] a, column 1: b is used before it is defined; move its equation above that of a"),
    ("$H[states]\nh = \"D\"\n[equations]\na = \"h + x\"\nh = \"tanh(a)\"\n",
     "[equations] a, column 1: a cycle inside one step: a -> h -> a; one of them must be read with a lag, as "
     "h[t-1]"),
    ("$H[states]\nh = \"D\"\nh_lag2 = \"D\"\n[equations]\nh = \"h[t-2] + x\"\nh_lag2 = \"x\"\n",
     "h[t-2] needs the name h_lag2 for the older value; rename your h_lag2"),
    ("$H[parameters]\nb = \"D\"\n[equations]\na = \"b[t] + x\"\nc = \"b + x\"\n",
     "[equations] c, column 1: b is read both as b and as b[t]; expected one value for all steps or one per "
     "step"),
    ("$H[parameters]\nb = \"D\"\n[equations]\na = \"b[t] + b\"\n",
     "[equations] a, column 8: b is read both as b and as b[t]; expected one value for all steps or one per "
     "step"),
    ("$H$E[loss]\n", "[loss]: expected a key step with the loss of one step, as in step = \"squared_error(o, y)\""),
    ("$H$E[loss]\nstep = 1\n", "[loss] step: expected a string, not an integer"),
    ("$H$E[loss]\nstep = \"a\"\n", "[loss] step: the loss of a step is a scalar, not of shape (D); use sum(...) or mean(...)"),
    ("$H$E[loss]\nstep = \"sum(a)\"\nat = \"never\"\n", "[loss] at: unknown value 'never'; did you mean 'every'?"),
    ("$H$E[loss]\nstep = \"sum(a)\"\nat = 3\n", "[loss] at: expected a string, not an integer"),
    ("$H$E[loss]\nstep = \"sum(z)\"\n", "[loss] step, column 5: unknown variable 'z'; known: a, x"),
    ("$H$E[loss]\nstep = \"1\"\n", "[loss] step: the right side is a constant; expected an expression with a variable"),
    ("$H$E[loss]\nsteps = \"sum(a)\"\n", "[loss]: unknown key 'steps'; did you mean 'step'?"),
    ("$H$E[loss]\nstep = \"sum(a[\"\n", "[loss] step, column 6: '[' is never closed"),
    ("loss = \"mse\"\n$H$E", "[loss]: expected a section [loss] with one entry per line, not a string"),
    ("$H$E[loss]\nstep = \"L + sum(a)\"\n", "[loss] step, column 1: unknown variable 'L'; known: a, x"),
    ("$H[targets]\ny = \"O\"\n$E[loss]\nstep = \"mse(a, y)\"\n",
     "[loss] step, column 1: the shapes (D) and (O) do not fit; mse expects two equal shapes"),
    ("$H$E[symbols]\nx = \"input\"\n", "[symbols] x: expected a table with latex or description, not a string"),
    ("$H$E[symbols]\nz = {latex = \"z\"}\n", "[symbols]: unknown variable 'z'; known: a, x"),
    ("$H$E[symbols]\nx = {latx = \"x\"}\n", "[symbols] x: unknown key 'latx'; did you mean 'latex'?"),
    ("$H$E[symbols]\nx = {latex = '\\input{x}'}\n",
     "[symbols] x, column 1: unknown LaTeX command 'input'; known: " + LATEX),
    ("$H$E[symbols]\nx = {latex = '\\mathbf x'}\n", "[symbols] x, column 1: \\mathbf needs its argument in braces"),
    ("$H$E[symbols]\nx = {latex = 'x_'}\n", "[symbols] x, column 2: '_' needs something after it"),
    ("$H$E[symbols]\nx = {latex = 'a_b_c'}\n", "[symbols] x, column 4: a second '_' in one group is an error in LaTeX"),
    ("$H$E[symbols]\nx = {latex = '{x'}\n", "[symbols] x: '{' is never closed"),
    ("$H$E[symbols]\nx = {latex = 'x}'}\n", "[symbols] x, column 2: '}' closes nothing"),
    ("$H$E[symbols]\nx = {latex = 'x%'}\n", "[symbols] x, column 2: '%' is not allowed in a LaTeX snippet"),
    ("$H$E[symbols]\nx = {latex = ''}\n", "[symbols] x: a LaTeX snippet has 1 to 60 characters"),
    ("$H$E[symbols]\nx = {latex = 3}\n", "[symbols] x: expected a string, not an integer"),
    ("$H$E[symbols]\nx = {description = {EN = 'x'}}\n", "[symbols] x: 'EN' is not a language code such as en or zh"),
    ("$H$E[symbols]\nx = {description = {en = 3}}\n", "[symbols] x: expected a string, not an integer"),
    ("$H$E[init]\nx = \"zeros\"\n", "[init]: unknown parameter 'x'; known: "),
    ("$H[parameters]\nW = \"D D\"\n$E[init]\nW = \"xavier\"\n",
     "[init] W: unknown initialiser 'xavier'; did you mean 'xavier_normal'?"),
    ("$H[parameters]\nW = \"D D\"\n$E[init]\nV = \"zeros\"\n", "[init]: unknown parameter 'V'; known: W"),
    ('title = "' + "a" * 1001 + '"\n$H$E', "title: expected at most 1000 characters, not 1001"),
    ("a = " + "[" * 5000, "not TOML that symbptt reads: a number is too long or brackets are nested too deep"),
    ("a = " + "1" * 5000, "not TOML that symbptt reads: a number is too long or brackets are nested too deep"),
    ("a" + ".a" * 30000 + " = 1", "line 1 has more than 200 dots"),
    ('title = "' + "x" * 65536 + '"', "the file is larger than 64 KiB"),
    ("$H[equations]\n" + "".join(f'a{k} = "x"\n' for k in range(501)), "[equations]: expected at most 500 entries, not 501"),
)
"""Whole files, where $H stands for an input x of shape D and $E for the equation a = x."""


@pytest.mark.parametrize(("right_side", "message"), EXPRESSIONS)
def test_a_bad_expression_is_refused_with_its_column(right_side: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        read.from_text(CELL % json.dumps(right_side, ensure_ascii=False), "bad.toml")
    assert str(error.value) == f"bad.toml: [equations] a{message}"


@pytest.mark.parametrize(("text", "message"), FILES)
def test_a_bad_file_is_refused_with_its_place(text: str, message: str) -> None:
    whole = text.replace("$H", '[inputs]\nx = "D"\n').replace("$E", '[equations]\na = "x"\n')
    with pytest.raises(BadInput) as error:
        read.from_text(whole, "bad.toml")
    assert str(error.value) == f"bad.toml: {message}"


def test_the_two_files_that_the_tables_start_from_are_good() -> None:
    assert read.from_text(CELL % '"W @ x"', "good.toml").loss is not None
    assert read.from_text('[inputs]\nx = "D"\n[equations]\na = "x"\n', "good.toml").loss is None


def test_files_that_are_no_model_files(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe9'")
    (tmp_path / "big.toml").write_bytes(b"#" * 70_000)
    (tmp_path / "empty.toml").write_bytes(b"")
    (tmp_path / "zero.toml").write_bytes(b"\0" * 100)
    expected = {
        "folder.toml": "is a directory; expected a model file",
        "missing.toml": "no such file",
        "latin.toml": "not UTF-8: byte 10 cannot be decoded",
        "big.toml": "the file is larger than 64 KiB",
        "empty.toml": "the file is empty; expected at least [equations]",
        "zero.toml": "not TOML: Invalid statement (at line 1, column 1)",
        "nul\0.toml": "cannot be read: embedded null byte",
    }
    for name, message in expected.items():
        with pytest.raises(BadInput) as error:
            read.load(str(tmp_path / name))
        assert str(error.value) == f"{tmp_path / name}: {message}"


def test_a_device_is_not_read() -> None:
    with pytest.raises(BadInput, match="is no regular file"):
        read.load(Path("/dev/zero"))
