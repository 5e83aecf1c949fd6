"""The words and the HTTP status of every error: one class a kind, no Django.

Commands print the English words; the API sends those of the request's language.
"""

from __future__ import annotations

from twin.core.declare import Text


class TwinError(Exception):
    """An error worded for the person who holds the problem.

    `vi` are the same words in Vietnamese; errors that only commands meet have none. `code` is a
    stable word for machines, `field` the input it is about ("rain.total_mm").
    """

    status = 500
    exit_code = 1
    default_code = "failed"

    def __init__(
        self,
        message: str,
        *,
        vi: str | None = None,
        code: str | None = None,
        field: str | None = None,
    ):
        super().__init__(message)
        self.message = message
        self.text = Text(message, vi or message)
        self.code = code or self.default_code
        self.field = field

    def as_dict(self, request_id: str | None = None, language: str = "en") -> dict[str, object]:
        """The error as the API sends it, in "en" or "vi"."""
        return {
            "error": {
                "code": self.code,
                "message": self.text.vi if language == "vi" else self.text.en,
                "request_id": request_id,
                "field": self.field,
            }
        }


class BadInput(TwinError):
    """What was given can't be used; the message names the thing, the value and the way out."""

    status = 400
    exit_code = 2
    default_code = "bad_input"


class NotFound(TwinError):
    """Nothing of that name, or nothing that this user may know of."""

    status = 404
    default_code = "not_found"


class NotLoggedIn(TwinError):
    """The answer needs a login."""

    status = 401
    default_code = "not_logged_in"


class Forbidden(TwinError):
    """The user is known and may not do this."""

    status = 403
    default_code = "forbidden"


class Conflict(TwinError):
    """Someone else changed the thing first, or it already exists."""

    status = 409
    default_code = "conflict"


class Unavailable(TwinError):
    """A service that this needs does not answer; trying again later may help."""

    status = 503
    default_code = "unavailable"


def lost_database() -> Unavailable:
    """The error of a database that does not answer."""
    return Unavailable(
        "The database does not answer; try again in a moment",
        vi="Cơ sở dữ liệu không trả lời; hãy thử lại sau ít phút",
    )
