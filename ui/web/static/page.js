"use strict";
/* The page's own behaviour. Gradio carries a question to the server and the answer back (mcof.mount gets its
   trigger and watch); everything drawn is HTML that the server made and escaped. What a person typed is only
   ever put in place as text. Nothing leaves for another address. */
(() => {
  const SLOW_MS = 20000;
  const WIDE = window.matchMedia("(min-width: 1000px)");
  const DARK = window.matchMedia("(prefers-color-scheme: dark)");
  const LANGS = ["en", "fr", "es"];
  const store = {
    get(area, key) { try { return area.getItem("mcof." + key); } catch { return null; } },
    set(area, key, value) { try { area.setItem("mcof." + key, value); } catch { /* private mode or full: go on without */ } },
  };
  const local = () => { try { return window.localStorage; } catch { return null; } };
  const session = () => { try { return window.sessionStorage; } catch { return null; } };

  let root = null, api = null, texts = {}, lang = firstLanguage();
  let turns = [], pending = null, timer = 0, queue = [], lastMark = null, shownTurn = null, unloading = false;
  let net = { status: 200, wait: 0 };

  function firstLanguage() {
    const chosen = new URLSearchParams(location.search).get("lang") || store.get(local(), "lang");
    if (LANGS.includes(chosen)) return chosen;
    for (const wish of navigator.languages || []) {
      const short = wish.slice(0, 2).toLowerCase();
      if (LANGS.includes(short)) return short;
    }
    return "en";
  }
  const loadTexts = (l) => fetch(`ui/texts/${l}.json`).then((r) => (r.ok ? r.json() : {})).catch(() => ({}));
  let textsReady = loadTexts(lang);
  const T = (key, values = {}) => Object.entries(values).reduce((s, [k, v]) => s.replaceAll(`{${k}}`, v), texts[key] || "");
  const $ = (selector, from = root) => from.querySelector(selector);
  const $$ = (selector, from = root) => [...from.querySelectorAll(selector)];
  const id = () => [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");
  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes)) {
      if (v === true) node.setAttribute(k, ""); else if (v !== false && v != null) node.setAttribute(k, v);
    }
    node.append(...children);
    return node;
  }

  /* How the requests of Gradio's client went: it hides the status from its events. */
  const plainFetch = window.fetch;
  window.fetch = async (...args) => {
    const url = String(args[0] && args[0].url ? args[0].url : args[0]);
    try {
      const response = await plainFetch(...args);
      if (url.includes("/queue/")) {
        net = { status: response.status, wait: Number(response.headers.get("retry-after")) || 5 };
        if (response.status >= 400 && pending) failed();
      }
      return response;
    } catch (error) {
      if (url.includes("/queue/") && error.name !== "AbortError") {
        net = { status: 0, wait: 0 };
        if (pending) failed();
      }
      throw error;
    }
  };
  function failureText() {
    if (!navigator.onLine) return T("error_offline");
    switch (net.status) {
      case 0: return T("error_restart");
      case 401: return T("error_auth");
      case 413: return T("too_long", { count: pending ? pending.q.length : "?", limit: limit() });
      case 429: case 503: return T("error_busy", { seconds: net.wait });
      default: return net.status >= 400 ? T("error_refused", { status: net.status }) : T("error_restart");
    }
  }
  const limit = () => Number(root.dataset.limit);

  /* --- mounting ------------------------------------------------------------------------- */
  async function mount(element, given) {
    api = given;
    root = $(".mcof", element);
    api.watch("value", () => update(api.value()));
    theme();
    turns = restore();
    root.addEventListener("click", onClick);
    root.addEventListener("submit", onSubmit);
    root.addEventListener("change", onChange);
    root.addEventListener("keydown", onKey);
    $("#mc-q").value = store.get(session(), "draft") || "";
    $("#mc-q").addEventListener("input", checkLength);
    new ResizeObserver(([box]) => box.target.style.setProperty("--room", `${box.target.clientHeight}px`)).observe($(".convo"));
    window.addEventListener("beforeunload", () => { unloading = true; });
    window.addEventListener("hashchange", openHash);
    texts = await textsReady;
    speak();
    turns.forEach((turn, i) => draw(turn, i));
    arrange();
    document.getElementById("mcof-boot")?.remove();
    document.body.classList.add("mcof-on");
    if (turns.length) showEvidence(turns[turns.length - 1]);
    openHash();
  }
  function restore() {
    try {
      const kept = JSON.parse(store.get(session(), "turns") || "[]");
      return kept.filter((t) => t && typeof t.q === "string").map((t) => (t.data ? t : { ...t, error: null, cut: true }));
    } catch { return []; }
  }
  const keep = () => store.set(session(), "turns", JSON.stringify(turns.slice(-40)));

  function speak() {
    document.documentElement.lang = lang;
    for (const node of $$("[data-t]")) if (texts[node.dataset.t]) node.textContent = texts[node.dataset.t];
    for (const node of $$("[data-ta]")) if (texts[node.dataset.ta]) node.setAttribute("aria-label", texts[node.dataset.ta]);
    for (const node of $$("[data-tp]")) if (texts[node.dataset.tp]) node.setAttribute("placeholder", texts[node.dataset.tp]);
    $("[data-pref=lang]").value = lang;
    $("[data-pref=theme]").value = store.get(local(), "theme") || "auto";
    document.title = texts.app_title || document.title;
  }
  function theme() {
    const wish = store.get(local(), "theme") || "auto";
    const dark = wish === "dark" || (wish === "auto" && DARK.matches);
    document.documentElement.classList.toggle("dark", dark);
    document.body.classList.toggle("dark", dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
    /* the pages without script read the choice from here */
    const age = wish === "auto" ? 0 : 31536000;
    document.cookie = `mcof_theme=${wish}; max-age=${age}; path=${location.pathname.replace(/[^/]*$/, "")}; SameSite=Strict`;
  }
  DARK.addEventListener("change", () => root && theme());

  /* --- asking --------------------------------------------------------------------------- */
  function history(before) {
    let turnsBefore = turns.slice(0, before);
    const fresh = turns.slice(0, before + 1).map((t) => !!t.fresh).lastIndexOf(true);
    if (fresh >= 0) turnsBefore = turnsBefore.slice(fresh);
    return turnsBefore.filter((t) => t.data && t.data.done && !t.error)
      .flatMap((t) => [{ role: "user", text: t.q }, { role: "assistant", text: t.data.text }]);
  }
  function ask(question, more = {}) {
    const q = question.trim();
    if (!q) return error(T("error_empty"));
    if (q.length > limit()) return error(T("too_long", { count: q.length, limit: limit() }));
    if (pending) return false;
    error("");
    view("ask");
    const turn = { id: id(), q, at: Date.now(), ...more };
    turns.push(turn);
    begin(turn, true);
    return true;
  }
  function again(turn) {
    if (pending) return;
    const at = turns.indexOf(turn);
    if (at !== turns.length - 1) { ask(turn.q); return; }
    const fresh = { id: id(), q: turn.q, at: Date.now(), fresh: turn.fresh };
    document.getElementById("t-" + turn.id)?.remove();
    turns[at] = fresh;
    begin(fresh, true);
  }
  function begin(turn, scroll) {
    pending = turn;
    net = { status: 200, wait: 0 };
    keep();
    draw(turn, turns.length - 1);
    arrange();
    if (scroll) scrollTo($(".convo"), document.getElementById("t-" + turn.id));
    clearTimeout(timer);
    timer = setTimeout(() => { net = { status: 200, wait: 0 }; failed(T("error_slow")); }, SLOW_MS);
    api.ask({ id: turn.id, question: turn.q, history: history(turns.indexOf(turn)), lang });
  }
  function scrollTo(box, node) {
    const top = node.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop - 10;
    box.scrollTo({ top, behavior: calm() });
  }
  const calm = () => (window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");

  function update(value) {
    if (!value || !pending || value.id !== pending.id) return;
    const turn = pending;
    if (value.error) {
      finish(turn, value.error);
      return;
    }
    turn.data = value;
    if (value.done) { turn.error = null; finish(turn, null); } else fill(turn);
  }
  function finish(turn, sentence) {
    clearTimeout(timer);
    pending = null;
    turn.error = sentence;
    fill(turn);
    keep();
    arrange();
    if (!sentence && turn.data && (WIDE.matches || !document.body.classList.contains("mcof-sheet"))) showEvidence(turn);
    const next = queue.shift();
    if (next && !sentence) ask(next.q, next.more); else queue = [];
  }
  function failed(sentence) {
    if (!pending || unloading) return;
    finish(pending, sentence || failureText());
  }
  function stop() {
    if (!pending) return;
    const turn = pending;
    turn.stopped = true;
    api.stop();
    queue = [];
    finish(turn, T("stopped"));
    $("#mc-q").focus();
  }
  function error(sentence) { $("#mc-err").textContent = sentence; if (sentence) $("#mc-q").focus(); return false; }
  function checkLength() {
    store.set(session(), "draft", $("#mc-q").value.slice(0, 20000));
    const over = $("#mc-q").value.trim().length - limit();
    $("#mc-err").textContent = over > 0 ? T("too_long_by", { count: over }) : "";
  }

  /* --- drawing -------------------------------------------------------------------------- */
  function arrange() {
    const some = turns.length > 0;
    $(".welcome").hidden = some;
    $(".tools").hidden = !some;
    $(".send").hidden = !!pending;
    $("[data-act=stop]").hidden = !pending;
    $(".log").setAttribute("aria-busy", pending ? "true" : "false");
  }
  function draw(turn) {
    const box = el("div", { class: "turn", id: "t-" + turn.id });
    box.append(
      el("div", { class: "said" }, el("h3", { class: "vh" }, T("you")), el("p", { dir: "auto" }, turn.q)),
      el("article", { class: "msg" }, el("h3", { class: "vh" }, T("assistant")), el("div", { class: "head" }),
        el("div", { class: "blocks" }), el("div", { class: "tail" })));
    $(".log").append(box);
    fill(turn);
  }
  const html = (string) => { const t = document.createElement("template"); t.innerHTML = string; return t.content; };
  function fill(turn) {
    const box = document.getElementById("t-" + turn.id);
    if (!box) return;
    const msg = $(".msg", box), head = $(".head", box), blocks = $(".blocks", box), tail = $(".tail", box), d = turn.data;
    $(".wait", msg)?.remove();
    if (d) {
      msg.lang = d.lang || lang;
      if (!head.childElementCount) {
        head.append(el("p", { class: "status s-" + d.status, lang }, d.status_text));
        if (turn.shared) {
          const same = turn.shared.text === d.version.text && turn.shared.index === d.version.index;
          head.append(el("p", { class: "notice", lang }, T(same ? "shared_same" : "shared_changed")));
        }
      }
      const shown = blocks.childElementCount;
      (d.blocks || []).slice(shown).forEach((b) => { const w = el("div", { class: "block" }); w.append(html(b)); blocks.append(w); });
      if (d.done && !tail.childElementCount && !turn.error) tail.append(...tailOf(turn));
    }
    $(".failure", msg)?.remove();
    const sentence = turn.error || (turn.cut && !d ? T("interrupted") : "");
    if (sentence) {
      msg.append(el("div", { class: "failure", lang }, el("p", { class: "status s-error" }, T("status_error")), el("p", {}, sentence),
        el("button", { type: "button", class: "btn", "data-act": "retry" }, T("retry"))));
    } else if (!d || !d.done) msg.append(el("p", { class: "wait", lang }, T("thinking")));
  }
  function tailOf(turn) {
    const d = turn.data, out = [];
    if (d.notice) out.push(el("p", { class: "notice", dir: "auto" }, d.notice));
    if (d.sources) out.push(html(d.sources));
    if (d.choices.length) out.push(chips("choices", d.choices));
    if (d.suggestions.length) out.push(chips("suggestions", d.suggestions));
    if (d.how) out.push(html(d.how));
    out.push(el("p", { class: "stamp", lang }, d.stamp));
    const acts = el("div", { class: "acts", lang },
      el("button", { type: "button", class: "link", "data-act": "copy" }, T("copy")),
      el("button", { type: "button", class: "link", "data-act": "share" }, T("share")),
      el("button", { type: "button", class: "link", "data-act": "retry" }, T("retry")),
      el("button", { type: "button", class: "link evbtn", "data-act": "evidence", hidden: !d.evidence }, T("evidence")));
    if (root.dataset.feedback === "1") {
      acts.append(el("span", { class: "rate", role: "group", "aria-label": T("rate_label") },
        thumb("up", turn), thumb("down", turn)));
    }
    out.push(acts, el("div", { class: "after" }));
    return out;
  }
  const HAND = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 11v9H3v-9zm0 0 4-8c1.6 0 2.6 1.1 2.4 2.7L13 10h6a2 2 0 0 1 2 2.4l-1.3 6A2 2 0 0 1 17.7 20H7"/></svg>';
  const thumb = (verdict, turn) => el("button", {
    type: "button", class: "link thumb", "data-act": "rate", "data-verdict": verdict, "aria-pressed": String(turn.verdict === verdict),
    "aria-label": T("rate_" + verdict), title: T("rate_" + verdict) }, html(HAND));
  function chips(key, questions) {
    const box = el("div", { class: "chips", role: "group", "aria-label": T(key) }, el("span", { class: "chipshead", lang }, T(key)));
    for (const q of questions) box.append(el("button", { type: "button", class: "chipbtn", "data-ask": true, dir: "auto" }, q));
    return box;
  }
  const turnOf = (node) => { const box = node.closest(".turn"); return box && turns.find((t) => "t-" + t.id === box.id); };
  const say = (sentence) => { $("[data-status]").textContent = ""; $("[data-status]").textContent = sentence; };

  /* --- evidence ------------------------------------------------------------------------- */
  function showEvidence(turn, cardId) {
    if (!turn || !turn.data || !turn.data.done) return;
    const cards = $(".cards");
    if (shownTurn !== turn.id || !cards.querySelector(".card")) {
      shownTurn = turn.id;
      cards.replaceChildren(turn.data.evidence ? html(turn.data.evidence) : el("p", { class: "empty" }, T("evidence_empty")));
      $(".evq").textContent = turn.data.evidence ? T("evidence_for", { question: turn.q }) : "";
    }
    if (!cardId) return;
    if (!WIDE.matches) { document.body.classList.add("mcof-sheet"); }
    const card = document.getElementById(cardId);
    if (!card) return;
    $$(".card.lit").forEach((c) => c.classList.remove("lit"));
    card.classList.add("lit");
    card.focus({ preventScroll: true });
    const panel = $(".panel");
    const top = card.getBoundingClientRect().top - panel.getBoundingClientRect().top + panel.scrollTop - $(".panelhead").offsetHeight - 8;
    panel.scrollTo({ top, behavior: calm() });
  }
  function closeSheet() {
    document.body.classList.remove("mcof-sheet");
    if (lastMark && lastMark.isConnected) lastMark.focus(); else $("#mc-q").focus();
  }
  async function around(button) {
    const box = button.closest(".card").querySelector(".around");
    if (box.childElementCount) {
      box.replaceChildren();
      button.setAttribute("aria-expanded", "false");
      return;
    }
    try {
      const r = await fetch(`around/${encodeURIComponent(button.dataset.anchor)}?lang=${lang}`);
      if (!r.ok) throw new Error(String(r.status));
      box.replaceChildren(html(await r.text()));
      button.setAttribute("aria-expanded", "true");
    } catch { box.replaceChildren(el("p", { class: "err", role: "alert" }, T("context_failed"))); }
  }

  /* --- copy, link, feedback, export ------------------------------------------------------- */
  async function toClipboard(text) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* not over plain http */ }
    const area = el("textarea", { class: "vh", "aria-hidden": "true" });
    area.value = text;
    root.append(area);
    area.select();
    let done = false;
    try { done = document.execCommand("copy"); } catch { done = false; }
    area.remove();
    return done;
  }
  async function copy(turn, button) {
    const d = turn.data;
    const sources = $$(".sources a", document.getElementById("t-" + turn.id)).map((a) => a.textContent).join("\n");
    const done = await toClipboard(`${d.text}\n\n${T("sources")}:\n${sources}\n\n${d.stamp}\n`);
    say(done ? T("copied") : "");
    if (done) flash(button, T("copied"));
    button.focus();
  }
  function flash(button, word) {
    const before = button.textContent;
    button.textContent = word;
    setTimeout(() => { button.textContent = before; }, 1500);
  }
  const encode = (data) => {
    const bytes = new TextEncoder().encode(JSON.stringify(data));
    let binary = "";
    for (const b of bytes) binary += String.fromCharCode(b);
    return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };
  const decode = (text) => {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
  };
  function linkTo(turn) {
    const at = turns.indexOf(turn);
    const fresh = turns.slice(0, at + 1).map((t) => !!t.fresh).lastIndexOf(true);
    const q = turns.slice(Math.max(0, fresh), at + 1).filter((t) => t.data && !t.error).map((t) => t.q).slice(-10);
    const v = turn.data.version;
    return `${location.origin}${location.pathname}#a=${encode({ v: 1, q, s: { text: v.text, index: v.index } })}`;
  }
  async function share(turn, button) {
    const link = linkTo(turn), box = after(turn);
    const done = await toClipboard(link);
    const input = el("input", { type: "text", readonly: true, class: "sharelink", "aria-label": T("share_prompt"), value: link });
    box.replaceChildren(el("p", {}, done ? T("share_copied") : T("share_prompt")), input);
    say(done ? T("share_copied") : T("share_prompt"));
    if (done) button.focus(); else input.select();
  }
  const after = (turn) => $(".after", document.getElementById("t-" + turn.id));
  function openHash() {
    const hash = location.hash;
    if (hash === "#matrix") { view("matrix"); return; }
    if (!hash.startsWith("#a=")) return;
    window.history.replaceState(null, "", location.pathname + location.search);
    let data = null;
    try { data = decode(hash.slice(3)); } catch { data = null; }
    const good = data && data.v === 1 && Array.isArray(data.q) && data.q.length > 0 && data.q.length <= 10
      && data.q.every((q) => typeof q === "string" && q.trim() && q.length <= limit());
    if (!good) { error(T("shared_bad")); return; }
    const s = data.s && typeof data.s.text === "string" ? { text: data.s.text, index: String(data.s.index || "") } : null;
    queue = data.q.map((q, i) => ({ q, more: { fresh: i === 0, shared: i === data.q.length - 1 ? s : null } }));
    const first = queue.shift();
    if (!ask(first.q, first.more)) queue = [];
  }
  async function rate(turn, button) {
    const verdict = button.dataset.verdict;
    const reply = await sendFeedback(turn, verdict, "");
    if (!reply.ok) return;
    turn.verdict = verdict;
    keep();
    $$(".thumb", document.getElementById("t-" + turn.id)).forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.verdict === verdict)));
    const comment = el("textarea", { rows: "2", maxlength: "2000", id: "c-" + turn.id, dir: "auto" });
    const form = el("form", { class: "comment" }, el("label", { for: "c-" + turn.id }, T("comment_label")), comment,
      el("p", { class: "hint" }, T("feedback_what", { days: root.dataset.days })),
      el("button", { class: "btn" }, T("comment_send")), " ",
      el("button", { type: "button", class: "link", "data-act": "skip" }, T("comment_skip")));
    after(turn).replaceChildren(el("p", { role: "status" }, reply.text), form);
    comment.focus();
  }
  async function sendFeedback(turn, verdict, comment) {
    const d = turn.data;
    const body = { id: turn.id, verdict, comment, question: turn.q, answer: d.text, status: d.status,
      citations: d.refs || [], versions: d.version };
    let ok = false, text = "";
    try {
      const r = await fetch(`feedback?lang=${lang}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      ok = r.ok;
      text = (await r.json()).detail;
    } catch { text = T("feedback_failed", { reason: T("error_offline") }); }
    if (!ok) after(turn).replaceChildren(el("p", { class: "err", role: "alert" }, text));
    return { ok, text };
  }
  async function exportAs(format) {
    const questions = turns.filter((t) => t.data && !t.error).map((t) => t.q).slice(-50);
    if (!questions.length) return;
    try {
      const r = await fetch("export", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ format, lang, questions }) });
      if (!r.ok) { error((await r.json()).detail); return; }
      const url = URL.createObjectURL(await r.blob());
      const a = el("a", { href: url, download: `mcof-conversation.${format}` });
      root.append(a);
      a.click();
      a.remove();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    } catch { error(T("export_failed", { reason: T("error_offline") })); }
  }

  /* --- views and matrix ------------------------------------------------------------------- */
  function view(name) {
    for (const v of $$(".view")) v.hidden = v.dataset.view !== name;
    for (const b of $$(".tab[data-view]")) {
      if (b.dataset.view === name) b.setAttribute("aria-current", "page"); else b.removeAttribute("aria-current");
    }
    if (name === "matrix") matrix();
  }
  async function matrix() {
    const box = $(".mbody");
    if (box.dataset.lang === lang) return;
    try {
      const r = await fetch(`matrix/table?lang=${lang}`);
      if (!r.ok) throw new Error(String(r.status));
      box.replaceChildren(html(await r.text()));
      box.dataset.lang = lang;
      box.classList.add("live");
    } catch { box.replaceChildren(el("p", { class: "err", role: "alert" }, T("matrix_failed"))); }
  }
  function filterMatrix() {
    const form = $(".filters"), f = Object.fromEntries(new FormData(form)), table = $("table.matrix");
    let count = 0;
    for (const c of $$("thead [data-crisis]", table)) {
      c.hidden = (f.crisis && c.dataset.crisis !== f.crisis) || (f.phase && c.dataset.phase && c.dataset.phase !== f.phase);
      if (c.scope === "colgroup") c.colSpan = f.phase ? 1 : 3;
    }
    for (const row of $$("tbody tr", table)) {
      let any = false;
      for (const cell of $$("td", row)) {
        cell.hidden = (f.crisis && cell.dataset.crisis !== f.crisis) || (f.phase && cell.dataset.phase !== f.phase);
        const match = !f.level || cell.dataset.level === f.level;
        cell.firstElementChild.hidden = !match;
        if (!cell.hidden && match) { any = true; if (!f.sector || row.dataset.sector === f.sector) count += 1; }
      }
      row.hidden = (f.sector && row.dataset.sector !== f.sector) || (f.level && !any);
    }
    say(count ? T("matrix_shown", { count }) : T("matrix_none"));
  }
  function pickCell(link) {
    const box = $(".mxd"), name = link.getAttribute("href").slice(1);
    $$("a.cell[aria-current]").forEach((a) => a.removeAttribute("aria-current"));
    link.setAttribute("aria-current", "true");
    $$(".celld", box).forEach((s) => s.classList.remove("on"));
    $(".pick", box).hidden = true;
    const section = document.getElementById(name);
    if (name === "c-none") {
      $("h3", section).textContent = link.dataset.name + ": " + T("basis_not_stated");
      $(".acts", section)?.remove();
      section.append(el("p", { class: "acts" }, el("a", { class: "btn", href: "./", "data-ask": link.dataset.q }, T("matrix_ask"))));
    }
    section.classList.add("on");
    section.focus({ preventScroll: true });
    scrollTo($(".view[data-view=matrix]"), section);
    lastMark = link;
  }

  /* --- events ----------------------------------------------------------------------------- */
  function onClick(event) {
    const node = event.target.closest("[data-ask],[data-act],[data-view].tab,[data-export],a.cite,a.cell,a[href^='document'],a.skip");
    if (!node || !root.contains(node)) return;
    if (node.matches("a.skip")) { event.preventDefault(); $("#mc-q").focus(); return; }
    if (node.matches("a.cite")) {
      event.preventDefault();
      lastMark = node;
      showEvidence(turnOf(node), node.getAttribute("href").slice(1));
      return;
    }
    if (node.matches("a.cell")) { event.preventDefault(); pickCell(node); return; }
    if (node.matches("a[href^='document']")) {
      const href = node.getAttribute("href");
      if (!href.includes("?")) node.setAttribute("href", href.replace(/^document/, `document?lang=${lang}`));
      return;
    }
    if (node.hasAttribute("data-ask")) {
      event.preventDefault();
      if (ask(node.dataset.ask || node.textContent)) $("#mc-q").focus({ preventScroll: true });
      return;
    }
    if (node.matches(".tab")) { view(node.dataset.view); return; }
    if (node.dataset.export) { exportAs(node.dataset.export); return; }
    const turn = turnOf(node);
    switch (node.dataset.act) {
      case "stop": stop(); break;
      case "retry": again(turn); break;
      case "copy": copy(turn, node); break;
      case "share": share(turn, node); break;
      case "rate": rate(turn, node); break;
      case "skip": after(turn).replaceChildren(); break;
      case "evidence": { lastMark = node; showEvidence(turn, $("a.cite", document.getElementById("t-" + turn.id)).getAttribute("href").slice(1)); break; }
      case "around": around(node); break;
      case "back": closeSheet(); break;
      case "close": closeSheet(); break;
      case "new": if (!pending) { turns = []; shownTurn = null; keep(); $(".log").replaceChildren(); $(".evq").textContent = "";
        $(".cards").replaceChildren(el("p", { class: "empty" }, T("evidence_empty"))); arrange(); $("#mc-q").focus(); } break;
      case "reset": event.preventDefault(); $(".filters").reset(); $$(".filters select").forEach((s) => { s.value = ""; }); filterMatrix(); break;
    }
  }
  function onSubmit(event) {
    event.preventDefault();
    const form = event.target;
    if (form.matches(".ask")) {
      const box = $("#mc-q");
      if (ask(box.value)) { box.value = ""; checkLength(); }
    } else if (form.matches(".comment")) {
      const turn = turnOf(form);
      sendFeedback(turn, turn.verdict, $("textarea", form).value.trim()).then((r) => {
        if (r.ok) after(turn).replaceChildren(el("p", { role: "status" }, r.text));
      });
    } else if (form.matches(".filters")) filterMatrix();
  }
  async function onChange(event) {
    const node = event.target;
    if (node.matches("[data-pref=theme]")) { store.set(local(), "theme", node.value); theme(); }
    if (node.matches("[data-pref=lang]")) {
      lang = node.value;
      store.set(local(), "lang", lang);
      texts = await loadTexts(lang);
      speak();
      if (!$(".view[data-view=matrix]").hidden) matrix();
    }
    if (node.closest(".filters")) filterMatrix();
  }
  function onKey(event) {
    if (event.target.id === "mc-q" && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      $(".ask").requestSubmit();
    } else if (event.key === "Escape") {
      if (document.body.classList.contains("mcof-sheet") || event.target.closest(".panel")) closeSheet();
      else if (event.target.closest(".mxd") && lastMark) lastMark.focus();
    }
  }

  window.mcof = { mount: (element, given) => { mount(element, given); }, failed: () => failed() };
})();
