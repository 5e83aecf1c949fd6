"""Numbers, heights and words as files write them."""

import datetime as dt
import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.sources import text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("26 m", 26.0), ("5.5", 5.5), ("12'", 3.6576), ("12'6\"", 3.81), ("40 ft", 12.192),
        ("3,5", 3.5), ("3,5m", 3.5), ("  7 m. ", 7.0), ("450 cm", 4.5), (12, 12.0), ("0", 0.0),
        ("12 mét", 12.0), ("", None), (None, None), (math.nan, None),
    ],
)  # fmt: skip
def test_heights_as_mappers_write_them(written, meant):
    found = text.height(written)
    assert found == meant if meant is None else found == pytest.approx(meant)


@pytest.mark.parametrize(
    "written",
    ["tall", "~20", "20-25", "3 floors", "-4", "5000", "inf", "1e9", "26 kg", "٣", "1,250"],
)
def test_a_height_that_cannot_be_read_is_refused_not_guessed(written):
    with pytest.raises(text.Unreadable):
        text.height(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("1.234.567", 1234567), ("1,234,567", 1234567),
        ("1 234 567,25", 1234567.25), ("12,5", 12.5), ("0,125", 0.125), (".5", 0.5), ("-3", -3),
        ("1e3", 1000), ("+7", 7), (True, 1), ("1.234", 1.234),
    ],
)  # fmt: skip
def test_numbers_with_either_decimal_mark(written, meant):
    assert text.number(written) == pytest.approx(meant)


@pytest.mark.parametrize(
    "written", ["1,234", "1.2.3", "1,23,4", "12-5", "--1", "1.234,5,6", "nan", "0x10", "1_000", "."]
)
def test_numbers_that_may_mean_two_things_or_nothing_are_refused(written):
    with pytest.raises(text.Unreadable):
        text.number(written)


def test_units_are_converted_within_their_family_only():
    assert text.quantity("0.2 m", "mm") == pytest.approx(200)
    assert text.quantity("200", "mm") == 200
    assert text.quantity("3.6 m³/h", "l/s") == pytest.approx(1)
    assert text.quantity("2 MVA", "kVA") == pytest.approx(2000)
    with pytest.raises(text.Unreadable, match="a number in mm"):
        text.quantity("5 kV", "mm")


def test_text_is_composed_and_bare_of_marks_that_cannot_be_stored():
    assert text.nfc(unicodedata.normalize("NFD", "Chợ Đà Lạt")) == "Chợ Đà Lạt"
    assert text.nfc(" a\x00\u200b\n b ") == "a b"
    assert text.nfc("  ") is None


def test_yes_and_no_in_both_languages():
    assert [text.yes_no(word) for word in ("Có", "yes", "1", True)] == [True] * 4
    assert [text.yes_no(word) for word in ("không", "NO", "0", False)] == [False] * 4
    assert text.yes_no("") is None
    with pytest.raises(text.Unreadable):
        text.yes_no("maybe")


def test_dates_are_iso_or_day_first():
    assert text.date("17/03/2026") == text.date("2026-03-17T08:00") == dt.date(2026, 3, 17)
    with pytest.raises(text.Unreadable):
        text.date("31/02/2026")
    assert text.moment("2026-03-17 08:30+07:00").utcoffset() == dt.timedelta(hours=7)
    assert text.moment("2026-03-17T08:30").tzinfo is dt.UTC


def test_whole_numbers_are_never_rounded():
    assert text.whole("12.0") == 12
    assert text.whole(2**60 + 1) == 2**60 + 1
    with pytest.raises(text.Unreadable):
        text.whole("12.5")


anything = st.one_of(
    st.text(max_size=40),
    st.text("0123456789.,-+eE' \"mft²³/", max_size=14),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.none(),
)


@given(anything)
def test_no_parser_ever_breaks_or_returns_what_cannot_be_stored(value):
    for parse in (text.number, text.height, text.levels, lambda v: text.quantity(v, "mm")):
        try:
            found = parse(value)
        except text.Unreadable:
            continue
        assert found is None or (isinstance(found, float) and math.isfinite(found))
    for parse in (text.whole, text.yes_no, text.date, text.moment):
        try:
            parse(value)
        except text.Unreadable:
            continue


@given(st.text(max_size=60))
def test_text_is_stable_under_a_second_cleaning(value):
    once = text.nfc(value)
    assert once is None or (text.nfc(once) == once and unicodedata.is_normalized("NFC", once))
    assert once is None or "\x00" not in once


@given(st.floats(min_value=0, max_value=1000))
def test_a_written_height_reads_back(value):
    assert text.height(repr(value)) == value
    assert text.height(f"{value!r} m") == value
