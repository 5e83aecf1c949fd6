"""A restore that is killed half-way: the next start completes it, whichever step it had reached."""

import psycopg
import pytest

from twin.local import changeover, paths, roles


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("TWIN_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def prepared(data, services):
    """A finished restore up to its last step: `fresh` database and folder, old ones in place."""
    cluster = services.cluster
    with cluster.connect() as server:
        roles.create_database(server, "restore_test")
    with cluster.connect("restore_test") as inside:
        inside.execute("CREATE TABLE fresh AS SELECT 1 AS x")
    (data / "results").mkdir()
    (data / "results" / "old.txt").write_text("old")
    (data / "restore-test" / "files" / "results").mkdir(parents=True)
    (data / "restore-test" / "files" / "results" / "new.txt").write_text("new")
    (data / "twin.env").write_text("")
    yield cluster
    with cluster.connect() as server:
        server.execute("DROP DATABASE IF EXISTS restore_test WITH (FORCE)")
        server.execute("DROP DATABASE IF EXISTS twin WITH (FORCE)")
        server.execute("DROP DATABASE IF EXISTS replaced_by_restore_test WITH (FORCE)")
        roles.create_database(server, "twin")


def has_fresh(services) -> bool:
    with psycopg.connect(services.database_url(roles.OWNER)) as connection:
        return connection.execute("SELECT to_regclass('fresh')").fetchone() != (None,)


def assert_complete(data, services):
    assert has_fresh(services)
    assert (data / "results" / "new.txt").read_text() == "new"
    assert not (data / "results" / "old.txt").exists()
    assert not changeover.note_file().exists()
    assert not (data / "restore-test").exists()
    with services.cluster.connect() as server:
        names = {row[0] for row in server.execute("SELECT datname FROM pg_database")}
    assert not [name for name in names if name.startswith(("restore", "replaced"))]


def test_without_a_note_nothing_changes(data, prepared, services):
    changeover.finish(prepared)
    assert not has_fresh(services)
    assert (data / "results" / "old.txt").exists()


def test_the_note_decides(data, prepared, services):
    changeover.write_note("restore-test", "restore_test")
    changeover.finish(prepared)
    assert_complete(data, services)


@pytest.mark.parametrize("step", ["_rename", "_change_folders", "_forget_cached", "drop_database"])
@pytest.mark.parametrize("after", [False, True])
def test_killed_before_or_after_any_step(data, prepared, services, monkeypatch, step, after):
    done = getattr(changeover, step)

    def killed(*args):
        if after:
            done(*args)
        raise KeyboardInterrupt

    changeover.write_note("restore-test", "restore_test")
    with monkeypatch.context() as patch:
        patch.setattr(changeover, step, killed)
        with pytest.raises(KeyboardInterrupt):
            changeover.finish(prepared)
    assert changeover.note_file().exists()
    changeover.finish(prepared)
    assert_complete(data, services)


def test_backups_leave_out_what_is_secret_or_made_anew(data):
    for name in ("twin.env", "postgres", "redis", "run", "restore-1", ".probe"):
        assert not changeover.kept(paths.data_dir() / name)
    for name in ("results", "products", "terrain"):
        assert changeover.kept(paths.data_dir() / name)
