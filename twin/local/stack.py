"""All services of one machine: an address comes in, a served page goes out.

The order: folder, secrets, cluster, supervisor with PostgreSQL and Redis, migrations, static
files, worker and web server, health.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from twin.core.errors import Conflict, Unavailable
from twin.local import changeover, external, folder, paths, postgres, prepare, redis_server
from twin.local.account import Account
from twin.local.memory import Memory, recall
from twin.local.ports import is_free
from twin.local.supervision import Service, Supervisor, config_text, log_file

Say = Callable[[str], None]


@dataclass(frozen=True)
class Address:
    """Where the web server listens."""

    host: str
    port: int

    @property
    def local_host(self) -> str:
        """A host that reaches the server from this machine."""
        return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)

    @property
    def url(self) -> str:
        """What to open in a browser on this machine."""
        return f"http://{self.local_host}:{self.port}/"


def cluster(memory: Memory, account: Account | None = None) -> postgres.Cluster:
    """The private cluster of the data folder; programs of the major that made it."""
    home = paths.data_dir() / "postgres"
    major = postgres.cluster_major(home) if home.exists() else None
    return postgres.Cluster(
        folder=home,
        port=memory.postgres_port,
        password=memory.values["TWIN_POSTGRES_ADMIN_PASSWORD"],
        binaries=postgres.find_binaries(major),
        sockets=paths.runtime_dir(),
        account=account,
    )


def services(memory: Memory, address: Address, database: postgres.Cluster | None) -> list[Service]:
    """Every supervised program, in the order of starting."""
    python = [sys.executable, "-P", "-m"]
    data = paths.data_dir()
    listed = []
    if database:
        listed.append(
            Service(
                "postgres",
                database.command(),
                stop_signal="INT",
                stop_wait_s=60,
                retries=10,
                autostart=True,
            )
        )
    if memory.private_redis:
        config = str(paths.runtime_dir() / "redis.conf")
        command = [redis_server.find_redis(), config]
        listed.append(Service("redis", command, retries=10, autostart=True))
    worker = [*python, "celery", "-A", "twin.celery", "worker", "-Q", "simulation,default"]
    worker += ["--concurrency", "2", "--loglevel", "INFO", "--without-mingle", "--without-gossip"]
    worker += ["--beat", "--schedule", str(data / "cache" / "celerybeat-schedule")]
    web = [*python, "granian", "twin.asgi:application", "--interface", "asgi", "--no-ws"]
    web += ["--host", address.host, "--port", str(address.port), "--workers", "1"]
    web += ["--respawn-failed-workers", "--static-path-mount", str(data / "static")]
    web += ["--static-path-route", "/static", "--static-path-expires", "3600"]
    listed.append(Service("worker", worker, steady_s=3, environment={"TWIN_ROLE": "web"}))
    listed.append(Service("web", web, steady_s=2, environment={"TWIN_ROLE": "web"}))
    return listed


def child_environment(memory: Memory, address: Address) -> dict[str, str]:
    """What every service finds in its environment."""
    data = str(paths.data_dir())
    hosts = ["localhost", "127.0.0.1", "[::1]", address.host, socket.gethostname()]
    if address.local_host != address.host:  # every interface: each address is a name of ours
        for names in psutil.net_if_addrs().values():
            hosts += [entry.address for entry in names if entry.family == socket.AF_INET]
    return {
        "DJANGO_SETTINGS_MODULE": "twin.settings.local",
        "NUMBA_CACHE_DIR": f"{data}/cache/numba",
        "TWIN_HOSTS": ",".join(dict.fromkeys(hosts)),
        **memory.values,
        **os.environ,
        "TWIN_DATA": data,
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(folder.PROJECT), os.environ.get("PYTHONPATH")])
        ),
        "PYTHONUNBUFFERED": "1",
        "TWIN_SUPERVISED": "1",
    }


def remembered_supervisor() -> Supervisor:
    """A client for the supervisor of this data folder, running or not."""
    return Supervisor(paths.read_env_file().get("TWIN_SUPERVISOR_PASSWORD", ""))


def start(address: Address, *, demo: bool, keep_running: bool, say: Say) -> Supervisor:
    """Bring everything up; on failure nothing is left running."""
    folder.prepare()
    with folder.only_one():
        _refuse_second_start()
        if not is_free(address.port, address.host):
            raise Conflict(
                f"port {address.port} on {address.host} is taken{_taker(address.port)}; "
                "stop that, or choose another: twin up --port N",
                code="port_taken",
            )
        home = paths.data_dir() / "postgres"
        postgres.clear_leftovers(home)
        memory = recall()
        database = ready_cluster(memory, say) if memory.private_database else None
        environment = child_environment(memory, address)
        if not database:
            environment |= external.prepare(environment["DATABASE_URL"], memory.passwords)
        if memory.private_redis:
            text = redis_server.config(
                paths.data_dir() / "redis", memory.redis_port, memory.values["TWIN_REDIS_PASSWORD"]
            )
            paths.write_private(paths.runtime_dir() / "redis.conf", text)
        listed = services(memory, address, database)
        supervisor = Supervisor(memory.values["TWIN_SUPERVISOR_PASSWORD"])
        text = config_text(listed, memory.values["TWIN_SUPERVISOR_PASSWORD"])
        paths.write_private(paths.runtime_dir() / "supervisord.conf", text)
        supervisor.launch(environment, keep_running=keep_running)
        try:
            if database:
                _await_database(supervisor, database, memory)
                changeover.finish(database)
            _prepare(environment, demo=demo, private=database is not None, say=say)
            supervisor.start("web")
            supervisor.start("worker")
            _await_page(supervisor, address)
        except BaseException:
            supervisor.shutdown()
            raise
        state = {"url": address.url, "host": address.host, "port": address.port}
        (paths.runtime_dir() / "state.json").write_text(json.dumps(state))
    return supervisor


def _refuse_second_start() -> None:
    pid = remembered_supervisor().pid()
    if pid:
        url = running_state().get("url", "")
        raise Conflict(
            f"this twin already runs (process {pid}) {f'at {url}' if url else ''}; "
            "`twin status` shows it, `twin down` stops it",
            code="already_running",
        )


def running_state() -> dict:
    """What the last start wrote: url, host, port."""
    try:
        return json.loads((paths.runtime_dir() / "state.json").read_text())
    except (OSError, ValueError):
        return {}


def _taker(port: int) -> str:
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listening = connection.status == psutil.CONN_LISTEN
            if listening and connection.laddr.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return ""


def ready_cluster(memory: Memory, say: Say) -> postgres.Cluster:
    """The configured cluster, built at the first start."""
    database = cluster(memory)
    if not database.folder.exists():
        say("Making the database cluster (once)")
        postgres.build(database, memory.passwords, log_file("postgres"))
    elif memory.lost_passwords:
        database.reset_password()
    database.configure()
    return database


def _await_database(
    supervisor: Supervisor, database: postgres.Cluster, memory: Memory, timeout: float = 600
) -> None:
    """Wait for connections; after kill -9 PostgreSQL replays its log first."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            with database.connect(timeout=5) as connection:
                if memory.lost_passwords:
                    postgres.roles.create_roles(connection, memory.passwords)
                return
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise Unavailable(
                    f"the secrets in {paths.env_file()} are not those of the cluster beside it; "
                    "remove that file to have new ones set"
                ) from error
        _raise_if_dead(supervisor, "postgres")
        time.sleep(0.05)
    raise Unavailable(f"PostgreSQL did not answer in {timeout:.0f} s; {_log_tail('postgres')}")


