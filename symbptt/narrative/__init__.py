"""Stage 5: a derivation told step by step, each with its rule and its shapes; documents and the command line print it."""

from symbptt.narrative.forms import json as json
from symbptt.narrative.forms import latex as latex
from symbptt.narrative.forms import text as text
from symbptt.narrative.story import derivation as derivation
from symbptt.narrative.values import Derivation as Derivation
from symbptt.narrative.values import Norms as Norms
from symbptt.narrative.values import Section as Section
from symbptt.narrative.values import Step as Step
