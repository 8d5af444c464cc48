"""The commands of ./tayori."""

import argparse
import json
import os
import subprocess
import sys

from tayori import build, native
from tayori.console import Failure, say, warn
from tayori.place import Instance

HELP = """./tayori COMMAND [--data DIR] [--port-base N]

  up [--native|--containers]   install or build what is missing, start everything
  demo                         example.test with alice and bob, one mail by SMTP, POP3 and IMAP
  status [--json]              what runs, on which ports
  logs [-f] [NAME ...]         what the programs wrote
  adminctl ...                 domains, accounts, quotas, the store: ./tayori adminctl --help
  down                         stop everything; the data stays
  test                         build and run every test
  dev                          build what changed and run the tests it touches
  bench [--peers]              speed and memory, beside Postfix and Dovecot where wanted

TAYORI_DATA and TAYORI_PORT_BASE in the environment mean the same as --data and --port-base."""


def docker_answers():
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def mode_of(instance, arguments):
    if arguments.native:
        return "native"
    if arguments.containers:
        return "containers"
    running = instance.load_state().get("mode")
    if running and is_running(instance, running):
        return running
    return "containers" if docker_answers() else "native"


def is_running(instance, mode):
    if mode == "native":
        return native.supervisor_pid(instance) is not None
    from tayori import containers
    return bool(containers.status(instance))


def current_mode(instance):
    return instance.load_state().get("mode") or "native"


def engine(mode):
    if mode == "native":
        return native
    from tayori import containers
    return containers


def add_place(parser):
    parser.add_argument("--data", help="where all state lies")
    parser.add_argument("--port-base", help="SMTP at N+25, submission N+587, SMTPS N+465, POP3 N+110, POP3S N+995, "
                                            "IMAP N+143, IMAPS N+993")


def cmd_up(arguments):
    parser = argparse.ArgumentParser(prog="tayori up")
    add_place(parser)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--native", action="store_true", help="processes of this machine")
    chosen.add_argument("--containers", action="store_true", help="docker compose")
    options = parser.parse_args(arguments)
    instance = Instance(options.data, options.port_base)
    mode = mode_of(instance, options)
    other = "containers" if mode == "native" else "native"
    if instance.load_state().get("mode") == other and is_running(instance, other):
        raise Failure(f"this data folder is in use by {other}; first: ./tayori down")
    if mode == "native":
        ports, sentence = native.up(instance, build.programs())
    else:
        from tayori import containers
        ports, sentence = containers.up(instance)
    show_status(instance, mode)
    say(f"\nPorts: {sentence}.")
    say(f"Data:  {where_data_lies(instance, mode)}")
    self_signed_word(instance, mode)
    say(f"Next:  {command_prefix(instance)}./tayori demo")
    return ports


def where_data_lies(instance, mode):
    if mode == "native" or instance.data_is_chosen:
        return str(instance.data)
    from tayori import containers
    return f"docker volumes of the project {containers.project(instance)}"


def command_prefix(instance):
    words = [f"TAYORI_DATA={instance.data} "] if instance.data_is_chosen else []
    return "".join(words)


def self_signed_word(instance, mode):
    if not instance.settings().get("tls", {}).get("certificate"):
        say("TLS:   a self-signed certificate, made at the first start; yours: [tls] in tayori.toml")


def cmd_down(arguments):
    parser = argparse.ArgumentParser(prog="tayori down")
    add_place(parser)
    options = parser.parse_args(arguments)
    instance = Instance(options.data, options.port_base)
    stopped = engine(current_mode(instance)).down(instance)
    say("Stopped; the data stays." if stopped else "Nothing was running.")


def cmd_status(arguments):
    parser = argparse.ArgumentParser(prog="tayori status")
    add_place(parser)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    instance = Instance(options.data, options.port_base)
    mode = current_mode(instance)
    rows = engine(mode).status(instance)
    if options.json:
        state = instance.load_state()
        say(json.dumps({"mode": mode, "data": str(instance.data), "ports": state.get("ports", {}) if rows else {},
                        "processes": rows}, indent=1))
    else:
        show_status(instance, mode, rows)
    if not rows or not all(row["running"] for row in rows):
        raise SystemExit(1)


def show_status(instance, mode, rows=None):
    rows = engine(mode).status(instance) if rows is None else rows
    if not rows:
        say("Nothing is running; ./tayori up starts it.")
        return
    say(f"\n{'process':<12} {'pid':>8}  {'restarts':>8}  ports")
    for row in rows:
        ports = "  ".join(f"{name} {port}" for name, port in row.get("services", {}).items())
        say(f"{row['name']:<12} {(row['running'] and row['pid']) or 'DOWN':>8}  {row.get('restarts', 0):>8}  {ports}")


def cmd_logs(arguments):
    parser = argparse.ArgumentParser(prog="tayori logs")
    add_place(parser)
    parser.add_argument("-f", "--follow", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args(arguments)
    instance = Instance(options.data, options.port_base)
    engine(current_mode(instance)).logs(instance, options.names, options.follow)


def cmd_adminctl(arguments):
    # Options of ours come from the environment only: all arguments are adminctl's.
    instance = Instance()
    engine(current_mode(instance)).adminctl(instance, arguments)


def cmd_demo(arguments):
    parser = argparse.ArgumentParser(prog="tayori demo")
    add_place(parser)
    options = parser.parse_args(arguments)
    instance = Instance(options.data, options.port_base)
    from tayori import demo
    demo.run(instance, current_mode(instance))


def cmd_test(arguments):
    from tayori import testing
    raise SystemExit(testing.main(arguments))


def cmd_dev(arguments):
    from tayori import testing
    raise SystemExit(testing.dev(arguments))


def cmd_bench(arguments):
    from tayori import bench
    raise SystemExit(bench.main(arguments))


COMMANDS = {"up": cmd_up, "down": cmd_down, "status": cmd_status, "logs": cmd_logs, "adminctl": cmd_adminctl,
            "demo": cmd_demo, "test": cmd_test, "dev": cmd_dev, "bench": cmd_bench}


def leading_place(arguments):
    """`--data DIR` and `--port-base N` may also stand before the command, which is how adminctl gets them."""
    while arguments and arguments[0].startswith("--"):
        name, equals, value = arguments[0].partition("=")
        variable = {"--data": "TAYORI_DATA", "--port-base": "TAYORI_PORT_BASE"}.get(name)
        if variable is None or (not equals and len(arguments) < 2):
            break
        os.environ[variable] = value if equals else arguments[1]
        arguments = arguments[1:] if equals else arguments[2:]
    return arguments


def main():
    arguments = leading_place(sys.argv[1:])
    if not arguments or arguments[0] in ("help", "-h", "--help"):
        say(HELP)
        return
    command = COMMANDS.get(arguments[0])
    if command is None:
        raise SystemExit(f"tayori: no command {arguments[0]!r}\n{HELP}")
    try:
        command(arguments[1:])
    except Failure as failure:
        warn(str(failure))
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        raise SystemExit(141) from None
