"""The composer's answer, carried on by a language model, sentence by checked sentence.

Nothing shown is taken back: the composer's first sentence and the matrix facts
come first, then the sentences that pass, then whatever of the composer's
evidence they have not said. Where the model fails, that is all of it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from assistant.answer import Answer, Block, Citation, Paragraph, Quote, RatingTable, cited_numbers
from assistant.compose.draft import make_citation
from assistant.lexicon import Lexicon
from assistant.llm import prompts
from assistant.llm.check import Checked, Checker
from assistant.llm.client import ChatClient, Messages
from assistant.llm.reply import SCHEMA, ReplyReader, Sentence
from assistant.llm.request import Request, bounded, build, said
from assistant.llm.support import LEXICAL, SupportTest
from assistant.text import content_stems
from assistant.verify import Finding, check_paragraph, figures, names
from corpus.errors import ChatModelError
from corpus.load import Corpus

logger = logging.getLogger(__name__)

#: Sentences of the model in one answer, and those that are looked at in one reply.
MAX_SENTENCES, MAX_READ = 5, 15
#: Share of a block's content that makes it said already.
_SAID = 0.9
#: Findings that writing again does not mend.
_HOPELESS = frozenset({"repeated", "too_many"})


def not_asked(answer: Answer) -> str:
    """Why the composer's answer stands as it is; empty where the model may carry it on.

    The model answers nothing that the composer refuses, and its English cannot
    be checked against what is said in another language.
    """
    if answer.status != "grounded":
        return f"composer_{answer.status}"
    if answer.language != "en":
        return "language"
    if not answer.citations:
        return "no_evidence"
    return ""


def divided(answer: Answer) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """The blocks that come first, and the rest.

    First come the composer's first sentence and all that is said of ratings,
    with its corrections and notes; quotes behind them are the rest.
    """
    blocks = answer.blocks
    if answer.cells:
        last = max((i for i, b in enumerate(blocks) if not isinstance(b, Quote)), default=0)
    else:
        last = next((i for i, b in enumerate(blocks) if not (isinstance(b, Paragraph) and b.template)), 0)
    return blocks[: last + 1], blocks[last + 1 :]


@dataclass
class _Growing:
    """An answer while it grows."""

    composed: Answer
    corpus: Corpus
    blocks: list[Block]
    citations: list[Citation]
    kept: int = 0
    findings: Counter[str] = field(default_factory=Counter)

    def add(self, sentence: Checked) -> list[Finding]:
        """Append a sentence, unless it fails the composer's own verification."""
        numbered = list(self.citations)
        numbers = [self._number(numbered, ref, quote) for ref, quote in sentence.places]
        block = Paragraph(sentence.text, tuple(dict.fromkeys(numbers)))
        found = check_paragraph(block, {c.number: c for c in numbered}, self.corpus, self.composed.cells)
        if not found:
            self.blocks.append(block)
            self.citations = numbered
            self.kept += 1
        return found

    def _number(self, numbered: list[Citation], ref: str, quote: str) -> int:
        for citation in numbered:
            if citation.ref == ref and citation.quote == quote:
                return citation.number
        made = make_citation(self.corpus, ref, quote, max((c.number for c in numbered), default=0) + 1)
        numbered.append(made)
        return made.number

    def says(self, block: Block) -> bool:
        """Whether what is shown, with at least one sentence of the model, says all that a block says."""
        if not self.kept or isinstance(block, RatingTable):
            return False
        shown = " ".join(said(self.blocks))
        text = " ".join(said([block]))
        own = set(content_stems(text))
        covered = len(own & set(content_stems(shown))) >= _SAID * len(own)
        return covered and figures(text) <= figures(shown) and names(text) <= names(shown)

    def so_far(self) -> Answer:
        used = {n for block in self.blocks for n in cited_numbers(block)}
        cited = tuple(c for c in self.citations if c.number in used)
        return replace(self.composed, blocks=tuple(self.blocks), citations=cited, complete=False)


