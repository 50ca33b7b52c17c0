"""The reply to one message as a draft: to each of its parts, to both sides of a comparison, to what a situation asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from assistant import form, guards
from assistant.answer import ABSTENTIONS, REFUSALS, Block, Paragraph, Status, shown
from assistant.comparing import WHAT_IS, apart, both_said, gapped, of_each, sides
from assistant.compose.draft import Draft
from assistant.learned import LearnedModels
from assistant.lexicon import Lexicon
from assistant.premises import claimed_figures
from assistant.refine import is_decided, refine
from assistant.roles import may_ask_lead
from assistant.routes import Router
from assistant.selfname import SelfReference
from assistant.text import fold
from assistant.turns import Leaning, Leans, never_leans, surely_leans
from assistant.understanding import ABOUT_REPLY, Understanding, more_words, read, refers, understand
from assistant.verify import figures
from corpus.load import Corpus
from corpus.types import Language

#: A draft, and what each part of the message was understood to ask.
Reply = tuple[Draft, list[Understanding]]
#: Completes the understanding of a part in the light of the messages before; what it did is noted in the draft.
Helps = Callable[[Draft, Understanding, Sequence[str]], Understanding]

#: Routes on which a reply may speak of one side of a comparison only.
ONE_SIDED = ("fact", "passage", "premise", "definition", "topic", "acronym")
#: Probability that the sides of a comparison need to be answered, on the average and at the least.
EITHER_SIDE, LESSER_SIDE = 0.40, 0.35
#: Probability from which a message that was refused as a follow-up is answered as complete in itself.
ALONE = 0.90
#: The same of one that only refers, with what it refers to in its place: "who gets it?".
REFERS = 0.60
#: Probability that one of two questions in one needs to be answered, where both together are refused.
HALF = 0.60
#: The same of a message that only describes a situation, once what is asked is added: those words alone raise it.
SITUATION = 0.80
#: Letters of a body's name up to which it is an acronym.
_SHORT_NAME = 5
#: What somebody asks who only describes a situation.
WHAT_TO_DO = "what can we do?"
#: Begins a message that asks the same of something else.
_ALSO = re.compile(r"^\W*(?:(?:and|but|so|ok|what about|how about)\b,? ?)+", re.IGNORECASE)
#: Routes on which the document is said not to answer.
JUDGED = ("not_in_document", "out_of_scope")
#: Routes on which a reply says what was looked for, so that its place can be told.
PLACED = ("fact", "passage", "definition", "mention", "topic", "reverse")
#: Earlier replies kept, by the messages that lead to them: what they are follows from these alone.
_RECOMPOSED = 64


def _spelled_out(u: Understanding, earlier: Sequence[str]) -> str:
    """A follow-up as a question of its own, with what its pronoun stands for or what it asks the same of; else empty.

    "Who gets it" is "who gets health support"; "and in conflicts?" may be "who leads the shelter cluster in conflicts?".
    """
    whole, own = (fold(text).rstrip(" ?.!") for text in (u.english, u.question))
    beside = bool(earlier) and fold(earlier[-1]).rstrip(" ?.!") in whole and whole.endswith(own)
    return u.english if earlier and not beside and u.english != u.question else ""


def _things(u: Understanding) -> list[str]:
    """The sectors that a message names, or else the crises, or the bodies, by the lexicon's terms for its words, in their order."""
    for kind in ("sector", "crisis", "partner"):
        named = {m.key: m for m in reversed(u.matches) if m.kind == kind and not m.weak}
        if named:
            return [m.term for m in sorted(named.values(), key=lambda m: m.start)]
    return []


#: Words of a message that holds two bodies against each other and asks no more of them.
_OF_ROLES = frozenset(
    "task tasks role roles job jobs mandate mandates function functions difference differences explain both mix mixing always vs versus compare".split()
)


