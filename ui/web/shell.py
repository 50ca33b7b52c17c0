"""The frame of the chat page: what stands there before the first question. English; page.js puts other languages in."""

from __future__ import annotations

from corpus.load import Corpus
from ui.i18n import LANGUAGE_NAMES, LANGUAGES, texts
from ui.render import esc
from ui.web.settings import WebSettings

#: One example question of every family the assistant answers.
FAMILIES = (
    "cell", "list", "reverse", "compare", "partners", "people", "definition", "fact", "paragraph", "examples", "absent",
)  # fmt: skip


def shell_html(corpus: Corpus, settings: WebSettings) -> str:
    """Header, views, conversation, question box and evidence panel."""
    t = texts("en")

    def s(key: str, tag: str = "span", more: str = "") -> str:
        return f'<{tag} data-t="{key}"{more}>{esc(t(key))}</{tag}>'

    languages = "".join(f'<option value="{lang}" lang="{lang}">{LANGUAGE_NAMES[lang]}</option>' for lang in LANGUAGES)
    themes = "".join(f'<option value="{k}" data-t="theme_{k}">{esc(t(f"theme_{k}"))}</option>' for k in ("auto", "light", "dark"))
    examples = "".join(
        f'<li>{s(f"family_{f}", "span", " class=fam")}<button type="button" class="chipbtn" data-ask '
        f'data-t="example_{f}">{esc(t(f"example_{f}"))}</button></li>'
        for f in FAMILIES
    )
    info = corpus.info
    document = t("document_of", symbol=info.symbol, date=info.date)
    return f"""
<div class="mcof" data-limit="{settings.max_question_chars}" data-feedback="{int(settings.feedback)}" data-days="{settings.feedback_days}">
<a class="skip" href="#mc-q" data-t="skip">{esc(t("skip"))}</a>
<header class="top">
  <div class="brandbox"><h1 class="brand" data-t="app_title">{esc(t("app_title"))}</h1><p class="sub" lang="en">{esc(info.title)} ({esc(document)})</p></div>
  <nav data-ta="nav_label" aria-label="{esc(t("nav_label"))}">
    <button type="button" class="tab" data-view="ask" aria-current="page" data-t="nav_ask">{esc(t("nav_ask"))}</button>
    <button type="button" class="tab" data-view="matrix" data-t="nav_matrix">{esc(t("nav_matrix"))}</button>
    <a class="tab" href="document" data-t="nav_document">{esc(t("nav_document"))}</a>
  </nav>
  <div class="prefs">
    <label><span class="vh" data-t="language">{esc(t("language"))}</span><select class="pref" data-pref="lang">{languages}</select></label>
    <label><span class="vh" data-t="theme">{esc(t("theme"))}</span><select class="pref" data-pref="theme">{themes}</select></label>
  </div>
</header>
<div class="view" data-view="ask">
  <div class="talk">
    <section class="convo" data-ta="conversation" aria-label="{esc(t("conversation"))}" tabindex="0"><div class="welcome">
      {s("empty_title", "h2")}{s("empty_text", "p")}
      <h3 class="vh" data-t="examples">{esc(t("examples"))}</h3><ul class="examples">{examples}</ul></div>
      <div class="log" role="log" aria-live="polite" aria-relevant="additions" tabindex="-1" data-ta="conversation" aria-label="{esc(t("conversation"))}"></div>
    </section>
    <form class="ask" autocomplete="off">
      <label for="mc-q" data-t="question_label">{esc(t("question_label"))}</label>
      <div class="askrow"><textarea id="mc-q" rows="2" dir="auto" enterkeyhint="send" aria-describedby="mc-hint mc-err" data-tp="question_placeholder" placeholder="{esc(t("question_placeholder"))}"></textarea>
      <button type="submit" class="btn primary send" data-t="ask">{esc(t("ask"))}</button>
      <button type="button" class="btn stop" data-act="stop" data-t="stop" hidden>{esc(t("stop"))}</button></div>
      <p class="err" id="mc-err" role="alert"></p>
      <p class="hint" id="mc-hint">{s("question_hint")} <strong data-t="no_personal_data">{esc(t("no_personal_data"))}</strong> {s("unofficial")}</p>
      <div class="tools" hidden>
        <button type="button" class="link" data-act="new" data-t="new_conversation">{esc(t("new_conversation"))}</button>
        {s("export", "span", " id=mc-export")}<span role="group" aria-labelledby="mc-export"><button type="button" class="link" data-export="md" data-t="export_md">{esc(t("export_md"))}</button>
        <button type="button" class="link" data-export="docx" data-t="export_docx">{esc(t("export_docx"))}</button></span>
        <a href="simple" data-t="simple_page">{esc(t("simple_page"))}</a>
      </div>
    </form>
  </div>
  <section class="panel" aria-labelledby="mc-ev" tabindex="-1">
    <div class="panelhead"><h2 id="mc-ev" data-t="evidence">{esc(t("evidence"))}</h2>
    <button type="button" class="btn close" data-act="close" data-t="evidence_close">{esc(t("evidence_close"))}</button></div>
    <p class="evq" dir="auto"></p>
    <div class="cards"><p class="empty" data-t="evidence_empty">{esc(t("evidence_empty"))}</p></div>
  </section>
</div>
<div class="view" data-view="matrix" hidden><div class="leaf wide"><h2 data-t="matrix_title" tabindex="-1">{esc(t("matrix_title"))}</h2><div class="mbody"></div></div></div>
<p class="vh" role="status" data-status></p>
</div>
""".replace("\n", "")
