"""A whole twin by its command line: started, killed in every way, stopped, saved, restored."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.services import PREFIX
from twin.local import paths
from twin.local.ports import free_port

pytestmark = pytest.mark.slow
# What tests/services.py sets for the tests' own servers.
OF_THE_TESTS = (
    *paths.DATABASE_KEYS,
    "REDIS_URL",
    "TWIN_SECRET_KEY",
    "TWIN_TEST_TEMPLATE",
    "DJANGO_SETTINGS_MODULE",
)


class Twin:
    """One data folder and the commands on it."""

    def __init__(self, data):
        self.data = data
        self.port = free_port()

    def environment(self):
        ours = {k: v for k, v in os.environ.items() if k not in OF_THE_TESTS}
        return {**ours, "TWIN_DATA": str(self.data)}

    def run(self, *words, check=True, env=None):
        done = subprocess.run(
            [sys.executable, "-m", "twin.cli", *words],
            env={**self.environment(), **(env or {})},
            capture_output=True,
            text=True,
            timeout=120,
        )
        if check:
            assert done.returncode == 0, done.stderr + done.stdout
        return done

    def up(self, **options):
        return self.run("up", "--detach", "--port", str(self.port), **options)

    def status(self):
        return json.loads(self.run("status", "--json", check=False).stdout)

    def remembered(self):
        return paths.parse_env((self.data / "twin.env").read_text())

    def processes(self):
        """supervisord and everything below it."""
        supervisor = psutil.Process(self.status()["pid"])
        return [supervisor, *supervisor.children(recursive=True)]

    def pids(self):
        """Service -> process id."""
        return {row["name"]: row["pid"] for row in self.status()["services"]}

    def sql(self, statement):
        with psycopg.connect(self.remembered()["DATABASE_URL"], autocommit=True) as connection:
            answer = connection.execute(statement)
            return answer.fetchone() if answer.description else None


def wait_until(true, timeout=120):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError, OSError):
            if true():
                return True
        time.sleep(0.1)
    return False


def all_end(processes, timeout=120):
    """Whether all end; one that init has not buried yet has ended too."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if not wait_until(lambda p=process: p.status() == psutil.STATUS_ZOMBIE, timeout):
                return False
    return True


@pytest.fixture(scope="module")
def twin():
    # Not pytest's own folder: services that root starts run as another user, who may not enter it.
    base = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    base.chmod(0o755)
    twin = Twin(base / "data")
    # What a kill in the middle of initdb leaves: it must not be taken for a cluster.
    (twin.data / "postgres.new" / "base").mkdir(parents=True)
    (twin.data / "postgres.new" / "PG_VERSION").write_text("15\n")
    twin.up()
    twin.sql("CREATE TABLE proof AS SELECT 'still here'::text AS word")
    yield twin
    twin.run("down", check=False)
    shutil.rmtree(base)


def test_page_is_served_and_the_status_says_so(twin):
    with urllib.request.urlopen(f"http://127.0.0.1:{twin.port}/api/health") as answer:
        assert json.load(answer)["ok"] is True
    status = twin.status()
    assert status["healthy"] is True
    states = {row["name"]: row["state"] for row in status["services"]}
    assert states == dict.fromkeys(("postgres", "redis", "worker", "web"), "running")


def test_static_files_are_served(twin):
    with urllib.request.urlopen(
        f"http://127.0.0.1:{twin.port}/static/admin/css/base.css"
    ) as answer:
        assert answer.headers["content-type"] == "text/css"


def test_every_service_is_unprivileged_and_on_the_loopback(twin):
    for process in twin.processes():
        assert process.uids().real != 0
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip == "127.0.0.1"


def test_idle_memory(twin):
    assert 0 < twin.status()["memory_mb"] <= 1500


def test_secrets_are_the_owners_alone(twin):
    for name in ("twin.env", "run/redis.conf", "run/supervisord.conf"):
        assert (twin.data / name).stat().st_mode & 0o077 == 0
    assert (twin.data / "run").stat().st_mode & 0o077 == 0


