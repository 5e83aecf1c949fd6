"""Readers: a file comes in, batches of features in EPSG:4326 and findings about them go out.

No Django here: the readers run (and are tested) without a database.
"""
