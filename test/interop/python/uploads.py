"""Sends uploads that are refused before they have been read, and reports what it is told: `uploads.py URL CONTROL_URL`."""

import json
import sys
import urllib.error
import urllib.request

BODY = b"x" * 10_000_000


def post(url, body=BODY, **headers):
    request = urllib.request.Request(url, data=body, method="POST", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return [response.status, response.read().decode()]
    except urllib.error.HTTPError as error:
        return [error.code, error.read().decode()]
    except OSError as error:
        return [0, repr(error)]


url, control = sys.argv[1].split(" ")
report = {
    "an origin that answers early and closes": post(f"{url}/upload"),
    "events": post(f"{url}/events", **{"Content-Type": "application/websocket-events"}),
    "a publisher without a key": post(f"{control}/publish"),
    "too much to publish": post(f"{control}/publish", Authorization="Bearer secret"),
    "items by chunks": post(f"{control}/publish", iter([BODY[:1_000_000]] * 10), Authorization="Bearer secret"),
}
print(json.dumps(report))
