"""pydantic's complaint about a request comes in, words in both languages go out."""

from __future__ import annotations

from typing import Any

from twin.core.declare import Text

# pydantic's kind of error -> Vietnamese, with the values of its context
INVALID = {
    "missing": "thiếu giá trị này",
    "extra_forbidden": "không có trường nào tên như vậy",
    "greater_than": "phải lớn hơn {gt}",
    "greater_than_equal": "phải từ {ge} trở lên",
    "less_than": "phải nhỏ hơn {lt}",
    "less_than_equal": "không được lớn hơn {le}",
    "literal_error": "phải là {expected}",
    "float_type": "phải là một số",
    "float_parsing": "phải là một số",
    "finite_number": "phải là một số hữu hạn",
    "int_type": "phải là một số nguyên",
    "int_parsing": "phải là một số nguyên",
    "int_from_float": "phải là một số nguyên",
    "bool_type": "phải là true hoặc false",
    "bool_parsing": "phải là true hoặc false",
    "string_type": "phải là văn bản",
    "list_type": "phải là một danh sách",
    "dict_type": "phải là một đối tượng JSON",
    "model_attributes_type": "phải là một đối tượng JSON",
    "json_invalid": "không phải JSON hợp lệ",
    "uuid_parsing": "không phải UUID hợp lệ",
    "datetime_from_date_parsing": "không phải thời điểm hợp lệ",
}


def what_is_wrong(error: dict[str, Any], field: str) -> Text:
    """A pydantic error in both languages; what our own validators refuse carries both."""
    context = error.get("ctx", {})
    if error["type"] == "refused":
        return Text(
            *(context[language][:1].upper() + context[language][1:] for language in Text._fields)
        )
    known = INVALID.get(error["type"], "giá trị không hợp lệ").format(**context)
    if error["type"] == "literal_error":
        known = known.replace(" or ", " hoặc ")
    return Text(f"{field}: {error['msg']}", f"{field}: {known}")
