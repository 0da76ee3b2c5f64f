"""Stage 6: a derivation as a document: blocks, chosen by a kind, written by a pen, one self-contained file per format."""

from symbptt.document.blocks import Document as Document
from symbptt.document.formats import FORMATS as FORMATS
from symbptt.document.kinds import KINDS as KINDS
from symbptt.document.page import compose as compose
from symbptt.document.page import finished as finished
from symbptt.document.page import render as render
from symbptt.document.page import shown as shown
from symbptt.document.page import write as write
from symbptt.document.wishes import VERSIONS as VERSIONS
from symbptt.document.wishes import Wishes as Wishes
