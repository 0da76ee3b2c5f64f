"""Stage 4a: code from a derivation."""

from symbptt.emit.source_file import SourceFile as SourceFile
from symbptt.emit.source_file import for_steps as for_steps
from symbptt.emit.source_file import loops as loops
from symbptt.emit.source_file import source as source
