"""The command line before any twin exists: one line with the way out, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from twin.cli import main
from twin.local.ports import free_port
from twin.reference import commands


@pytest.mark.parametrize("words", ["import osm f.pbf", "user add lan", "manage check"])
def test_no_twin_yet_is_one_line(tmp_path, words):
    mine = ("TWIN_", "DJANGO_", "DATABASE_", "REDIS_")
    env = {key: value for key, value in os.environ.items() if not key.startswith(mine)}
    env["TWIN_DATA"] = str(tmp_path / "new")
    found = subprocess.run(
        [sys.executable, "-m", "twin.cli", *words.split()],
        env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert found.returncode == 1
    assert found.stderr == f"error: there is no twin in {tmp_path / 'new'}; run `twin up` once\n"


def test_a_stopped_twin_is_one_line(tmp_path):
    # an operator's environment, not what earlier tests left in this process's
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env |= {"TWIN_DATA": str(tmp_path), "TWIN_SECRET_KEY": "any"}
    env["DJANGO_SETTINGS_MODULE"] = "twin.settings.local"
    env["DATABASE_URL"] = f"postgresql://twin@127.0.0.1:{free_port()}/twin"
    found = subprocess.run(
        [sys.executable, "-m", "twin.cli", "user", "add", "lan", "--password-stdin"],
        env=env, input="correct horse\n", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert found.returncode == 1
    assert len(found.stderr.splitlines()) == 1, found.stderr
    line = found.stderr.strip()
    assert line.startswith("error: the database does not answer (")
    assert "`twin up`" in line


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ("up --bogus", "usage: twin up "),
        ("flood run a.toml --out b --bogus", "usage: twin flood run "),
        ("user add lan --bogus", "usage: twin user add "),
    ],
)
def test_an_unknown_option_gets_the_usage_of_its_command(capsys, words, usage):
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith(usage)
    assert "unrecognized arguments: --bogus" in err


@pytest.mark.parametrize(
    "words", ["user", "flood", "bench", "bench flood", "bench tiles", "manage"]
)
def test_help_ends_with_an_example(capsys, words):
    with pytest.raises(SystemExit) as ended:
        main([*words.split(), "--help"])
    assert ended.value.code == 0
    assert (
        f"  twin {words}" in (help := capsys.readouterr().out) or f"example: twin {words}" in help
    )


def test_hidden_options_stay_out_of_the_reference():
    assert "SUPPRESS" not in commands.write()
