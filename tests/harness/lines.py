"""Lines over a socket, with or without TLS, each read with a deadline."""

import socket
import ssl

READ_SECONDS = 15


def unverified_tls():
    """For the self-signed certificate of a test."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Closed(Exception):
    """The server closed the connection."""


class Lines:
    def __init__(self, port, tls=False, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=READ_SECONDS)
        self.buffer = b""
        if tls:
            self.start_tls()

    def start_tls(self):
        if self.buffer:
            raise AssertionError(f"bytes before the handshake: {self.buffer!r}")
        self.socket = unverified_tls().wrap_socket(self.socket, server_hostname="localhost")

    def send(self, data):
        self.socket.sendall(data)

    def line(self, text):
        self.send(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def read_line(self, seconds=READ_SECONDS):
        """Without its CRLF. A line that ends in a bare LF keeps a visible mark."""
        while b"\n" not in self.buffer:
            self.socket.settimeout(seconds)
            try:
                more = self.socket.recv(65536)
            except (ConnectionResetError, ssl.SSLEOFError, BrokenPipeError):
                more = b""
            if not more:
                if self.buffer:
                    rest, self.buffer = self.buffer, b""
                    return rest.decode("utf-8", "surrogateescape")
                raise Closed
            self.buffer += more
        raw, self.buffer = self.buffer.split(b"\n", 1)
        text = raw.decode("utf-8", "surrogateescape")
        return text[:-1] if text.endswith("\r") else text + "<bare LF>"

    def pending(self):
        """What has come already, without waiting."""
        self.socket.settimeout(0.0)
        try:
            while more := self.socket.recv(65536):
                self.buffer += more
        except (BlockingIOError, ssl.SSLWantReadError, ConnectionResetError, ssl.SSLEOFError):
            pass
        return self.buffer

    def close(self):
        self.socket.close()
