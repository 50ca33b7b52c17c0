"""The tables: every quote verbatim at its label, every figure backed by its passage, nothing double."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import fields

import pytest

from assistant.text import words
from corpus.load import TABLES, Corpus
from corpus.types import CRISES, LEVELS, PHASES, SECTOR_NUMBERS

QUOTING = [name for name, kind in TABLES.items() if "quote" in {f.name for f in fields(kind)}]


@pytest.mark.parametrize("table", QUOTING)
def test_every_quote_stands_verbatim_at_its_label(corpus: Corpus, table: str) -> None:
    rows = getattr(corpus, table)
    assert rows
    for row in rows:
        assert row.quote, row
        assert row.quote in corpus.by_ref[row.ref].text, row


def test_the_framework_has_its_sectors_crises_phases_and_levels(corpus: Corpus) -> None:
    assert tuple(s.no for s in corpus.sectors) == SECTOR_NUMBERS
    assert tuple(c.key for c in corpus.crises) == CRISES
    assert tuple(p.key for p in corpus.phases) == PHASES
    assert tuple(level.key for level in corpus.levels) == LEVELS
    for sector in corpus.sectors:
        assert corpus.by_ref[sector.ref].text.startswith(f"Sector {sector.no} {sector.name}")


def terms(text: str) -> set[str]:
    """Figures, acronyms and capitalised words inside a sentence."""
    figures = {n.strip(".,/") for n in re.findall(r"\d[\d.,/]*", text)}
    names = set(re.findall(r"(?<=[a-z,;] )[A-ZÀ-Ý][\w'’-]+|\b[A-Z]{2,}\b", text))
    return figures | {n.removesuffix("'s").removesuffix("’s").rstrip("'’") for n in names}


def test_every_figure_and_name_of_a_fact_stands_in_its_passage(corpus: Corpus) -> None:
    wrong = []
    for fact in corpus.facts:
        passage = corpus.by_ref[fact.ref]
        place = " ".join(
            [passage.ref, passage.text, *passage.heading_path, passage.belongs_to or "", corpus.info.symbol]
        )
        wrong += [(fact.id, t) for t in terms(f"{fact.statement} {fact.value}") if t.lower() not in place.lower()]
    assert wrong == []


def test_the_value_of_a_figure_or_date_is_as_printed(corpus: Corpus) -> None:
    exact = [f for f in corpus.facts if f.kind in ("number", "date", "rank", "person")]
    assert [f.id for f in exact if f.value not in corpus.by_ref[f.ref].text] == []


def test_statements_are_one_short_sentence(corpus: Corpus) -> None:
    assert [f.id for f in corpus.facts if len(f.statement.split()) > 45 or not f.statement.endswith(".")] == []


def test_the_traps_of_the_text_are_told_apart(corpus: Corpus) -> None:
    """60 years appears twice about different things; the 250,000 of 1990 are the first Gulf War."""
    sixty = {f.ref for f in corpus.facts if "60 years" in f.statement}
    assert len(sixty) == 2
    gulf = [f for f in corpus.facts if "250,000" in f.statement]
    assert gulf
    assert all("Gulf" in f.statement for f in gulf)


def test_every_passage_has_facts_and_ways_that_lead_to_it(corpus: Corpus) -> None:
    ways = Counter(e.ref for e in corpus.entry_points)
    assert [p.ref for p in corpus.passages if ways[p.ref] < 12] == []
    for lang in ("fr", "es"):
        of_lang = Counter(e.ref for e in corpus.entry_points if e.lang == lang)
        assert [p.ref for p in corpus.passages if of_lang[p.ref] < 3] == []
    facts = {f.ref for f in corpus.facts}
    assert [p.ref for p in corpus.passages if p.ref not in facts] == []


def test_no_entry_point_is_there_twice(corpus: Corpus) -> None:
    twice = Counter((e.lang, e.text.lower()) for e in corpus.entry_points)
    assert [t for t, n in twice.items() if n > 1] == []


def test_a_word_of_the_lexicon_leads_one_way_or_is_weak(corpus: Corpus) -> None:
    """A strong word with two meanings of one kind would answer for the wrong crisis with confidence."""
    keys: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for term in corpus.lexicon:
        if not term.note:
            keys[term.kind, term.lang, " ".join(words(term.term))].add(term.key)
    # a question about "critical or important" asks for both, a crisis may name two partners
    several = {k: v for k, v in keys.items() if len(v) > 1 and k[0] in ("crisis", "phase")}
    assert several == {}


def test_no_word_of_the_lexicon_is_there_twice(corpus: Corpus) -> None:
    twice = Counter((t.kind, t.key, t.lang, t.term.lower()) for t in corpus.lexicon)
    assert [t for t, n in twice.items() if n > 1] == []


def test_every_key_can_be_said_in_three_languages(corpus: Corpus) -> None:
    said = defaultdict(set)
    for term in corpus.lexicon:
        said[term.kind, term.key].add(term.lang)
    wanted = [("crisis", c) for c in CRISES] + [("phase", p) for p in PHASES] + [("level", k) for k in LEVELS]
    wanted += [("sector", str(n)) for n in SECTOR_NUMBERS]
    assert [k for k in wanted if said[k] != {"en", "fr", "es"}] == []


def test_partners_and_groups_of_the_tables_are_in_the_lexicon(corpus: Corpus) -> None:
    keys = {(t.kind, t.key) for t in corpus.lexicon}
    assert [r.partner_key for r in corpus.coordination if ("partner", r.partner_key) not in keys] == []
    assert [r.group_key for r in corpus.people if ("group", r.group_key) not in keys] == []


def test_coordination_of_a_health_crisis_names_neither_unhcr_nor_the_clusters(corpus: Corpus) -> None:
    partners = {r.partner_key for r in corpus.coordination if r.crisis == "health"}
    assert not partners & {"unhcr", "cluster_system", "ocha"}
    assert "refugees" in {r.group_key for r in corpus.people if r.crisis == "health"}
