"""Stage 4a: code from a derivation."""

from symbptt.emit.source import SourceFile as SourceFile
from symbptt.emit.source import source as source
