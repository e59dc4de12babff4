#!/usr/bin/env python3
"""Nanoseconds of a get_next() of croniter, three for each expression of the file, in Europe/Berlin."""
import sys
import time
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from croniter import croniter

start = datetime(2026, 10, 20, 12, 34, 56, tzinfo=timezone.utc).astimezone(ZoneInfo("Europe/Berlin"))
with open(sys.argv[1], encoding="ascii") as lines:
    schedules = [croniter(line.strip(), start, day_or=True) for line in lines]
calls = 3
began = time.perf_counter()
for schedule in schedules:
    for _ in range(calls):
        schedule.get_next(datetime)
print((time.perf_counter() - began) * 1e9 / (len(schedules) * calls))