def _roles(u: Understanding, asked: tuple[str, str] | None) -> tuple[str, str] | None:
    """What each of two bodies does, where a message holds them against each other and ``asked`` no more than what each is.

    None where it asks something else.
    """
    named = sorted(
        {m.key: m for m in reversed(u.matches) if m.kind == "partner" and not m.weak}.values(), key=lambda m: m.start
    )
    if not u.comparison or len(named) != 2 or u.sectors or u.crises or u.levels:
        return None
    if asked is None:
        if figures(u.question) or not _OF_ROLES.issuperset(more_words(u)):
            return None
    elif any(fold(side) != fold(f"{WHAT_IS}{m.term}?") for side, m in zip(asked, named, strict=True)):
        return None
    first, second = (m.term.upper() if len(m.term) <= _SHORT_NAME else m.term for m in named)
    return f"What is the role of {first}?", f"What is the role of {second}?"


class Composer:
    """Composes the reply to one message. Keeps nothing but a few earlier replies."""

    def __init__(
        self,
        corpus: Corpus,
        lexicon: Lexicon,
        own_name: SelfReference,
        learned: LearnedModels,
        leaning: Leaning,
        router: Router,
        language: Language | None = None,
    ) -> None:
        """Replies are in the language of the message unless ``language`` is given."""
        self._language = language
        self._corpus, self._lexicon, self._own_name = corpus, lexicon, own_name
        self._learned, self._leaning, self._router = learned, leaning, router
        # a reply leans on the one before, which leans on the one before that: each is composed once
        self._recomposed = lru_cache(maxsize=_RECOMPOSED)(self._recompose)

    def compose(self, text: str, earlier: Sequence[str], helps: Helps, *, leans: bool = False) -> Reply:
        """The reply to a message after ``earlier`` ones, oldest first.

        The first part ``leans`` on the last message before where that is known already.
        """
        if len(earlier) > 1 and apart(text):
            both = self._both_before(earlier)
            if both is not None:
                return both
        parts = guards.parts_of(form.without_size(guards.without_doubt(guards.without_dismissal(text))))
        draft, understood = self._parts(parts, earlier, helps, surely_leans if leans else self._leaning.of_message)
        # "... I always mix these up." after a question changes nothing of it; before it, it is what the question is about
        asking = parts[:1] if all(guards.only_tells(p) for p in parts[1:]) else parts
        if len(asking) != 1 or len(understood) != 1 or understood[0].language != "en":
            return draft, understood
        if not understood[0].follow_up:
            draft, understood = self._side_by_side(asking[0], draft, understood)
        elif understood[0].comparison and understood[0].english != asking[0]:
            draft, understood = self._side_by_side(understood[0].english, draft, understood)
        refused = draft.status in (*REFUSALS, "not_rated") or self._after_lead(understood[0], earlier)
        if understood[0].follow_up and refused and not leans and understood[0].intent not in ABOUT_REPLY:
            again = self._as_whole(parts, earlier, helps, understood[0], draft.status)
            if again is not None:
                return again
        if draft.status in REFUSALS and draft.route in JUDGED:
            draft, understood = self._by_halves(asking[0], earlier, draft, understood)
        plain = understood[0].intent in ("other", "rating") and not understood[0].follow_up
        unsaid = draft.status == "not_rated" or (draft.status == "not_in_document" and draft.route in JUDGED)
        if plain and unsaid and guards.situation(asking[0]):
            doing, meant = self._parts([f"{asking[0].rstrip(' .!,')}, {WHAT_TO_DO}"], earlier, unhelped, never_leans)
            if surely(doing, SITUATION):
                return doing, meant
        return draft, understood

    def _as_whole(
        self, parts: Sequence[str], earlier: Sequence[str], helps: Helps, u: Understanding, status: Status
    ) -> Reply | None:
        """The reply to a refused follow-up as complete in itself, or with what its pronoun stands for; None where neither is sure.

        Of a cell that the text does not rate only who leads there is asked once more.
        """
        refused = status in REFUSALS
        if refused and not refers(u.question):
            alone, meant = self._parts(parts, (), helps, never_leans)
            if surely(alone, ALONE) and alone.confidence is not None:
                return alone, meant
        whole = _spelled_out(u, earlier)
        if u.crises and self._after_lead(u, earlier):
            before = understand(earlier[-1], earlier[:-1], self._lexicon, self._refine, self._leaning.of_message)
            whole = f"{before.english.rstrip(' ?.!')} {_ALSO.sub('', u.question)}"
        if not whole:
            return None
        alone, meant = self._parts([whole], (), helps, never_leans)
        least = REFERS if refers(u.question) else ALONE
        sure = refused and alone.confidence is not None and surely(alone, least)
        if not sure and alone.route != "role":
            return None
        return alone, [replace(meant[0], question=u.question, follow_up=True)]

    def _after_lead(self, u: Understanding, earlier: Sequence[str]) -> bool:
        """Whether a message only names another scenario or sector after who leads something was told: "and in conflicts?"."""
        if not (u.follow_up and (u.crises or u.sectors)) or u.wh or u.levels or more_words(u):
            return False
        before = self._previous(tuple(earlier))
        return before is not None and before.route == "role"

    def _both_before(self, earlier: Sequence[str]) -> Reply | None:
        """What the last two messages asked, each as a question of its own, answered side by side.

        None where they do not ask the same of two things, or one of them is refused.
        """
        meant = [
            understand(earlier[n], earlier[:n], self._lexicon, self._refine, self._leaning.of_message)
            for n in range(len(earlier))
        ]
        asking = [u for u in meant if u.intent != "thanks"][-2:]
        if len(asking) < 2 or asking[1].comparison or len(_things(asking[1])) > 1:
            return None
        first, second = (read(u.english, self._lexicon) for u in asking)
        if first.wh != second.wh or second.intent not in (first.intent, "other"):
            return None
        draft, understood = self._parts([first.english, second.english], (), unhelped, never_leans)
        return (draft, understood) if draft.status == "grounded" else None

    def _by_halves(self, text: str, earlier: Sequence[str], draft: Draft, understood: list[Understanding]) -> Reply:
        """The reply to two questions in one that are refused together, where one at least is surely answered by itself."""
        asked = guards.halves(text)
        for half in asked:
            alone, _ = self._parts([half], earlier, unhelped, self._leaning.of_message)
            if surely(alone, HALF):
                return self._parts(asked, earlier, unhelped, self._leaning.of_message)
        return draft, understood

    def _side_by_side(self, text: str, draft: Draft, understood: list[Understanding]) -> Reply:
        """The reply to a comparison: where it was refused or speaks of one side only, of each side by itself if both are answered."""
        one_sided = draft.route in ONE_SIDED or draft.status in REFUSALS or gapped(text)
        asked = (sides(text) or of_each(text, _things(understood[0]))) if one_sided else None
        if one_sided and (asked is None or asked[0].startswith(WHAT_IS)):
            asked = _roles(understood[0], asked) or asked  # what OCHA is tells its acronym
        if asked is None:
            return draft, understood
        # a sentence that names both tells of neither what it is
        of_both = not gapped(text) and (bool(draft.cells) or not all(a.startswith(WHAT_IS) for a in asked))
        told = draft.status == "grounded" and of_both and both_said(asked, shown(draft.blocks))
        if told and not may_ask_lead(self._own_name.without(asked[0])):
            return draft, understood
        first, second = ([side] for side in asked)
        alone, _ = self._parts(first, (), unhelped, never_leans)
        if told and alone.route != "role":
            return draft, understood  # a table tells who leads; facts that name both may tell something else
        if not surely(alone, LESSER_SIDE):
            return draft, understood
        other, _ = self._parts(second, (), unhelped, never_leans)
        sure = (_sureness(alone) + _sureness(other)) / 2
        if not surely(other, LESSER_SIDE) or sure < EITHER_SIDE:
            return draft, understood
        both, meant = self._parts(asked, (), unhelped, never_leans)
        # a table tells by other words who leads what is asked about
        leads = alone.route == other.route == "role"
        return (both, meant) if leads or both_said(asked, shown(both.blocks)) else (draft, understood)

    def _parts(self, parts: Sequence[str], earlier: Sequence[str], helps: Helps, leaning: Leans) -> Reply:
        """The reply to each part of a message after another; ``leaning`` judges the first, the learned model the others."""
        draft = Draft(self._corpus, "en")
        understood: list[Understanding] = []
        statuses: list[Status] = []
        noes: list[Block] = []
        before = list(earlier)
        for number, part in enumerate(parts):
            if draft.route == "opinion" and not guards.asks(part):
                continue  # "We have to pick one by Friday." only says why somebody asks
            if guards.only_tells(part) and len(parts) > 1:
                if not all(guards.only_tells(p) for p in parts[number:]):
                    before.append(part)  # what the question after it is about
                    continue
                if statuses and statuses[-1] in ABSTENTIONS:
                    continue  # "A list please." says how a question is to be answered that cannot be
            part = self._own_name.without(part)
            place = guards.located(part)
            part = place or part
            u = helps(draft, understand(part, before, self._lexicon, self._refine, leaning), before)
            leaning = leaning if leaning is never_leans else self._leaning.of_part
            if understood:
                u = replace(u, language=understood[0].language)
            understood.append(u)
            draft.language = self._language or understood[0].language
            draft.status = "grounded"
            size = len(draft.blocks)
            self._router.answer(draft, u, partial(self._previous, tuple(before)))
            if place and draft.status == "grounded" and draft.route in PLACED:
                _tell_place(draft, size, part)
            if draft.status in REFUSALS:
                # the no itself; what comes near, and who has another role, is cited and stays
                noes += [b for b in draft.blocks[size : size + 1] if not cites(b)]
            statuses.append(draft.status)
            before.append(part)
        if "grounded" in statuses and any(s in REFUSALS for s in statuses):
            draft.blocks[:] = [b for b in draft.blocks if not any(b is no for no in noes)]
            draft.blocks.append(Paragraph(draft.say("partial"), template=True))
        draft.status = combined(statuses)
        return draft, understood

    def _refine(self, u: Understanding) -> Understanding:
        """Complete a message's slots with the learned model, where the lexicon leaves them open and an index is there."""
        slots = None if is_decided(u) else self._learned.slots(u)
        return u if slots is None else refine(u, slots)

    def _previous(self, earlier: Sequence[str], back: int = 0) -> Draft | None:
        """The reply to the last of the earlier messages, or one further ``back``, composed anew from them alone."""
        earlier = earlier[: len(earlier) - back]
        return self._recomposed(tuple(earlier)) if earlier else None

    def _recompose(self, turns: tuple[str, ...]) -> Draft:
        """The reply to the last of some messages. It is only read."""
        return self.compose(turns[-1], turns[:-1], unhelped)[0]


