"""Server-rendered pages that need no JavaScript: the frame they share, the document, the simple page."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from assistant.answer import Answer
from assistant.text import fold
from corpus.load import Corpus
from corpus.types import Language, Passage
from ui.i18n import LANGUAGE_NAMES, LANGUAGES, Texts
from ui.render import answer_html, esc, passage_html

#: Search words shorter than this would mark half the document.
MIN_SEARCH = 2
MAX_SEARCH = 100


def frame(title: str, body: str, t: Texts, *, here: str = "", query: dict[str, str] | None = None) -> str:
    """A whole HTML page: head, navigation, ``body`` (ready HTML), footer."""
    current = ' aria-current="page"'
    links = "".join(
        f'<a href="{href}"{current if href == here else ""}>{esc(t(key))}</a>'
        for href, key in (("./", "nav_ask"), ("matrix", "nav_matrix"), ("document", "nav_document"))
    )
    return (
        f'<!doctype html><html lang="{t.language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{esc(title)} – {esc(t("app_title"))}</title>'
        f'<link rel="icon" href="ui/icon.svg" type="image/svg+xml"><link rel="stylesheet" href="ui/page.css"></head>'
        f'<body class="plain"><a class="skip" href="#main">{esc(title)}</a>'
        f'<header class="top"><a class="brand" href="./">{esc(t("app_title"))}</a>'
        f'<nav aria-label="{esc(t("nav_label"))}">{links}</nav>{_languages(t, here, query or {})}</header>'
        f'<main id="main" class="leaf">{body}</main>'
        f'<footer class="foot"><p>{esc(t("unofficial"))} {esc(t("no_personal_data"))}</p></footer></body></html>'
    )


def _languages(t: Texts, here: str, query: dict[str, str]) -> str:
    links = []
    for language in LANGUAGES:
        current = ' aria-current="true"' if language == t.language else ""
        href = f"{here or './'}?{urlencode(query | {'lang': language})}"
        links.append(
            f'<a href="{esc(href)}" lang="{language}" hreflang="{language}"{current}>{LANGUAGE_NAMES[language]}</a>'
        )
    return f'<nav class="langs" aria-label="{esc(t("language"))}">{" ".join(links)}</nav>'


# --- the document -------------------------------------------------------------------------


def _find(passage: Passage, words: str) -> list[tuple[int, int]]:
    """Places of ``words`` in a passage, ignoring case and accents."""
    needle, hay = fold(words), fold(passage.text)
    if len(hay) != len(passage.text) or not needle:  # folding changed lengths: fall back to plain case
        needle, hay = words.lower(), passage.text.lower()
    places, at = [], hay.find(needle)
    while at >= 0 and needle:
        places.append((at, at + len(needle)))
        at = hay.find(needle, at + len(needle))
    return places


def document_page(corpus: Corpus, t: Texts, search: str = "") -> str:
    """The whole text with contents, an anchor for every label, footnotes as links, and search."""
    search = " ".join(search.split())[:MAX_SEARCH]
    hits = {p.ref: places for p in corpus.passages if len(search) >= MIN_SEARCH and (places := _find(p, search))}
    info = corpus.info
    body = [
        f'<h1 lang="en">{esc(info.title)}</h1><p '
        f'class="stamp">{esc(t("document_of", symbol=info.symbol, date=info.date))}. '
        f"{esc(t('document_notice'))}</p>",
        f'<form class="search" role="search" method="get" action="document"><label '
        f'for="q">{esc(t("document_search"))}</label> '
        f'<input id="q" name="q" type="search" maxlength="{MAX_SEARCH}" value="{esc(search)}"> '
        f'<input type="hidden" name="lang" value="{t.language}"><button '
        f'class="btn">{esc(t("document_search_button"))}</button></form>',
    ]
    if len(search) >= MIN_SEARCH:
        body.append(_hits(corpus, hits, search, t))
    body.append(
        f'<div class="doc"><nav class="toc" aria-label="{esc(t("document_contents"))}">'
        f"<details open><summary>{esc(t('document_contents'))}</summary>{_contents(corpus)}</details></nav>"
    )
    body.append(f'<div class="text" lang="en">{_text(corpus, hits, t)}</div></div>')
    body.append(f'<p><a href="#main">{esc(t("document_top"))}</a></p>')
    query = {"q": search} if search else {}
    return frame(t("document_title"), "".join(body), t, here="document", query=query)


def _hits(corpus: Corpus, hits: dict[str, list[tuple[int, int]]], search: str, t: Texts) -> str:
    if not hits:
        return f'<p role="status">{esc(t("document_no_hits", query=search))}</p>'
    rows = []
    for ref, places in hits.items():
        passage = corpus.by_ref[ref]
        start, end = places[0]
        before, after = passage.text[max(0, start - 60) : start], passage.text[end : end + 80]
        rows.append(
            f'<li><a href="#{esc(passage.anchor)}">{esc(ref)}</a> <span lang="en">…{esc(before)}'
            f"<mark>{esc(passage.text[start:end])}</mark>{esc(after)}…</span></li>"
        )
    title = esc(t("document_hits", count=len(hits), query=search))
    return f'<section class="hits"><h2 role="status">{title}</h2><ol>{"".join(rows)}</ol></section>'


def _headings(passages: Sequence[Passage]) -> list[tuple[Passage, list[tuple[int, str]]]]:
    """Passages in reading order, each with the headings that open before it (depth from 2)."""
    out: list[tuple[Passage, list[tuple[int, str]]]] = []
    path: tuple[str, ...] = ()
    for passage in passages:
        if passage.kind == "footnote":
            continue
        new = [
            (depth + 2, title)
            for depth, title in enumerate(passage.heading_path)
            if passage.heading_path[: depth + 1] != path[: depth + 1]
        ]
        path = passage.heading_path
        out.append((passage, new))
    return out


def _label(passage: Passage) -> str:
    """A label for the table of contents; a sector with its name."""
    if passage.kind == "sector":
        return passage.text.split(":")[0]
    return passage.ref


def _contents(corpus: Corpus) -> str:
    rows = []
    for passage, headings in _headings(corpus.passages):
        for depth, title in headings:
            rows.append(f'<li class="d{depth}"><a href="#{esc(passage.anchor)}" lang="en">{esc(title)}</a></li>')
        if passage.kind in ("sector", "cover") or (passage.kind == "resolution" and passage.ref == "Annex II"):
            if not (headings and passage.kind == "resolution"):
                rows.append(
                    f'<li class="d4"><a href="#{esc(passage.anchor)}" lang="en">{esc(_label(passage))}</a></li>'
                )
    return f"<ul>{''.join(rows)}</ul>"


def _text(corpus: Corpus, hits: dict[str, list[tuple[int, int]]], t: Texts) -> str:
    out = []
    for passage, headings in _headings(corpus.passages):
        out += [f"<h{min(depth, 6)}>{esc(title)}</h{min(depth, 6)}>" for depth, title in headings]
        body = passage_html(passage, corpus.source, hits.get(passage.ref, ()), ids=True)
        out.append(
            f'<section class="para" id="{esc(passage.anchor)}"><a class="ref" href="#{esc(passage.anchor)}" '
            f'aria-label="{esc(t("document_link", ref=passage.ref))}">{esc(passage.ref)}</a><div>{body}</div></section>'
        )
    notes = []
    for passage in corpus.passages:
        if passage.kind != "footnote":
            continue
        no = passage.ref.split()[-1]
        body = passage_html(passage, corpus.source, hits.get(passage.ref, ()))
        notes.append(
            f'<section class="para note" id="{esc(passage.anchor)}"><a class="ref" href="#{esc(passage.anchor)}" '
            f'aria-label="{esc(t("document_link", ref=passage.ref))}">{esc(passage.ref)}</a><div>{body}'
            f'<p><a href="#fnref-{esc(no)}" aria-label="{esc(t("document_back"))}, '
            f'{esc(t("document_footnote", no=no))}">↩</a> '
            f"{esc(passage.belongs_to or '')}</p></div></section>"
        )
    return "".join([*out, "<hr>" if notes else "", *notes])


# --- the simple page ------------------------------------------------------------------------


def simple_page(
    t: Texts,
    *,
    limit: int,
    question: str = "",
    answer: Answer | None = None,
    corpus: Corpus | None = None,
    error: str = "",
) -> str:
    """Question and answer without JavaScript: a form that posts, the answer with its evidence below it."""
    body = [
        f"<h1>{esc(t('simple_title'))}</h1><p>{esc(t('unofficial'))} <strong>{esc(t('no_personal_data'))}</strong></p>",
        f'<form class="simple" method="post" action="simple?lang={t.language}"><label '
        f'for="question">{esc(t("question_label"))}</label>'
        f'<textarea id="question" name="question" rows="3" maxlength="{limit}" required '
        f'dir="auto">{esc(question)}</textarea>'
        f'<button class="btn primary">{esc(t("ask"))}</button></form>',
    ]
    if error:
        body.append(f'<p class="error" role="alert">{esc(error)}</p>')
    if answer is not None and corpus is not None:
        parts = answer_html(answer, corpus, t)
        notice = f"<p class='notice'>{esc(parts.notice)}</p>" if parts.notice else ""
        body.append(
            f'<section class="msg" lang="{parts.language}"><h2 class="vh">{esc(t("simple_answer"))}</h2>'
            f'<p class="status '
            f's-{esc(parts.status)}">{esc(parts.status_text)}</p>{"".join(parts.blocks)}{notice}{parts.sources}'
            f'{parts.how}<p class="stamp">{esc(parts.stamp)}</p></section>'
        )
        for heading, questions in (("choices", parts.choices), ("suggestions", parts.suggestions)):
            if questions:
                forms = "".join(_question_button(q, t.language) for q in questions)
                body.append(f"<h2>{esc(t(heading))}</h2><div class='chips'>{forms}</div>")
        if parts.evidence:
            body.append(f'<section class="evidence"><h2>{esc(t("evidence"))}</h2>{parts.evidence}</section>')
    return frame(t("simple_title"), "".join(body), t, here="simple")


def _question_button(question: str, language: Language) -> str:
    return (
        f'<form method="post" action="simple?lang={language}"><button class="chipbtn" name="question" '
        f'value="{esc(question)}" dir="auto">{esc(question)}</button></form>'
    )
