"""The closed tables of signs: operators, fences and accents. What is not here cannot be in a formula."""

from dataclasses import dataclass

OPERATORS: dict[str, str] = {
    "+": "+", "−": "-", "±": r"\pm", "=": "=", "≔": r"\mathrel{:=}", "≈": r"\approx", "≤": r"\le", "≥": r"\ge", "<": "<",
    ">": ">", "⊙": r"\odot",
    "∘": r"\circ", "∗": r"\ast", "⊕": r"\oplus", "⊗": r"\otimes", "⊘": r"\oslash", "·": r"\cdot", "×": r"\times", "/": "/",
    ",": ",", ":": ":", "∂": r"\partial", "∇": r"\nabla", "⊤": r"\top", "⊥": r"\bot", "′": r"\prime", "⋆": r"\star",
    "†": r"\dagger", "∞": r"\infty", "⋯": r"\cdots", "…": r"\ldots", "⋮": r"\vdots", "⋱": r"\ddots", "→": r"\to", "∈": r"\in",
    "\u2061": "", "\u2062": " ", "\u2009": r"\,",
}
"""Every operator and its LaTeX. The last three are invisible: application of a function, product, product set with a space."""

SPACED = frozenset("+−±=≔≈≤≥<>⊙∘∗⊕⊗⊘·×→∈")
"""The operators that stand between spaces when they are infix."""

FENCES: dict[str, tuple[str, str]] = {
    "(": ("(", ")"), "[": ("[", "]"), "{": ("{", "}"), "|": ("|", "|"), "‖": ("‖", "‖"),
    "⟨": ("⟨", "⟩"),
}
"""Left fence to the pair."""


@dataclass(frozen=True)
class Mark:
    """An accent: the combining character of text, and the sign of MathML, which stretches if it is `wide`."""

    combining: str
    sign: str
    wide: bool = False


ACCENTS: dict[str, Mark] = {
    "bar": Mark("\u0304", "‾"), "hat": Mark("\u0302", "^"), "tilde": Mark("\u0303", "~"), "dot": Mark("\u0307", "˙"),
    "ddot": Mark("\u0308", "¨"), "vec": Mark("\u20d7", "→"), "check": Mark("\u030c", "ˇ"), "breve": Mark("\u0306", "˘"),
    "acute": Mark("\u0301", "´"), "grave": Mark("\u0300", "`"), "widehat": Mark("\u0302", "^", True),
    "widetilde": Mark("\u0303", "~", True), "overline": Mark("\u0305", "‾", True), "underline": Mark("\u0332", "_", True),
}
"""Accent, as TeX calls it."""
