"""LaTeX snippets of a model file: an allow-list, so that no file can smuggle commands into a document."""

import re

from symbptt.model.place import Place

MAX_LATEX = 60
"""The most characters of a snippet."""

_GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho sigma "
    "varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_SIGNS = "ell hbar prime star ast dagger circ top bot partial nabla infty odot oplus otimes cdot times pm"
_ACCENTS = "hat tilde bar vec dot ddot check breve acute grave widehat widetilde overline underline"
_FONTS = "mathbf mathrm mathit mathsf mathtt mathcal mathbb mathfrak boldsymbol bm text operatorname"
WITH_ARGUMENT = frozenset(f"{_ACCENTS} {_FONTS}".split())
"""The commands that a snippet may use with an argument in braces."""
COMMANDS = WITH_ARGUMENT | frozenset(f"{_GREEK} {_SIGNS}".split())
"""Every command that a snippet may use."""

_PIECE = re.compile(r"\\([A-Za-z]+)|[A-Za-z0-9^_{},+\- ]")


def _check_piece(piece: re.Match[str], text: str, place: Place) -> None:
    after = text[piece.end() : piece.end() + 1]
    if piece[1] and piece[1] not in COMMANDS:
        raise place.unknown("LaTeX command", piece[1], COMMANDS)
    if piece[1] in WITH_ARGUMENT and after != "{":
        raise place.error(f"\\{piece[1]} needs its argument in braces")
    if piece[0] in "^_" and not (after.isalnum() or after in ("{", "\\")):
        raise place.error(f"{piece[0]!r} needs something after it")


def check(text: str, place: Place) -> str:
    """Return a snippet; raises BadInput on an unknown command or character, unbalanced braces or two scripts in one group."""
    if not 0 < len(text) <= MAX_LATEX:
        raise place.error(f"a LaTeX snippet has 1 to {MAX_LATEX} characters")
    position = 0
    groups: list[str] = [""]  # the script signs seen in each open group
    while position < len(text):
        here = place.at(position + 1)
        piece = _PIECE.match(text, position)
        if piece is None:
            raise here.error(f"{text[position]!r} is not allowed in a LaTeX snippet")
        _check_piece(piece, text, here)
        if piece[0] == "{":
            groups.append("")
        elif piece[0] == "}":
            if len(groups) == 1:
                raise here.error("'}' closes nothing")
            groups.pop()
        elif piece[0] in "^_":
            if piece[0] in groups[-1]:
                raise here.error(f"a second {piece[0]!r} in one group is an error in LaTeX")
            groups[-1] += piece[0]
        position = piece.end()
    if len(groups) > 1:
        raise place.error("'{' is never closed")
    return text
