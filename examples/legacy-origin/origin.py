"""The same server as origin.mjs, with nothing but Python's standard library."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen


def publish(channel, content):
    items = [{"channel": channel, "formats": {"http-stream": {"content": content}}}]
    request = Request(
        os.environ["CONTROL_URL"] + "/publish/",
        data=json.dumps({"items": items}).encode(),
        headers={"Authorization": "Bearer " + os.environ["GRIP_KEY"]},
    )
    urlopen(request).close()


class Origin(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer("[open]\n", {"Grip-Hold": "stream", "Grip-Channel": "news"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        publish("news", body.decode() + "\n")
        self.answer("Published\n")

    def answer(self, text, headers={}):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("ORIGIN_PORT", "8000"))), Origin)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
