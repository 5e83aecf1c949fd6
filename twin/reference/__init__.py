"""The reference pages of docs/reference, written from the declarations: no page is typed by hand.

`python -m twin.reference` writes them; a test compares them with what the code declares now.
"""
