"""A name server for a test: UDP on a free port, answers from a table.

    with SmallDns({("example.jp", "MX"): [(86400, (10, "old.example.jp"))]}) as dns:
        dns.port
"""

import ipaddress
import socketserver
import struct
import threading

TYPES = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
SERVER_FAILURE = 2
NO_SUCH_NAME = 3


def encode_name(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part) + b"\0"


def decode_name(packet, at):
    parts = []
    while packet[at]:
        parts.append(packet[at + 1:at + 1 + packet[at]].decode().lower())
        at += 1 + packet[at]
    return ".".join(parts), at + 1


def encode_data(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        return struct.pack(">H", value[0]) + encode_name(value[1])
    if kind == "PTR":
        return encode_name(value)
    pieces = [value[at:at + 255].encode() for at in range(0, len(value), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


class SmallDns:
    """`table`: (name, type) -> [(ttl, value)]. `failing`: names that get SERVFAIL, `silent`: no answer at all."""

    def __init__(self, table):
        self.table = table
        self.failing, self.silent = set(), set()
        self.questions = []
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                packet, channel = self.request
                answer = outer.answer(packet)
                if answer:
                    channel.sendto(answer, self.client_address)

        self.server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def asked(self, name):
        return name in self.questions

    def answer(self, packet):
        name, at = decode_name(packet, 12)
        self.questions.append(name)
        if name in self.silent:
            return None
        kind = NAMES.get(struct.unpack(">H", packet[at:at + 2])[0])
        rows = self.table.get((name, kind), [])
        known = any(key[0] == name for key in self.table)
        code = SERVER_FAILURE if name in self.failing else 0 if known else NO_SUCH_NAME
        rows = [] if code else rows
        header = struct.pack(">HHHHHH", struct.unpack(">H", packet[:2])[0], 0x8580 | code, 1, len(rows), 0, 0)
        out = header + packet[12:at + 4]
        for ttl, value in rows:
            data = encode_data(kind, value)
            out += b"\xc0\x0c" + struct.pack(">HHIH", TYPES[kind], 1, ttl, len(data)) + data
        return out

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
