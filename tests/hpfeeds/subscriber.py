"""subscriber.py PORT COUNT: prints `ready`, then each message of spam.mails that
the broker fans out, as JSON on a line, and ends after COUNT of them.

`ready` means that the broker has subscribed us: it fans our own message out.
"""

import asyncio
import hashlib
import json
import sys

from hpfeeds.asyncio import ClientSession


async def main(port, count):
    async with ClientSession("127.0.0.1", port, "reader", "rsecret") as client:
        client.subscribe("spam.mails")
        client.publish("spam.mails", b"ready")
        while True:
            _, _, payload = await client.read()
            if payload == b"ready":
                break
        print("ready", flush=True)
        for _ in range(count):
            ident, channel, payload = await client.read()
            facts = {
                "ident": ident,
                "channel": channel,
                "bytes": len(payload),
                "sha256": hashlib.sha256(payload).hexdigest(),
                "payload": payload[:4000].decode("utf-8", "replace"),
            }
            print(json.dumps(facts), flush=True)


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
