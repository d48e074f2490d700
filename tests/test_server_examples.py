"""The examples for nginx and systemd do what they say, and nginx as it comes opens nothing to others."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from service import REGISTER, free_port, serving

EXAMPLES = Path(__file__).parents[1] / "docs" / "server"
NAME = "kyodo.city.example"
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0", "connection": "keep-alive"}
nginx = pytest.mark.skipif(not shutil.which("nginx"), reason="no nginx here")


@contextmanager
def passing_on(folder: Path, server: str, port: int) -> Iterator[None]:
    """nginx with ``server`` inside its http block, until it listens on ``port``."""
    folder.mkdir()
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    http = f"http {{ access_log off; {temporary} {server} }}"
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # the folders of a test are its own user's alone
    main = f"daemon off; {user} pid {folder}/pid; error_log {folder}/error.log; events {{}}"
    config.write_text(f"{main} {http}", encoding="utf-8")
    command = ["nginx", "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        for _ in range(100):
            assert process.poll() is None, process.stderr and process.stderr.read()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()
        if process.stderr:
            process.stderr.close()


def example(folder: Path, service: int, plain: int, secure: int) -> str:
    """The shipped example, its ports and its certificate replaced."""
    key, certificate = folder / "kyodo.key", folder / "kyodo.pem"
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}", "-days", "2"]
    extra = ["-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*new, *extra], check=True, capture_output=True)
    text = (EXAMPLES / "kyodo.conf").read_text(encoding="utf-8")
    for old, put in [
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        ("http://127.0.0.1:8000;", f"http://127.0.0.1:{service};"),
        ("/etc/ssl/certs/kyodo.pem", str(certificate)),
        ("/etc/ssl/private/kyodo.key", str(key)),
    ]:
        assert text.count(old) == 1, old
        text = text.replace(old, put)
    return text


@nginx
def test_behind_nginx_as_in_the_example_the_service_works_under_its_name_alone(tmp_path: Path) -> None:
    plain, secure = free_port(), free_port()
    settings = {"allow_remote": "true", "hosts": NAME, "proxies": "127.0.0.1"}
    with serving(tmp_path / "data", **settings) as (port, _):
        server = example(tmp_path, port, plain, secure)
        trusting = ssl.create_default_context(cafile=str(tmp_path / "kyodo.pem"))
        with passing_on(tmp_path / "nginx", server, secure), httpx2.Client(verify=trusting, timeout=60) as http:
            url, sni = f"https://127.0.0.1:{secure}", {"sni_hostname": NAME}

            def ask(method: str, path: str, host: str = NAME, **sent: object) -> httpx2.Response:
                headers = {"host": host, **sent.pop("headers", {})}  # type: ignore[dict-item]
                return http.request(method, f"{url}{path}", headers=headers, extensions=sni, **sent)  # type: ignore[arg-type]

            assert ask("GET", "/").status_code == 200
            assert ask("GET", "/", host="evil.example").status_code == 403
            large = REGISTER.encode() + "".join(f"会{n},任意団体,,{'川' * 200},,,\n" for n in range(3_000)).encode()
            own = {"origin": f"https://{NAME}"}
            upload = ask("POST", "/imports", files={"file": ("団体.csv", large)}, headers=own)
            assert upload.status_code == 303
            assert ask("GET", upload.headers["location"]).status_code == 200
            foreign = {"origin": "https://evil.example"}
            assert ask("POST", "/candidates", data={"text": "猫"}, headers=foreign).status_code == 403
        with passing_on(tmp_path / "again", server, plain):
            moved = httpx2.get(f"http://127.0.0.1:{plain}/issues", headers={"host": NAME})
            assert (moved.status_code, moved.headers["location"]) == (301, f"https://{NAME}/issues")


@nginx
@pytest.mark.parametrize(
    "more", ["", "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_http_version 1.1;"]
)
def test_nginx_as_it_comes_in_front_of_a_local_service_opens_nothing_to_others(tmp_path: Path, more: str) -> None:
    outside = free_port()
    with serving(tmp_path / "data") as (port, _):
        server = f"server {{ listen 127.0.0.1:{outside}; location / {{ proxy_pass http://127.0.0.1:{port}; {more} }} }}"
        with passing_on(tmp_path / "nginx", server, outside):
            for path in ("/", "/issues", "/api/v1/health"):
                assert httpx2.get(f"http://127.0.0.1:{outside}{path}", headers=BROWSER).status_code == 403
            assert httpx2.get(f"http://127.0.0.1:{port}/issues", headers=BROWSER).status_code == 200


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_understands_the_example(tmp_path: Path) -> None:
    program = tmp_path / "kyodo"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    unit = (EXAMPLES / "kyodo.service").read_text(encoding="utf-8")
    assert unit.count("/opt/kyodo-matcher/.venv/bin/kyodo") == 2
    (tmp_path / "kyodo.service").write_text(unit.replace("/opt/kyodo-matcher/.venv/bin/kyodo", str(program)), "utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "kyodo.service")],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (checked.returncode, [line for line in checked.stderr.splitlines() if "kyodo" in line]) == (0, [])
