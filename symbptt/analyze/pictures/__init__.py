"""Pictures of an analysis, with matplotlib (the extra `plot`); nothing else in the package imports it.

To add a panel, write a function that draws on Axes in panels.py and name it in figures.py.
"""

from symbptt.analyze.pictures.figures import EXPERIMENT_FIGURES as EXPERIMENT_FIGURES
from symbptt.analyze.pictures.figures import FIGURES as FIGURES
from symbptt.analyze.pictures.figures import of_analysis as of_analysis
from symbptt.analyze.pictures.figures import of_result as of_result
from symbptt.analyze.pictures.style import picture as picture
