"""`adminctl doctor`: zones of a real name server and real listeners, a fault in each, and what the doctor calls it. One row is one fault: its
id is expected and nothing else."""

import json
import pathlib
import re
import subprocess
import unittest

from harness.certificates import Authority
from harness.greeters import Greeters
from harness.name_server import NameServer, named
from harness.site import Site, newest_binaries
from harness.small_dns import SmallDns
from tayori import plan

NOWHERE = "unix:/nonexistent/tayori/spoold.sock"
DOCTOR_SECONDS = 120
STRING_BYTES_MAX = 255


def rsa_key(bits):
    """p= of a new key."""
    private = subprocess.run(["openssl", "genrsa", str(bits)], check=True, capture_output=True).stdout
    public = subprocess.run(["openssl", "rsa", "-pubout"], input=private, check=True, capture_output=True, text=False).stdout.decode()
    return "".join(line for line in public.splitlines() if not line.startswith("-"))


def txt(text):
    return " ".join(f'"{text[at:at + STRING_BYTES_MAX]}"' for at in range(0, len(text), STRING_BYTES_MAX))


KEY = rsa_key(2048)
SOUND = {
    "mx": "@ MX 10 mail",
    "a": "mail A {ip}",
    "ptr": "{ptr} PTR mail.{domain}.",
    "spf": '@ TXT "v=spf1 mx -all"',
    "dkim": f"s1._domainkey TXT {txt('v=DKIM1; k=rsa; p=' + KEY)}",
    "dmarc": '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:postmaster@{domain}"',
    "srv": "_imaps._tcp SRV 0 1 993 mail",
}
LOOKUPS = " ".join(f"a:l{n}.{{domain}}" for n in range(11))
# id, what differs from SOUND (None: is not there), more lines, more arguments.
FAULTS = [
    ("mx.missing", {"mx": None, "spf": '@ TXT "v=spf1 a:mail.{domain} -all"'}, "", ["--address", "{ip}"]),
    ("mx.implicit", {"mx": "@ A {ip}", "spf": '@ TXT "v=spf1 a -all"'}, "", []),
    ("mx.null", {"mx": "@ MX 0 .", "spf": '@ TXT "v=spf1 a:mail.{domain} -all"'}, "", []),
    ("mx.null_and_others", {"mx": "@ MX 0 .\n@ MX 10 mail"}, "", []),
    ("mx.literal", {"mx": "@ MX 10 mail\n@ MX 20 127.9.9.9."}, "", []),
    ("mx.cname", {"mx": "@ MX 10 alias"}, "alias CNAME mail", []),
    ("mx.dangling", {"mx": "@ MX 10 mail\n@ MX 20 gone"}, "", []),
    ("mx.no_address", {"mx": "@ MX 10 mail\n@ MX 20 empty"}, 'empty TXT "nothing"', []),
    ("mx.internal_address", {"mx": "@ MX 10 mail\n@ MX 20 inside"}, "inside A 192.168.7.7", []),
    ("mx.elsewhere", {"mx": "@ MX 10 other", "spf": '@ TXT "v=spf1 a:mail.{domain} -all"'}, "other A 127.9.9.9", []),
    ("mx.ttl_high", {"mx": "@ 604800 MX 10 mail"}, "", []),
    ("mx.ttl_low", {"mx": "@ 5 MX 10 mail"}, "", []),
    ("mx.ttl_before_move", {"mx": "@ 7200 MX 10 mail"}, "", ["--moving"]),
    ("domain.cname", {"mx": "@ CNAME target", "spf": "target MX 10 mail\ntarget TXT \"v=spf1 mx -all\""}, "", []),
    ("dns.wildcard", {}, '* TXT "anything"', []),
    ("address.differs", {"spf": '@ TXT "v=spf1 ip4:127.0.0.0/8 -all"'}, "", ["--address", "{ip}", "--address", "127.8.8.8"]),
    ("ptr.missing", {"ptr": None}, "", []),
    ("ptr.not_confirmed", {"ptr": "{ptr} PTR other.{domain}."}, "other A 127.9.9.9", []),
    ("ptr.generic", {"ptr": "{ptr} PTR {dashed}.dynamic.{domain}."}, "{dashed}.dynamic A {ip}", []),
    ("ptr.other_name", {"ptr": "{ptr} PTR second.{domain}."}, "second A {ip}", []),
    ("spf.missing", {"spf": None}, "", []),
    ("spf.only_type99", {"spf": '@ SPF "v=spf1 mx -all"'}, "", []),
    ("spf.two_records", {"spf": '@ TXT "v=spf1 mx -all"\n@ TXT "v=spf1 a -all"'}, "", []),
    ("spf.split", {"spf": '@ TXT "v=spf1 mx" "ip4:127.0.0.0/8 -all"'}, "", []),
    ("spf.syntax", {"spf": '@ TXT "v=spf1 mx ipv4:127.0.0.1 -all"'}, "", []),
    ("spf.too_many_lookups", {"spf": f'@ TXT "v=spf1 {LOOKUPS} -all"'}, "\n".join(f"l{n} A 127.9.9.9" for n in range(11)), []),
    ("spf.too_many_void", {"spf": '@ TXT "v=spf1 mx a:v1.{domain} a:v2.{domain} a:v3.{domain} -all"'}, "", []),
    ("spf.include_missing", {"spf": '@ TXT "v=spf1 mx include:mail.{domain} -all"'}, "", []),
    ("spf.include_broken", {"spf": '@ TXT "v=spf1 mx include:two.{domain} -all"'}, 'two TXT "v=spf1 -all"\ntwo TXT "v=spf1 ?all"', []),
    ("spf.no_answer", {"spf": '@ TXT "v=spf1 mx include:elsewhere.example -all"'}, "", []),
    ("spf.after_all", {"spf": '@ TXT "v=spf1 mx ~all ip4:127.0.0.1"'}, "", []),
    ("spf.ptr", {"spf": '@ TXT "v=spf1 mx ptr -all"'}, "", []),
    ("spf.open_end", {"spf": '@ TXT "v=spf1 mx"'}, "", []),
    ("spf.all_passes", {"spf": '@ TXT "v=spf1 mx +all"'}, "", []),
    ("spf.not_us", {"spf": '@ TXT "v=spf1 ip4:127.99.0.0/16 -all"'}, "", []),
    ("dkim.missing", {"dkim": None}, "", []),
    ("dkim.two_records", {"dkim": SOUND["dkim"] + '\ns1._domainkey TXT "v=DKIM1; p="'}, "", []),
    ("dkim.syntax", {"dkim": f"s1._domainkey TXT {txt('v=DKIM1, k=rsa, p=' + KEY)}"}, "", []),
    ("dkim.revoked", {"dkim": 's1._domainkey TXT "v=DKIM1; k=rsa; p="'}, "", []),
    ("dkim.key_type", {"dkim": f"s1._domainkey TXT {txt('v=DKIM1; k=dsa; p=' + KEY)}"}, "", []),
    ("dkim.broken_key", {"dkim": f"s1._domainkey TXT {txt('v=DKIM1; k=rsa; p=' + KEY[:200])}"}, "", []),
    ("dkim.no_sha256", {"dkim": f"s1._domainkey TXT {txt('v=DKIM1; h=sha1; p=' + KEY)}"}, "", []),
    ("dkim.not_for_mail", {"dkim": f"s1._domainkey TXT {txt('v=DKIM1; s=other; p=' + KEY)}"}, "", []),
    ("dkim.testing", {"dkim": f"s1._domainkey TXT {txt('v=DKIM1; t=y; p=' + KEY)}"}, "", []),
    ("dkim.short_key", {"dkim": f"s1._domainkey TXT {txt('v=DKIM1; p=' + rsa_key(768))}"}, "", []),
    ("dmarc.missing", {"dmarc": None}, "", []),
    ("dmarc.two_records", {"dmarc": SOUND["dmarc"] + '\n_dmarc TXT "v=DMARC1; p=none"'}, "", []),
    ("dmarc.syntax", {"dmarc": '_dmarc TXT "v=DMARC1; p=refuse; rua=mailto:a@{domain}"'}, "", []),
    ("dmarc.syntax", {"dmarc": '_dmarc TXT "v=dmarc1, p=none"'}, "", []),
    ("dmarc.no_reports", {"dmarc": '_dmarc TXT "v=DMARC1; p=reject"'}, "", []),
    ("dmarc.reports_refused", {"dmarc": '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:a@sound.test"'}, "", []),
    ("sts.two_records", {}, '_mta-sts TXT "v=STSv1; id=1"\n_mta-sts TXT "v=STSv1; id=2"', []),
    ("sts.syntax", {}, '_mta-sts TXT "v=STSv1; id=2026-11-27"', []),
    ("sts.no_policy", {}, '_mta-sts TXT "v=STSv1; id=1"', []),
    ("tlsrpt.two_records", {}, '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:a@{domain}"\n_smtp._tls TXT "v=TLSRPTv1; rua=mailto:b@{domain}"', []),
    ("tlsrpt.syntax", {}, '_smtp._tls TXT "v=TLSRPTv1; rua=a@{domain}"', []),
    ("srv.cname", {"srv": "_imaps._tcp SRV 0 1 993 alias"}, "alias CNAME mail", []),
    ("srv.no_address", {"srv": "_imaps._tcp SRV 0 1 993 gone"}, "", []),
    ("srv.other_host", {"srv": "_imaps._tcp SRV 0 1 993 other"}, "other A 127.9.9.9", []),
    ("helo.not_a_name", {}, "", ["--host", "localhost", "--address", "{ip}"]),
    ("address.missing", {}, "", ["--host", "nobody.{domain}", "--address", "{ip}"]),
]
# These are told and are no problem: exit status 0.
NOTES = [
    ("dmarc.policy_none", {"dmarc": '_dmarc TXT "v=DMARC1; p=none; rua=mailto:postmaster@{domain}"'}),
    ("dmarc.partial", {"dmarc": '_dmarc TXT "v=DMARC1; p=reject; pct=20; rua=mailto:postmaster@{domain}"'}),
    ("srv.missing", {"srv": None}),
]
# What the fault brings along: the other address has no name either.
BROUGHT = {"address.differs": {"ptr.missing"}}


