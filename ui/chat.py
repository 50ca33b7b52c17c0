"""``mcof chat``: a conversation in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.console import Console
from rich.text import Text

from assistant.answer import Answer, Turn
from assistant.assistant import Assistant
from corpus.errors import AssistantError
from ui.terminal import answer_view, beginning

HELP = (
    "Ask in English, French or Spanish. A number asks the question it stands for. /new forgets the conversation, "
    "/quit (or Ctrl-D) ends it. Do not enter personal data of beneficiaries. This is no official IOM product."
)
FIRST = (
    "What is critical during a health crisis?",
    "Who coordinates when refugees cross a border?",
    "What does Sector 8 cover?",
)


def typed_lines(console: Console) -> Iterator[str]:
    """What the user types, until the input ends or is interrupted."""
    try:
        import readline  # noqa: F401 - input() then has history and editing
    except ImportError:
        pass
    while True:
        try:
            yield console.input(Text("\n> ", style="bold"))
        except (EOFError, KeyboardInterrupt):
            console.print()
            return


def converse(
    assistant: Assistant, console: Console | None = None, lines: Callable[[Console], Iterator[str]] = typed_lines
) -> None:
    """Answer line after line; an error is one sentence and the conversation goes on."""
    console = console or Console(highlight=False)
    offered: tuple[str, ...] = FIRST
    history: list[Turn] = []
    console.print(Text(f"{assistant.corpus.info.title} ({assistant.corpus.info.symbol})", style="bold"))
    console.print(Text(HELP, style="dim"))
    for number, question in enumerate(offered, start=1):
        console.print(Text(f"  {number}. {question}"))
    for line in lines(console):
        text = line.strip()
        if text in ("/quit", "/exit"):
            return
        if text == "/new":
            history, offered = [], FIRST
            console.print(Text("A new conversation.", style="dim"))
            continue
        if text in ("/help", "?"):
            console.print(Text(HELP, style="dim"))
            continue
        if not text:
            continue
        if text.isdigit() and 1 <= int(text) <= len(offered):
            text = offered[int(text) - 1]
            console.print(Text(text, style="italic"))
        answer = _reply(assistant, text, history, console)
        if answer is not None:
            offered = answer.choices or answer.suggestions or offered
            history += [Turn("user", text), Turn("assistant", answer.text)]


def _reply(assistant: Assistant, text: str, history: list[Turn], console: Console) -> Answer | None:
    shown = 0
    try:
        for answer in [assistant.ask(text, history)] if assistant.chat is None else assistant.stream(text, history):
            if not answer.complete:
                if not shown:
                    console.print()
                console.print(beginning(answer, shown))
                shown = len(answer.blocks)
    except AssistantError as error:
        console.print(Text(str(error), style="red"))
        return None
    if not shown:
        console.print()
    console.print(answer_view(answer, without=shown))
    return answer
