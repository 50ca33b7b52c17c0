"""Joins the pure parts: an event is claimed, worked on and answered once, whatever dies on the way.

An adapter hands events to ``Engine.receive`` and offers itself as a ``Port``:
read a thread, show a sign of life, send one message, look for one's own
message. Everything that decides lives here and is the same on every network.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from assistant.answer import Answer, Turn
from assistant.text import detect_language
from corpus.errors import AssistantError
from corpus.types import Language
from ui.bots import logs
from ui.bots.core import (
    ChannelPolicy,
    Ignore,
    Incoming,
    Network,
    Serve,
    ThreadMessage,
    decide,
    history,
    send_key,
    understand,
)
from ui.bots.errors import CannotLookError, RefusedError, SendError, ThrottledError, UncertainError
from ui.bots.ledger import Ledger, Limits, Memory, Shown, Work
from ui.bots.metrics import Metrics
from ui.bots.settings import BotSettings
from ui.bots.sheet import Sheet, note_sheet, sheet, spoken
from ui.bots.texts import say

logger = logging.getLogger(__name__)
Value = TypeVar("Value")
Payload = Mapping[str, Any]

#: Takes an event this often before it is answered with an apology instead of being asked again.
MOST_ATTEMPTS = 5
#: Longest wait between two attempts to send, in seconds.
LONGEST_WAIT = 30.0
#: Attempts to send one part in one process, before the lease is left to run out.
SEND_ATTEMPTS = 12


class Asker(Protocol):
    """The assistant: what the page uses too."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer: ...


class FeedbackSink(Protocol):
    """Where ratings go: the same store the page uses."""

    def record(self, answer_id: str, verdict: str, comment: str, body: Mapping[str, Any]) -> None:
        """Store a verdict, ``up`` or ``down``, on the answer; a second word on it replaces the first."""
        ...


class Port(Protocol):
    """What an adapter offers. Every method may raise ``SendError``."""

    network: Network
    #: Sending twice with one key delivers once.
    idempotent: bool
    #: Threads can be read back, so no conversation need be kept here.
    reads_threads: bool

    async def history(self, event: Incoming, limit: int) -> Sequence[ThreadMessage]:
        """Messages before ``event`` in its conversation, oldest first, at most ``limit``."""
        ...

    async def sign(self, event: Incoming, shown: bool) -> None:
        """Show or clear a sign of life. Failing is of no consequence."""
        ...

    async def send(self, event: Incoming, message: Payload, key: str) -> str:
        """Send one message as a reply; returns its id. ``key`` is the same in every attempt."""
        ...

    async def find(self, event: Incoming, key: str) -> str | None:
        """Id of the bot's own message that was sent with ``key``, or None. Raises CannotLookError."""
        ...

    def render(self, page: Sheet, event: Incoming, answer_id: str) -> Sequence[Payload]:
        """The messages of a reply within the network's limits; ``answer_id`` is empty where no feedback is taken."""
        ...