class Zones:
    """The zones of all rows in one: `test`, and the reverse of 127.0.0.0/8."""

    def __init__(self):
        self.test = "$TTL 3600\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n"
        self.reverse = "$TTL 3600\n@ SOA ns.test. hostmaster.test. 1 3600 600 86400 60\n@ NS ns.test.\n"

    def add(self, label, number, changes=None, more=""):
        ip = f"127.7.{number}.1"
        values = {"domain": f"{label}.test", "ip": ip, "dashed": ip.replace(".", "-"), "ptr": f"1.{number}.7"}
        lines = {**SOUND, **(changes or {})}
        self.reverse += (lines.pop("ptr") or "").format(**values) + "\n"
        self.test += f"$ORIGIN {label}.test.\n" + "\n".join(line.format(**values) for line in [*lines.values(), more] if line) + "\n"
        return values

    def served(self):
        return NameServer({"test": self.test, "127.in-addr.arpa": self.reverse})


def doctor(domain, *arguments, spoold=NOWHERE):
    """Its exit status, and the findings that are known of."""
    line = [str(newest_binaries() / "adminctl"), "--json", "--spoold", spoold, "doctor", domain, "--allow-internal", "127.0.0.0/8", "--lang", "en",
            *arguments]
    done = subprocess.run(line, capture_output=True, text=True, timeout=DOCTOR_SECONDS, check=False)
    if not done.stdout:
        raise AssertionError(f"{' '.join(line)}: {done.stderr}")
    return done.returncode, [finding for finding in json.loads(done.stdout)["findings"] if finding["severity"] != "unknown"]


