"""``kyodo serve``: the service, ready with one command."""

import errno
import socket
from typing import TYPE_CHECKING

import typer

from api.commands.terminal import open_collection, say
from api.errors import Invalid, KyodoError, Refused

if TYPE_CHECKING:
    from api.settings import Settings


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
    import uvicorn

    from api.app import create_app
    from api.usecases.samples import load_if_empty

    ctx = open_collection(settings, patient=False)
    if load_if_empty(ctx):
        say("登録がまだないため、サンプルの団体と課題を入れました。kyodo samples remove で取り除けます。")
    # No access log: an address may hold the words of an issue.
    config = uvicorn.Config(create_app(ctx), log_level="warning", access_log=False)
    say(f"{_address(settings)} で動いています。止めるには Ctrl+C を押してください。")
    say(f"データの置き場所は {settings.data.absolute()} です。")
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


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
    try:
        return socket.create_server((settings.host.strip("[]"), settings.port), family=family)
    except socket.gaierror as error:
        raise Invalid(f"KYODO_HOST の「{settings.host}」というアドレスは見つかりません。") from error
    except OSError as error:
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
