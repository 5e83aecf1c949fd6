"""`twin user` and `twin manage`."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import termios
from typing import Any

from twin.core.declare import GROUPS
from twin.core.errors import BadInput


def add_parser(subparsers: Any) -> None:
    """Declare both commands."""
    user = subparsers.add_parser(
        "user",
        help="people who may log in",
        epilog="example: twin user add lan --role flood_officer",
    )
    actions = user.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser(
        "add",
        help="add a user, or change their roles and password",
        epilog="example: twin user add lan --role flood_officer --role planner",
    )
    add.add_argument("username")
    add.add_argument("--role", action="append", default=[], choices=GROUPS, help="may be repeated")
    add.add_argument("--name", default="", help="full name")
    add.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    add.add_argument("--json", action="store_true", help="machine-readable output")
    add.set_defaults(run=add_user, needs_django=True)

    manage = subparsers.add_parser(
        "manage",
        help="run a Django management command",
        epilog="example: twin manage check",
    )
    manage.add_argument(
        "words", nargs=argparse.REMAINDER, help="the command and its options; help lists them"
    )
    manage.set_defaults(run=run_manage, needs_django=True)


def add_user(args: argparse.Namespace) -> int:
    """Add one user with their roles."""
    from twin.core.users import set_user

    check_username(args.username)
    if args.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = ask_password(args.username)
    user, created = set_user(args.username, password, roles=args.role, name=args.name)
    if args.json:
        print(json.dumps({"username": user.username, "created": created, "roles": args.role}))
    else:
        roles = ", ".join(args.role) or "no role"
        print(f"{'Added' if created else 'Changed'} {user.username} ({roles})")
    return 0


def check_username(name: str) -> None:
    """Raise BadInput for a name that can't be one, before a password is asked for."""
    from django.contrib.auth.models import User
    from django.core.exceptions import ValidationError

    try:
        User._meta.get_field("username").clean(name, None)
    except ValidationError as error:
        raise BadInput(
            f"\"{name}\" can't be a user's name: use 1 to 150 letters, digits and @ . + - _",
            field="username",
        ) from error


def ask_password(username: str) -> str:
    """The password, typed unseen. Raises BadInput where there is no terminal to type it at."""
    try:
        if sys.stdin.isatty():
            return getpass.getpass(f"Password for {username}: ")
    except (EOFError, OSError, termios.error):
        pass
    raise BadInput(
        "There is no terminal to type the password at; give it on standard input with "
        "--password-stdin",
        field="password",
    )


def run_manage(args: argparse.Namespace) -> int:
    """Hand the words to Django."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["twin manage", *args.words])
    return 0
