"""Words and formulas as HTML with TeX, which Moodle and QTI share."""

from html import escape

from symbptt import typeset
from symbptt.narrative.inline import Prose, plain
from symbptt.quiz.question import Body, Formulas, Picture
from symbptt.typeset.tree import Tree


def clean(text: str) -> str:
    """Text without the characters that XML has no way to write."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"))


def html(prose: Prose) -> str:
    r"""Words, escaped, and formulas between \( and \)."""
    return "".join(escape(clean(part), quote=False) if isinstance(part, str) else _inline(part) for part in prose)


def _inline(tree: Tree) -> str:
    return rf"\({escape(clean(typeset.latex(tree)), quote=False)}\)"


def body(parts: Body, source: str) -> str:
    """Paragraphs; a picture is found at `source`."""
    return "\n".join(_part(part, source) for part in parts)


def _part(part: Prose | Formulas | Picture, source: str) -> str:
    if isinstance(part, Formulas):
        return "\n".join(rf"<p>\[{escape(clean(typeset.latex(line)), quote=False)}\]</p>" for line in part.lines)
    if isinstance(part, Picture):
        title = escape(clean(part.title))
        return f'<p><img src="{source}" alt="{title}" width="{part.scene.width:.0f}" height="{part.scene.height:.0f}"/></p>'
    return f"<p>{html(part)}</p>"


def words(prose: Prose) -> str:
    """Words and formulas in Unicode, for menus that show nothing else."""
    return clean(plain(prose, typeset.text))