def ids(findings):
    return {finding["id"] for finding in findings}


@unittest.skipUnless(named(), "needs bind9")
class Records(unittest.TestCase):
    """DNS alone."""

    def test_each_fault_is_named_and_nothing_else(self):
        zones = Zones()
        sound = zones.add("sound", 250)
        rows = [(row, zones.add(f"f{n}", n, row[1], row[2])) for n, row in enumerate(FAULTS)]
        notes = [(row, zones.add(f"n{n}", 100 + n, row[1])) for n, row in enumerate(NOTES)]
        with zones.served() as dns:
            asked = ["--no-system", "--no-ports", "--resolver", dns.address, "--selector", "s1"]
            self.assertEqual(doctor(sound["domain"], "--host", f"mail.{sound['domain']}", *asked), (0, []))
            for (fault, _, _, arguments), values in rows:
                with self.subTest(fault=fault, domain=values["domain"]):
                    host = [] if "--host" in arguments else ["--host", "mail.{domain}"]
                    status, found = doctor(values["domain"], *asked, *[part.format(**values) for part in [*host, *arguments]])
                    self.assertEqual((status, ids(found)), (4, {fault} | BROUGHT.get(fault, set())), found)
            for (note, _), values in notes:
                with self.subTest(note=note):
                    status, found = doctor(values["domain"], *asked, "--host", f"mail.{values['domain']}")
                    self.assertEqual((status, ids(found)), (0, {note}), found)

    def test_a_domain_that_is_nobodys(self):
        zones = Zones()
        zones.add("sound", 1)
        with zones.served() as dns:
            asked = ["--no-system", "--no-ports", "--resolver", dns.address]
            self.assertEqual(doctor("nothing.test", *asked)[1][0]["id"], "domain.missing")
            self.assertEqual(doctor("elsewhere.example", *asked)[1][0]["id"], "dns.refused")
            # Without host, selectors and spoold it says what it can't know, and no more.
            self.assertEqual(doctor("sound.test", *asked), (0, []))
            self.assertEqual(doctor("sound.test", "--no-system", "--no-ports", "--resolver", f"127.0.0.1:{plan.free_port()}")[1][0]["id"],
                             "dns.silent")

    def test_what_is_published_cures(self):
        """The lines for the zone are taken as they are, and then nothing is found."""
        cured = [row for row in FAULTS if row[0] in {"mx.missing", "spf.missing", "spf.two_records", "spf.split", "spf.syntax", "spf.only_type99",
                                                      "spf.all_passes", "spf.open_end", "spf.not_us", "ptr.missing", "dmarc.no_reports"}]
        for _, changes, more, arguments in cured:
            changed = next(iter(changes))
            zones = Zones()
            values = zones.add("x", 1, changes, more)
            asked = ["--no-system", "--no-ports", "--selector", "s1", "--host", f"mail.{values['domain']}",
                     *[part.format(**values) for part in arguments]]
            with zones.served() as dns:
                found = doctor(values["domain"], *asked, "--resolver", dns.address)[1]
            zones = Zones()
            zones.add("x", 1, {changed: found[0]["publish"]}, more)
            with self.subTest(fault=found[0]["id"]), zones.served() as dns:
                self.assertEqual(doctor(values["domain"], *asked, "--resolver", dns.address), (0, []), found)

    def test_nothing_passes_dmarc(self):
        zones = Zones()
        values = zones.add("x", 1, {"dkim": None, "spf": '@ TXT "v=spf1 -all"'})
        with zones.served() as dns:
            found = doctor(values["domain"], "--no-system", "--no-ports", "--selector", "s1", "--host", f"mail.{values['domain']}", "--resolver",
                           dns.address)[1]
        self.assertEqual(ids(found), {"dkim.missing", "spf.not_us", "dmarc.nothing_passes"})

    def test_resolvers_that_say_something_else(self):
        zones = Zones()
        values = zones.add("x", 1)
        mail, spf = f"mail.{values['domain']}", "v=spf1 mx -all"
        same = {(values["domain"], "MX"): [(300, (10, mail))], (mail, "A"): [(300, values["ip"])], (values["domain"], "TXT"): [(300, spf)]}
        with zones.served() as dns:
            asked = ["--no-system", "--no-ports", "--host", mail, "--resolver", dns.address, "--resolver"]
            for expected, changes in ((set(), {}), ({"dns.differs"}, {(values["domain"], "MX"): [(300, (10, "old.test"))]}),
                                      ({"dns.differs"}, {(values["domain"], "TXT"): [(300, "v=spf1 -all")]}),
                                      ({"dns.split"}, {(mail, "A"): [(300, "8.8.8.8")]})):
                with self.subTest(expected=expected), SmallDns({**same, **changes}) as other:
                    self.assertEqual(ids(doctor(values["domain"], *asked, f"127.0.0.1:{other.port}")[1]), expected)

    def test_signatures_and_delegations_that_are_wrong(self):
        zones = Zones()
        zones.add("bogus", 1)
        zones.add("sound", 2)
        zones.test += "$ORIGIN test.\nlame NS ns.lame\nns.lame A 127.6.6.6\n"
        anchor = f'"bogus.test." static-ds 12345 8 2 "{"A" * 64}";'
        with zones.served() as dns, NameServer(forward_to=dns.address, anchors=anchor, probe="sound.test") as resolver:
            asked = ["--no-system", "--no-ports", "--resolver", resolver.address]
            self.assertEqual(doctor("sound.test", *asked), (0, []))
            self.assertEqual(ids(doctor("bogus.test", *asked)[1]), {"dnssec.bogus"})
            self.assertEqual(ids(doctor("lame.test", *asked)[1]), {"dns.servfail"})


