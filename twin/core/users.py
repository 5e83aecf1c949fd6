"""Users and their roles."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Group, User
from django.db import transaction

from twin.core.errors import BadInput

PASSWORD_LENGTH = 8
# Roles that work in the admin pages; what they may do there follows from their layer rights.
STAFF_ROLES = {"planner", "flood_officer", "traffic_engineer", "gis_editor", "admin"}


@transaction.atomic
def set_user(
    username: str, password: str, *, roles: Sequence[str], name: str = ""
) -> tuple[User, bool]:
    """Add a user or change one: password, roles, name. Returns the user and whether it is new."""
    if len(password) < PASSWORD_LENGTH:
        raise BadInput(f"The password is shorter than {PASSWORD_LENGTH} characters; choose another")
    user, created = User.objects.get_or_create(username=username)
    user.set_password(password)
    user.first_name = name
    user.is_staff = bool(STAFF_ROLES & set(roles))
    user.is_superuser = "admin" in roles
    user.save()
    user.groups.set(Group.objects.filter(name__in=roles))
    return user, created
