"""The embedded services of one machine: a private PostGIS cluster, Redis and their supervisor."""
