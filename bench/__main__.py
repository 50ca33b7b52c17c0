"""``make bench``: how long things take and how much memory they need. A benchmark, not a test.

Builds an index of its own in a passing folder unless ``--data-dir`` names one
that is built; then asks, in fresh processes and in a warm one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench.measure import WITHOUT_MODEL, Sample, machine, process

MATRIX = (
    "Is health support critical during a health crisis?",
    "What is critical during a man-made disaster?",
    "How is Sector 9 rated after a slow-onset natural disaster?",
    "Where is humanitarian communications critical or important?",
    "How important is camp management in a protracted crisis?",
)
PASSAGES = (
    "How many people were evacuated from Lebanon?",
    "Which organization leads the CCCM cluster in natural disasters?",
    "What is the Migration Emergency Funding Mechanism?",
    "How many shelters has IOM built in Haiti?",
    "Who bears the primary responsibility to protect people on its territory?",
    "What does the framework say about remote border management?",
    "When was the 100th Session of the Council held?",
    "Why are land disputes dealt with early?",
    "Which two pillars complement each other?",
    "What is the Hyogo Framework used for?",
)

#: What a warm process measures, printed as JSON; it is a process of its own so that its memory is its own.
WARM = """
import json, sys
from bench.__main__ import MATRIX, PASSAGES
from bench.measure import own_peak_mb, timed
from assistant.assistant import Assistant
from assistant.settings import load_settings
assistant = Assistant.build(load_settings())
rounds = int(sys.argv[1])
for question in (*MATRIX, *PASSAGES):
    assistant.ask(question)
matrix = timed([lambda q=q: assistant.ask(q) for _ in range(rounds) for q in MATRIX])
passages = timed([lambda q=q: assistant.ask(q) for _ in range(rounds) for q in PASSAGES])
print(json.dumps({"matrix": matrix, "passages": passages, "peak": own_peak_mb()}))
"""


def ingest_samples(data: Path, times: int) -> list[Sample]:
    """Time and memory of ``mcof ingest`` from nothing, ``times`` times; the last index stays."""
    runs = []
    for number in range(times):
        folder = data if number == times - 1 else data / f"run-{number}"
        runs.append(process(["-m", "ui.cli", "ingest"], {"MCOF_DATA_DIR": str(folder)}))
    again = process(["-m", "ui.cli", "ingest"], {"MCOF_DATA_DIR": str(data)})
    return [
        Sample("mcof ingest from nothing", tuple(r.seconds for r in runs), "s", "< 60"),
        Sample("its processor time, all cores", tuple(r.processor_seconds for r in runs), "s"),
        Sample("its peak memory", tuple(r.peak_mb for r in runs), "MB", "< 1,500"),
        Sample("mcof ingest again", (again.seconds,), "s"),
    ]


def cold_samples(data: Path, times: int) -> list[Sample]:
    """From the start of the process to its end with the answer."""
    environment = {"MCOF_DATA_DIR": str(data)}
    matrix = [process(["-m", "ui.cli", "ask", MATRIX[0]], environment) for _ in range(times)]
    code = f"{WITHOUT_MODEL}\nfrom ui.cli import run\nsys.exit(run(['ask', {MATRIX[0]!r}]))"
    without = [process(["-c", code], environment) for _ in range(times)]
    away = environment | {"MCOF_CHAT_MODEL": "openai:none", "MCOF_CHAT_BASE_URL": "http://127.0.0.1:9/v1"}
    model = [process(["-m", "ui.cli", "ask", MATRIX[0]], away) for _ in range(times)]
    passage = [process(["-m", "ui.cli", "ask", PASSAGES[0]], environment) for _ in range(times)]
    return [
        Sample("mcof ask, a matrix question", tuple(r.seconds for r in matrix), "s", "< 2"),
        Sample("its peak memory", tuple(r.peak_mb for r in matrix), "MB"),
        Sample("the same, nothing of a language model installed", tuple(r.seconds for r in without), "s", "no less"),
        Sample("the same, a language model configured and away", tuple(r.seconds for r in model), "s"),
        Sample("mcof ask, a first passage question", tuple(r.seconds for r in passage), "s", "< 4"),
        Sample("its peak memory", tuple(r.peak_mb for r in passage), "MB", "< 600"),
    ]


def warm_samples(data: Path, rounds: int) -> list[Sample]:
    """Questions to a process that has answered before."""
    done = process(["-c", WARM, str(rounds)], {"MCOF_DATA_DIR": str(data)})
    found = json.loads(done.output.splitlines()[-1])
    return [
        Sample("a warm matrix question", tuple(found["matrix"]), "ms", "median < 5"),
        Sample("a warm passage question", tuple(found["passages"]), "ms", "median < 50"),
        Sample("memory of the answering process", (found["peak"],), "MB", "< 600"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed and memory.")
    parser.add_argument("--data-dir", type=Path, help="a data folder whose index is built; ingest is not measured then")
    parser.add_argument("--times", type=int, default=5, help="fresh processes for each cold figure")
    parser.add_argument("--rounds", type=int, default=40, help="rounds of the warm questions")
    parser.add_argument("--ingests", type=int, default=1, help="ingests from nothing")
    options = parser.parse_args()
    samples: list[Sample] = []
    about = machine()
    with tempfile.TemporaryDirectory(prefix="mcof-bench-") as folder:
        data = options.data_dir or Path(folder)
        if options.data_dir is None:
            samples += ingest_samples(data, options.ingests)
        samples += cold_samples(data, options.times)
        samples += warm_samples(data, options.rounds)
    show(about, samples)


def show(about: str, samples: list[Sample]) -> None:
    """The figures as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table("", "median", "spread", "p99", "goal", title=about, title_justify="left")
    for sample in samples:
        table.add_row(*sample.row())
    Console(file=sys.stdout, width=110).print(table)


if __name__ == "__main__":
    main()
