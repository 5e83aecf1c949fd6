"""The demo's users: one for each role, with passwords generated for this data folder.

`demo_logins` needs no Django: `twin up` prints them without loading it.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from twin.local import paths

USERS = {
    "viewer": "Người xem",
    "planner": "Cán bộ quy hoạch",
    "flood_officer": "Cán bộ phòng chống lũ",
    "traffic_engineer": "Kỹ sư giao thông",
    "gis_editor": "Biên tập viên GIS",
    "admin": "Quản trị viên",
}


def logins_file() -> Path:
    """Where the passwords are kept (mode 0600)."""
    return paths.data_dir() / "demo-logins.json"


def demo_logins() -> dict[str, str]:
    """Username -> password; empty where no demo was made in this data folder."""
    try:
        return dict(json.loads(logins_file().read_text("utf-8")))
    except FileNotFoundError:
        return {}


def ensure_users() -> dict[str, str]:
    """Make the demo users that are missing; passwords that exist are kept. Needs Django."""
    from django.contrib.auth.models import User

    from twin.core.users import set_user

    known = demo_logins()
    logins = {name: known.get(name) or secrets.token_urlsafe(9) for name in USERS}
    if logins != known:
        paths.write_private(logins_file(), json.dumps(logins, indent=1) + "\n")
        paths.hand_over(logins_file().parent)
    present = set(User.objects.filter(username__in=USERS).values_list("username", flat=True))
    for username, name in USERS.items():
        if username not in present or username not in known:
            set_user(username, logins[username], roles=[username], name=name)
    return logins
