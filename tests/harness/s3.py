"""The S3 of a test: s3_server.py in a process of its own, and what spoold must be told of it."""

import json
import pathlib
import subprocess
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's, which has python3-botocore
BUCKET, REGION = "mail", "xx-test-1"
KEY_ID, SECRET = "AKTEST", "a/secret+of=tests"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class S3:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.objects = self.folder / BUCKET  # one file each
        self.child, self.port = None, 0

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.child = subprocess.Popen([PYTHON, str(HERE / "s3_server.py"), str(self.folder)], stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline())
        credentials = self.folder / "credentials"
        credentials.write_text(f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
        credentials.chmod(0o600)
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()

    def settings(self, **others):
        """TAYORI__… values; `others` are keys of [backup_s3]."""
        keys = {"endpoint": f"http://127.0.0.1:{self.port}", "region": REGION, "bucket": BUCKET,
                "credentials_file": str(self.folder / "credentials"), **others}
        return {"TAYORI__BACKUP__TARGET": "s3", "no_proxy": "127.0.0.1",
                **{f"TAYORI__BACKUP_S3__{key.upper()}": value for key, value in keys.items()}}

    def control(self, **wish):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/_control", json.dumps(wish).encode(), method="POST")
        with DIRECT.open(request, timeout=30) as answer:
            return json.load(answer)

    def fail(self, *faults):
        self.control(faults=list(faults))

    def asked(self, *begins):
        """How many requests began with one of these, and were answered or not."""
        return sum(one.startswith(begins) for one in self.control()["asked"])
