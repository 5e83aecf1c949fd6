"""Every kind of damage to a backup is found before anything is made of it."""

import argparse
import os
import subprocess
from pathlib import Path

import pytest

from twin.core.errors import BadInput, Unavailable
from twin.local import archive, backup, postgres


@pytest.fixture
def data(tmp_path, monkeypatch, services):
    data = tmp_path / "data"
    (data / "results").mkdir(parents=True)
    (data / "results" / "depth.bin").write_bytes(bytes(range(256)) * 40)
    (data / "results" / "wet.bin").write_bytes(b"wet" * 1000)
    os.link(data / "results" / "wet.bin", data / "results" / "wet2.bin")
    monkeypatch.setenv("TWIN_DATA", str(data))
    return data


@pytest.fixture
def file(data, tmp_path):
    write(tmp_path / "city.tar")
    return tmp_path / "city.tar"


def write(file: Path) -> None:
    backup.run_backup(argparse.Namespace(file=file, json=True))


def check(file: Path) -> dict:
    with file.open("rb") as opened:
        return archive.check(opened, file, postgres.find_binaries())


def test_a_whole_backup_is_the_owners_alone(file, tmp_path):
    assert check(file)["files"] == 3
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["city.tar", "data"]


def test_every_cut_is_found(file):
    whole = file.read_bytes()
    end = len(whole.rstrip(b"\0"))
    for size in [*range(512, end, 512 * 37), end - 1, end]:
        file.write_bytes(whole[:size])
        with pytest.raises(BadInput, match=r"not (a whole backup|written by)"):
            check(file)


def test_every_changed_byte_is_found(file):
    whole = file.read_bytes()
    end = len(whole.rstrip(b"\0"))
    places = [whole.index(b"wetwet") + 5, whole.index(b"files/results/wet"), end - 3]
    for place in [*places, *range(1000, end, 60_001)]:
        if whole[place] == 0 and place not in places:
            continue  # filling between members says nothing
        changed = bytearray(whole)
        changed[place] ^= 4
        file.write_bytes(changed)
        with pytest.raises(BadInput):
            check(file)


def test_what_is_no_backup(tmp_path):
    (tmp_path / "note.txt").write_text("hello " * 400)
    with pytest.raises(BadInput, match="not a whole backup"):
        check(tmp_path / "note.txt")


def test_a_device_is_not_replaced_by_a_backup(data):
    with pytest.raises(BadInput, match="/dev/null is not a plain file"):
        write(Path("/dev/null"))
    assert Path("/dev/null").is_char_device()


def test_a_full_disk_keeps_the_old_backup_and_no_half_one(data, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(small)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        (small / "city.tar").write_text("yesterday's")
        (data / "results" / "big.bin").write_bytes(os.urandom(3 << 20))
        with pytest.raises(Unavailable, match=r"disk of .*small is full, no backup") as caught:
            write(small / "city.tar")
        assert caught.value.code == "disk_full"
        assert [path.name for path in small.iterdir()] == ["city.tar"]
        assert (small / "city.tar").read_text() == "yesterday's"
    finally:
        subprocess.run(["umount", str(small)], check=True)
