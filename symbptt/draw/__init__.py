"""Drawings and charts as values, and their writers: SVG, TikZ, matplotlib, tables that a page looks up.

What is drawn is said elsewhere: a drawing knows formulas and places, and neither models nor words.
"""

from symbptt.draw import font as font
