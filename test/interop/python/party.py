"""What the scripts share: a WebSocket of python3-websockets as a client, frames as RFC 6455 has them or not, and a report."""

import asyncio
import json
import struct
import sys

import websockets

# Seconds.
PATIENCE = 30

URL = sys.argv[1]


def connect(**options):
    """A client that does nothing of its own accord."""
    defaults = {"compression": None, "ping_interval": None, "max_size": None, "close_timeout": PATIENCE}
    return websockets.connect(URL, **{**defaults, **options})


def frame(opcode, data=b"", fin=True, rsv=0, mask=b"\x01\x02\x03\x04", length=None):
    """One frame, right or wrong. `rsv`: the three reserved bits; `mask`: None for a frame that is not masked."""
    size = len(data) if length is None else length
    flag = 0 if mask is None else 0x80
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if size < 126:
        head += bytes([flag | size])
    elif size < 65536:
        head += struct.pack("!BH", flag | 126, size)
    else:
        head += struct.pack("!BQ", flag | 127, size)
    if mask is None:
        return head + data
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


def report(scenarios):
    """Runs coroutines side by side, and prints what each gives, or what went wrong, by its name."""

    async def outcome(scenario):
        try:
            return await asyncio.wait_for(scenario(), PATIENCE)
        except Exception as error:
            return "%s: %s" % (type(error).__name__, error)

    async def run():
        outcomes = await asyncio.gather(*(outcome(scenario) for scenario in scenarios.values()))
        print(json.dumps(dict(zip(scenarios, outcomes))))

    asyncio.run(run())
