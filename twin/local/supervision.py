"""supervisord for one data folder: services come in, its configuration and a client go out."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast

import psutil
from supervisor.xmlrpc import SupervisorTransport

from twin.core.errors import Unavailable
from twin.local import paths
from twin.local.account import tethered

USER = "twin"
UNREACHABLE = (OSError, HTTPException, xmlrpc.client.ProtocolError)


@dataclass(frozen=True)
class Service:
    """One supervised program."""

    name: str
    command: list[str]
    stop_signal: str = "TERM"
    stop_wait_s: int = 15
    steady_s: int = 1
    retries: int = 4
    autostart: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def log_file(name: str) -> Path:
    """Where a service writes; rotated by the supervisor."""
    return paths.data_dir() / "logs" / f"{name}.log"


def _quoted(value: str) -> str:
    return value.replace("%", "%%")


def _words(command: list[str]) -> str:
    return _quoted(" ".join("'" + word.replace("'", "'\\''") + "'" for word in command))


def config_text(services: list[Service], password: str) -> str:
    """supervisord.conf: unix socket with a password, logs in the data folder."""
    run, data = _quoted(str(paths.runtime_dir())), _quoted(str(paths.data_dir()))
    blocks = [
        f"[unix_http_server]\nfile={run}/supervisor.sock\nchmod=0600\n"
        f"username={USER}\npassword={password}\n",
        f"[supervisord]\nnodaemon=true\nsilent=true\npidfile={run}/supervisord.pid\n"
        f"logfile={data}/logs/supervisord.log\nlogfile_maxbytes=2MB\nlogfile_backups=1\n"
        f"childlogdir={data}/logs\ndirectory={data}\n",
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory="
        "supervisor.rpcinterface:make_main_rpcinterface\n",
    ]
    for priority, service in enumerate(services, start=1):
        lines = [
            f"[program:{service.name}]",
            f"command={_words(tethered(service.command, service.stop_signal))}",
            f"priority={priority}",
            f"autostart={str(service.autostart).lower()}",
            "autorestart=true",
            f"startsecs={service.steady_s}",
            f"startretries={service.retries}",
            f"stopsignal={service.stop_signal}",
            f"stopwaitsecs={service.stop_wait_s}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={_quoted(str(log_file(service.name)))}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
        ]
        if service.environment:
            pairs = (f'{key}="{_quoted(value)}"' for key, value in service.environment.items())
            lines.append("environment=" + ",".join(pairs))
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


class Supervisor:
    """Client of the supervisord of this data folder."""

    def __init__(self, password: str):
        self.socket = paths.runtime_dir() / "supervisor.sock"
        self.password = password

    @property
    def rpc(self) -> Any:
        """A new connection: one that failed would go on failing with the next supervisor."""
        transport = SupervisorTransport(USER, self.password, f"unix://{self.socket}")
        server = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        return cast(Any, server).supervisor

    def pid(self) -> int | None:
        """Process id if it answers, else None."""
        if not self.socket.exists():
            return None
        try:
            return int(self.rpc.getPID())
        except UNREACHABLE:
            return None

    def launch(self, environment: Mapping[str, str], *, keep_running: bool) -> None:
        """Start supervisord; unless `keep_running`, it ends when this process does."""
        settings = paths.runtime_dir() / "supervisord.conf"
        command = [sys.executable, "-P", "-m", "supervisor.supervisord", "-c", str(settings)]
        log = log_file("supervisord-start")
        with log.open("wb") as output:
            process = subprocess.Popen(
                command if keep_running else tethered(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=paths.data_dir(),
                env=dict(environment),
                start_new_session=True,
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.poll() is None:
            if self.pid() == process.pid:
                return
            time.sleep(0.05)
        raise Unavailable(f"the supervisor did not start: {log.read_text('utf-8', 'replace')}")

    def processes(self) -> list[dict[str, Any]]:
        """One row a service: name, state (RUNNING, FATAL, …), pid, start time."""
        return [
            {
                "name": row["name"],
                "state": row["statename"].lower(),
                "pid": row["pid"] or None,
                "uptime_s": row["now"] - row["start"] if row["statename"] == "RUNNING" else 0,
                "said": row["spawnerr"],
            }
            for row in self.rpc.getAllProcessInfo()
        ]

    def state(self, name: str) -> str:
        """State word of one service: running, starting, backoff, fatal, stopped…"""
        return self.rpc.getProcessInfo(name)["statename"].lower()

    def start(self, name: str) -> None:
        """Start a service without waiting."""
        with contextlib.suppress(xmlrpc.client.Fault):
            self.rpc.startProcess(name, False)

    def stop(self, name: str) -> None:
        """Stop a service and wait until it has stopped."""
        with contextlib.suppress(xmlrpc.client.Fault):
            self.rpc.stopProcess(name, True)

    def shutdown(self, timeout: float = 90) -> None:
        """Stop every service, then the supervisor; returns when it is gone."""
        pid = self.pid()
        if pid is None:
            return
        with contextlib.suppress(*UNREACHABLE, xmlrpc.client.Fault):
            self.rpc.shutdown()
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if gone(pid):
                return
            time.sleep(0.05)
        raise Unavailable(f"the supervisor (process {pid}) did not stop within {timeout:.0f} s")


def gone(pid: int) -> bool:
    """Whether the process ended; our own ended child counts."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
