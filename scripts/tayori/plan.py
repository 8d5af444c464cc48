"""Which processes an instance has, with their arguments, environment and ports. Used by `up` and by the tests."""

import contextlib
import os
import pathlib
import random
import socket

from tayori.place import PROCESSES, SERVICES

METRICS_OFFSET = 9400
WORKERS_MAX = 64
LOWEST_PORT, PORTS_ENOUGH, PORT_TRIES_MAX = 10_000, 10_000, 10_000
CHANCE = random.SystemRandom()
GIVEN_PORTS = set()  # by this process


def free_port():
    """A port of this machine's, never the same twice. Not one of those that the kernel gives to connections and to whoever asks for
    any: those it may give to somebody else before its user has taken it, and between two questions even to the second of them."""
    for _ in range(PORT_TRIES_MAX):
        port = CHANCE.randrange(LOWEST_PORT, first_port_of_connections())
        if port in GIVEN_PORTS:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            GIVEN_PORTS.add(port)
            return port
    raise RuntimeError(f"no free port within {PORT_TRIES_MAX} tries")


def first_port_of_connections():
    try:
        first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        first = 32_768
    return max(first, LOWEST_PORT + PORTS_ENOUGH)


def listen_on(ports, hosts):
    """Service -> [address, …]."""
    return {name: [f"{host}:{port}" for host in hosts] for name, port in ports.items()}


def environment(instance, listen):
    """What all processes of the instance share, as TAYORI__SECTION__KEY."""
    sock = f"unix:{instance.socket_path()}"
    shared = {
        "TAYORI__SITE__DATA_DIR": str(instance.data),
        "TAYORI__SPOOLD__LISTEN": sock,
        "TAYORI__SPOOLD__ADDRESS": sock,
        "TAYORI_CONFIG": str(instance.config_file()),
    }
    for service, addresses in listen.items():
        _, program, key = SERVICES[service]
        shared[f"TAYORI__{program}__{key}".upper()] = ",".join(addresses)
    return shared


def workers(instance, program):
    named = os.environ.get(f"TAYORI__{program.upper()}__WORKERS")
    value = named or instance.settings().get(program, {}).get("workers", 1)
    return int(value) if str(value).isdigit() and 1 <= int(value) <= WORKERS_MAX else 1


def arguments(binaries, program):
    """Fetching is a command of adminctl that goes on."""
    return [str(binaries / "adminctl"), "fetch", "serve"] if program == "fetch" else [str(binaries / program)]


def processes(instance, binaries, ports, metrics_base=None, hosts=None):
    """[{name, program, argv, env, ports, services, metrics}] in the order of starting."""
    rows = []
    shared = environment(instance, listen_on(ports, hosts or ["*"]))
    for program in PROCESSES:
        services = {name: port for name, port in ports.items() if SERVICES[name][1] == program}
        count = 1 if program in ("spoold", "fetch") else workers(instance, program)
        for number in range(1, count + 1):
            metrics = metrics_base + METRICS_OFFSET + len(rows) if metrics_base is not None else free_port()
            rows.append({
                "name": program if count == 1 else f"{program}-{number}",
                "program": program,
                "argv": arguments(binaries, program),
                "env": {**shared, "TAYORI__METRICS__LISTEN": f"127.0.0.1:{metrics}"},
                "ports": sorted(services.values()),
                "services": services,
                "metrics": metrics,
            })
    return rows
