"""Where things lie, and whose word counts: the environment's over the file's."""

import os
from pathlib import Path

import pytest

from twin.local import paths


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("TWIN_DATA", str(tmp_path))
    for key in (*paths.DATABASE_KEYS, "REDIS_URL"):
        monkeypatch.delenv(key, raising=False)
    return tmp_path


def test_root_and_others_have_their_own_default(monkeypatch):
    monkeypatch.delenv("TWIN_DATA")
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert paths.data_dir() == Path("/var/lib/song-sinh")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert paths.data_dir() == Path("/home/anna/.local/share/song-sinh")


@pytest.mark.parametrize("length", [10, 60, 74, 75, 76, 200])
def test_a_socket_fits_into_the_runtime_folder(monkeypatch, length):
    monkeypatch.setenv("TWIN_DATA", "/" + "d" * length)
    for name in (".s.PGSQL.65535.lock", "supervisor.sock.4194304"):
        assert len(os.fsencode(paths.runtime_dir() / name)) <= 107


def test_two_deep_folders_have_two_runtime_folders(monkeypatch):
    monkeypatch.setenv("TWIN_DATA", "/a" + "d" * 100)
    first = paths.runtime_dir()
    monkeypatch.setenv("TWIN_DATA", "/b" + "d" * 100)
    assert paths.runtime_dir() != first


def test_written_values_come_back_and_only_the_owner_reads_them(data):
    paths.write_env({"REDIS_URL": "redis://:a=b@127.0.0.1:1/0", "TWIN_SECRET_KEY": "k"})
    assert paths.read_env()["REDIS_URL"] == "redis://:a=b@127.0.0.1:1/0"
    assert paths.env_file().stat().st_mode & 0o777 == 0o600
    assert [path.name for path in data.iterdir()] == ["twin.env"]


def test_environment_overrules_the_file(data, monkeypatch):
    paths.write_env({"TWIN_SECRET_KEY": "old", "REDIS_URL": "redis://file"})
    monkeypatch.setenv("TWIN_SECRET_KEY", "new")
    assert paths.read_env()["TWIN_SECRET_KEY"] == "new"
    assert paths.read_env()["REDIS_URL"] == "redis://file"


def test_another_server_does_not_get_the_private_roles(data, monkeypatch):
    paths.write_env(dict.fromkeys(paths.DATABASE_KEYS, "postgresql://private/twin"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://real/twin")
    values = paths.read_env()
    assert values["DATABASE_URL"] == "postgresql://real/twin"
    assert "TWIN_WEB_DATABASE_URL" not in values


def test_an_interrupted_write_leaves_the_old_file(data, monkeypatch):
    paths.write_env({"A": "1"})
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        paths.write_env({"A": "2"})
    assert paths.read_env_file() == {"A": "1"}
    assert [path.name for path in data.iterdir()] == ["twin.env"]