POLICY = "version: STSv1\nmode: enforce\nmx: {mx}\nmax_age: 86400\n"
STS = '_mta-sts TXT "v=STSv1; id=1"\nmta-sts A {ip}'


@unittest.skipUnless(named(), "needs bind9")
class Servers(unittest.TestCase):
    """Listeners on addresses of their own, each row with a fault."""

    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority())
        cls.strangers = cls.enterClassContext(Authority())
        cls.base = 20_000 + plan.free_port() % 20_000

    def look(self, number, dns, arguments=(), **servers):
        domain = f"s{number}.test"
        mail = f"mail.{domain}"
        with Greeters(f"127.7.{number}.1", self.base, **{"certificate": self.authority.certificate(mail), "name": mail, **servers}):
            status, found = doctor(domain, "--no-system", "--resolver", dns.address, "--host", mail, "--selector", "s1", "--port-base", str(self.base),
                                   "--ca", str(self.authority.file), *arguments)
        return status, sorted(ids(found)), found

    def rows(self):
        """What is expected, and how the servers are."""
        ours, other = self.authority.certificate, self.strangers.certificate
        return [
            ([], {}),
            (["port.closed"], {"leave_out": ("imaps",)}),
            (["banner.other_host"], {"greeting": "220 localhost.localdomain ESMTP"}),
            (["banner.refuses"], {"greeting": "554 mail.test No SMTP service here"}),
            (["banner.none"], {"greeting": "SSH-2.0-OpenSSH_9.2"}),
            (["tls.missing"], {"starttls": False}),
            (["tls.old"], {"old": True}),
            (["cert.expired"], {"certificate": lambda mail: ours(mail, end="20200201000000Z")}),
            (["cert.self_signed"], {"certificate": lambda mail: ours(mail, self_signed=True)}),
            (["cert.wrong_name"], {"certificate": lambda mail: ours(f"old-{mail}")}),
            (["cert.untrusted"], {"certificate": other}),
        ]

    def test_each_fault_is_named_and_nothing_else(self):
        zones = Zones()
        rows = self.rows()
        for n in range(len(rows)):
            zones.add(f"s{n}", n, {"srv": f"_imaps._tcp SRV 0 1 {self.base + 993} mail"})
        with zones.served() as dns:
            for n, (expected, servers) in enumerate(rows):
                made = {name: value(f"mail.s{n}.test") if callable(value) else value for name, value in servers.items()}
                with self.subTest(expected=expected):
                    status, found, told = self.look(n, dns, **made)
                    self.assertEqual((status, found), (4 if expected else 0, expected), told)

    def test_certificates_that_expire_soon_and_ports_not_offered(self):
        zones = Zones()
        zones.add("s1", 1, {"srv": f"_imaps._tcp SRV 0 1 {self.base + 993} mail"})
        soon = subprocess.run(["date", "-u", "-d", "+3 days", "+%Y%m%d%H%M%SZ"], check=True, capture_output=True, text=True).stdout.strip()
        with zones.served() as dns:
            certificate = self.authority.certificate("mail.s1.test", end=soon)
            self.assertEqual(self.look(1, dns, certificate=certificate)[:2], (4, ["cert.expires_soon"]))
            self.assertEqual(self.look(1, dns, ["--port", "pop3=none", "--port", "pop3s=none"], leave_out=("pop3", "pop3s"))[:2], (0, []))

    def test_policies_of_mta_sts(self):
        zones = Zones()
        for n in range(1, 6):
            zones.add(f"s{n}", n, {"srv": f"_imaps._tcp SRV 0 1 {self.base + 993} mail"}, STS)
        with zones.served() as dns:
            for n, (expected, page) in enumerate((([], POLICY.format(mx="*.s1.test")), (["sts.mx_not_listed"], POLICY.format(mx="old.test")),
                                                  (["sts.policy_syntax"], "<html>"), (["sts.no_policy"], None)), 1):
                with self.subTest(expected=expected):
                    names = f"mail.s{n}.test,DNS:mta-sts.s{n}.test"
                    status, found, told = self.look(n, dns, certificate=self.authority.certificate(names), page=page)
                    self.assertEqual((status, found), (4 if expected else 0, expected), told)
            _, found, told = self.look(5, dns, page=POLICY.format(mx="mail.s5.test"))
            self.assertEqual(found, ["sts.policy_certificate"], told)


