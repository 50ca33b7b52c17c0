"""A conversation as a file: Markdown or DOCX, with citations and the document stamp."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from assistant.answer import Answer, Bullets, Paragraph, Quote, RatingTable
from ui.i18n import Texts
from ui.render import answer_markdown, md, row_level, row_words, stamp_text

if TYPE_CHECKING:
    from docx.document import Document

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def app_version() -> str:
    try:
        return version("mcof-assistant")
    except PackageNotFoundError:
        return "0"


def conversation_markdown(answers: Sequence[Answer], t: Texts, made: datetime) -> str:
    """The conversation as Markdown; text of others cannot become markup."""
    out = [f"# {md(t('export_title'))}", _preface(t, made, md)]
    for answer in answers:
        out += [f"## {md(t('export_question'))}: {md(answer.question)}", answer_markdown(answer, t)]
    return "\n\n".join(out) + "\n"


def _preface(t: Texts, made: datetime, form: object = str) -> str:
    text = " ".join(
        (t("unofficial"), t("matrix_worth"), t("export_made", date=f"{made:%Y-%m-%d %H:%M} UTC", version=app_version()))
    )
    return md(text) if form is md else text


def conversation_docx(answers: Sequence[Answer], t: Texts, made: datetime) -> bytes:
    """The conversation as a Word document. Its creation date is ``made``; nobody is named as author."""
    from docx import Document as new_document

    document = new_document()
    document.core_properties.author = t("app_title")
    document.core_properties.title = t("export_title")
    document.core_properties.created = made.replace(tzinfo=None)
    document.core_properties.language = t.language
    document.add_heading(_xml(t("export_title")), 0)
    document.add_paragraph(_xml(_preface(t, made)))
    for answer in answers:
        _add_answer(document, answer, t)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _xml(text: str) -> str:
    """Text without the control characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def _marks(numbers: Sequence[int]) -> str:
    return " " + "".join(f"[{n}]" for n in numbers) if numbers else ""


def _add_answer(document: Document, answer: Answer, t: Texts) -> None:
    document.add_heading(_xml(answer.question), 1)
    document.add_paragraph().add_run(t(f"status_{answer.status}")).italic = True
    for block in answer.blocks:
        match block:
            case Paragraph(text, citations):
                document.add_paragraph(_xml(text + _marks(citations)))
            case Quote(text, citation):
                document.add_paragraph(_xml(f"“{text}”{_marks([citation])}"), style="Quote")
            case Bullets(items):
                for item in items:
                    document.add_paragraph(_xml(item.text + _marks(item.citations)), style="List Bullet")
            case RatingTable():
                _add_table(document, block, t)
    if answer.notice:
        document.add_paragraph(_xml(answer.notice))
    for choice in answer.choices:
        document.add_paragraph(_xml(choice), style="List Bullet")
    if answer.citations:
        document.add_heading(t("sources"), 2)
        for c in answer.citations:
            paragraph = document.add_paragraph()
            paragraph.add_run(_xml(f"[{c.number}] {c.ref}")).bold = True
            paragraph.add_run(_xml(f", {' › '.join(c.heading_path)}: “{c.quote}”"))
    if answer.nearest:
        document.add_heading(t("nearest"), 2)
        document.add_paragraph(t("nearest_text"))
        for c in answer.nearest:
            document.add_paragraph(_xml(f"{c.ref}: “{c.quote}”"), style="List Bullet")
    document.add_paragraph().add_run(_xml(stamp_text(answer.stamp, t))).italic = True


def _add_table(document: Document, block: RatingTable, t: Texts) -> None:
    if block.caption:
        document.add_paragraph(_xml(block.caption))
    table = document.add_table(rows=1, cols=4, style="Table Grid")
    for cell, key in zip(
        table.rows[0].cells, ("column_subject", "column_level", "column_words", "sources"), strict=True
    ):
        cell.text = t(key)
    for row in block.rows:
        values = (row.label, row_level(row, t), row_words(row, t), _marks(row.citations).strip())
        for cell, value in zip(table.add_row().cells, values, strict=True):
            cell.text = _xml(value)
