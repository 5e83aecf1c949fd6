"""`twin up`, `twin down`, `twin status`: words come in, services start, stop or show themselves."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.local.supervision import Supervisor


def add_parser(subparsers: Any) -> None:
    """Declare the three commands."""
    up = subparsers.add_parser(
        "up",
        help="start the twin: database, Redis, worker and web server",
        epilog="example: twin up --demo --port 8080",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    up.add_argument("--demo", action="store_true", help="fill it with the synthetic demo city")
    up.add_argument("--detach", action="store_true", help="return once the page is served")
    up.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    up.add_argument("--port", type=_port, default=8000, help="port of the pages (8000)")
    up.set_defaults(run=run_up)

    down = subparsers.add_parser(
        "down",
        help="stop the twin of this data folder",
        epilog="example: TWIN_DATA=/srv/twin twin down",
    )
    down.set_defaults(run=run_down)

    status = subparsers.add_parser(
        "status",
        help="show services, address and memory; exit 0 if the twin is healthy",
        epilog="example: twin status --json",
    )
    status.add_argument("--json", action="store_true", help="for machines")
    status.set_defaults(run=run_status)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (1 to 65535)")
    return int(text)


def say(line: str) -> None:
    """One line for the person in front of the screen."""
    print(line, flush=True)


def run_up(args: argparse.Namespace) -> int:
    """Start everything; without --detach stay and stop it again at Ctrl-C."""
    from twin.local import folder, paths, stack

    words = ["up", "--host", args.host, "--port", str(args.port)]
    words += ["--demo"] if args.demo else []
    words += ["--detach"] if args.detach else []
    folder.continue_unprivileged(words)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    address = stack.Address(args.host, args.port)
    supervisor = stack.start(address, demo=args.demo, keep_running=args.detach, say=say)
    say(f"\nSong Sinh is at {address.url}  (data in {paths.data_dir()})")
    if args.demo:
        show_logins()
    if args.detach:
        say("`twin status` shows it, `twin down` stops it.")
        return 0
    say("Ctrl-C stops it.\n")
    try:
        watch(supervisor)
    except KeyboardInterrupt:
        say("\nStopping")
    supervisor.shutdown()
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def show_logins() -> None:
    """The demo users and the passwords generated for this data folder."""
    from twin.demo.logins import demo_logins

    say("Demo logins:")
    for username, password in demo_logins().items():
        say(f"  {username:<18} {password}")


def watch(supervisor: Supervisor) -> None:
    """Say when a service changes its state, until the supervisor ends."""
    from twin.local.postgres import tail
    from twin.local.supervision import UNREACHABLE, log_file

    known: dict[str, tuple[str, int | None]] = {}
    while True:
        try:
            rows = supervisor.processes()
        except UNREACHABLE:
            say("The supervisor has ended")
            return
        for row in rows:
            name, now = row["name"], (row["state"], row["pid"])
            before = known.get(name)
            known[name] = now
            if before is None or before == now:
                continue
            if row["state"] in {"backoff", "fatal", "exited"}:
                say(f"{name} died; the end of {log_file(name)}:\n{tail(log_file(name))}")
            elif row["state"] == "running":
                say(f"{name} runs again (process {row['pid']})")
        time.sleep(1)


def run_down(args: argparse.Namespace) -> int:
    """Stop every service of this data folder."""
    from twin.core.errors import Unavailable
    from twin.local import paths, stack

    supervisor = stack.remembered_supervisor()
    if supervisor.pid() is None:
        if supervisor.socket.exists() and not os.access(supervisor.socket, os.W_OK):
            raise Unavailable(f"the twin in {paths.data_dir()} belongs to another user")
        say(f"No twin runs in {paths.data_dir()}")
        return 0
    supervisor.shutdown()
    say("Stopped")
    return 0


def run_status(args: argparse.Namespace) -> int:
    """Show what runs. Exit 0 if the page is served and every service runs, else 1."""
    from twin.local import paths, stack

    supervisor = stack.remembered_supervisor()
    pid = supervisor.pid()
    report: dict[str, Any] = {"running": pid is not None, "data": str(paths.data_dir())}
    healthy = False
    if pid:
        state = stack.running_state()
        rows = supervisor.processes()
        for row in rows:
            row["memory_mb"] = stack.memory_mb([row["pid"]]) if row["pid"] else 0.0
        trouble = "not started"
        if state:
            trouble = stack.health(stack.Address(state["host"], state["port"]))
        healthy = not trouble and all(row["state"] == "running" for row in rows)
        report |= {
            "url": state.get("url"),
            "pid": pid,
            "healthy": healthy,
            "trouble": trouble or None,
            "services": rows,
            "memory_mb": stack.memory_mb([pid]),
        }
    if args.json:
        json.dump(report, sys.stdout, indent=1)
        print()
    else:
        _print_status(report)
    return 0 if healthy else 1


def _print_status(report: dict[str, Any]) -> None:
    if not report["running"]:
        say(f"No twin runs in {report['data']}; `twin up` starts it")
        return
    for row in report["services"]:
        process = f"process {row['pid']}" if row["pid"] else row["said"]
        say(f"{row['name']:<10} {row['state']:<9} {row['memory_mb']:>7.0f} MB  {process}")
    say(f"{'all':<20} {report['memory_mb']:>7.0f} MB")
    say(f"{report['url']} {report['trouble'] or 'is served'}")
