"""Where the gradient goes: the (t, k) table, spectra and bounds, experiments, truncation and remedies."""

from symbptt.analyze.analysis import Analysis, at, flow, main, more
from symbptt.analyze.data import adjusted, load, point
from symbptt.analyze.experiments import Options, Result, compare_models, experiment, written
from symbptt.analyze.export import as_csv, as_json
from symbptt.analyze.interval import intervals
from symbptt.analyze.page import Choice, page_of
from symbptt.analyze.report import as_text
from symbptt.analyze.signal import backward_signal, published
from symbptt.analyze.spectrum import spectrum_of
from symbptt.analyze.table import Table, tabulate
from symbptt.analyze.transitions import structure, structure_json, structure_text
from symbptt.analyze.truncation import randomise, truncate
from symbptt.data.values import Data
from symbptt.unroll.graph import kept

__all__ = [
    "Analysis", "Choice", "Data", "Options", "Result", "Table", "adjusted", "as_csv", "as_json", "as_text", "at",
    "backward_signal", "compare_models", "experiment", "flow", "intervals", "kept", "load", "main", "more",
    "page_of", "point", "published", "randomise", "spectrum_of", "structure", "structure_json", "structure_text", "tabulate",
    "truncate", "written",
]
__dir__ = __all__.copy
