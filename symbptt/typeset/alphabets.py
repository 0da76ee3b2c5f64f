"""Letters: Greek names, and the Unicode characters of bold and script mathematics.

MathML Core ignores `mathvariant` (except "normal"), so a bold letter must be a bold character.
"""

from __future__ import annotations

_LOWER = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau upsilon "
    "varphi chi psi omega"
)
_UPPER = {
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ",
    "Psi": "Ψ", "Omega": "Ω",
}
# Unicode has the closed forms of these two as variants, TeX has the open ones.
_OTHER = {"epsilon": "ϵ", "phi": "ϕ", "vartheta": "ϑ", "ell": "ℓ"}

LETTERS: dict[str, str] = {name: chr(0x3B1 + i) for i, name in enumerate(_LOWER.split())} | _UPPER | _OTHER
"""Name (as TeX spells it, without the backslash) to letter."""
del LETTERS["omicron"]

COMMANDS: dict[str, str] = {letter: "\\" + name for name, letter in LETTERS.items()}
"""Letter to TeX command."""

_SCRIPT_HOLES = {"B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ"}
_BOLD_RANGES = (
    ("A", "Z", 0x1D400), ("a", "z", 0x1D41A), ("0", "9", 0x1D7CE), ("Α", "Ω", 0x1D6A8),
    ("α", "ω", 0x1D736),  # bold italic, as \boldsymbol sets the small Greek letters
    ("ϵ", "ϵ", 0x1D750), ("ϑ", "ϑ", 0x1D751), ("ϕ", "ϕ", 0x1D753),
)


def _bold(letter: str) -> str:
    for first, last, start in _BOLD_RANGES:
        if first <= letter <= last:
            return chr(start + ord(letter) - ord(first))
    return letter


def bold(text: str) -> str:
    """The text in mathematical bold characters; what has none stays."""
    return "".join(map(_bold, text))


def script(text: str) -> str:
    """The capitals of the text in mathematical script characters."""
    return "".join(
        _SCRIPT_HOLES.get(c) or (chr(0x1D49C + ord(c) - ord("A")) if "A" <= c <= "Z" else c) for c in text
    )
