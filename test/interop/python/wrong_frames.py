"""What a client does that breaks RFC 6455: with which code it is closed. Run with the URL of an app that echoes."""

import struct

from party import connect, frame, report

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
BAD_UTF8 = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"
MEGABYTE = 1_048_576


def writing(*frames, **options):
    """A client that writes these frames, and gives the code that it is closed with."""

    async def scenario():
        ws = await connect(**options)
        ws.transport.write(b"".join(frames))
        await ws.wait_closed()
        return ws.close_code

    return scenario


def close(code, reason=b""):
    return frame(CLOSE, struct.pack("!H", code) + reason)


async def bystander():
    """Another one, who is not disturbed by all this."""
    async with connect() as ws:
        for _ in range(50):
            await ws.send("still here")
            if await ws.recv() != "still here":
                return "something else"
        return "still here"


scenarios = {
    "RSV1": writing(frame(TEXT, b"a", rsv=4)),
    "RSV2": writing(frame(TEXT, b"a", rsv=2)),
    "RSV3": writing(frame(BINARY, b"a", rsv=1)),
    "RSV1 of a ping": writing(frame(PING, b"a", rsv=4)),
    "opcode 3": writing(frame(3, b"a")),
    "opcode 7": writing(frame(7, b"a")),
    "opcode 11": writing(frame(11, b"a")),
    "opcode 15": writing(frame(15, b"a")),
    "unmasked text": writing(frame(TEXT, b"a", mask=None)),
    "unmasked ping": writing(frame(PING, b"a", mask=None)),
    "a ping in fragments": writing(frame(PING, b"a", fin=False)),
    "a ping of 126 bytes": writing(frame(PING, b"a" * 126)),
    "a continuation of nothing": writing(frame(CONTINUATION, b"a")),
    "a continuation after the end": writing(frame(TEXT, b"a", fin=False), frame(CONTINUATION, b"a"), frame(CONTINUATION)),
    "a text within a text": writing(frame(TEXT, b"a", fin=False), frame(TEXT, b"b")),
    "bytes within a text": writing(frame(TEXT, b"a", fin=False), frame(BINARY, b"b")),
    "bad UTF-8": writing(frame(TEXT, BAD_UTF8)),
    "bad UTF-8 in fragments": writing(frame(TEXT, BAD_UTF8[:11], fin=False), frame(CONTINUATION, BAD_UTF8[11:])),
    "half a character": writing(frame(TEXT, "é".encode()[:1])),
    "bad UTF-8 after what is good": writing(frame(TEXT, b"good"), frame(TEXT, BAD_UTF8)),
    "a close of one byte": writing(frame(CLOSE, b"\x03")),
    "a close of 126 bytes": writing(close(1000, b"a" * 124)),
    "a close with bad UTF-8": writing(close(1000, BAD_UTF8)),
    **{"a close with %d" % code: writing(close(code)) for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535]},
    "a message that is too large": writing(frame(BINARY, bytes(MEGABYTE + 1), mask=b"\0\0\0\0")),
    "fragments that are too large": writing(
        *[frame(TEXT if i == 0 else CONTINUATION, bytes(MEGABYTE // 8), fin=False, mask=b"\0\0\0\0") for i in range(8)],
        frame(CONTINUATION, b"!"),
    ),
    "a frame that would be too large": writing(frame(BINARY, b"a", length=1 << 40)),
    "a frame beyond all measure": writing(frame(BINARY, b"a", length=(1 << 64) - 1)),
    "what is no deflated data": writing(frame(TEXT, b"\xff\xff\xff\xff", rsv=4), compression="deflate"),
    "RSV1 of a continuation": writing(
        frame(TEXT, b"a", fin=False), frame(CONTINUATION, b"a", rsv=4), compression="deflate"
    ),
    "nothing wrong": bystander,
}

report(scenarios)
