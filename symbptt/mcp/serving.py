"""The server: the tools of tools.py handed to the official SDK, which speaks the protocol."""

from functools import wraps
from importlib import import_module
from typing import Any

from symbptt.errors import BadInput, SymbpttError
from symbptt.mcp.tools import TOOLS, Tool
from symbptt.version import VERSION

_ABOUT = (
    "Backpropagation through time, derived and verified. Use check_formula and diagnose before you trust a gradient that was "
    "written by hand; derive and emit give the right one."
)


def server() -> Any:
    """A server of the SDK with all tools; `run()` serves on standard input and output. Raises BadInput without the SDK."""
    try:
        sdk = import_module("mcp.server.mcpserver")
    except ModuleNotFoundError as error:
        raise BadInput(f"mcp needs the SDK ({error.name} is missing): pip install 'symbptt[mcp]'") from None
    made = sdk.MCPServer("symbptt", instructions=_ABOUT, version=VERSION, log_level="WARNING")
    refused = import_module("mcp.server.mcpserver.exceptions").ToolError
    for tool in TOOLS:
        made.tool()(_telling(tool, refused))
    return made


def _telling(tool: Tool, refused: type[Exception]) -> Tool:
    """The tool, whose refusals reach the caller as what they say."""

    @wraps(tool)
    def called(*arguments: Any, **named: Any) -> dict[str, Any]:
        try:
            return tool(*arguments, **named)
        except SymbpttError as error:
            raise refused(str(error)) from None

    return called
