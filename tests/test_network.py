"""Who is served under which name, and that nobody's slow connection holds the service."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest
from service import Service, client_of, free_port, serving
from starlette.testclient import TestClient

from api.app import create_app
from api.commands.serving import _listening_socket
from api.context import Context, open_context
from api.errors import Invalid
from api.settings import Settings, read_settings


def asked(
    ctx: Context, path: str = "/imports", *, host: str = "127.0.0.1", peer: str = "127.0.0.1", **headers: str
) -> int:
    client = TestClient(create_app(ctx), base_url=f"http://{host}:8000", client=(peer, 50000))
    return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()}).status_code


def context(folder: Path, **settings: object) -> Context:
    return open_context(Settings(data=folder, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("kyodo.city.example", True),
        ("KYODO.City.example.", True),
        ("127.0.0.1", True),
        ("localhost", True),
        ("192.0.2.10", True),  # no name of others can point at a bare address
        ("[2001:db8::1]", True),
        ("evil.example", False),
        ("kyodo.city.example.evil.example", False),
        ("xkyodo.city.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_others_are_served_under_the_names_of_the_service_only(tmp_path: Path, host: str, served: bool) -> None:
    ctx = context(tmp_path, allow_remote=True, hosts="kyodo.city.example, other.example")
    client = TestClient(create_app(ctx), base_url="http://127.0.0.1:8000", client=("192.0.2.7", 50000))
    assert client.get("/imports", headers={"host": host}).status_code == (200 if served else 403)


def test_a_redirect_never_leads_to_a_foreign_name(tmp_path: Path) -> None:
    ctx = context(tmp_path, allow_remote=True)
    client = TestClient(create_app(ctx), base_url="http://evil.example", client=("192.0.2.7", 50000))
    answer = client.get("/issues/", follow_redirects=False)
    assert answer.status_code == 403
    assert "location" not in answer.headers


def test_a_name_of_its_own_serves_this_machine_alone_unless_others_are_allowed(tmp_path: Path) -> None:
    ctx = context(tmp_path, hosts="kyodo.city.example")
    assert asked(ctx, host="kyodo.city.example") == 200
    assert asked(ctx, host="kyodo.city.example", peer="192.0.2.7") == 403
    assert asked(ctx, host="192.0.2.10") == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "192.0.2.7"},
        {"x-forwarded-for": "127.0.0.1"},
        {"X-Real-IP": "192.0.2.7"},
        {"forwarded": "for=192.0.2.7"},
        {"via": "1.1 proxy"},
        {"x-forwarded-host": "kyodo.city.example"},
    ],
)
def test_what_an_unnamed_proxy_passes_on_does_not_count_as_this_machine(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    ctx = context(tmp_path)
    assert client_of(ctx).get("/imports", headers=headers).status_code == 403
    assert client_of(ctx).get("/imports").status_code == 200


def test_a_named_proxy_is_believed_about_who_asks(tmp_path: Path) -> None:
    ctx = context(tmp_path, proxies="127.0.0.1, 10.0.0.0/8")
    for peer in ("127.0.0.1", "10.1.2.3"):
        assert asked(ctx, peer=peer, x_forwarded_for="192.0.2.7") == 403
        assert asked(ctx, peer=peer, x_forwarded_for="127.0.0.1, 192.0.2.7") == 403  # the one added last counts
        assert asked(ctx, peer=peer) == 403  # it does not say for whom
    assert asked(ctx, peer="192.0.2.9", x_forwarded_for="127.0.0.1") == 403


def test_behind_a_named_proxy_others_are_served_once_they_are_allowed(tmp_path: Path) -> None:
    ctx = context(tmp_path, proxies="127.0.0.1", allow_remote=True, hosts="kyodo.city.example")
    assert asked(ctx, host="kyodo.city.example", x_forwarded_for="192.0.2.7") == 200
    assert asked(ctx, host="evil.example", x_forwarded_for="192.0.2.7") == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [("HOSTS", "http://kyodo/"), ("HOSTS", "kyodo:8000"), ("PROXIES", "nginx"), ("PROXIES", "10.0.0.0/40")],
)
def test_a_name_or_a_proxy_that_cannot_be_right_is_said_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"KYODO_{name}", value)
    with pytest.raises(Invalid, match=f"KYODO_{name}"):
        read_settings()


def test_a_length_that_is_no_number_of_ours_is_refused(shown: Service) -> None:
    for length in ("-1", "1e9", "1_0", "9" * 5_000, ""):
        answer = shown[0].post("/api/v1/suggestions", content=b"{}", headers={"content-length": length})
        assert answer.status_code == 413, length


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    folder = tmp_path_factory.mktemp("network")
    with serving(folder / "data") as (port, _):
        yield port, folder / "data.log"


def sent(stack: ExitStack, port: int, text: str, room: int = 100_000) -> socket.socket:
    connection = stack.enter_context(socket.socket())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    connection.connect(("127.0.0.1", port))
    connection.sendall(text.encode())
    return connection


def test_who_sends_nothing_or_drop_by_drop_is_let_go_while_others_are_served(service: tuple[int, Path]) -> None:
    port, head = service[0], f"POST /api/v1/suggestions HTTP/1.1\r\nHost: 127.0.0.1:{service[0]}\r\n"
    with ExitStack() as stack, httpx2.Client(base_url=f"http://127.0.0.1:{port}") as http:
        silent = sent(stack, port, "")
        half_head = sent(stack, port, head)
        half_body = sent(stack, port, f"{head}Content-Type: application/json\r\nContent-Length: 999\r\n\r\n{{")
        waiting, answers = {silent, half_head, half_body}, {}
        for _ in range(60):
            assert http.get("/api/v1/health").status_code == 200
            if not (waiting := {one for one in waiting if one not in answers}):
                break
            for one in list(waiting):
                one.settimeout(0.2)
                try:
                    answers[one] = one.recv(65_536)
                except TimeoutError:
                    continue
                except ConnectionResetError:
                    answers[one] = b""
            if half_head not in answers:
                half_head.sendall(b"X-Drop: 1\r\n")
    assert answers[silent] == b""
    assert answers[half_head] == b""
    assert answers[half_body].startswith(b"HTTP/1.1 408 ")


def test_who_goes_on_after_the_answer_or_does_not_take_it_is_let_go_too(tmp_path: Path) -> None:
    """The rest of a body that was refused, drop by drop; answers that are asked for and never taken."""
    refused = "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1000\r\n\r\n"
    with ExitStack() as stack:
        port, process = stack.enter_context(serving(tmp_path / "data"))
        before = settled(process.pid)
        page = f"GET /static/style.css HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
        dripping = sent(stack, port, refused)
        assert dripping.recv(65_536).startswith(b"HTTP/1.1 403 ")
        sent(stack, port, page * 600, room=4_096)
        assert settled(process.pid) == before + 2
        for _ in range(100):
            if sockets_of(process.pid) == before:
                break
            with suppress(OSError):
                dripping.sendall(b"x")
            time.sleep(0.5)
        assert sockets_of(process.pid) == before


def settled(process: int) -> int:
    """Once connections that come and go have done so."""
    time.sleep(1)
    return sockets_of(process)


def sockets_of(process: int) -> int:
    """How many of its descriptors are sockets."""
    found = 0
    for path in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found += str(path.readlink()).startswith("socket:")
    return found


def test_a_kept_connection_waits_for_no_acknowledgement() -> None:
    """Where small packets are held back, each answer after the first waits 40 ms for it."""

    async def held_back(listener: socket.socket) -> bool:
        accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        async with await asyncio.start_server(lambda _, writer: accepted.put_nowait(writer), sock=listener):
            _, asking = await asyncio.open_connection(*listener.getsockname())
            answering = await accepted.get()
            here: socket.socket = answering.get_extra_info("socket")
            held = not here.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            asking.close()
            answering.close()
            return held

    with _listening_socket(Settings(port=free_port())) as listener:
        assert asyncio.run(held_back(listener)) is False


def test_more_connections_than_descriptors_keep_nobody_out(tmp_path: Path) -> None:
    with ExitStack() as stack:
        started = stack.enter_context(serving(tmp_path / "data", descriptors=96))
        crowd = [sent(stack, started[0], "") for _ in range(150)]
        assert httpx2.get(f"http://127.0.0.1:{started[0]}/api/v1/health", timeout=8).status_code == 200
        assert len(crowd) == 150


def test_the_log_is_json_lines_without_the_words_of_anybody(service: tuple[int, Path]) -> None:
    word = "ゾウガメ搬送計画"
    url = f"http://127.0.0.1:{service[0]}"
    httpx2.get(f"{url}/issues", params={"text": word})
    httpx2.get(f"{url}/{word}")
    httpx2.post(f"{url}/api/v1/suggestions", json={"text": word, "city": word})
    for _ in range(50):  # a line is written after its answer has gone
        log = service[1].read_text("utf-8")
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        if lines[-1]["status"] == 422:
            break
        time.sleep(0.1)
    assert {"method": "GET", "route": "api.pages.issues.list_issues", "status": 200}.items() <= lines[-3].items()
    assert [line["status"] for line in lines[-3:]] == [200, 404, 422]
    assert word not in log
