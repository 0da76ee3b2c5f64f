"""Stage 4a: code from a derivation."""

from symbptt.emit.source_file import SourceFile as SourceFile
from symbptt.emit.source_file import source as source
