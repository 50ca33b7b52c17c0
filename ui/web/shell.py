"""The frame of the chat page: what stands there before the first question.

``static/shell.html`` names its texts by key (``data-t`` content, ``data-ta``
label, ``data-tp`` placeholder). They are filled in here in English; page.js
puts another language in their place.
"""

from __future__ import annotations

import re
from pathlib import Path

from corpus.load import Corpus
from ui.i18n import LANGUAGE_NAMES, LANGUAGES, Texts, texts
from ui.render import esc
from ui.web.settings import WebSettings

#: One example question of every family the assistant answers.
FAMILIES = (
    "cell", "list", "reverse", "compare", "partners", "people", "definition", "fact", "paragraph", "examples", "absent",
)  # fmt: skip

_TEXT = re.compile(r'(data-t="(\w+)"[^>]*>)')
_LABEL = re.compile(r'data-ta="(\w+)"')
_PLACEHOLDER = re.compile(r'data-tp="(\w+)"')


def fill(html: str, t: Texts) -> str:
    """The texts of a language put where the keys stand."""
    html = _TEXT.sub(lambda m: m[1] + esc(t(m[2])), html)
    html = _LABEL.sub(lambda m: f'{m[0]} aria-label="{esc(t(m[1]))}"', html)
    return _PLACEHOLDER.sub(lambda m: f'{m[0]} placeholder="{esc(t(m[1]))}"', html)


def shell_html(corpus: Corpus, settings: WebSettings) -> str:
    """Header, views, conversation, question box and evidence panel."""
    t = texts("en")
    info = corpus.info
    values = {
        "LIMIT": str(settings.max_question_chars),
        "FEEDBACK": str(int(settings.feedback)),
        "DAYS": str(settings.feedback_days),
        "DOCUMENT": esc(f"{info.title} ({t('document_of', symbol=info.symbol, date=info.date)})"),
        "LANGUAGES": "".join(f'<option value="{x}" lang="{x}">{LANGUAGE_NAMES[x]}</option>' for x in LANGUAGES),
        "EXAMPLES": "".join(
            f'<li><span class="fam" data-t="family_{f}"></span>'
            f'<button type="button" class="chipbtn" data-ask data-t="example_{f}"></button></li>'
            for f in FAMILIES
        ),
    }
    html = (Path(__file__).parent / "static" / "shell.html").read_text(encoding="utf-8")
    for key, value in values.items():
        html = html.replace(f"${key}", value)
    return fill(re.sub(r"\n\s*", " ", html), t)
