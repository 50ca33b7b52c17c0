"""Building HTML and SVG in which every text is escaped unless it was built here."""

from __future__ import annotations

import html
import re
import unicodedata


class Markup(str):
    """Text that is markup already. Only ``el`` and ``join`` make it."""

    __slots__ = ()


#: Elements without an end tag.
_VOID = frozenset({"meta", "br", "line", "rect", "circle", "path", "polyline"})
_NAME = re.compile(r"[a-z][a-z0-9-]*")


def visible(text: str) -> str:
    r"""``text`` with characters that would hide or reorder others shown by their code point.

    Control characters (but tab and line break) and formatting characters such
    as the right-to-left override are written as ``\u202e``.
    """
    return "".join(
        c if c in "\t\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") else f"\\u{ord(c):04x}"
        for c in text
    )


def escape(value: object) -> Markup:
    """``value`` as text that cannot become markup; ``Markup`` stays as it is."""
    return value if isinstance(value, Markup) else Markup(html.escape(visible(str(value)), quote=True))


def join(*children: object) -> Markup:
    return Markup("".join(escape(c) for c in children))


def el(tag: str, *children: object, **attributes: object) -> Markup:
    """An element. Attribute names lose a trailing underscore and take hyphens for others; None leaves one out."""
    parts = [tag]
    for key, value in attributes.items():
        name = key.rstrip("_").replace("_", "-")
        if not _NAME.fullmatch(name.lower()):
            raise ValueError(f"not an attribute name: {key!r}")
        if value is not None:
            parts.append(f'{name}="{escape(value)}"')
    inside = join(*children)
    if tag in _VOID and not inside:
        return Markup(f"<{' '.join(parts)}/>" if tag != "meta" else f"<{' '.join(parts)}>")
    return Markup(f"<{' '.join(parts)}>{inside}</{tag}>")