@dataclass(frozen=True, slots=True)
class About:
    """What the help says of the document."""

    symbol: str
    date: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished reply before rendering."""

    page: Sheet
    outcome: str
    answer_id: str = ""
    answer: str = ""
    turns: tuple[Turn, ...] = ()
    joins: bool = True


@dataclass(frozen=True, slots=True)
class Rated:
    """What became of a rating, and the sentence that says so."""

    stored: bool
    text: str
    language: Language


def _nothing(_: str) -> None:
    """Called at every step; the kill test puts something deadly here."""


class Engine:
    """Works for one network in one process; any number of them may share a ledger."""

    def __init__(
        self,
        port: Port,
        asker: Asker,
        ledger: Ledger,
        settings: BotSettings,
        *,
        about: About,
        metrics: Metrics | None = None,
        feedback: FeedbackSink | None = None,
        checkpoint: Callable[[str], None] = _nothing,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.port, self.asker, self.ledger, self.settings, self.about = port, asker, ledger, settings, about
        self.metrics = metrics or Metrics(port.network)
        self.feedback = feedback if settings.bot_feedback else None
        self._checkpoint, self._sleep = checkpoint, sleep
        self._policy = ChannelPolicy(settings.bot_allow_channels, settings.bot_deny_channels)
        self._limits = Limits(settings.bot_person_limit, settings.bot_channel_limit)
        self._asking = ThreadPoolExecutor(settings.bot_workers, thread_name_prefix="ask")
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._turnstile = asyncio.Semaphore(settings.bot_workers)
        self._locks: OrderedDict[tuple[str, str, str], asyncio.Lock] = OrderedDict()
        self._active: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    # -- life ----------------------------------------------------------------

    async def start(self) -> None:
        """Begin to keep leases and to take over what others left behind."""
        self._loops = [asyncio.create_task(self._every(self.settings.bot_lease_seconds / 3, self._beat))]
        self._loops.append(asyncio.create_task(self._every(3600.0, self._purge)))

    async def stop(self) -> None:
        """Finish what was begun within the time allowed; what is left is free for the next replica at once."""
        self._stopping.set()
        deadline = asyncio.get_running_loop().time() + self.settings.bot_stop_seconds
        while self._tasks and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(set(self._tasks), timeout=left)
        for task in (*self._tasks, *self._loops):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._loops, return_exceptions=True)
        await self.db(self.ledger.release)
        self._asking.shutdown(wait=False, cancel_futures=True)
        self._writing.shutdown(wait=True)
        logs.event(logger, "stopped", replies=int(self.metrics.value("mcof_bot_seconds_count")))

    async def idle(self) -> None:
        """Wait until nothing is being worked on."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _every(self, seconds: float, action: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            try:
                await action()
            except Exception:
                logger.exception("background work failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _beat(self) -> None:
        await self.db(self.ledger.heartbeat, sorted(self._active))
        await self.recover()

    async def _purge(self) -> None:
        s = self.settings
        await self.db(
            lambda: self.ledger.purge(
                event_days=s.bot_keep_days, answer_days=s.bot_answer_days, history_hours=s.bot_history_hours
            )
        )

    async def recover(self) -> int:
        """Take over events whose owner is gone. Returns how many."""
        works = await self.db(lambda: self.ledger.take_over([self.port.network], but=frozenset(self._active)))
        for work in works:
            self.metrics.recovered(work.state)
            logs.event(logger, "taken over", id=logs.ident(work.incoming.key), state=work.state, attempts=work.attempts)
            self._spawn(self._resume(work), work.incoming.key)
        return len(works)

    async def db(self, function: Callable[..., Value], *args: Any, **kwargs: Any) -> Value:  # noqa: ANN401
        """One ledger call, off the event loop, in order."""
        return await asyncio.get_running_loop().run_in_executor(self._writing, lambda: function(*args, **kwargs))

    def _spawn(self, work: Awaitable[None], key: str) -> asyncio.Task[None]:
        async def run() -> None:
            self._active.add(key)
            self.metrics.open.set(len(self._active))
            try:
                await work
            except asyncio.CancelledError:
                raise
            except Exception:
                logger.exception("work failed", extra={"fields": {"id": logs.ident(key)}})
            finally:
                self._active.discard(key)
                self.metrics.open.set(len(self._active))

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- receive -------------------------------------------------------------

    async def receive(self, event: Incoming, *, wait: bool = False) -> bool:
        """Claim ``event`` and begin to answer it. Returns when it is safe to acknowledge.

        True where this call claimed it. With ``wait`` the reply has been sent on return.
        """
        began = time.perf_counter()
        self._checkpoint("received")
        taking_part = True
        if not (event.direct or event.mentioned or event.private) and not (
            event.from_self or event.from_bot or event.edited
        ):
            taking_part = await self.db(self.ledger.taking_part, event.conversation) if event.thread else False
        verdict = decide(event, self._policy, taking_part=taking_part)
        if isinstance(verdict, Ignore):
            self.metrics.received(verdict.reason)
            return False
        mine = event.key not in self._active
        self._active.add(event.key)
        claim = None
        try:
            claim = await self.db(self.ledger.claim, event, self._limits)
        finally:
            if claim is None and mine:
                self._active.discard(event.key)
        if claim is None:
            self.metrics.received("duplicate")
            return False
        self._checkpoint("claimed")
        self.metrics.received("served")
        if claim.limited and claim.told:
            await self.db(self.ledger.finish, event.key, "limited")
            self._active.discard(event.key)
            return True
        late = bool(event.sent_at) and self.ledger.clock() - event.sent_at > max(self.settings.bot_catch_up_seconds, 1)
        note = say(_language(event.text), "limited", seconds=claim.wait) if claim.limited else ""
        note = note or (say(_language(event.text), "late") if late else "")
        task = self._spawn(self._work(event, verdict, began, note, "limited" if claim.limited else "late"), event.key)
        if wait:
            await asyncio.wait({task})
        return True

    async def _work(self, event: Incoming, served: Serve, began: float, note: str = "", note_outcome: str = "") -> None:
        """From a claimed event to a delivered reply."""
        async with self._sign_of_life(event), self._lock(event.conversation):
            if note:
                reply = Reply(note_sheet(_language(event.text), note), note_outcome, joins=False)
            else:
                async with self._turnstile:
                    reply = await self._reply(event, served)
            self._checkpoint("answered")
            payloads = [dict(p) for p in self.port.render(reply.page, event, reply.answer_id)]
            memory = Memory(event.conversation, reply.page.options, reply.turns, reply.answer_id, reply.answer)
            payloads.append({"outcome": reply.outcome, "answer_id": reply.answer_id})
            if not await self.db(self.ledger.prepare, event.key, payloads, memory if reply.joins else None):
                self._lost(event)
                return
            self._checkpoint("prepared")
            await self._deliver(event, payloads, 0, began)

    async def _resume(self, work: Work) -> None:
        """Go on where a dead replica stopped."""
        event, began = work.incoming, time.perf_counter()
        if work.signed:
            with contextlib.suppress(SendError):
                await self.port.sign(event, False)
        if work.reply is None:
            if work.attempts > MOST_ATTEMPTS:
                note = say(_language(event.text), "failed", reference=logs.ident(event.key))
                await self._work(event, Serve("ask", event.text), began, note, "failed")
            else:
                await self._work(event, understand(event.text), began)
            return
        async with self._lock(event.conversation):
            if work.state == "noticing":
                await self._notice(event, list(work.reply), rest=work.sent > 0, again=True)
            elif work.sending >= 0:
                await self._doubt(event, list(work.reply), work.sending, began)
            else:
                await self._deliver(event, list(work.reply), work.sent, began)

    def _lost(self, event: Incoming) -> None:
        logs.event(logger, "another replica answers", id=logs.ident(event.key))

    def _lock(self, place: tuple[str, str, str]) -> asyncio.Lock:
        """One lock a conversation, so that replies come in the order of the questions."""
        lock = self._locks.get(place) or asyncio.Lock()
        self._locks[place] = lock
        self._locks.move_to_end(place)
        while len(self._locks) > 5000:
            oldest = next(iter(self._locks))
            if self._locks[oldest].locked():
                break
            del self._locks[oldest]
        return lock

    @contextlib.asynccontextmanager
    async def _sign_of_life(self, event: Incoming) -> Any:  # noqa: ANN401 - an async generator
        """Show that work goes on if it takes longer; always cleared, also after an error or a crash."""
        shown = False

        async def show() -> None:
            nonlocal shown
            await self._sleep(self.settings.bot_sign_seconds)
            while True:
                if not shown:
                    await self.db(self.ledger.set_sign, event.key, True)
                shown = True
                with contextlib.suppress(SendError):
                    await self.port.sign(event, True)
                await self._sleep(3.0)

        task = asyncio.create_task(show())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if shown:
                with contextlib.suppress(SendError):
                    await self.port.sign(event, False)
                with contextlib.suppress(AssistantError):
                    await self.db(self.ledger.set_sign, event.key, False)

    # -- reply ---------------------------------------------------------------

    async def _reply(self, event: Incoming, served: Serve) -> Reply:
        """The reply to what is asked. Never raises: what fails becomes one polite sentence."""
        language = _language(event.text)
        match served.command:
            case "help":
                return Reply(note_sheet(language, self.help(language)), "help", joins=not event.private)
            case "nothing":
                return Reply(note_sheet(language, say(language, "nothing")), "nothing")
            case "leave":
                await self.db(self.ledger.join_thread, event.conversation, taking_part=False)
                return Reply(note_sheet(language, say(language, "left")), "left", joins=False)
            case "comment":
                answer_id = await self.db(self.ledger.last_answer, event.conversation)
                rated = await self.rate(answer_id, "comment", served.text, language)
                return Reply(note_sheet(rated.language, rated.text), "comment", joins=False)
            case "choose":
                options = await self.db(self.ledger.options, event.conversation)
                number = int(served.text)
                if not 1 <= number <= len(options):
                    return Reply(note_sheet(language, say(language, "no_choice")), "no_choice", joins=False)
                return await self._ask(event, options[number - 1])
            case _:
                return await self._ask(event, served.text)

    async def _ask(self, event: Incoming, question: str) -> Reply:
        language = _language(question)
        turns = await self._turns(event)
        began = time.perf_counter()
        loop = asyncio.get_running_loop()
        try:
            asked = loop.run_in_executor(self._asking, lambda: self.asker.ask(question, turns))
            answer = await asyncio.wait_for(asked, self.settings.bot_answer_seconds)
        except AssistantError as error:
            logs.event(logger, "no answer", logging.WARNING, id=logs.ident(event.key), error=type(error).__name__)
            return Reply(note_sheet(language, say(language, "unusable", reason=error.message)), "unusable")
        except Exception as error:
            logger.error(
                "answering failed", exc_info=_without_text(error), extra={"fields": {"id": logs.ident(event.key)}}
            )
            return Reply(note_sheet(language, say(language, "failed", reference=logs.ident(event.key))), "failed")
        self.metrics.asked(time.perf_counter() - began)
        self.metrics.model.answer(answer.trace.model)
        page = sheet(answer, page_url=self.settings.bot_page_url)
        kept = () if self.port.reads_threads else (Turn("user", question), Turn("assistant", answer.text))
        if self.feedback is None:
            return Reply(page, answer.status, turns=kept)
        return Reply(page, answer.status, send_key(event.key, "answer")[:20], _kept(answer, self.port.network), kept)

    async def preview(self, event: Incoming) -> Sheet | None:
        """An answer for a place that shows it only to its asker and cannot be written to later.

        It counts towards the limits; None where the same event came before.
        """
        if not self._policy.serves(event.channel):
            return None
        claim = await self.db(self.ledger.claim, event, self._limits)
        if claim is None:
            return None
        try:
            if claim.limited:
                language = _language(event.text)
                return note_sheet(language, say(language, "limited", seconds=claim.wait))
            async with self._turnstile:
                return (await self._ask(event, event.text)).page
        finally:
            await self.db(self.ledger.finish, event.key, "preview")

    async def _turns(self, event: Incoming) -> tuple[Turn, ...]:
        """Earlier turns of the conversation, from the thread or, where it cannot be read, from the ledger."""
        limit = self.settings.bot_history_messages
        if not limit or event.private:
            return ()
        if not self.port.reads_threads:
            since = self.ledger.clock() - self.settings.bot_history_hours * 3600
            return await self.db(lambda: self.ledger.turns(event.conversation, since=since, most=limit))
        try:
            found = await self.port.history(event, limit)
        except SendError as error:
            logs.event(logger, "thread not read", logging.WARNING, id=logs.ident(event.key), error=type(error).__name__)
            return ()
        return history([ThreadMessage(m.by, spoken(m.text) if m.by == "self" else m.text) for m in found], limit=limit)

    def ledger_works(self) -> bool:
        """Whether the ledger can be written to: without it nothing is answered."""
        try:
            self.ledger.put("ready", "")
        except AssistantError:
            return False
        return True

    def help(self, language: Language) -> str:
        """What the bot can answer, what it keeps, and that it is no official product."""
        s = self.settings
        kept = say(
            language,
            "kept",
            days=s.bot_keep_days,
            history="" if self.port.reads_threads else say(language, "kept_history", hours=s.bot_history_hours),
            feedback=say(language, "kept_feedback", days=s.bot_answer_days) if self.feedback else "",
        )
        return say(language, "help", symbol=self.about.symbol, date=self.about.date, kept=kept)

    async def rate(self, answer_id: str, rating: str, comment: str, language: Language = "en") -> Rated:
        """Store a rating (``up``, ``down``, or ``comment`` on the last one).

        A comment without a rating counts as ``down``: it says what should be better.
        """
        if self.feedback is None:
            return Rated(False, say(language, "feedback_off"), language)
        text = await self.db(self.ledger.answer, answer_id) if answer_id else None
        if text is None:
            return Rated(False, say(language, "feedback_gone"), language)
        body = json.loads(text)
        language = body["language"]
        try:
            before = await self.db(self.ledger.get, f"rated:{answer_id}")
            verdict = before or "down" if rating == "comment" else rating
            await asyncio.to_thread(self.feedback.record, answer_id, verdict, comment, body)
            await self.db(self.ledger.put, f"rated:{answer_id}", verdict)
        except AssistantError:
            return Rated(False, say(language, "feedback_failed"), language)
        except Exception:
            logger.exception("feedback was not stored")
            return Rated(False, say(language, "feedback_failed"), language)
        self.metrics.rated(verdict)
        return Rated(True, say(language, "thanks_comment" if comment else "thanks"), language)

    # -- deliver -------------------------------------------------------------

    async def _deliver(self, event: Incoming, payloads: Sequence[Payload], sent: int, began: float) -> None:
        """Send the parts from ``sent`` on. The last payload is not a message but says what it was."""
        *parts, about = payloads
        for part in range(sent, len(parts)):
            for attempt in range(SEND_ATTEMPTS + 1):
                if attempt == SEND_ATTEMPTS:
                    logs.event(logger, "gave up sending for now", logging.ERROR, id=logs.ident(event.key), part=part)
                    return  # the lease runs out and somebody tries again
                if not await self.db(self.ledger.begin_part, event.key, part):
                    self._lost(event)
                    return
                self._checkpoint("sending")
                try:
                    message = await self.port.send(event, parts[part], send_key(event.key, part))
                except ThrottledError as error:
                    self.metrics.sent("throttled")
                    await self._wait(max(error.retry_after, 0.05))
                    continue
                except RefusedError as error:
                    self.metrics.sent("refused")
                    logs.event(logger, "refused", logging.ERROR, id=logs.ident(event.key), code=error.code, part=part)
                    await self.db(self.ledger.finish, event.key, "refused")
                    return
                except UncertainError:
                    self.metrics.sent("uncertain")
                    if not self.port.idempotent:
                        await self._doubt(event, payloads, part, began)
                        return
                    await self._wait(min(LONGEST_WAIT, 0.25 * 2**attempt))
                    continue
                break
            self._checkpoint("sent")
            self.metrics.sent("ok")
            last = str(about["outcome"]) if part == len(parts) - 1 else ""
            shown = Shown(event.network, event.channel, message, str(about["answer_id"]))
            await self.db(self.ledger.part_sent, event.key, part, last=last, shown=shown)
            self._checkpoint("part done")
        if sent >= len(parts):
            await self.db(self.ledger.finish, event.key, str(about["outcome"]))
        seconds = time.perf_counter() - began
        self.metrics.replied(str(about["outcome"]), seconds)
        logs.event(
            logger,
            "replied",
            id=logs.ident(event.key),
            outcome=about["outcome"],
            parts=len(parts),
            ms=round(seconds * 1000),
        )
        self._checkpoint("done")

    async def _doubt(self, event: Incoming, payloads: Sequence[Payload], part: int, began: float) -> None:
        """Part ``part`` may have arrived: look for it; if it is not there, say once "please ask again".

        Where sending twice delivers once, it is simply sent again instead.
        """
        for attempt in range(SEND_ATTEMPTS):
            try:
                found = await self.port.find(event, send_key(event.key, part))
            except CannotLookError:
                self.metrics.noticed("blind")
                break
            except ThrottledError as error:
                await self._wait(error.retry_after)
                continue
            except SendError:
                await self._wait(min(LONGEST_WAIT, 0.25 * 2**attempt))
                continue
            if found is None and self.port.idempotent:
                await self._deliver(event, payloads, part, began)
                return
            if found is not None:
                about = payloads[-1]
                last = str(about["outcome"]) if part == len(payloads) - 2 else ""
                shown = Shown(event.network, event.channel, found, str(about["answer_id"]))
                await self.db(self.ledger.part_sent, event.key, part, last=last, shown=shown)
                if not last:
                    await self._deliver(event, payloads, part + 1, began)
                return
            self.metrics.noticed("looked")
            break
        else:
            return  # the network is away: the lease runs out and somebody looks again
        await self._notice(event, payloads, rest=part > 0)

    async def _notice(self, event: Incoming, payloads: Sequence[Payload], *, rest: bool, again: bool = False) -> None:
        """Say "please ask again", once: after a crash in the midst of it only if it cannot be found in the thread."""
        key = send_key(event.key, "notice")
        if again:
            try:
                if await self.port.find(event, key) is not None:
                    await self.db(self.ledger.finish, event.key, "asked_again")
                    return
            except CannotLookError:
                self.metrics.noticed("blind")
            except SendError:
                return
        if not await self.db(self.ledger.begin_notice, event.key):
            self._lost(event)
            return
        self._checkpoint("noticing")
        language = _language(event.text)
        page = note_sheet(language, say(language, "ask_again_rest" if rest else "ask_again"))
        outcome = "asked_again"
        for attempt in range(SEND_ATTEMPTS):
            try:
                for payload in self.port.render(page, event, ""):
                    await self.port.send(event, payload, key)
            except ThrottledError as error:
                await self._wait(error.retry_after)
                continue
            except RefusedError:
                outcome = "refused"
            except UncertainError:
                if self.port.idempotent:
                    await self._wait(min(LONGEST_WAIT, 0.25 * 2**attempt))
                    continue
                outcome = "asked_again_perhaps"
            break
        self._checkpoint("noticed")
        await self.db(self.ledger.finish, event.key, outcome)
        logs.event(logger, "asked to ask again", logging.WARNING, id=logs.ident(event.key), outcome=outcome)

    async def _wait(self, seconds: float) -> None:
        """Wait, unless the bot is being stopped: then whoever comes next goes on."""
        waiting = asyncio.ensure_future(self._sleep(min(seconds, LONGEST_WAIT * 4)))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            stopping.cancel()


def _language(text: str) -> Language:
    return detect_language(text[:500])


def _kept(answer: Answer, network: str) -> str:
    """What feedback would be about, as JSON."""
    return json.dumps(
        {
            "surface": network,
            "question": answer.question,
            "answer": answer.text,
            "status": answer.status,
            "language": answer.language,
            "citations": [{"ref": c.ref, "quote": c.quote} for c in answer.citations],
            "symbol": answer.stamp.symbol,
            "text_sha256": answer.stamp.text_sha256,
            "index_id": answer.stamp.index_id,
        },
        ensure_ascii=False,
    )


def _without_text(error: BaseException) -> tuple[type[BaseException], BaseException, Any]:
    """Traceback of an error, its message left out: it might hold words of a question."""
    return type(error), RuntimeError(type(error).__name__), error.__traceback__