class Writer:
    """Carries answers on with a chat model. Safe to share between threads."""

    def __init__(
        self,
        client: ChatClient,
        corpus: Corpus,
        lexicon: Lexicon,
        *,
        context_chars: int = 6000,
        support: SupportTest = LEXICAL,
    ) -> None:
        self.client = client
        self._corpus = corpus
        self._lexicon = lexicon
        self._context_chars = context_chars
        self._support = support

    def stream(self, composed: Answer, question: str, deadline: float) -> Iterator[Answer]:
        """The answer, growing; the last is complete. ``deadline`` is a time of the client's clock."""
        why = not_asked(composed)
        if why:
            yield with_model(composed, {"name": self.client.name, "outcome": "composer", "why": why})
            return
        lead, rest = divided(composed)
        page = _Growing(composed, self._corpus, list(lead), list(composed.citations))
        yield page.so_far()
        request = build(question, composed, said(lead), self._corpus, limit=self._context_chars)
        account: dict[str, object] = {"name": self.client.name}
        tokens = [0, 0]
        began = self.client.clock()
        try:
            for _ in self._rounds(request, page, deadline, tokens):
                yield page.so_far()
        except ChatModelError as error:
            if error.kind == "too_long":
                page.findings["endless_output"] += 1
            account["failure"] = error.kind
            logger.warning(
                "chat model %s: %s (%s) after %d ms; the composer's answer stands, with %d checked sentences",
                self.client.name,
                error.kind,
                error.why,
                round((self.client.clock() - began) * 1000),
                page.kept,
            )
        completed = [block for block in rest if not page.says(block)]
        page.blocks += completed
        account["outcome"] = "composer" if not page.kept else "completed" if completed else "written"
        account |= {"kept": page.kept, "findings": dict(page.findings), "tokens": tuple(tokens)}
        answer = replace(page.so_far(), complete=True) if page.kept else composed
        yield with_model(answer, account)

    def _rounds(self, request: Request, page: _Growing, deadline: float, tokens: list[int]) -> Iterator[None]:
        """Two rounds at most; gives control back whenever a sentence was added."""
        failed: list[tuple[str, list[Finding]]] = []
        began = self.client.clock()
        yield from self._round(_messages(request), request, page, deadline, tokens, failed.append)
        spent = self.client.clock() - began
        mendable = [(t, fs) for t, fs in failed if not {f.check for f in fs} <= _HOPELESS]
        # a second round takes about as long as the first: it is not begun where that would end in silence
        if mendable and page.kept < MAX_SENTENCES and self.client.clock() + spent < deadline:
            yield from self._round(
                _messages(request, mendable[:8], said(page.blocks)), request, page, deadline, tokens, lambda _: None
            )

    def _round(
        self,
        messages: Messages,
        request: Request,
        page: _Growing,
        deadline: float,
        tokens: list[int],
        fail: Callable[[tuple[str, list[Finding]]], None],
    ) -> Iterator[None]:
        asked = cast("Collection[str]", request.understood.get("crises", ()))
        checker = Checker(self._corpus, self._lexicon, request.passages, page.composed.cells, self._support, asked)
        reader = ReplyReader()
        call = self.client.start(messages, deadline, ("sentences", SCHEMA))
        read = 0
        try:
            for piece in call:
                for sentence in reader.feed(piece):
                    read += 1
                    if read > MAX_READ or page.kept >= MAX_SENTENCES:
                        page.findings["too_many"] += 1
                        return
                    found = self._take(checker, sentence, page)
                    if found:
                        fail((sentence.text, found))
                        page.findings.update(f.check for f in found)
                    else:
                        yield
        finally:
            call.close()
            tokens[0] += call.tokens[0]
            tokens[1] += call.tokens[1]
        for finding in reader.end():
            page.findings[finding.check] += 1
            fail(("", [finding]))

    @staticmethod
    def _take(checker: Checker, sentence: Sentence, page: _Growing) -> list[Finding]:
        checked, found = checker.check(sentence, said(page.blocks))
        return found if checked is None else page.add(checked)


def with_model(answer: Answer, account: dict[str, object]) -> Answer:
    """The answer with what the model did written into its trace."""
    trace = answer.trace
    checks = trace.checks if account["outcome"] == "composer" else (*trace.checks, "sentences of the model")
    return replace(answer, trace=replace(trace, checks=checks, model={**trace.model, **account}))


def _messages(
    request: Request, failed: Sequence[tuple[str, list[Finding]]] = (), shown: Sequence[str] = ()
) -> list[tuple[str, str]]:
    data = request.as_json()
    if not failed:
        return [("system", prompts.WRITE), ("user", bounded(data))]
    data["already_said"] = list(shown)
    data["failed"] = [
        {"text": text, "why": [f"{prompts.REASONS.get(f.check, f.check)}" for f in findings]}
        for text, findings in failed
    ]
    return [("system", prompts.REPAIR + prompts.WRITE), ("user", bounded(data))]
