"""The little of IMAP that preparing a test needs."""

from harness.lines import Lines


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def command(connection, text, literal=None):
    """Sends one command with an optional last literal; the untagged lines, or an error with the whole answer."""
    connection.line(f"t {text}" + (f" {{{len(literal)}}}" if literal is not None else ""))
    if literal is not None:
        answer = connection.read_line()
        if not answer.startswith("+"):
            raise AssertionError(f"{text}: {answer}")
        connection.send(literal + b"\r\n")
    untagged = []
    while True:
        line = connection.read_line()
        if line.startswith("t "):
            if not line.startswith("t OK"):
                raise AssertionError(f"{text}: {line}")
            return untagged
        untagged.append(line)


def login(port, address, password, tls=False):
    connection = Lines(port, tls)
    connection.read_line()
    command(connection, f"LOGIN {quoted(address)} {quoted(password)}")
    return connection


def append(connection, folder, message, flags=()):
    listed = f" ({' '.join(flags)})" if flags else ""
    command(connection, f"APPEND {quoted(folder)}{listed}", message)
