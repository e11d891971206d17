"""Formulas as MathML, which browsers draw themselves: neither LaTeX nor a script of another host is needed."""

from __future__ import annotations

from html import escape

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

_LOGGER = logging.getLogger(__name__)


def setup(app):
    """Register the renderer ``html_math_renderer = "mathml"``."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mathml(formula: str, is_block: bool) -> str:
    """A formula in LaTeX's notation as an element ``<math>``.

    Raises
    ------
    docutils.utils.math.MathError
        If it holds a command that docutils does not know.
    """
    return tex2mathml(formula, as_block=is_block)


def _visit_inline(self, node):
    self.body.append(_checked(node, False))
    raise nodes.SkipNode


def _visit_block(self, node):
    self.body.append(f'<div class="math">{_checked(node, True)}</div>\n')
    raise nodes.SkipNode


def _checked(node, is_block: bool) -> str:
    try:
        return mathml(node.astext(), is_block)
    except MathError as error:
        _LOGGER.warning("a formula can't be shown: %s", error, location=node)
        return f"<code>{escape(node.astext())}</code>"