def test_nobody_enters_without_a_password(twin):
    address = f"host=127.0.0.1 port={twin.remembered()['TWIN_POSTGRES_PORT']} dbname=twin"
    socket_address = address.replace("127.0.0.1", str(twin.data / "run"))
    for way in (address, socket_address):
        for user in ("twin_admin", "twin_owner", "twin_web"):
            with pytest.raises(psycopg.OperationalError, match="no password supplied"):
                psycopg.connect(f"{way} user={user}")


def test_second_start_says_that_it_runs(twin):
    done = twin.up(check=False)
    assert done.returncode == 1
    assert f"already runs (process {twin.status()['pid']}) at http://" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_killed_services_come_back_with_their_data(twin):
    before = twin.pids()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    assert wait_until(
        lambda: not set(twin.pids().values()) & set(before.values()) and twin.status()["healthy"]
    )
    assert twin.sql("SELECT word FROM proof") == ("still here",)


def test_killed_supervisor_takes_its_services_along(twin):
    everything = twin.processes()
    everything[0].send_signal(signal.SIGKILL)
    assert all_end(everything)
    assert twin.status()["running"] is False
    twin.up()
    assert twin.sql("SELECT word FROM proof") == ("still here",)


def test_everything_killed_at_once_and_started_in_the_foreground(twin):
    everything = twin.processes()
    for process in everything:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    assert all_end(everything)
    assert (twin.data / "postgres" / "postmaster.pid").exists()

    command = [sys.executable, "-m", "twin.cli", "up", "--port", str(twin.port)]
    foreground = subprocess.Popen(
        command, env=twin.environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        assert wait_until(lambda: twin.status().get("healthy"))
        assert twin.sql("SELECT word FROM proof") == ("still here",)
        everything = twin.processes()
    finally:
        foreground.send_signal(signal.SIGINT)
        code = foreground.wait(60)
    assert code == 0
    assert "Ctrl-C stops it" in foreground.stdout.read()
    assert all_end(everything, timeout=5)


def test_started_again_quickly_on_the_same_ports(twin):
    before = twin.remembered()
    began = time.monotonic()
    twin.up()
    took = time.monotonic() - began
    # On a machine that has other work to do, a share of it is all we can ask for.
    limit = 15 * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert took < limit, f"the second start took {took:.1f} s, {limit:.0f} s allowed"
    assert twin.remembered() == before
    assert twin.sql("SELECT word FROM proof") == ("still here",)


def test_backup_and_restore_while_it_runs(twin, tmp_path):
    (twin.data / "results" / "run-1").mkdir()
    (twin.data / "results" / "run-1" / "depth.bin").write_bytes(b"\x00\x01" * 1000)
    twin.run("backup", str(tmp_path / "city.tar"))
    twin.sql("DROP TABLE proof")
    (twin.data / "results" / "run-1" / "depth.bin").unlink()
    twin.run("restore", str(tmp_path / "city.tar"))
    assert twin.sql("SELECT word FROM proof") == ("still here",)
    assert (twin.data / "results" / "run-1" / "depth.bin").stat().st_size == 2000
    assert wait_until(lambda: twin.status()["healthy"])


def test_broken_backup_changes_nothing(twin, tmp_path):
    whole, cut = tmp_path / "whole.tar", tmp_path / "cut.tar"
    twin.run("backup", str(whole))
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = twin.run("restore", str(cut), check=False)
    assert done.returncode == 2
    assert "not a whole backup" in done.stderr
    assert twin.sql("SELECT word FROM proof") == ("still here",)
    assert not list(twin.data.glob("restore-*"))


def as_lan(twin, statement):
    """What a person with a database user of her own gets."""
    address = f"host=127.0.0.1 port={twin.remembered()['TWIN_POSTGRES_PORT']} dbname=twin user=lan"
    with psycopg.connect(address, password="a password of her own", autocommit=True) as connection:
        answer = connection.execute(statement)
        return answer.fetchone() if answer.description else None


def as_admin(twin, statement):
    values = twin.remembered()
    with psycopg.connect(
        host="127.0.0.1",
        port=values["TWIN_POSTGRES_PORT"],
        user="twin_admin",
        password=values["TWIN_POSTGRES_ADMIN_PASSWORD"],
        dbname="twin",
        autocommit=True,
    ) as connection:
        connection.execute(statement)


def test_people_of_the_database_move_along(twin, tmp_path):
    guide = (Path(__file__).parents[2] / "docs/how-to/connect-qgis.md").read_text()
    as_admin(twin, guide.partition("```sql\n")[2].partition("```")[0])
    as_admin(twin, "CREATE ROLE guest LOGIN; GRANT SELECT ON proof TO guest, lan")
    as_admin(twin, "ALTER ROLE lan CREATEROLE; CREATE ROLE desk; GRANT desk TO lan")
    as_admin(twin, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO lan")
    assert as_lan(twin, "SELECT word FROM proof") == ("still here",)
    file = tmp_path / "city.tar"
    twin.run("backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]

    moved = Twin(twin.data.parent / "new" / "data")
    done = moved.run("restore", str(file))
    assert "made the database user lan, with the password of the backup" in done.stdout
    assert "not given to lan from a file: createrole" in done.stdout
    assert "to let guest in: ALTER ROLE guest LOGIN PASSWORD" in done.stdout
    moved.up()
    try:
        assert as_lan(moved, "SELECT word FROM proof") == ("still here",)
        assert as_lan(moved, "SELECT count(*) FROM history.layers_buildings") == (0,)
        rights = "SELECT has_table_privilege('layers_buildings', 'INSERT, UPDATE, DELETE')"
        assert as_lan(moved, rights) == (True,)
        assert as_lan(moved, "SELECT pg_has_role('lan', 'desk', 'MEMBER')") == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_lan(moved, "DELETE FROM layers_wards")
        as_admin(moved, "CREATE TABLE later AS SELECT 1 AS x")
        assert as_lan(moved, "SELECT x FROM later") == (1,)
    finally:
        moved.run("down")


@pytest.mark.parametrize("how", ["cut", "flipped", "unknown user"])
def test_failed_restore_into_a_new_folder_leaves_nothing(twin, tmp_path, how):
    file = tmp_path / "city.tar"
    twin.run("backup", str(file))
    if how == "cut":
        os.truncate(file, file.stat().st_size - 20000)
    elif how == "flipped":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    else:  # as an older version wrote it, that is found out only by pg_restore
        for name in ("roles.json", "checksums.json"):
            subprocess.run(["tar", "--delete", "-f", file, name], check=True)
        content = file.read_bytes().replace(b'"checksums": true', b'"checksums":false')
        file.write_bytes(content)
    base = twin.data.parent
    before = set(base.iterdir())
    done = Twin(base / "fresh" / "data").run("restore", str(file), check=False)
    assert done.returncode == 2
    expected = "CREATE ROLE" if how == "unknown user" else "not a whole backup"
    assert expected in done.stderr
    assert set(base.iterdir()) == before


def test_service_that_dies_at_the_start_shows_its_log(twin):
    twin.run("down")
    done = twin.up(check=False, env={"GRANIAN_LOG_LEVEL": "nonsense"})
    assert done.returncode == 1
    assert "error: web died; the end of" in done.stderr
    assert "nonsense" in done.stderr
    assert twin.status()["running"] is False


def test_lost_secrets_are_made_anew(twin):
    before = twin.remembered()
    (twin.data / "twin.env").unlink()
    twin.up()
    assert twin.remembered()["TWIN_OWNER_PASSWORD"] != before["TWIN_OWNER_PASSWORD"]
    assert twin.sql("SELECT word FROM proof") == ("still here",)
