"""The production files hold together, checked where no container engine runs."""

import re
from pathlib import Path

import pytest
import yaml

from twin.local import roles

FOLDER = Path(__file__).resolve().parents[2] / "compose"
SECRET = re.compile(r"PASSWORD|SECRET|_URL$|AUTH$")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


def test_every_part_is_there(services):
    assert set(services) == {"postgis", "redis", "migrate", "web", "worker", "nginx"}


def test_whatever_keeps_running_has_a_healthcheck(services):
    for name, service in services.items():
        if service.get("restart") != "no":
            assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}, name


def test_only_nginx_has_a_public_port(services):
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]


def test_every_named_volume_is_declared_and_what_must_survive_has_one(compose, services):
    declared, mounted = set(compose["volumes"]), {}
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            if source.startswith("."):
                assert (FOLDER / source).exists(), volume
            else:
                mounted.setdefault(source, set()).add((name, target))
    assert set(mounted) == declared
    assert ("postgis", "/var/lib/postgresql/data") in mounted["postgis"]
    assert ("redis", "/data") in mounted["redis"]
    assert {name for name, _ in mounted["data"]} == {"migrate", "web", "worker"}


def test_order_of_starting(services):
    assert {
        service: condition["condition"]
        for service, condition in services["migrate"]["depends_on"].items()
    } == {"postgis": "service_healthy", "redis": "service_healthy"}
    for name in ("web", "worker"):
        wait = services[name]["depends_on"]["migrate"]["condition"]
        assert wait == "service_completed_successfully"
    assert services["migrate"]["restart"] == "no"


def test_rights_of_each_service(services):
    address = {
        name: services[name]["environment"]["DATABASE_URL"] for name in ("migrate", "web", "worker")
    }
    assert address["migrate"].startswith(f"postgresql://{roles.OWNER}:")
    for name in ("web", "worker"):
        assert address[name].startswith(f"postgresql://{roles.WEB}:")
        assert "OWNER" not in str(services[name]["environment"])
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]


def test_no_secret_lies_in_the_tree(services):
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            if SECRET.search(key):
                rest = re.sub(r"\$\{[^}]*\}", "", str(value))
                assert re.fullmatch(r"(postgresql://\w+:@postgis/twin|redis://:@redis/0)?", rest), (
                    f"{name}: {key}"
                )
    for line in (FOLDER / "example.env").read_text().splitlines():
        key, _, value = line.partition("=")
        if SECRET.search(key) and not line.startswith("#"):
            assert value == "", key


def test_every_variable_is_explained_in_the_example():
    used = set(re.findall(r"\$\{(\w+)", (FOLDER / "compose.yaml").read_text()))
    explained = set(re.findall(r"^(\w+)=", (FOLDER / "example.env").read_text(), re.MULTILINE))
    required = set(re.findall(r"\$\{(\w+):\?", (FOLDER / "compose.yaml").read_text()))
    assert required <= explained
    assert explained <= used


def test_images_name_a_version(services):
    for name, service in services.items():
        tag = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", service["image"]).partition(":")[2]
        assert tag and tag != "latest", name
    for image in re.findall(r"^FROM (\S+)", (FOLDER / "Dockerfile").read_text(), re.MULTILINE):
        assert ":" in image and not image.endswith("latest")


def test_dockerfile_copies_what_exists_and_steps_down():
    text = (FOLDER / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (FOLDER.parent / source).exists(), source
    assert re.search(r"^USER twin$", text, re.MULTILINE)


def test_container_and_private_cluster_make_the_same_roles():
    text = (FOLDER / "roles.sh").read_text()
    assert set(re.findall(r"CREATE ROLE (\w+) LOGIN NOSUPERUSER", text)) == set(roles.ROLES)
    assert set(re.findall(r"CREATE EXTENSION (\w+)", text)) == set(roles.EXTENSIONS)
