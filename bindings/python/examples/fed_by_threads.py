"""An asyncio program that is fed by threads: each measures, in its own time, and the loop awaits what they have.

    python fed_by_threads.py

What a thread has is a chain: each asynchron is delivered with a value and the next asynchron. The chain ends by a cancel,
or by a failure. No thread waits for the loop, and the loop has no thread that waits.
"""

import asyncio
import threading
import time

from asynchron import Asynchron, CancellationError

MEASUREMENTS = 20


def measure(sensor, chain):
    """A thread of its own. It would read a device, and blocks meanwhile."""
    for number in range(MEASUREMENTS):
        time.sleep(0.002)
        if sensor == "broken" and number == 5:
            chain.fail(OSError("the device is gone"))
            return
        following = Asynchron()
        chain.put((number * number, following))
        chain = following
    chain.cancel("no more")


async def values(chain):
    """What a thread has measured, one after the other."""
    while True:
        try:
            value, chain = await chain
        except CancellationError:
            return
        yield value


async def follow(sensor):
    """Starts a thread, and prints the sum of what comes from it."""
    first, total, count = Asynchron(), 0, 0
    threading.Thread(target=measure, args=(sensor, first), daemon=True).start()
    try:
        async for value in values(first):
            total += value
            count += 1
    except OSError as error:
        print(f"{sensor}: {count} values, then {error}")
    else:
        print(f"{sensor}: {count} values, {total} in all")


async def beat():
    """The loop goes on with others meanwhile."""
    beats = 0
    try:
        while True:
            await asyncio.sleep(0.005)
            beats += 1
    finally:
        print("the loop went on" if beats else "the loop was blocked")


async def main():
    heart = asyncio.create_task(beat())
    await asyncio.gather(follow("left"), follow("right"), follow("broken"))

    # A task that has waited long enough goes away, and what it waited for is still there for others.
    silent = Asynchron("silent")
    try:
        async with asyncio.timeout(0.01):
            await silent
    except TimeoutError:
        print(f"{silent.name} is {silent.state.lower()} yet")
    heart.cancel()
    await asyncio.gather(heart, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
