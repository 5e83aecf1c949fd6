"""The bar of `twin demo` says what is made, and nothing else."""

from __future__ import annotations

from twin.demo.commands import _Bar


def test_the_bar_names_the_work_without_a_comma(capsys):
    with _Bar(None) as say:
        say(0.4, "streets and lots")
        say(1.0, "demo city ready")
    said = capsys.readouterr().err
    assert said.startswith("\rDemo city:   0 %|")
    assert "100 %|" in said and said.rstrip().endswith("| demo city ready")
    assert "," not in said
