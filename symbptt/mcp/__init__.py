"""The engine as tools for editors and language models, over the Model Context Protocol."""

from symbptt.mcp.serving import server
from symbptt.mcp.tools import TOOLS

__all__ = ["TOOLS", "server"]
__dir__ = __all__.copy