def unhelped(draft: Draft, u: Understanding, earlier: Sequence[str]) -> Understanding:
    """The understanding as lexicon and similarity have it."""
    return u


def _tell_place(draft: Draft, size: int, sought: str) -> None:
    """Say first where the first of the blocks from ``size`` on that cites something stands.

    Not where it corrects what was ``sought``: "which paragraph says that there are 20 sectors?" has no place.
    """
    first = next((b for b in draft.blocks[size:] if isinstance(b, Paragraph)), None)
    corrects = first is None or (first.template and draft.route != "mention")
    cited = first.citations if first is not None and not corrects else ()
    refs = dict.fromkeys(c.ref for c in draft.citations if c.number in cited)
    quotes = " ".join(c.quote for c in draft.citations if c.number in cited)
    if refs and claimed_figures(sought) <= figures(quotes):
        head = Paragraph(draft.say("reference_head", refs=", ".join(refs)), cited, template=True)
        draft.blocks.insert(size, head)


def surely(draft: Draft, least: float) -> bool:
    """Whether a reply answers, with at least this probability where it was judged."""
    return draft.status == "grounded" and _sureness(draft) >= least


def _sureness(draft: Draft) -> float:
    """Probability that a reply answers; 1 for one that needed no judgement."""
    return 1.0 if draft.confidence is None else draft.confidence


def cites(block: Block) -> bool:
    """Whether a block of a reply cites something."""
    return not isinstance(block, Paragraph) or bool(block.citations)


def combined(statuses: Sequence[Status]) -> Status:
    """Status of a compound answer: that of its parts where they agree, else partial."""
    if len(set(statuses)) == 1:
        return statuses[0]
    if any(s in ("grounded", "partial") for s in statuses):
        return "partial"
    return statuses[0]
