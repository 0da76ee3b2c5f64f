"""The files of the page: modules and styles as they are, and the frame, which says what the page may load."""

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files as resources

from symbptt.resources import models
from symbptt.template import template
from symbptt.version import VERSION
from symbptt.web.page import words

INDEX = "index.html"
FIRST = "elman"
"""The model that stands in the editor at the start."""
NOTATION, STEPS = "textbook", 3
"""The notation and the number of steps at the start."""
TABS = ("derivation", "code", "flow", "check", "bug", "read")
"""The tabs by key, each with a panel of its own in the frame."""
_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml",
          "json": "application/json"}
SCRIPTS = ("html/page.js.jinja", "html/gradient_flow.js.jinja")
"""The scripts of documents and of the page on the flow of the gradient."""


def media_type(name: str) -> str:
    """The type of a file by its suffix."""
    return _TYPES[name.rpartition(".")[2]]


def first() -> str:
    """The text of the first model."""
    return models()[FIRST].read_text(encoding="utf-8")


def files(back_end: str, connect: str = "'self'", script: str = "'self'") -> dict[str, bytes]:
    """The files of the page by name; `back_end` is "serve" or "tab", the others are sources that its policy allows beside it."""
    policy = "; ".join((
        "default-src 'none'", f"script-src {script} {' '.join(_inline())}", "style-src 'self' 'unsafe-inline'",
        f"connect-src {connect}", "img-src 'self' data: blob:", "font-src data:", "frame-src blob:", "worker-src 'self'",
        "base-uri 'none'", "form-action 'none'",
    ))
    frame = template("web/index.html.jinja", escapes=True).render(
        policy=policy, back_end=back_end, version=VERSION, tabs=TABS, words=words.tables()["en"],
        first=first(), steps=STEPS, notation=NOTATION,
    )
    folder = resources("symbptt.web.page")
    plain = {item.name: item.read_bytes() for item in folder.iterdir() if item.name.endswith((".js", ".css", ".svg"))}
    plain["words.json"] = json.dumps(words.tables(), ensure_ascii=False).encode()
    return {INDEX: frame.encode(), "document.css": template("html/style.css.jinja").render().encode(), **plain}


def _inline() -> list[str]:
    """The scripts inside documents, by their hashes: a document in a frame of the page runs no other."""
    texts = ["\n" + template(name).render() for name in SCRIPTS]
    return [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts]
