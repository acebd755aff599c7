"""The loops that the tests of `await` run in, and how."""

import asyncio
import gc
import os

import pytest

MAKERS = {"asyncio": asyncio.new_event_loop}
try:
    import uvloop

    MAKERS["uvloop"] = uvloop.new_event_loop
except ImportError:
    pass
makers = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def run(make, main):
    loop = make()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


def descriptors():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


async def turn():
    await asyncio.sleep(0)
