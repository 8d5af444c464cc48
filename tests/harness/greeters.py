"""Mail servers that do no more than greet and start TLS: what a test of a client's first steps needs, with any fault one likes.

    with Greeters("127.0.5.1", base, certificate=(crt, key), name="mail.test") as servers: …
"""

import contextlib
import socket
import ssl
import threading

PORTS = {"smtp": 25, "submission": 587, "submissions": 465, "pop3": 110, "pop3s": 995, "imap": 143, "imaps": 993, "https": 443}
SECURE = {"submissions", "pop3s", "imaps", "https"}
CLIENT_SECONDS = 10
LINE_BYTES_MAX = 1000


def context_of(certificate, old):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.load_cert_chain(*certificate)
    return context


class Greeters:
    """`leave_out`: services that nobody listens for. `greeting`: SMTP's, whole. `starttls`: whether it is offered. `old`: TLS 1.0 only.
    `page`: what HTTPS answers with; without one there is no HTTPS."""

    def __init__(self, address, base, certificate, name, leave_out=(), greeting=None, starttls=True, old=False, page=None):
        self.greeting = greeting or f"220 {name} ESMTP"
        self.name, self.starttls, self.page = name, starttls, page
        self.context = context_of(certificate, old)
        self.listeners = []
        for service, port in PORTS.items():
            if service in leave_out or (service == "https" and page is None):
                continue
            listener = socket.create_server((address, base + port))
            self.listeners.append(listener)
            threading.Thread(target=self.serve, args=(listener, service), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for listener in self.listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def serve(self, listener, service):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self.talk, args=(client, service), daemon=True).start()

    def talk(self, client, service):
        client.settimeout(CLIENT_SECONDS)
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as open_sockets:
            open_sockets.enter_context(client)
            if service in SECURE:
                client = open_sockets.enter_context(self.context.wrap_socket(client, server_side=True))
            if service == "https":
                self.answer_page(client)
                return
            protocol = {"smtp": self.smtp, "submission": self.smtp, "submissions": self.smtp, "pop3": self.pop3, "pop3s": self.pop3,
                        "imap": self.imap, "imaps": self.imap}[service]
            secure = service in SECURE
            client.sendall(protocol("", secure)[0])
            while True:
                line = read_line(client)
                reply, starts_tls = protocol(line, secure)
                client.sendall(reply)
                if starts_tls:
                    client = open_sockets.enter_context(self.context.wrap_socket(client, server_side=True))
                    secure = True

    def answer_page(self, client):
        while read_line(client):
            pass
        client.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.page)}\r\nConnection: close\r\n\r\n{self.page}".encode())

    def smtp(self, line, secure):
        offers = self.starttls and not secure
        if not line:
            return f"{self.greeting}\r\n".encode(), False
        if line.upper().startswith("EHLO"):
            return f"250-{self.name}\r\n{'250-STARTTLS' + chr(13) + chr(10) if offers else ''}250 8BITMIME\r\n".encode(), False
        if line.upper() == "STARTTLS" and offers:
            return b"220 go\r\n", True
        return b"502 no\r\n", False

    def pop3(self, line, secure):
        if not line:
            return b"+OK ready\r\n", False
        if line.upper() == "CAPA":
            return b"+OK\r\n" + (b"" if secure or not self.starttls else b"STLS\r\n") + b"USER\r\n.\r\n", False
        return (b"+OK\r\n", True) if line.upper() == "STLS" and not secure else (b"-ERR no\r\n", False)

    def imap(self, line, secure):
        if not line:
            return b"* OK ready\r\n", False
        tag, _, command = line.partition(" ")
        if command.upper() == "CAPABILITY":
            offered = "" if secure or not self.starttls else " STARTTLS"
            return f"* CAPABILITY IMAP4rev1{offered}\r\n{tag} OK\r\n".encode(), False
        if command.upper() == "STARTTLS" and not secure:
            return f"{tag} OK\r\n".encode(), True
        return f"{tag} BAD no\r\n".encode(), False


def read_line(client):
    """Octet by octet, so that nothing of a handshake is taken along."""
    line = b""
    while not line.endswith(b"\n") and len(line) < LINE_BYTES_MAX:
        octet = client.recv(1)
        if not octet:
            raise ValueError("the client is gone")
        line += octet
    return line.decode("ascii", "replace").rstrip("\r\n")
