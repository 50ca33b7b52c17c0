"""Questions about the reply before: why it is so, where it stands, more of it, or less."""

from __future__ import annotations

import re
from typing import Protocol

from assistant.answer import Citation, Paragraph
from assistant.compose import passages as by_passage
from assistant.compose.draft import Draft
from assistant.text import fold
from assistant.understanding import Understanding
from corpus.load import Corpus

#: A follow-up that asks for the names of those that were counted or spoken of.
WHICH_ONES = re.compile(
    r"^\W*(?:(?:and|but|so|ok(?:ay)?|hm+|well|great),? )*(?:which (?:ones?|of them)?|(?:can|could) you (?:list|name) (?:them|those)(?: all)?|(?:please )?(?:list|name) (?:them|those)(?: all)?(?: please| pls)?|what (?:are|were) (?:they|those|these) (?:called|named)|what are their names)\W*$"
)
#: Asks for what was not said yet, not for the passages of what was.
_ELSE = re.compile(r"\belse\b|\bis that (?:all|it|everything)\b|\bthat(?:'s| is) (?:all|it)\b")
#: Asks on which condition a rating stands.
_CONDITION = re.compile(
    r"^\W*(?:(?:and|but|so|ok(?:ay)?)\W+)*(?:are there |is there |with )?(?:any (?:strings(?: attached)?|conditions?|caveats?|catch|ifs(?: or buts)?)|(?:under|on) (?:what|which) conditions?|(?:what|which) conditions?|is (?:that|it|this) (?:unconditional|conditional|only if|without conditions?)|unconditionally|no conditions?|only if what)(?: (?:attached|apply|for (?:that|it)|to (?:that|it)|there))?\W*$"
)
#: Facts that are stated then.
STATED = 3


class Previous(Protocol):
    """Composes an earlier reply anew: the last, or one further ``back``; None where there is none."""

    def __call__(self, back: int = 0, /) -> Draft | None: ...


def cited(corpus: Corpus, before: Draft | None) -> tuple[list[str], list[str]]:
    """Labels of the passages that a reply cites, and of their footnotes, each in order."""
    refs = list(dict.fromkeys(c.ref for c in before.citations)) if before else []
    return refs, [n for ref in refs for n in corpus.by_ref[ref].footnotes if n in corpus.by_ref]


def sources(draft: Draft, before: Draft | None) -> bool:
    """Footnotes that give the source of what the reply before said, or that it cites; False where there are none."""
    by_ref = draft.corpus.by_ref
    refs, notes = cited(draft.corpus, before)
    notes += [r for r in refs if by_ref[r].kind == "footnote" and r not in notes]
    for ref in notes[:2]:
        draft.add(draft.say("quote_head", ref=ref), draft.cite(ref, by_ref[ref].text))
        draft.quote(ref, by_ref[ref].text)
    return bool(notes)


def about_last(draft: Draft, u: Understanding, previous: Previous) -> bool:
    """Answer “why?”, “which paragraph says that?”, “tell me more” from the evidence of the reply before."""
    before = previous()
    skipped = before is not None and not before.citations and u.intent == "reference"
    if skipped:
        before = previous(1)  # a reply that says nothing has no place: the one before it has
    asks_else = u.intent == "more" and _ELSE.search(fold(u.question)) is not None
    exhausted = before is not None and before.route == "about_last:more" and not before.further
    if before is None or not (before.citations or (asks_else and exhausted)):
        return False
    draft.route = f"about_last:{u.intent}"
    draft.status = before.status  # the reason for a rating that the text does not give is not given either
    draft.cells.extend(before.cells)
    if u.intent == "reference":
        _places(draft, before, "reference_before" if skipped else "reference_head")
    elif u.intent == "less":
        _shorter(draft, before)
    elif before.status == "not_rated" and u.intent == "reason" and before.language == draft.language:
        _unrated(draft, before)
    elif asks_else and (before.further or exhausted):
        _else(draft, before)
    else:
        _evidence(draft, before, u)
    return True