def _raise_if_dead(
    supervisor: Supervisor, *names: str, states: frozenset[str] = frozenset({"fatal", "exited"})
) -> None:
    for name in names:
        if supervisor.state(name) in states:
            raise Unavailable(f"{name} died; {_log_tail(name)}", code="service_died")


def _log_tail(name: str) -> str:
    path = log_file(name)
    return f"the end of {path}:\n{postgres.tail(path)}"


def _prepare(environment: dict[str, str], *, demo: bool, private: bool, say: Say) -> None:
    """Migrations and static files where their sources changed since the last start; the demo."""
    stamp_file = paths.data_dir() / "prepared.json"
    try:
        stamps = json.loads(stamp_file.read_text())
    except (OSError, ValueError):
        stamps = {}
    now = {what: prepare.fingerprint(what) for what in ("migrate", "static")}
    due = [what for what in now if stamps.get(what) != now[what]]
    if not private and "migrate" not in due:
        due.append("migrate")  # another machine may have moved a shared server
    if "migrate" in due:
        say("Bringing the database up to date")
    command = [sys.executable, "-P", "-m", "twin.local.prepare"]
    if due:
        log = log_file("prepare")
        with log.open("wb") as output:
            done = subprocess.run(
                [*command, *due], env=environment, cwd=paths.data_dir(), stderr=output
            )
        if done.returncode != 0:
            raise Unavailable(f"preparing the twin failed; {_log_tail('prepare')}")
        paths.write_private(stamp_file, json.dumps(now))
    if demo:
        # Its progress is for the person who waits, so it goes to the screen.
        done = subprocess.run([*command, "demo"], env=environment, cwd=paths.data_dir())
        if done.returncode != 0:
            raise Unavailable("the demo city could not be made (see above); nothing is running")


def _await_page(supervisor: Supervisor, address: Address, timeout: float = 120) -> None:
    deadline = time.monotonic() + timeout
    trouble = ""
    while time.monotonic() < deadline:
        trouble = health(address)
        if not trouble and supervisor.state("worker") == "running":
            return
        # One exit is enough here: what works later would have worked at once.
        dead = frozenset({"fatal", "exited", "backoff"})
        _raise_if_dead(supervisor, "web", "worker", states=dead)
        time.sleep(0.1)
    if trouble:
        raise Unavailable(f"{address.url}api/health {trouble}; {_log_tail('web')}")
    raise Unavailable(f"the worker does not get ready; {_log_tail('worker')}")


def health(address: Address) -> str:
    """Empty if GET /api/health says ok, else what is wrong."""
    try:
        with urllib.request.urlopen(f"{address.url}api/health", timeout=5) as answer:
            return "" if json.load(answer).get("ok") else "is not ok"
    except urllib.error.HTTPError as error:
        return f"answers {error.code}: {error.read(300).decode('utf-8', 'replace')}"
    except (OSError, ValueError) as error:
        return f"does not answer ({error})"


def memory_mb(pids: list[int]) -> float:
    """Proportional memory of these processes and their children [MB]."""
    total, seen = 0, set()
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(pid)
            for process in [parent, *parent.children(recursive=True)]:
                if process.pid not in seen:
                    seen.add(process.pid)
                    with contextlib.suppress(psutil.Error, OSError):
                        total += _pss(process.pid)
    return round(total / 1024, 1)


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
