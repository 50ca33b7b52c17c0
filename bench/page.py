"""Measures of the page, on a running machine: start, first load, first words, twenty people at once.

    python bench/page.py                 # start, load and words, about a minute
    python bench/page.py --people 20 --seconds 120

Starts ``mcof serve`` on a free port, with the index of the data folder in use.
The load comes from locust, a public load tool; it sends what a browser sends:
the event to Gradio's queue, then the event stream until it ends.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

QUESTIONS = (
    "What is critical during a health crisis?",
    "How important is shelter during a sudden-onset natural disaster?",
    "Who coordinates the response in a slow-onset natural disaster?",
    "What is a migration crisis?",
    "How many migrants were assisted in the Libyan crisis?",
    "Which paragraph describes the two pillars?",
    "Who can be in need in a protracted crisis?",
    "What are the per diem rates?",
    "In which crises is humanitarian border management important?",
    "What does IOM do for trafficked persons?",
)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync".split()
)


def say(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


@contextmanager
def page(port: int) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A page in a process of its own, and when it was started."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "serve", "--port", str(port)], stderr=subprocess.DEVNULL, env=os.environ
    )
    try:
        while True:
            if process.poll() is not None:
                raise SystemExit("the page stopped; run 'mcof serve' to see why")
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.02)
        yield process, began
    finally:
        process.terminate()
        process.wait(20)


def in_browser(url: str, began: float) -> None:
    """Time to the first answer, page load, bytes on the wire, warm first words."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("MCOF_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        loads: list[float] = []
        words: list[float] = []
        for visit in range(5):
            context = browser.new_context()
            tab = context.new_page()
            devtools = context.new_cdp_session(tab)
            devtools.send("Network.enable")
            sizes: list[float] = []
            devtools.on("Network.loadingFinished", lambda e, sizes=sizes: sizes.append(e["encodedDataLength"]))
            start = time.perf_counter()
            tab.goto(url)
            tab.wait_for_selector("body.mcof-on")
            loads.append(time.perf_counter() - start)
            tab.wait_for_load_state("networkidle")
            if visit == 0:
                say(measure="first load", requests=len(sizes), megabytes=round(sum(sizes) / 1e6, 3))
            for n, question in enumerate(QUESTIONS):
                tab.evaluate(
                    """() => { window.seen = null; const t = performance.now(); new MutationObserver((_, o) => {
                    if (document.querySelector('.turn:last-child .block')) { window.seen = performance.now() - t; o.disconnect(); }
                    }).observe(document.querySelector('.log'), {childList: true, subtree: true}); }"""
                )
                tab.evaluate(
                    "q => { document.querySelector('#mc-q').value = q; document.querySelector('.send').click(); }",
                    question,
                )
                tab.wait_for_selector(f".turn:nth-child({n + 1}) .acts")
                if visit == 0 and n == 0:
                    say(
                        measure="process start to first answer in the browser",
                        seconds=round(time.perf_counter() - began, 2),
                    )
                else:
                    words.append(float(tab.evaluate("window.seen")))
            context.close()
        browser.close()
    say(
        measure="page load until usable",
        seconds=[round(x, 2) for x in loads],
        median=round(statistics.median(loads), 2),
    )
    words.sort()
    say(
        measure="question to first words, warm",
        n=len(words),
        median_ms=round(statistics.median(words)),
        p95_ms=round(words[int(len(words) * 0.95)]),
    )


def many_people(url: str, people: int, seconds: int, pause: float) -> None:
    """Load with locust: everybody waits ``pause`` seconds between an answer and the next question."""
    import gevent
    from locust import HttpUser, constant, task
    from locust.env import Environment

    class Reader(HttpUser):
        host = url.rstrip("/")
        wait_time = constant(pause)

        def on_start(self) -> None:
            gevent.sleep(random.random() * pause)
            self.fn = self.client.get("/config", name="page").json()["dependencies"][0]["id"]

        @task
        def ask(self) -> None:
            key = f"{random.getrandbits(60):x}"
            event = {"id": key, "question": random.choice(QUESTIONS), "lang": "en", "history": []}
            began = time.perf_counter()
            failure: Exception | None = None
            try:
                body = {"data": [], "event_data": event, "fn_index": self.fn, "session_hash": key, "trigger_id": 1}
                self.client.post("/gradio_api/queue/join", json=body, name="join").raise_for_status()
                stream = self.client.get("/gradio_api/queue/data", params={"session_hash": key}, name="stream").text
                if '"process_completed"' not in stream or '"done": true' not in stream.replace(
                    '"done":true', '"done": true'
                ):
                    failure = RuntimeError(stream[-200:])
            except Exception as error:
                failure = error
            self.environment.events.request.fire(
                request_type="ASK", name="answer", response_time=(time.perf_counter() - began) * 1000, response_length=0,
                exception=failure, context={},
            )  # fmt: skip

    environment: Any = Environment(user_classes=[Reader])
    runner = environment.create_local_runner()
    runner.start(people, spawn_rate=people)
    gevent.sleep(seconds)
    runner.quit()
    answers = environment.stats.get("answer", "ASK")
    say(
        measure=f"{people} people, {pause:g} s between questions, {seconds} s", answers=answers.num_requests,
        errors=environment.stats.total.num_failures, median_ms=answers.median_response_time,
        p95_ms=answers.get_response_time_percentile(0.95), worst_ms=round(answers.max_response_time),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--pause", type=float, default=5.0)
    given = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    say(cores=os.cpu_count(), load=[round(x, 1) for x in os.getloadavg()])
    url = f"http://127.0.0.1:{port}/"
    with page(port) as (process, began):
        say(measure="process start to ready", seconds=round(time.perf_counter() - began, 2))
        if given.people:
            many_people(url, given.people, given.seconds, given.pause)
        else:
            in_browser(url, began)
        with open(f"/proc/{process.pid}/status") as status:
            resident = next(line.split()[1] for line in status if line.startswith("VmRSS"))
        say(measure="memory of the server", megabytes=round(int(resident) / 1024))


if __name__ == "__main__":
    if "--people" in sys.argv:
        from gevent import monkey

        monkey.patch_all()
    main()
