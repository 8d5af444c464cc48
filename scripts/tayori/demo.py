"""./tayori demo: example.test with alice and bob, one mail on port 25, read by POP3 and by IMAP, shown."""

import email
import email.message
import email.policy
import email.utils
import imaplib
import json
import os
import poplib
import secrets
import smtplib
import ssl

from tayori import cli
from tayori.console import Failure, note, say, step

DOMAIN = "example.test"
USERS = ("alice", "bob")
TIMEOUT_S = 30
HOST = "127.0.0.1"


def run(instance, mode):
    engine = cli.engine(mode)
    rows = engine.status(instance)
    if not rows or not all(row["running"] for row in rows):
        raise Failure("not everything is running; ./tayori status, ./tayori up")
    ports = instance.load_state()["ports"]
    passwords = ensure_accounts(instance, engine)
    message_id, letter = write_letter()
    step(f"A mail from carol@example.org to alice and bob, by SMTP on port {ports['smtp']}")
    send(ports["smtp"], letter)
    step(f"alice reads it by POP3 on port {ports['pop3']}, with STLS")
    show(read_by_pop3(ports["pop3"], passwords["alice"], message_id))
    step(f"bob reads it by IMAP on port {ports['imap']}, with STARTTLS")
    show(read_by_imap(ports["imap"], passwords["bob"], message_id))
    say(f"\nSet up your mail program with alice@{DOMAIN}, password {passwords['alice']}")
    say(f"  incoming  IMAP {ports['imaps']} or POP3 {ports['pop3s']}, TLS       outgoing  SMTP {ports['submissions']}, TLS")
    say(f"Your own:  {cli.command_prefix(instance)}./tayori adminctl domain add example.com")


def ensure_accounts(instance, engine):
    """Passwords are made once and kept beside the data, readable by the owner only."""
    kept = instance.data / "demo.json"
    try:
        passwords = json.loads(kept.read_text())
    except (OSError, ValueError):
        passwords = {}
    if engine.ask_adminctl(instance, ["domain", "list"]).stdout.find(DOMAIN) < 0:
        step(f"The domain {DOMAIN}")
        must(engine.ask_adminctl(instance, ["domain", "add", DOMAIN]))
    for user in USERS:
        address = f"{user}@{DOMAIN}"
        exists = engine.ask_adminctl(instance, ["account", "show", address]).returncode == 0
        if exists and user in passwords:
            continue
        passwords[user] = secrets.token_urlsafe(9)
        verb = "password" if exists else "add"
        step(f"The account {address}" + (" gets a new password" if exists else ""))
        must(engine.ask_adminctl(instance, ["account", verb, address, "--password-stdin"], passwords[user] + "\n"))
    with open(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(passwords, file)
    return passwords


def must(done):
    if done.returncode != 0:
        raise Failure(f"adminctl: {done.stdout}{done.stderr}".strip())


def write_letter():
    letter = email.message.EmailMessage()
    letter["From"] = "Carol <carol@example.org>"
    letter["To"] = ", ".join(f"{user}@{DOMAIN}" for user in USERS)
    letter["Subject"] = "Tayori より、はじめての便り"
    letter["Date"] = email.utils.localtime()
    message_id = email.utils.make_msgid(domain="example.org")
    letter["Message-ID"] = message_id
    letter.set_content("Hello!\n\nこのメールは SMTP で届き、POP3 と IMAP で読まれました。\n")
    return message_id, letter


def unverified():
    """The certificate of a first start is self-signed."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def send(port, letter):
    with smtplib.SMTP(HOST, port, local_hostname="client.example.org", timeout=TIMEOUT_S) as smtp:
        smtp.starttls(context=unverified())
        refused = smtp.sendmail("carol@example.org", [f"{user}@{DOMAIN}" for user in USERS], letter.as_bytes())
    if refused:
        raise Failure(f"refused: {refused}")
    note("250: it is on disk")


def read_by_pop3(port, password, message_id):
    pop = poplib.POP3(HOST, port, timeout=TIMEOUT_S)
    try:
        pop.stls(context=unverified())
        pop.user(f"alice@{DOMAIN}")
        pop.pass_(password)
        count = pop.stat()[0]
        for number in range(count, 0, -1):
            letter = email.message_from_bytes(b"\r\n".join(pop.retr(number)[1]), policy=email.policy.default)
            if letter["Message-ID"] == message_id:
                return letter
        raise Failure("POP3 does not show the mail")
    finally:
        pop.quit()


def read_by_imap(port, password, message_id):
    imap = imaplib.IMAP4(HOST, port, timeout=TIMEOUT_S)
    try:
        imap.starttls(unverified())
        imap.login(f"bob@{DOMAIN}", password)
        imap.select("INBOX")
        found = imap.uid("SEARCH", "HEADER", "Message-ID", message_id)[1][0].split()
        if not found:
            raise Failure("IMAP does not show the mail")
        parts = imap.uid("FETCH", found[-1], "(FLAGS BODY[])")[1]
        return email.message_from_bytes(parts[0][1], policy=email.policy.default)
    finally:
        imap.logout()


def show(letter):
    for name in ("From", "To", "Subject", "Date"):
        note(f"{name}: {letter[name]}")
    for line in letter.get_body().get_content().strip().splitlines():
        note(f"| {line}")
