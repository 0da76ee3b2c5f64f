"""The page: one call, `answer(request) -> dict`, behind which a local server and a tab of the browser stand alike.

`answering` turns a request into an answer; `tasks/` are the things that can be asked, a function each; `pool` and `worker` keep
answers within limits of time and memory; `serving` and `app` are the local server; `page/` the modules that run in the browser.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symbptt.web.answering import answer
    from symbptt.web.serving import serve
    from symbptt.web.site import write as write_site

__all__ = ["answer", "serve", "write_site"]

_HOMES = {
    "answer": ("symbptt.web.answering", "answer"), "serve": ("symbptt.web.serving", "serve"),
    "write_site": ("symbptt.web.site", "write"),
}


def __getattr__(name: str) -> Any:
    # The server answers nothing itself, so it loads nothing that its workers load.
    if name in _HOMES:
        module, there = _HOMES[name]
        return getattr(import_module(module), there)
    raise AttributeError(f"module 'symbptt.web' has no attribute {name!r}")
__dir__ = __all__.copy
