#!/usr/bin/python3
"""A small S3 for tests, which checks every signature with botocore's own signer and can be made to fail.

s3_server.py FOLDER: serves the bucket `mail`, whose objects are the files of FOLDER/mail; the first line says the port. Python of
Debian, for python3-botocore.

/_control takes JSON: {"faults": [{"kind": "503", "method": "PUT", "after": 2, "times": 3}]} adds faults, {"release": true} lets held
requests go on, and every answer has what was asked so far. Kinds: 503; reset (in the middle of the body, or of the answer);
slow (`seconds` before the answer); hold (until released); lost (carried out, and then reset); refuse (403, AccessDenied).
"""

import base64
import datetime
import hashlib
import http.server
import itertools
import json
import pathlib
import re
import shutil
import socket
import struct
import sys
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BUCKET, REGION = "mail", "xx-test-1"
KEY_ID, SECRET = "AKTEST", "a/secret+of=tests"
PAGE_KEYS = 7       # small, so that lists have pages
SKEW_SECONDS = 900  # as Amazon's
PART_BYTES_MIN = 5 << 20
HOLD_SECONDS = 60


class Refusal(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


class State:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.uploads = self.folder / "uploads"
        for path in (self.folder / BUCKET, self.uploads):
            path.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.faults, self.asked, self.held = [], [], 0
        self.released, self.never = threading.Event(), threading.Event()

    def fault_for(self, method, target):
        with self.lock:
            self.asked.append(f"{method} {target}")
            for fault in self.faults:
                if fault.get("method", method) != method or fault.get("times", 1) <= 0 or fault.get("part", "") not in target:
                    continue
                if fault.get("after", 0) > 0:
                    fault["after"] -= 1
                    continue
                fault["times"] = fault.get("times", 1) - 1
                return fault
        return {}

    def control(self, wish):
        with self.lock:
            self.faults += wish.get("faults", [])
            if wish.get("clear"):
                self.faults, self.asked = [], []
        if wish.get("release"):
            self.released.set()
        return {"asked": self.asked, "held": self.held, "uploads": sorted(path.name for path in self.uploads.iterdir())}


def canonical_url(host, path, query):
    """As a server sees it: decoded, and encoded again. What the client sent otherwise has another signature."""
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    encoded = "&".join(f"{urllib.parse.quote(k, safe='-_.~')}={urllib.parse.quote(v, safe='-_.~')}" for k, v in pairs)
    return f"http://{host}{urllib.parse.quote(urllib.parse.unquote(path), safe='/-_.~')}?{encoded}"


def check_signature(method, path, query, headers, body):
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?"
                         r"Signature=([0-9a-f]{64})", headers.get("authorization", ""))
    if not found:
        raise Refusal(403, "AccessDenied")
    key_id, day, region, names, signature = found.groups()
    if key_id != KEY_ID:
        raise Refusal(403, "InvalidAccessKeyId")
    if region != REGION:
        raise Refusal(400, "AuthorizationHeaderMalformed")
    signed = names.split(";")
    must = [name for name in headers if name.startswith("x-amz-") or name in ("host", "content-md5", "range")]
    if signed != sorted(signed) or not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed) or not set(must) <= set(signed):
        raise Refusal(403, "AccessDenied")
    stamp = headers["x-amz-date"]
    then = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs(time.time() - then.timestamp()) > SKEW_SECONDS or stamp[:8] != day:
        raise Refusal(403, "RequestTimeTooSkewed")
    if headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        raise Refusal(400, "XAmzContentSHA256Mismatch")
    if "content-md5" in headers and base64.b64decode(headers["content-md5"]) != hashlib.md5(body).digest():
        raise Refusal(400, "BadDigest")
    request = AWSRequest(method, canonical_url(headers["host"], path, query), {name: headers[name] for name in signed})
    request.context["timestamp"] = stamp
    signer = S3SigV4Auth(Credentials(KEY_ID, SECRET), "s3", region)
    canonical = signer.canonical_request(request)
    if signer.signature(signer.string_to_sign(request, canonical), request) != signature:
        raise Refusal(403, "SignatureDoesNotMatch")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body go together
    disable_nagle_algorithm = True
    state = None
    fault = {}

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve()

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        raise ConnectionResetError

    def serve(self):
        self.fault = {}
        split = urllib.parse.urlsplit(self.path)
        size = int(self.headers.get("content-length") or 0)
        if split.path == "/_control":
            return self.answer(200, json.dumps(self.state.control(json.loads(self.rfile.read(size)))).encode())
        self.fault = self.state.fault_for(self.command, self.path)
        if self.fault.get("kind") == "reset" and size:
            self.rfile.read(size // 2)
            self.reset()
        body = self.rfile.read(size)
        try:
            self.misbehave()
            headers = {name.lower(): value for name, value in self.headers.items()}
            check_signature(self.command, split.path, split.query, headers, body)
            return self.carry_out(split, body)
        except Refusal as refusal:
            told = f"<?xml version=\"1.0\"?>\n<Error><Code>{refusal.code}</Code><Message>Test.</Message></Error>"
            return self.answer(refusal.status, told.encode())
        except FileNotFoundError:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def misbehave(self):
        kind = self.fault.get("kind")
        if kind == "503":
            raise Refusal(503, "SlowDown")
        if kind == "refuse":
            raise Refusal(403, "AccessDenied")
        if kind == "slow":
            self.state.never.wait(self.fault["seconds"])
        if kind == "hold":
            self.state.held += 1
            self.state.released.wait(HOLD_SECONDS)

    def answer(self, status, body=b"", headers=(), size=None):
        if self.fault.get("kind") == "lost":
            self.reset()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body) if size is None else size))
        self.end_headers()
        if self.fault.get("kind") == "reset":
            self.wfile.write(body[:len(body) // 2])
            self.wfile.flush()
            self.reset()
        if self.command != "HEAD":
            self.wfile.write(body)

    def carry_out(self, split, body):
        bucket, _, key = urllib.parse.unquote(split.path)[1:].partition("/")
        query = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        if bucket != BUCKET:
            raise Refusal(404, "NoSuchBucket")
        path = self.state.folder / BUCKET / key
        if not key:
            return self.list_uploads(query) if "uploads" in query else self.list(query)
        if "uploadId" in query or "uploads" in query:
            return self.upload(query, key, path, body)
        if self.command == "PUT":
            self.write(path, [body])
            return self.answer(200, headers=[("ETag", f'"{hashlib.md5(body).hexdigest()}"')])
        if self.command == "DELETE":
            if path.is_file():  # and no folder of others
                path.unlink()
            return self.answer(204)
        if not path.is_file():
            raise FileNotFoundError
        if self.command == "HEAD":
            return self.answer(200, size=path.stat().st_size)
        return self.get(path)

    def get(self, path):
        whole = path.stat().st_size
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["range"]).groups())
        if first >= whole:
            return self.answer(416, b"<Error><Code>InvalidRange</Code></Error>", [("Content-Range", f"bytes */{whole}")])
        with open(path, "rb") as file:
            file.seek(first)
            part = file.read(last - first + 1)
        return self.answer(206, part, [("Content-Range", f"bytes {first}-{first + len(part) - 1}/{whole}")])

    def write(self, path, pieces):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = self.state.folder / f"new-{next(self.state.numbers)}"
        with open(new, "wb") as file:
            for piece in pieces:
                file.write(piece)
        new.rename(path)

    def upload(self, query, key, path, body):
        if "uploads" in query:
            name = f"upload-{next(self.state.numbers)}+/ ~".replace("/", "_")
            (self.state.uploads / name).mkdir()
            (self.state.uploads / name / "key").write_text(key)
            told = f"<InitiateMultipartUploadResult><UploadId>{escape(name)}</UploadId></InitiateMultipartUploadResult>"
            return self.answer(200, told.encode())
        folder = self.state.uploads / query["uploadId"]
        if not folder.is_dir() or (folder / "key").read_text() != key:
            raise Refusal(404, "NoSuchUpload")
        if self.command == "PUT":
            self.write(folder / query["partNumber"], [body])
            return self.answer(200, headers=[("ETag", f'"{hashlib.md5(body).hexdigest()}"')])
        if self.command == "POST":
            self.complete(folder, path, body.decode())
            told = b"<CompleteMultipartUploadResult/>"
        shutil.rmtree(folder)
        return self.answer(200, told) if self.command == "POST" else self.answer(204)

    def complete(self, folder, path, wish):
        listed = re.findall(r"<Part><PartNumber>(\d+)</PartNumber><ETag>&quot;([0-9a-f]+)&quot;</ETag></Part>", wish)
        pieces = [(folder / number).read_bytes() for number, _ in listed]
        if not listed or [number for number, _ in listed] != [str(n + 1) for n in range(len(listed))]:
            raise Refusal(400, "InvalidPartOrder")
        if any(hashlib.md5(piece).hexdigest() != etag for piece, (_, etag) in zip(pieces, listed)):
            raise Refusal(400, "InvalidPart")
        if any(len(piece) < PART_BYTES_MIN or len(piece) != len(pieces[0]) for piece in pieces[:-1]):
            raise Refusal(400, "EntityTooSmall")
        self.write(path, pieces)

    def list_uploads(self, query):
        found = [(path.name, (path / "key").read_text()) for path in sorted(self.state.uploads.iterdir())]
        found = [(name, key) for name, key in found if key.startswith(query.get("prefix", ""))]
        rows = "".join(f"<Upload><Key>{urllib.parse.quote(key)}</Key><UploadId>{escape(name)}</UploadId></Upload>"
                       for name, key in found[:PAGE_KEYS])
        more = "true" if len(found) > PAGE_KEYS else "false"
        self.answer(200, f"<ListMultipartUploadsResult><IsTruncated>{more}</IsTruncated>{rows}</ListMultipartUploadsResult>".encode())

    def list(self, query):
        if query.get("list-type") != "2":
            raise Refusal(400, "InvalidArgument")
        top = self.state.folder / BUCKET
        prefix, delimiter, after = (query.get(name, "") for name in ("prefix", "delimiter", "continuation-token"))
        shown = set()
        for path in top.rglob("*"):
            key = str(path.relative_to(top))
            if path.is_file() and key.startswith(prefix):
                end = key.find(delimiter, len(prefix)) if delimiter else -1
                shown.add(key if end < 0 else key[:end + 1])
        after = base64.b64decode(after).decode()
        names = sorted(name for name in shown if name > after)
        rows = "".join(f"<CommonPrefixes><Prefix>{urllib.parse.quote(name)}</Prefix></CommonPrefixes>" if name.endswith("/") else
                       f"<Contents><Key>{urllib.parse.quote(name)}</Key></Contents>" for name in names[:PAGE_KEYS])
        more = len(names) > PAGE_KEYS
        token = base64.b64encode(names[PAGE_KEYS - 1].encode()).decode() if more else ""
        self.answer(200, f"<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                         f"<IsTruncated>{str(more).lower()}</IsTruncated>{rows}"
                         f"<NextContinuationToken>{token}</NextContinuationToken></ListBucketResult>".encode())


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*_)


def main():
    Handler.state = State(sys.argv[1])
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
