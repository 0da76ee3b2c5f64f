"""Random model files against every route: emitted code, complex step and the three forms of the derivation."""

from symbptt.fuzz.run import Outcome as Outcome
from symbptt.fuzz.run import outcomes as outcomes
