"""Letters: Greek names, and the Unicode characters of bold, script and other mathematical alphabets.

MathML Core ignores `mathvariant` (except "normal"), so a bold letter must be a bold character.
"""

_SMALL = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau upsilon "
    "varphi chi psi omega"
)
_CAPITAL = {
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ",
    "Psi": "Ψ", "Omega": "Ω",
}
# TeX and Unicode disagree on which form of epsilon and phi is the plain one.
_OTHER = {"epsilon": "ϵ", "phi": "ϕ", "vartheta": "ϑ", "varrho": "ϱ", "varpi": "ϖ", "ell": "ℓ", "hbar": "ℏ"}

LETTERS: dict[str, str] = {
    name: chr(0x3B1 + i) for i, name in enumerate(_SMALL.split()) if name != "omicron"
} | _CAPITAL | _OTHER
"""Name (as TeX spells it, without the backslash) to letter."""

COMMANDS: dict[str, str] = {letter: "\\" + name for name, letter in LETTERS.items()}
"""Letter to TeX command."""

_ALPHABETS: dict[str, tuple[tuple[str, str, int], ...]] = {
    "bold": (
        ("A", "Z", 0x1D400), ("a", "z", 0x1D41A), ("0", "9", 0x1D7CE), ("Α", "Ω", 0x1D6A8),
        ("α", "ω", 0x1D736),  # bold italic, as \boldsymbol sets the small Greek letters
        ("ϵ", "ϵ", 0x1D750), ("ϑ", "ϑ", 0x1D751), ("ϕ", "ϕ", 0x1D753), ("ϱ", "ϱ", 0x1D754), ("ϖ", "ϖ", 0x1D755),
    ),
    "slanted": (  # for outputs that do not slant a single letter by themselves, as MathML does
        ("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("α", "ω", 0x1D6FC),
        ("ϵ", "ϵ", 0x1D716), ("ϑ", "ϑ", 0x1D717), ("ϕ", "ϕ", 0x1D719), ("ϱ", "ϱ", 0x1D71A), ("ϖ", "ϖ", 0x1D71B),
    ),
    "script": (("A", "Z", 0x1D49C),),
    "double": (("A", "Z", 0x1D538), ("a", "z", 0x1D552), ("0", "9", 0x1D7D8)),
    "fraktur": (("A", "Z", 0x1D504), ("a", "z", 0x1D51E)),
    "sans": (("A", "Z", 0x1D5A0), ("a", "z", 0x1D5BA), ("0", "9", 0x1D7E2)),
    "mono": (("A", "Z", 0x1D670), ("a", "z", 0x1D68A), ("0", "9", 0x1D7F6)),
}
# The letters that Unicode had before it had the alphabets stand elsewhere.
_HOLES: dict[str, dict[str, str]] = {
    "slanted": {"h": "ℎ"},
    "script": dict(zip("BEFHILMR", "ℬℰℱℋℐℒℳℛ", strict=True)),
    "double": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "fraktur": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
}


def _letter(character: str, alphabet: str) -> str:
    for first, last, start in _ALPHABETS.get(alphabet, ()):
        if first <= character <= last:
            return _HOLES.get(alphabet, {}).get(character) or chr(start + ord(character) - ord(first))
    return character


def styled(text: str, alphabet: str) -> str:
    """The text in the characters of an alphabet ("bold", "script", …); what has none there stays."""
    return "".join(_letter(character, alphabet) for character in text)
