"""A real language model behind a real server on loopback: prints its address, serves until its input ends.

A process of its own, because llama.cpp writes to the terminal and is stopped by ending it.
"""

from __future__ import annotations

import sys


def main(model: str) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 4096
    params.n_parallel = 1
    params.cpuparams.n_threads = 1  # two wait for each other: 300 ms a token instead of 20 where others use the cores
    params.warmup = False
    server = xllamacpp.Server(params)
    sys.stdout.write(f"listening {server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
