"""``kyodo serve``: the service, ready with one command."""

import errno
import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from api.commands.terminal import open_collection, say
from api.errors import Invalid, KyodoError, Refused

if TYPE_CHECKING:
    import uvicorn

    from api.context import Context
    from api.settings import Settings


_GRACE_SECONDS = 6  # of those ten in which the service must have stopped


def serve() -> None:
    """サービスを始めます。表示されたアドレスをブラウザーで開いてください。

    何も登録されていなければサンプルを入れます。止めるには Ctrl+C を押してください。
    """
    from api.settings import read_settings

    settings = read_settings()
    _refuse_strangers(settings)
    with _listening_socket(settings) as listener:
        _run(settings, listener)


def _run(settings: "Settings", listener: socket.socket) -> None:
    from threadpoolctl import threadpool_limits

    from api.logs import start_logging
    from api.usecases.samples import load_if_empty

    ctx = open_collection(settings, patient=False)
    if load_if_empty(ctx):
        say("登録がまだないため、サンプルの団体と課題を入れました。kyodo samples remove で取り除けます。")
    start_logging()
    server = _server(ctx)
    say(f"{_address(settings)} で動いています。止めるには Ctrl+C を押してください。")
    if settings.allow_remote and not settings.named_hosts:
        say("KYODO_HOSTS がないので、アドレスにIPアドレスをそのまま書いて開いたときだけ答えます。")
    say(f"データの置き場所は {settings.data.absolute()} です。")
    # One product after the other: threads of their own would take the core that the pages need.
    with suppress(KeyboardInterrupt), threadpool_limits(1):
        server.run(sockets=[listener])
    if any(not one.daemon for one in threading.enumerate() if one is not threading.main_thread()):
        os._exit(0)  # work that was given up: what it would have changed, the database undoes


def _server(ctx: "Context") -> "uvicorn.Server":
    import uvicorn

    from api.app import create_app
    from api.connections import BURST, IDLE_SECONDS, Connection, most_connections

    config = uvicorn.Config(
        create_app(ctx),
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,  # an address may hold the words of an issue
        server_header=False,
        proxy_headers=False,  # ``api.security`` knows whom to believe
        backlog=min(BURST, most_connections()),
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def _refuse_strangers(settings: "Settings") -> None:
    from api.settings import is_loopback

    if not settings.allow_remote and not is_loopback(settings.host):
        raise Refused(
            f"KYODO_HOST の「{settings.host}」では、ほかのコンピューターからも開けてしまいます。"
            "利用者の認証がまだないため、そのままでは始められません。"
            "このコンピューターだけで使うなら KYODO_HOST を 127.0.0.1 にしてください。"
            "ネットワークの側で守られていて、ほかから開いてよいときだけ KYODO_ALLOW_REMOTE=true を指定してください。"
        )


def _listening_socket(settings: "Settings") -> socket.socket:
    """Taken before anything else is started, so that a port in use is said at once. Raises Invalid or KyodoError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named TCP: of a socket of protocol 0 asyncio does not know that it may switch Nagle's algorithm off, and every
    # answer on a kept connection would wait 40 ms for the acknowledgement of the one before.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host.strip("[]"), settings.port))
        listener.listen()
        return listener
    except socket.gaierror as error:
        listener.close()
        raise Invalid(f"KYODO_HOST の「{settings.host}」というアドレスは見つかりません。") from error
    except OSError as error:
        listener.close()
        raise KyodoError(_why_not_listening(error, settings)) from error


def _why_not_listening(error: OSError, settings: "Settings") -> str:
    sentences = {
        errno.EADDRINUSE: f"ポート {settings.port} はほかのプログラムが使っています。kyodo serve がすでに動いていないか"
        "確かめるか、KYODO_PORT に別の番号を指定してください。",
        errno.EACCES: f"ポート {settings.port} を使う権限がありません。KYODO_PORT に1024以上の番号を指定してください。",
        errno.EADDRNOTAVAIL: f"KYODO_HOST の「{settings.host}」はこのコンピューターのアドレスではありません。",
    }
    return sentences.get(
        error.errno or 0, f"{settings.host} のポート {settings.port} で待ち受けられません({error.strerror})。"
    )


def _address(settings: "Settings") -> str:
    host = f"[{settings.host}]" if ":" in settings.host and not settings.host.startswith("[") else settings.host
    return f"http://{host}:{settings.port}"
