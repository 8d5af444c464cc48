"""An authority of a test's own, and certificates as servers should not have them."""

import pathlib
import subprocess
import tempfile

CONFIG = """[ca]
default_ca = ours
[ours]
dir = {folder}
new_certs_dir = {folder}
database = {folder}/index
serial = {folder}/serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


class Authority:
    """`with Authority() as ca: ca.file; ca.certificate("mail.test")` -> (certificate, key)."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tayori-ca-")
        self.path = pathlib.Path(self.folder.name)
        self.file = self.path / "ca.crt"

    def __enter__(self):
        (self.path / "index").write_text("", encoding="ascii")
        (self.path / "serial").write_text("01\n", encoding="ascii")
        (self.path / "ca.cnf").write_text(CONFIG.format(folder=self.path), encoding="ascii")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=Test CA",
                     "-keyout", "ca.key", "-out", "ca.crt")
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.path, check=True, capture_output=True)

    def certificate(self, name, end=None, self_signed=False):
        """`end`: "20200201000000Z"."""
        label = f"{name}-{end}-{self_signed}"
        new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}", "-addext",
               f"subjectAltName=DNS:{name}", "-keyout", f"{label}.key"]
        if self_signed:
            self.openssl(*new, "-x509", "-days", "300", "-out", f"{label}.crt")
        else:
            self.openssl(*new, "-out", f"{label}.csr")
            dates = ["-startdate", "20200101000000Z", "-enddate", end] if end else ["-days", "300"]
            self.openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key", *dates, "-in", f"{label}.csr",
                         "-out", f"{label}.crt")
        return str(self.path / f"{label}.crt"), str(self.path / f"{label}.key")
