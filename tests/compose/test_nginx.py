"""The tile cache keeps what is public and nothing else; a real nginx before a small upstream."""

import shutil
import subprocess
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from twin.local.account import tethered
from twin.local.ports import free_port

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
CONFIG = Path(__file__).resolve().parents[2] / "compose" / "nginx.conf"
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


class Upstream(BaseHTTPRequestHandler):
    """Answers with a running number and the caching words that the twin uses."""

    count = 0

    def do_GET(self):
        Upstream.count += 1
        body = f"{Upstream.count} {self.headers['Host']}\n".encode()
        self.send_response(200)
        public = self.path.startswith("/tiles/public")
        self.send_header(
            "Cache-Control",
            "public, max-age=31536000, immutable" if public else "private, no-cache",
        )
        if self.path == "/api/live":
            self.end_headers()
            self.wfile.write(b": first\n\n")
            self.wfile.flush()
            time.sleep(2)
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    (folder / "static" / "viewer" / "assets").mkdir(parents=True)
    (folder / "static" / "viewer" / "assets" / "a.js").write_text("1")
    text = CONFIG.read_text()
    for before, after in {
        "server web:8000": f"server 127.0.0.1:{upstream.server_port}",
        "listen 8080": f"listen 127.0.0.1:{port}",
        "/var/cache/nginx": str(folder),
        "/srv/static": str(folder / "static"),
        "/tmp/nginx.pid": str(folder / "nginx.pid"),
        "include mime.types": "include /etc/nginx/mime.types",
        "worker_processes auto;": "worker_processes 1; daemon off; user root;",
    }.items():
        assert before in text
        text = text.replace(before, after)
    (folder / "nginx.conf").write_text(text)
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    server = subprocess.Popen(tethered(command), stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/nginx-health").close()
            break
        except OSError:
            time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(10)
    upstream.shutdown()


def get(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read(), answer.headers


def test_public_tile_with_a_version_is_kept(door):
    first, _ = get(f"{door}/tiles/public/14/1/2.mvt?v=7")
    second, headers = get(f"{door}/tiles/public/14/1/2.mvt?v=7")
    assert second == first
    assert headers["X-Cache"] == "HIT"
    assert get(f"{door}/tiles/public/14/1/2.mvt?v=8")[0] != first


@pytest.mark.parametrize("path", ["/tiles/private/14/1/2.mvt?v=7", "/tiles/public/14/1/2.mvt"])
def test_private_tile_or_one_without_a_version_is_asked_for_each_time(door, path):
    assert get(door + path)[0] != get(door + path)[0]


def test_answers_of_the_api_are_not_kept(door):
    assert get(f"{door}/api/layers")[0] != get(f"{door}/api/layers")[0]


def test_host_reaches_the_twin_as_the_browser_said_it(door):
    assert get(f"{door}/")[0].split()[1].decode() == door.removeprefix("http://")


def test_static_files_come_from_the_volume(door):
    body, headers = get(f"{door}/static/viewer/assets/a.js")
    assert body == b"1"
    assert "immutable" in headers.get_all("Cache-Control")[-1]


def test_live_stream_is_not_held_back(door):
    began = time.monotonic()
    with urllib.request.urlopen(f"{door}/api/live", timeout=10) as answer:
        assert answer.readline() == b": first\n"
    assert time.monotonic() - began < 1.5
