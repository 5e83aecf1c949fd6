"""What stands in the way of a start is said in one line, with the way out."""

import os
import shutil
import socket
import subprocess
import sys
from types import SimpleNamespace

import psycopg
import pytest

from twin.core.errors import Conflict, Unavailable
from twin.local import external, folder, memory, paths, postgres, roles, stack
from twin.local.ports import free_port, is_free


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("TWIN_DATA", str(tmp_path / "data"))
    for key in (*paths.DATABASE_KEYS, "REDIS_URL"):
        monkeypatch.delenv(key, raising=False)
    return tmp_path / "data"


def start(port):
    return stack.start(
        stack.Address("127.0.0.1", port), demo=False, keep_running=False, say=lambda line: None
    )


def test_port_taken(data):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Conflict, match=rf"port {port} .* taken by .*--port") as caught:
            start(port)
    assert caught.value.code == "port_taken"
    assert not (data / "postgres").exists()


def test_folder_that_cannot_be_written(monkeypatch):
    monkeypatch.setenv("TWIN_DATA", "/proc/nowhere")
    with pytest.raises(
        Unavailable, match=r"can't write to the data folder /proc/nowhere.*TWIN_DATA"
    ):
        start(free_port())


def test_folder_that_its_owner_closed(tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    monkeypatch.setenv("TWIN_DATA", str(closed / "city" / "data"))
    command = [sys.executable, "-m", "twin.cli", "up", "--detach", "--port", str(free_port())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"{closed} is read-only (mode 0555); choose another TWIN_DATA" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(closed.iterdir())


def test_disk_full(data, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5 * 2**20))
    with pytest.raises(Unavailable, match=r"5 MB left .* make room"):
        start(free_port())


def test_cluster_of_another_major(data):
    (data / "postgres").mkdir(parents=True)
    (data / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(Unavailable, match=r"is PostgreSQL 9, installed: .*postgresql-9-postgis-3"):
        start(free_port())


def test_folder_that_is_no_cluster(data):
    (data / "postgres").mkdir(parents=True)
    with pytest.raises(Unavailable, match="not a whole PostgreSQL cluster"):
        start(free_port())


def test_no_postgis(monkeypatch):
    monkeypatch.setattr(postgres, "has_postgis", lambda binaries: False)
    with pytest.raises(Unavailable, match="has no PostGIS; install it") as caught:
        postgres.find_binaries()
    assert caught.value.code == "no_postgis"


def test_no_postgresql(monkeypatch):
    monkeypatch.setattr(postgres, "installed", dict)
    with pytest.raises(Unavailable, match="PostgreSQL is not on this machine"):
        postgres.find_binaries()


def test_second_command_meanwhile(data):
    folder.prepare()
    with folder.only_one(), pytest.raises(Conflict, match="another `twin` command"):
        start(free_port())


def test_secrets_of_another_user_are_not_replaced(data, monkeypatch):
    folder.prepare()
    paths.write_env({"TWIN_SECRET_KEY": "theirs"})
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(Unavailable, match=r"twin\.env can't be read"):
        memory.recall()


def test_ports_and_secrets_are_remembered(data):
    folder.prepare()
    first, second = memory.recall(), memory.recall()
    assert first.values == second.values
    assert first.postgres_port != first.redis_port
    with socket.create_server(("127.0.0.1", first.redis_port)):
        assert not is_free(first.redis_port)
        third = memory.recall()
    assert third.redis_port != first.redis_port
    assert str(third.redis_port) in third.values["REDIS_URL"]


def test_real_server_that_does_not_answer():
    with pytest.raises(Unavailable, match="DATABASE_URL"):
        external.prepare(f"postgresql://x@127.0.0.1:{free_port()}/twin", {})


def test_real_server_whose_owner_may_make_no_roles(services, capsys, monkeypatch):
    monkeypatch.delenv("TWIN_WEB_DATABASE_URL")
    monkeypatch.setenv("TWIN_INGEST_DATABASE_URL", "postgresql://given/by-hand")
    address = services.database_url(roles.OWNER)
    found = external.prepare(address, services.passwords)
    assert found == {
        "TWIN_WEB_DATABASE_URL": address,
        "TWIN_INGEST_DATABASE_URL": "postgresql://given/by-hand",
    }
    assert "no right to make the role twin_web" in capsys.readouterr().err


def test_real_server_without_postgis(services):
    with psycopg.connect(services.database_url(roles.OWNER), autocommit=True) as owner:
        owner.execute("CREATE DATABASE bare TEMPLATE template0")
        try:
            with pytest.raises(Unavailable, match=r"no postgis .*CREATE EXTENSION") as caught:
                external.prepare(services.database_url(roles.OWNER, "bare"), services.passwords)
        finally:
            owner.execute("DROP DATABASE bare")
    assert caught.value.code == "no_postgis"


def test_pid_file_of_a_process_that_is_someone_else_by_now(tmp_path):
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")
    postgres.clear_leftovers(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()
