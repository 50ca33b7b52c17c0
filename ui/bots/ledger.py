"""What must survive a crash: which events were claimed, which replies are on their way, which arrived.

One row an event. Its states:

    claimed -> ready -> done          the ordinary way
    claimed -> ready -> noticing -> done   a part may or may not have arrived: "please ask again", once

``claim`` inserts the row, so the event counts as handled in the same
transaction that gives somebody the right to answer it. ``ready`` holds the
finished reply; before each part is sent, its number is written down
(``sending``), and after it arrived ``sent`` is raised. A row whose lease has run
out belongs to nobody: the next replica takes it over and sees exactly how far
its predecessor came. Every write checks that the writer still owns the row, so
a slow process that lost its lease cannot send.

SQLite (write-ahead log, full sync) serves all replicas on one host; across
hosts a PostgreSQL URL is required, and a second host on the same file is refused.
"""

from __future__ import annotations

import hashlib
import json
import platform
import secrets
import sqlite3
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from assistant.answer import Turn
from corpus.errors import StorageError
from ui.bots.core import Incoming, person_key
from ui.bots.errors import LedgerSharedError

State = Literal["claimed", "ready", "noticing", "done"]
Value = TypeVar("Value")

#: Seconds to wait for another connection that turns the write-ahead log on.
_SWITCH_SECONDS = 10.0
#: A host that has written within this many seconds is running.
HOST_SECONDS = 60.0

meta = sa.MetaData()

events = sa.Table(
    "bot_event",
    meta,
    sa.Column("key", sa.String(300), primary_key=True),
    sa.Column("network", sa.String(16), nullable=False),
    sa.Column("channel", sa.String(300), nullable=False),
    sa.Column("person", sa.String(16), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False, default=""),
    sa.Column("owner", sa.String(40), nullable=False),
    sa.Column("lease_until", sa.Float, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=1),
    sa.Column("received_at", sa.Float, nullable=False),
    sa.Column("limited", sa.Boolean, nullable=False, default=False),
    sa.Column("signed", sa.Boolean, nullable=False, default=False),
    sa.Column("incoming", sa.Text),
    sa.Column("reply", sa.Text),
    sa.Column("sent", sa.Integer, nullable=False, default=0),
    sa.Column("sending", sa.Integer, nullable=False, default=-1),
    sa.Index("bot_event_lease", "state", "lease_until"),
    sa.Index("bot_event_person", "network", "person", "received_at"),
    sa.Index("bot_event_channel", "network", "channel", "received_at"),
)

threads = sa.Table(
    "bot_thread",
    meta,
    sa.Column("network", sa.String(16), primary_key=True),
    sa.Column("channel", sa.String(300), primary_key=True),
    sa.Column("thread", sa.String(300), primary_key=True),
    sa.Column("taking_part", sa.Boolean, nullable=False),
    sa.Column("options", sa.Text, nullable=False, default="[]"),
    sa.Column("last_answer", sa.String(64), nullable=False, default=""),
    sa.Column("at", sa.Float, nullable=False),
)

