"""`twin user`: what stands in the way is said before a password is asked for."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import User

from twin.cli import main


@pytest.mark.django_db
def test_without_a_terminal_it_names_the_way_out(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["user", "add", "lan"]) == 2
    assert "--password-stdin" in capsys.readouterr().err
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "lan nguyen", "a" * 151])
def test_a_name_that_cannot_be_one_is_refused_first(capsys, monkeypatch, name):
    monkeypatch.setattr("getpass.getpass", lambda *_: pytest.fail("a password was asked for"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert main(["user", "add", name]) == 2
    assert f"\"{name}\" can't be a user's name" in capsys.readouterr().err
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_password_comes_from_standard_input(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main(["user", "add", "lan", "--password-stdin"]) == 0
    assert User.objects.get(username="lan").check_password("correct horse")
