"""The same as survivor.py for drivers that are asynchronous."""

import asyncio
import sys

from survivor import PAUSE, WORKERS, identity, say

INSERT = "INSERT INTO work (id) VALUES ($1)"


async def survive(unit, errors, sqlstate_of):
    ending = asyncio.Event()

    async def work(number):
        turn = 0
        while not ending.is_set():
            turn += 1
            name = identity(number, turn)
            try:
                await unit(name)
                say("done", name)
            except errors as problem:
                say("failed", name, sqlstate_of(problem) or "-----", problem, getattr(problem, "detail", None) or "")
            await asyncio.sleep(PAUSE)

    workers = [asyncio.create_task(work(number)) for number in range(WORKERS)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    ending.set()
    await asyncio.gather(*workers)
