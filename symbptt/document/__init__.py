"""Stage 6: a derivation as a document, one self-contained LaTeX or HTML file with its figure inside."""

from symbptt.document.page import FORMATS as FORMATS
from symbptt.document.page import render as render
from symbptt.document.page import write as write
