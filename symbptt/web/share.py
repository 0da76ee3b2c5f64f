"""Links to the page with a state in their fragment, which no server is sent, as `page/share.js` reads and writes them."""

import json
import zlib
from base64 import urlsafe_b64encode


def fragment(**state: str | int) -> str:
    """The fragment of a link, without the #: JSON, deflated, in URL-safe Base64.

    A state may name `model` (a text), `name`, `code` (pasted), `tab`, T, kind, notation, layout, language and style.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(json.dumps(state, ensure_ascii=False).encode()) + packer.flush()
    return "s=" + urlsafe_b64encode(packed).decode().rstrip("=")
