"""Stage 4b: where the gradient goes: the (t, k) table, spectra and bounds, experiments, truncation and remedies."""

from symbptt.analyze.analysis import Analysis as Analysis
from symbptt.analyze.analysis import at as at
from symbptt.analyze.analysis import flow as flow
from symbptt.analyze.analysis import more as more
from symbptt.analyze.data import Data as Data
from symbptt.analyze.data import adjusted as adjusted
from symbptt.analyze.data import load as load
from symbptt.analyze.data import point as point
from symbptt.analyze.experiments import Options as Options
from symbptt.analyze.experiments import compare_models as compare_models
from symbptt.analyze.experiments import experiment as experiment
from symbptt.analyze.experiments import written as written
from symbptt.analyze.export import as_csv as as_csv
from symbptt.analyze.export import as_json as as_json
from symbptt.analyze.interval import intervals as intervals
from symbptt.analyze.report import as_text as as_text
from symbptt.analyze.signal import backward_signal as backward_signal
from symbptt.analyze.signal import published as published
from symbptt.analyze.spectrum import spectrum_of as spectrum_of
from symbptt.analyze.table import Table as Table
from symbptt.analyze.table import tabulate as tabulate
from symbptt.analyze.truncation import kept as kept
from symbptt.analyze.truncation import randomise as randomise
from symbptt.analyze.truncation import truncate as truncate
