"""Measuring one thing many times, and describing the machine without naming it."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

#: Put before other code, it runs as where nothing of a language model is installed.
WITHOUT_MODEL = """
import sys
class Absent:
    names = ("assistant.llm", "langchain", "langchain_core", "langchain_openai", "langchain_anthropic",
             "langchain_ollama", "langsmith", "openai", "anthropic", "ollama")
    def find_spec(self, name, path=None, target=None):
        if any(name == n or name.startswith(n + ".") for n in self.names):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Repeated measurements of one thing, in ``unit``."""

    what: str
    values: tuple[float, ...]
    unit: str
    goal: str = ""

    def row(self) -> tuple[str, str, str, str, str]:
        """What, median, spread (lowest to highest), 99th percentile where there are enough values, goal."""
        low, high = min(self.values), max(self.values)
        spread = f"{low:,.2f} - {high:,.2f}" if len(self.values) > 1 else ""
        p99 = f"{percentile(self.values, 0.99):,.2f}" if len(self.values) >= 100 else ""
        return f"{self.what} ({self.unit}, n={len(self.values)})", f"{median(self.values):,.2f}", spread, p99, self.goal


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)]


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended: wall clock and processor time in seconds, and the most memory it held in MB.

    Processor time counts its own processes too, and depends little on what else the machine does.
    """

    seconds: float
    peak_mb: float
    output: str
    processor_seconds: float = float("nan")


def process(arguments: Sequence[str], environment: Mapping[str, str]) -> Finished:
    """Run Python with these arguments to its end.

    Raises:
        RuntimeError: it failed; its error output is in the message.
    """
    began, usage = time.perf_counter(), None
    child = subprocess.Popen(
        [sys.executable, *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, errors = child.communicate() if not hasattr(os, "wait4") else (None, None)
    if output is None:
        assert child.stdout is not None
        assert child.stderr is not None
        output, errors = child.stdout.read(), child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
        child.stdout.close()
        child.stderr.close()
    else:
        peak = float("nan")
    spent = usage.ru_utime + usage.ru_stime if usage else float("nan")
    seconds = time.perf_counter() - began
    if child.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {child.returncode}: {errors}")
    return Finished(seconds, peak, output, spent)


def timed(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Milliseconds of each call."""
    out = []
    for call in calls:
        began = time.perf_counter()
        call()
        out.append((time.perf_counter() - began) * 1000)
    return out


def own_peak_mb() -> float:
    """The most memory this process has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 if sys.platform != "darwin" else 1024 * 1024)


def machine() -> str:
    """Processor, cores, memory, Python and how busy it is; no name of a host or a folder."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        name = models[0] if models else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9 if hasattr(os, "sysconf") else 0
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{name}, {cores} cores, {memory:.0f} GB, Python {platform.python_version()}, {platform.system()}{load}"