@unittest.skipUnless(named(), "needs bind9")
class Here(unittest.TestCase):
    """With spoold: whose domain it is, and what the settings say."""

    def test_the_appliance_knows_its_own_domains(self):
        zones = Zones()
        values = zones.add("x", 1)
        settings = {"TAYORI__SITE__HOSTNAME": f"mail.{values['domain']}"}
        with Site(settings=settings, programs=("spoold",)) as site, zones.served() as dns:
            def look(domain, *more, expect, as_json=True):
                told = site.adminctl(*(["--json"] if as_json else []), "doctor", domain, "--no-system", "--no-ports", "--resolver", dns.address,
                                     "--allow-internal", "127.0.0.0/8", *more, expect=expect, seconds=DOCTOR_SECONDS)
                return ids(json.loads(told)["findings"]) if as_json else told
            self.assertIn("domain.not_here", look(values["domain"], "--host", f"mail.{values['domain']}", expect=4))
            site.add_domain(values["domain"])
            self.assertEqual(look(values["domain"], expect=0), {"dkim.unknown"})
            made = json.loads(site.adminctl("--json", "dkim", "create", values["domain"], "--algorithm", "ed25519"))
            site.adminctl("dkim", "enable", values["domain"], "--selector", made["selector"], "--force")
            self.assertEqual(look(values["domain"], expect=4), {"dkim.missing"})
            site.adminctl("dkim", "disable", values["domain"], "--selector", made["selector"])
            self.assertIn("問題は見つかりませんでした。", look(values["domain"], "--lang", "ja", expect=0, as_json=False))


class Documents(unittest.TestCase):
    def test_every_finding_is_explained_in_both_languages(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        told = set()
        for name in ("dns", "mail", "server"):
            text = (root / f"services/adminctl/doctor/{name}_messages.cc").read_text(encoding="utf-8")
            told |= {line.split('"')[1] for line in text.splitlines() if line.startswith('    {"')}
        for name in ("docs/doctor.md", "docs/doctor.ja.md"):
            explained = {line.split("`")[1] for line in (root / name).read_text(encoding="utf-8").splitlines() if re.match(r"\| `[a-z]+\.", line)}
            self.assertEqual(explained, told, name)
