"""What a client does that keeps to RFC 6455. Run with the URL of an app that echoes."""

from party import connect, report


async def texts_and_bytes():
    async with connect() as ws:
        answers = []
        for message in ["hello", "", "Grüße, 世界 🎉", b"\x00\x01\xff", b""]:
            await ws.send(message)
            answer = await ws.recv()
            answers.append(answer if isinstance(answer, str) else list(answer))
        return answers


async def fragments():
    async with connect() as ws:
        await ws.send(["one, ", "", "two, ", "three"])
        return await ws.recv()


async def ping_between_fragments():
    async with connect() as ws:
        pongs = []

        async def parts():
            yield "one, "
            pongs.append(await ws.ping("between"))
            yield "two"

        await ws.send(parts())
        await pongs[0]
        return await ws.recv()


async def split_character():
    async with connect() as ws:
        await ws.send([b"\xf0\x9f", b"\x8e\x89"])
        return list(await ws.recv())


async def large():
    async with connect() as ws:
        text = "ä" * 500_000
        await ws.send(text)
        same = [await ws.recv() == text]
        data = bytes(range(250)) * 4000
        await ws.send([data[i : i + 10_000] for i in range(0, len(data), 10_000)])
        return same + [await ws.recv() == data]


async def many():
    async with connect() as ws:
        texts = ["message %d" % i for i in range(300)]
        for text in texts:
            await ws.send(text)
        return [await ws.recv() for _ in texts] == texts


async def ping_to_app():
    async with connect() as ws:
        await (await ws.ping("are you"))
        return "pong"


async def ping_from_app():
    async with connect() as ws:
        await ws.send("ping me")
        return await ws.recv()


async def subprotocol():
    async with connect(subprotocols=["chat.v1", "chat.v2"]) as ws:
        return ws.subprotocol


async def close_by_client():
    ws = await connect()
    await ws.close(4321, "enough")
    return [ws.close_code, ws.close_reason, ws.close_rcvd_then_sent]


async def close_by_app():
    ws = await connect()
    await ws.send("bye")
    await ws.wait_closed()
    return [ws.close_code, ws.close_reason, ws.close_rcvd_then_sent]


async def compressed():
    async with connect(compression="deflate") as ws:
        text = "all work and no play " * 5000
        await ws.send(text)
        same = await ws.recv() == text
        await ws.send([text, text])
        return [[extension.name for extension in ws.extensions], same, await ws.recv() == text + text]


report(
    {
        "texts and bytes": texts_and_bytes,
        "fragments": fragments,
        "a ping between fragments": ping_between_fragments,
        "a character in two fragments": split_character,
        "large messages": large,
        "many messages": many,
        "a ping to the app": ping_to_app,
        "a ping from the app": ping_from_app,
        "a subprotocol": subprotocol,
        "a close by the client": close_by_client,
        "a close by the app": close_by_app,
        "compressed messages": compressed,
    }
)