def listed_before(draft: Draft, u: Understanding, previous: Previous) -> bool:
    """Give a whole list again that a message asks the items of: "list them" after how many sectors there are."""
    if not WHICH_ONES.match(fold(u.question)):
        return False
    before = previous()
    if before is None or not before.route.endswith("_list") or before.language != draft.language:
        return False
    draft.route, draft.status = before.route, before.status
    draft.blocks.extend(before.blocks)
    draft.citations.extend(before.citations)
    return True


def conditions(draft: Draft, u: Understanding, previous: Previous) -> bool:
    """Tell every condition of the ratings in the reply before, or that they have none; False where it rated nothing."""
    if not u.follow_up or not _CONDITION.match(fold(u.question)):
        return False
    before = previous()
    cells = [c for c in before.cells if c.level is not None and c.evidence] if before is not None else []
    if not cells:
        return False
    draft.route = "conditions"
    draft.cells.extend(cells)
    tied = [(cell, e) for cell in cells for e in cell.evidence if e.condition]
    for cell, evidence in tied:
        text = draft.say("on_condition", condition=evidence.condition)
        if len(cells) > 1:
            text = f"{draft.sector(cell.sector_no)}, {draft.place(cell.crisis, cell.phase)}: {text}"
        draft.add(text, draft.cite(evidence.ref, evidence.quote))
    if not tied:
        first = cells[0].evidence[0]
        draft.blocks.append(Paragraph(draft.say("no_condition"), (draft.cite(first.ref, first.quote),), template=True))
    for evidence in [e for _, e in tied] or cells[0].evidence[:1]:
        draft.quote(evidence.ref, evidence.quote)
    return True


def _by_ref(before: Draft) -> dict[str, list[Citation]]:
    """The citations of a reply by their passages, in order."""
    found: dict[str, list[Citation]] = {}
    for citation in before.citations:
        found.setdefault(citation.ref, []).append(citation)
    return found


def _places(draft: Draft, before: Draft, head: str) -> None:
    """The places that the reply before cites, and the first of its quotes."""
    found = _by_ref(before)
    numbers = [draft.cite(cs[0].ref, cs[0].quote) for cs in found.values()]
    draft.blocks.append(Paragraph(draft.say(head, refs=", ".join(found)), tuple(numbers), template=True))
    for citation in before.citations[:3]:
        draft.quote(citation.ref, citation.quote)


def _else(draft: Draft, before: Draft) -> None:
    """What was found beside what the reply before states; where that was all, that it was."""
    by_passage.facts(draft, before.further[:STATED])
    draft.further = before.further[STATED:]
    if not before.further:
        draft.status = "not_in_document"
        draft.blocks.append(Paragraph(draft.say("no_more"), template=True))


def _unrated(draft: Draft, before: Draft) -> None:
    """What the text does not rate it gives no reason for: that it does not is said again."""
    draft.blocks.append(Paragraph(draft.say("no_reason"), template=True))
    draft.citations.extend(before.citations)
    draft.blocks.extend(b for b in before.blocks if isinstance(b, Paragraph))


def _shorter(draft: Draft, before: Draft) -> None:
    """The first block of the reply before, which answers, with its citations."""
    draft.citations.extend(before.citations)
    draft.blocks.append(before.blocks[0])


def _evidence(draft: Draft, before: Draft, u: Understanding) -> None:
    """The sentences that the reply before rests on; where more is asked for, their whole passages if they are not long."""
    draft.blocks.append(Paragraph(draft.say("reason_head" if u.intent == "reason" else "more_head"), template=True))
    found = _by_ref(before)
    for ref in list(found)[:2]:
        passage = draft.corpus.by_ref[ref]
        if u.intent == "more" and len(passage.text.split()) <= 150:
            draft.quote(ref, passage.text)
        else:
            for citation in found[ref][:3]:
                draft.quote(ref, by_passage.enclosing_sentence(passage, citation.quote))
