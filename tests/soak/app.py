# SPDX-License-Identifier: MIT
"""A web app on PostgreSQL: every request adds a row and answers with how many there are. It speaks the protocol itself."""

import http.server
import socket
import struct
import sys

PORT, STORE = int(sys.argv[1]), sys.argv[2]
QUERY = b"CREATE TABLE IF NOT EXISTS hits (); INSERT INTO hits DEFAULT VALUES; SELECT count(*) FROM hits\0"


def messages(stream):
    while True:
        head = stream.read(5)
        if len(head) < 5:
            raise ConnectionError("the database hung up")
        kind, size = struct.unpack("!cI", head)
        yield kind, stream.read(size - 4)


def count():
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(2)
        link.connect(STORE)
        stream = link.makefile("rb")
        hello = struct.pack("!I", 196608) + b"user\0shop\0database\0postgres\0\0"
        link.sendall(struct.pack("!I", len(hello) + 4) + hello)
        found, asked = None, False
        for kind, body in messages(stream):
            if kind == b"E":
                raise ConnectionError(body.decode(errors="replace"))
            if kind == b"D":
                found = body[6:].decode()
            if kind == b"Z" and asked:
                return found
            if kind == b"Z":
                asked = True
                link.sendall(b"Q" + struct.pack("!I", len(QUERY) + 4) + QUERY)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, text = 200, f"python {count()}\n"
        except OSError as error:
            status, text = 503, f"{error}\n"
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
