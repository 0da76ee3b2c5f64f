"""Stage 2: a model laid out over T steps."""

from symbptt.unroll.graph import Assignment as Assignment
from symbptt.unroll.graph import UnrolledGraph as UnrolledGraph
from symbptt.unroll.graph import steps as steps
