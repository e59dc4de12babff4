#!/usr/bin/python3
"""ask_aiohttp.py FILE CONCURRENCY: asks each URL of the file by aiohttp, and prints how many seconds that took."""
import asyncio
import sys
import time

import aiohttp


async def worker(session, urls):
    well = 0
    for url in urls:  # an iterator that all workers share
        async with session.get(url) as answer:
            await answer.read()
            well += answer.status == 200
    return well


async def ask(urls, concurrency):
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:
        rest = iter(urls)
        return sum(await asyncio.gather(*(worker(session, rest) for _ in range(concurrency))))


with open(sys.argv[1], encoding="ascii") as file:
    ALL = file.read().split()
BEGIN = time.monotonic()
WELL = asyncio.run(ask(ALL, int(sys.argv[2])))
if WELL != len(ALL):
    sys.exit(f"only {WELL} of {len(ALL)} were answered")
print(time.monotonic() - BEGIN)
