"""Mail as people send it, for all tests: Japanese, attachments, odd charsets."""

import email.message
import email.policy
import email.utils

DOMAIN = "example.test"


def plain(subject, body, sender="carol@example.org", to=f"anna@{DOMAIN}"):
    letter = email.message.EmailMessage(policy=email.policy.SMTP)
    letter["From"] = sender
    letter["To"] = to
    letter["Subject"] = subject
    letter["Date"] = email.utils.localtime()
    letter["Message-ID"] = email.utils.make_msgid(domain="example.org")
    letter.set_content(body)
    return letter


def with_attachment(subject, body, data, name, **addresses):
    letter = plain(subject, body, **addresses)
    letter.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return letter


def iso_2022_jp(subject, body, sender="carol@example.org", to=f"anna@{DOMAIN}"):
    """As Japanese mail programs wrote for twenty years."""
    import base64
    word = base64.b64encode(subject.encode("iso-2022-jp")).decode()
    text = (f"From: {sender}\r\nTo: {to}\r\nSubject: =?ISO-2022-JP?B?{word}?=\r\n"
            f"Date: {email.utils.formatdate()}\r\nMessage-ID: {email.utils.make_msgid(domain='example.org')}\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n"
            "Content-Transfer-Encoding: 7bit\r\n\r\n")
    return text.encode() + body.replace("\n", "\r\n").encode("iso-2022-jp")