turns = sa.Table(
    "bot_turn",
    meta,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("network", sa.String(16), nullable=False),
    sa.Column("channel", sa.String(300), nullable=False),
    sa.Column("thread", sa.String(300), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("role", sa.String(10), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Index("bot_turn_place", "network", "channel", "thread", "id"),
)

answers = sa.Table(
    "bot_answer",
    meta,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)

messages = sa.Table(
    "bot_message",
    meta,
    sa.Column("network", sa.String(16), primary_key=True),
    sa.Column("channel", sa.String(300), primary_key=True),
    sa.Column("message", sa.String(300), primary_key=True),
    sa.Column("answer", sa.String(64), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

notes = sa.Table(
    "bot_note",
    meta,
    sa.Column("key", sa.String(400), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Most questions in ``seconds`` of one person, and in one channel. 0 means no limit."""

    person: int = 10
    channel: int = 60
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer an event. ``limited``: the sender asked too much; ``told``: this was said before."""

    limited: bool = False
    told: bool = False
    wait: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """An event taken over: what it was, how far its reply came, and how often it was tried.

    ``reply`` is None before the reply was finished. ``sending`` is the part that
    may or may not have arrived, -1 where no such doubt exists.
    """

    incoming: Incoming
    state: State
    reply: tuple[Mapping[str, Any], ...] | None
    sent: int
    sending: int
    attempts: int
    signed: bool


@dataclass(frozen=True, slots=True)
class Memory:
    """What a conversation must remember once a reply is ready.

    ``options`` are the questions a typed number chooses; ``turns`` are kept on
    networks whose threads cannot be read back; ``answer`` is what feedback
    would be about, kept under ``answer_id`` where that is not empty.
    """

    place: tuple[str, str, str]
    options: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()
    answer_id: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the bot and the answer it showed, so that a reaction to it finds the answer."""

    network: str
    channel: str
    message: str
    answer_id: str


_DONE: dict[str, object] = {"state": "done", "incoming": None, "reply": None, "sending": -1, "signed": False}


class Ledger:
    """The table of handled events, shared by all replicas. Methods are short transactions and may block on the file."""

    def __init__(
        self,
        url: str,
        *,
        lease_seconds: float = 15.0,
        clock: Callable[[], float] = time.time,
        owner: str | None = None,
        host: str | None = None,
    ) -> None:
        self.lease_seconds = lease_seconds
        self.clock = clock
        self.owner = owner or uuid.uuid4().hex
        self._host = hashlib.sha256((host or _host_identity()).encode()).hexdigest()[:12]
        self._engine = _engine(url)
        self.sqlite = self._engine.dialect.name == "sqlite"
        try:
            meta.create_all(self._engine)
            self._check_host()
            self._salt = self._first("salt", secrets.token_hex(16))
        except (IntegrityError, OperationalError) as error:
            if not _raced(error):
                raise _storage(error) from error
            meta.create_all(self._engine)
            self._salt = self._first("salt", secrets.token_hex(16))
        except SQLAlchemyError as error:
            raise _storage(error) from error

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise _storage(error) from error

    # -- claim and work ----------------------------------------------------

    def claim(self, event: Incoming, limits: Limits = Limits()) -> Claim | None:
        """The right to answer ``event``, or None where it was claimed before, by anybody.

        The row is inserted and the limits are counted in one transaction.
        """
        now = self.clock()
        person = person_key(self._salt, event.network, event.user)
        row = {
            "key": event.key[:300],
            "network": event.network,
            "channel": event.channel[:300],
            "person": person,
            "state": "claimed",
            "owner": self.owner,
            "lease_until": now + self.lease_seconds,
            "received_at": now,
            "incoming": event.to_json(),
        }
        try:
            with self._write() as db:
                claim = self._limit(db, event.network, event.channel[:300], person, limits, now)
                db.execute(events.insert().values(**row, limited=claim.limited))
                return claim
        except IntegrityError:
            return None

    def _limit(self, db: sa.Connection, network: str, channel: str, person: str, limits: Limits, now: float) -> Claim:
        since = now - limits.seconds
        waits = []
        for most, column, value in (
            (limits.person, events.c.person, person),
            (limits.channel, events.c.channel, channel),
        ):
            if most <= 0:
                continue
            recent = (events.c.network == network) & (column == value) & (events.c.received_at > since)
            counted = (
                db.execute(
                    sa.select(events.c.received_at)
                    .where(recent & ~events.c.limited)
                    .order_by(events.c.received_at.desc())
                    .limit(most)
                )
                .scalars()
                .all()
            )
            if len(counted) >= most:
                waits.append(max(1, round(counted[-1] + limits.seconds - now)))
        if not waits:
            return Claim()
        told = db.execute(
            sa.select(sa.func.count())
            .select_from(events)
            .where(
                (events.c.network == network)
                & (events.c.person == person)
                & (events.c.received_at > since)
                & events.c.limited
            )
        ).scalar_one()
        return Claim(limited=True, told=bool(told), wait=max(waits))

    def handled(self, key: str) -> bool:
        """Whether an event of this key was ever claimed."""
        with self._write() as db:
            return db.execute(sa.select(events.c.key).where(events.c.key == key[:300])).first() is not None

    def _mine(self, key: str) -> sa.ColumnElement[bool]:
        return (events.c.key == key[:300]) & (events.c.owner == self.owner) & (events.c.state != "done")

    def _update(self, key: str, **values: object) -> bool:
        with self._write() as db:
            return bool(db.execute(events.update().where(self._mine(key)).values(**values)).rowcount)

    def prepare(self, key: str, reply: Sequence[Mapping[str, Any]], memory: Memory | None = None) -> bool:
        """Keep the finished reply and what the conversation must remember, in one transaction.

        False where another replica has taken the event over; then nothing is kept.
        """
        now = self.clock()
        text = json.dumps(list(reply), ensure_ascii=True)
        for _ in range(2):
            try:
                with self._write() as db:
                    values = {"state": "ready", "reply": text, "lease_until": now + self.lease_seconds}
                    if not db.execute(events.update().where(self._mine(key)).values(**values)).rowcount:
                        return False
                    if memory:
                        self._remember(db, memory, now)
                    return True
            except IntegrityError:
                continue  # another replica inserted the same thread at this moment
        return False

    def _remember(self, db: sa.Connection, memory: Memory, now: float) -> None:
        place = _place(memory.place)
        values = {"options": json.dumps(list(memory.options)), "last_answer": memory.answer_id, "at": now}
        known = db.execute(
            threads.update().where(_at(threads, memory.place)).values(**values, taking_part=True)
        ).rowcount
        if not known:
            db.execute(threads.insert().values(**place, **values, taking_part=True))
        if memory.turns:
            rows = [{**place, "at": now, "role": turn.role, "text": turn.text} for turn in memory.turns]
            db.execute(turns.insert(), rows)
        if (
            memory.answer_id
            and not db.execute(
                answers.update().where(answers.c.id == memory.answer_id).values(body=memory.answer, at=now)
            ).rowcount
        ):
            db.execute(answers.insert().values(id=memory.answer_id, body=memory.answer, at=now))

    def begin_part(self, key: str, part: int) -> bool:
        """Write down that part ``part`` is about to be sent. False: somebody else answers now, do not send."""
        return self._update(key, sending=part, lease_until=self.clock() + self.lease_seconds)

    def part_sent(self, key: str, part: int, *, last: str = "", shown: Shown | None = None) -> bool:
        """Write down that part ``part`` arrived; with ``last``, that the event is done with that outcome."""
        values: dict[str, object] = {"sending": -1, "sent": part + 1}
        if last:
            values |= {**_DONE, "outcome": last}
        with self._write() as db:
            mine = bool(db.execute(events.update().where(self._mine(key)).values(**values)).rowcount)
            if shown and shown.answer_id and shown.message:
                where = {"network": shown.network, "channel": shown.channel[:300], "message": shown.message[:300]}
                condition = sa.and_(*(messages.c[name] == value for name, value in where.items()))
                if not db.execute(messages.update().where(condition).values(answer=shown.answer_id)).rowcount:
                    db.execute(messages.insert().values(**where, answer=shown.answer_id, at=self.clock()))
        return mine

    def begin_notice(self, key: str) -> bool:
        """Write down that "please ask again" is about to be said. False: somebody else does."""
        return self._update(key, state="noticing", lease_until=self.clock() + self.lease_seconds)

    def set_sign(self, key: str, shown: bool) -> None:
        """Write down that a sign of life is shown, so that whoever takes over can clear it."""
        self._update(key, signed=shown)

    def finish(self, key: str, outcome: str) -> bool:
        """The event is done; question and reply are forgotten, number and time are kept."""
        return self._update(key, **_DONE, outcome=outcome)

    # -- leases ------------------------------------------------------------

    def heartbeat(self, keys: Sequence[str]) -> None:
        """Keep the leases of events being worked on, and say that this host is alive."""
        now = self.clock()
        with self._write() as db:
            if keys:
                db.execute(
                    events.update()
                    .where(
                        events.c.key.in_([k[:300] for k in keys])
                        & (events.c.owner == self.owner)
                        & (events.c.state != "done")
                    )
                    .values(lease_until=now + self.lease_seconds)
                )
        self.put(f"host:{self._host}", "alive")

    def release(self, keys: Sequence[str] = ()) -> None:
        """Give up the leases of this owner, so that the next replica need not wait."""
        with self._write() as db:
            db.execute(
                events.update()
                .where((events.c.owner == self.owner) & (events.c.state != "done"))
                .values(lease_until=0.0)
            )

    def take_over(self, networks: Sequence[str], *, but: Collection[str] = (), most: int = 20) -> list[Work]:
        """Events of these networks whose lease ran out, now owned by this replica; oldest first.

        ``but`` are keys that this replica is working on itself: a process that
        was held up for longer than its lease must not become its own successor.
        """
        now = self.clock()
        free = (events.c.state != "done") & (events.c.lease_until < now) & events.c.network.in_(list(networks))
        taken: list[Work] = []
        with self._write() as db:
            rows = db.execute(sa.select(events).where(free).order_by(events.c.received_at).limit(most)).mappings().all()
            for row in rows:
                if row["key"] in but:
                    continue
                changed = db.execute(
                    events.update()
                    .where((events.c.key == row["key"]) & free)
                    .values(owner=self.owner, lease_until=now + self.lease_seconds, attempts=row["attempts"] + 1)
                ).rowcount
                if changed:
                    taken.append(_work(row))
        return taken

    def open_count(self) -> int:
        """Events that are not done, whoever owns them."""
        with self._write() as db:
            return int(
                db.execute(sa.select(sa.func.count()).select_from(events).where(events.c.state != "done")).scalar_one()
            )

    def outcomes(self) -> dict[str, int]:
        """How many events ended how; those under way under "open"."""
        with self._write() as db:
            rows = db.execute(
                sa.select(events.c.state, events.c.outcome, sa.func.count()).group_by(events.c.state, events.c.outcome)
            )
            found: dict[str, int] = {}
            for state, outcome, count in rows:
                name = outcome if state == "done" else "open"
                found[name] = found.get(name, 0) + count
            return found

    # -- threads, turns, answers -------------------------------------------

    def taking_part(self, place: tuple[str, str, str]) -> bool:
        row = self._thread(place)
        return bool(row and row["taking_part"])

    def options(self, place: tuple[str, str, str]) -> tuple[str, ...]:
        """The numbered questions that were last offered here."""
        row = self._thread(place)
        return tuple(json.loads(row["options"])) if row else ()

    def last_answer(self, place: tuple[str, str, str]) -> str:
        """Id of the last answer given here, empty where there is none."""
        row = self._thread(place)
        return str(row["last_answer"]) if row else ""

    def _thread(self, place: tuple[str, str, str]) -> sa.RowMapping | None:
        with self._write() as db:
            return db.execute(sa.select(threads).where(_at(threads, place))).mappings().first()

    def join_thread(self, place: tuple[str, str, str], *, taking_part: bool = True) -> None:
        """From now on follow-ups in this thread are (not) for the bot."""
        self._upsert(
            threads,
            _place(place),
            {"taking_part": taking_part, "at": self.clock()},
            {"options": "[]", "last_answer": ""},
        )

    def turns(self, place: tuple[str, str, str], *, since: float, most: int) -> tuple[Turn, ...]:
        """The last ``most`` turns kept after ``since``, oldest first."""
        with self._write() as db:
            rows = db.execute(
                sa.select(turns.c.role, turns.c.text)
                .where(_at(turns, place) & (turns.c.at >= since))
                .order_by(turns.c.id.desc())
                .limit(most)
            ).all()
        return tuple(Turn(role, text) for role, text in reversed(rows))

    def answer(self, answer_id: str) -> str | None:
        with self._write() as db:
            return db.execute(sa.select(answers.c.body).where(answers.c.id == answer_id)).scalar_one_or_none()

    def answer_of(self, network: str, channel: str, message: str) -> str:
        """Id of the answer a message showed, empty where it showed none."""
        where = (
            (messages.c.network == network)
            & (messages.c.channel == channel[:300])
            & (messages.c.message == message[:300])
        )
        with self._write() as db:
            return db.execute(sa.select(messages.c.answer).where(where)).scalar_one_or_none() or ""

    # -- notes ---------------------------------------------------------------

    def get(self, key: str) -> str | None:
        with self._write() as db:
            return db.execute(sa.select(notes.c.value).where(notes.c.key == key[:400])).scalar_one_or_none()

    def put(self, key: str, value: str) -> None:
        self._upsert(notes, {"key": key[:400]}, {"value": value, "at": self.clock()})

    def once(self, key: str, *, within: float = 0.0) -> bool:
        """True for the first caller only; with ``within``, again after that many seconds."""
        now = self.clock()
        try:
            with self._write() as db:
                row = db.execute(sa.select(notes.c.at).where(notes.c.key == key[:400])).first()
                if row is None:
                    db.execute(notes.insert().values(key=key[:400], value="", at=now))
                    return True
                if within and row[0] <= now - within:
                    changed = db.execute(
                        notes.update().where((notes.c.key == key[:400]) & (notes.c.at == row[0])).values(at=now)
                    )
                    return bool(changed.rowcount)
        except IntegrityError:
            pass
        return False

    def _first(self, key: str, value: str) -> str:
        """The value of a note, set to ``value`` by whoever comes first."""
        found = self.get(key)
        if found is None:
            try:
                with self._write() as db:
                    db.execute(notes.insert().values(key=key, value=value, at=self.clock()))
            except IntegrityError:
                pass
            found = self.get(key)
        return found or value

    def _check_host(self) -> None:
        if self.sqlite:
            since = self.clock() - HOST_SECONDS
            with self._write() as db:
                others = db.execute(
                    sa.select(notes.c.key).where(
                        notes.c.key.like("host:%") & (notes.c.key != f"host:{self._host}") & (notes.c.at > since)
                    )
                ).first()
            if others:
                raise LedgerSharedError
        self.put(f"host:{self._host}", "alive")

    def purge(self, *, event_days: float, answer_days: float, history_hours: float) -> int:
        """Forget what is older than it may be. Returns how many rows went; events under way stay."""
        now = self.clock()
        gone = 0
        with self._write() as db:
            for statement in (
                events.delete().where((events.c.state == "done") & (events.c.received_at < now - event_days * 86400)),
                answers.delete().where(answers.c.at < now - answer_days * 86400),
                messages.delete().where(messages.c.at < now - answer_days * 86400),
                turns.delete().where(turns.c.at < now - history_hours * 3600),
                threads.delete().where(threads.c.at < now - event_days * 86400),
                notes.delete().where(notes.c.key.like("host:%") & (notes.c.at < now - 86400)),
                notes.delete().where(notes.c.key.like("rated:%") & (notes.c.at < now - answer_days * 86400)),
            ):
                gone += db.execute(statement).rowcount
        return gone

    def _upsert(
        self,
        table: sa.Table,
        where: Mapping[str, object],
        values: Mapping[str, object],
        only_new: Mapping[str, object] | None = None,
    ) -> None:
        condition = sa.and_(*(table.c[name] == value for name, value in where.items()))
        for _ in range(2):
            try:
                with self._write() as db:
                    if not db.execute(table.update().where(condition).values(**values)).rowcount:
                        db.execute(table.insert().values(**where, **values, **(only_new or {})))
                return
            except IntegrityError:
                continue  # another replica inserted it first: update now


def _place(place: tuple[str, str, str]) -> dict[str, object]:
    network, channel, thread = place
    return {"network": network, "channel": channel[:300], "thread": thread[:300]}


def _at(table: sa.Table, place: tuple[str, str, str]) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[name] == value for name, value in _place(place).items()))


def _work(row: sa.RowMapping) -> Work:
    return Work(
        incoming=Incoming.from_json(row["incoming"]),
        state=row["state"],
        reply=tuple(json.loads(row["reply"])) if row["reply"] else None,
        sent=row["sent"],
        sending=row["sending"],
        attempts=row["attempts"] + 1,
        signed=bool(row["signed"]),
    )


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise StorageError(f"The bot's ledger cannot be opened: {type(error).__name__}.") from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_connect)
        sa.event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(connection: Any, _: object) -> None:  # noqa: ANN401 - a DBAPI connection
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's late one
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=10000")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Turn the write-ahead log on; where two connections do so at once, SQLite refuses one without waiting."""
    deadline = time.monotonic() + _SWITCH_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _sqlite_begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # the write lock first: no deadlock between read and write


def _host_identity() -> str:
    """What tells this host from another one; hashed before it is stored."""
    return f"{platform.node()}/{uuid.getnode()}"


def _raced(error: SQLAlchemyError) -> bool:
    """Whether two replicas created the tables at the same moment."""
    return "already exists" in str(error) or isinstance(error, IntegrityError)


def _storage(error: SQLAlchemyError) -> StorageError:
    reason = str(getattr(error, "orig", None) or type(error).__name__).split("\n")[0]
    return StorageError(f"The bot's ledger cannot be used: {reason}.")
