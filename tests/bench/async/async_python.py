#!/usr/bin/python3
"""async_python.py asyncio|uvloop FIGURE...: Python's loops in the comparison; sizes a tenth of measure.hpp's."""
import asyncio
import os
import sys
import time

AWAITS, SPAWNS, BATCH, SWITCHES = 500_000, 100_000, 1_000, 400_000
CONTENDERS, TURNS, ITEMS, PARKED, OFFLOADS = 100, 1_000, 200_000, 100_000, 2_000


def each(began, count):
    return (time.process_time_ns() - began) / count


def resident():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


async def value(number):
    return number


async def yields(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def await_ready():
    began = time.process_time_ns()
    for i in range(AWAITS):
        await value(i)
    return each(began, AWAITS)


async def spawn():
    began = time.process_time_ns()
    for _ in range(SPAWNS // BATCH):
        tasks = [asyncio.create_task(value(0)) for _ in range(BATCH)]
        for task in tasks:
            await task
    return each(began, SPAWNS)


async def yielding(tasks, count):
    began = time.process_time_ns()
    await asyncio.gather(*(yields(count // tasks) for _ in range(tasks)))
    return each(began, count)


async def contended(limit):
    async def contender():
        for _ in range(TURNS):
            async with limit:
                await asyncio.sleep(0)

    began = time.process_time_ns()
    await asyncio.gather(*(contender() for _ in range(CONTENDERS)))
    return each(began, CONTENDERS * TURNS)


async def queueing(capacity):
    queue = asyncio.Queue(capacity)

    async def produce():
        for i in range(ITEMS):
            await queue.put(i)

    async def consume():
        for _ in range(ITEMS):
            await queue.get()

    began = time.process_time_ns()
    await asyncio.gather(produce(), consume())
    return each(began, ITEMS)


async def memory():
    async def sleeper():
        await asyncio.sleep(3600)

    before = resident()
    tasks = [asyncio.create_task(sleeper()) for _ in range(PARKED)]
    await asyncio.sleep(0.05)
    grown = (resident() - before) / PARKED
    for task in tasks:
        task.cancel()
    return grown


async def offload_1():
    samples = []
    for i in range(OFFLOADS):
        began = time.monotonic_ns()
        await asyncio.to_thread(abs, i)
        samples.append(time.monotonic_ns() - began)
    return sorted(samples)[len(samples) // 2]


async def offload_1000():
    async def worker():
        for i in range(20):
            await asyncio.to_thread(abs, i)

    began = time.process_time_ns()
    await asyncio.gather(*(worker() for _ in range(1000)))
    return each(began, 20_000)


FIGURES = {
    "await_ready": await_ready,
    "spawn": spawn,
    "switch_2": lambda: yielding(2, SWITCHES),
    "switch_1000": lambda: yielding(1000, SWITCHES),
    "gather_10k": lambda: yielding(10_000, 10_000),
    "gather_100k": lambda: yielding(100_000, 100_000),
    "lock": lambda: contended(asyncio.Lock()),
    "semaphore": lambda: contended(asyncio.Semaphore(10)),
    "queue_1": lambda: queueing(1),
    "queue_1024": lambda: queueing(1024),
    "memory": memory,
    "offload_1": offload_1,
    "offload_1000": offload_1000,
}


async def measure(figure):
    return await figure()


if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.install()
for name in sys.argv[2:]:
    if name in FIGURES:
        print(name, f"{asyncio.run(measure(FIGURES[name])):.3f}", flush=True)
