"""Where and how the program runs: one class, read once at start, every value from the environment.

What the program computes is not a setting, with one exception: the weight of the area, which no data can decide.
"""

import ipaddress
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.errors import Invalid
from corpus.records.issues import ReleaseLevel
from models.reader.chat import ADDRESS

PREFIX = "KYODO_"
_UNSPOKEN = frozenset({"reader_url", "reader_key"})  # someone may have written a password into it
# An empty variable names no folder; it is not the current one.
_Folder = Annotated[Path | None, BeforeValidator(lambda given: given or None)]


def _listed(written: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in written.split(",") if one.strip())


def _hosts(written: str) -> str:
    for one in _listed(written):
        if not re.fullmatch(r"[A-Za-z0-9._-]+", one):
            raise ValueError("a name, without scheme, port or brackets")
    return written


def _proxies(written: str) -> str:
    for one in _listed(written):
        ipaddress.ip_network(one)
    return written


_MOST_BYTES = 10**13  # more than any machine has, and still a limit that the system takes


class Settings(BaseSettings):
    """Each field is an environment variable ``KYODO_<NAME>``; ``description`` is its row in the documents."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, hide_input_in_errors=True)

    host: str = Field(default="127.0.0.1", min_length=1, description="サービスが待ち受けるアドレス")
    port: int = Field(default=8000, ge=1, le=65535, description="サービスが待ち受けるポート番号(1から65535までの整数)")
    data: Annotated[Path, BeforeValidator(lambda given: given or "data")] = Field(
        default=Path("data"), description="データベース、索引、取り込み途中のファイルを置くフォルダー(なければ作ります)"
    )
    database_url: str = Field(
        default="", description="データベースの接続先(SQLAlchemyの書き方。空ならフォルダーの中のSQLite)"
    )
    allow_remote: bool = Field(
        default=False,
        description="trueにすると、このコンピューター以外からの接続も受け付けます(利用者の認証はまだありません)",
    )
    max_rows: int = Field(default=200_000, ge=1, description="1つのファイルで読み込む行数の上限(1以上の整数)")
    max_upload_bytes: int = Field(
        default=200_000_000, ge=1, description="1つのファイルの大きさの上限(バイト数。1以上の整数)"
    )
    max_unpacked_bytes: int = Field(
        default=500_000_000, ge=1, description="圧縮を解いたあとの大きさの上限(バイト数。1以上の整数)"
    )
    # Never fitted: in every collection we have, almost all partners are of the issue's own city, so any weight would
    # look splendid. 1.0 leaves the balance of the matcher's own design as it is; 0 leaves the area out of the score.
    area_weight: float = Field(
        default=1.0, ge=0, le=10, description="順位に占める地域の重み(0から10まで。0なら地域を見ません)"
    )
    synonyms: _Folder = Field(default=None, description="同じ意味の語と近い意味の語の表(ファイル)。空なら付属の表")
    vectors: _Folder = Field(
        default=None,
        description="単語ベクトルのフォルダー。空なら KYODO_DATA の中の models/vectors、なければ付属のもの",
    )
    encoder: _Folder = Field(default=None, description="文エンコーダーのフォルダー。空なら使いません")
    encoder_query_prefix: str = Field(
        default="",
        description="文エンコーダーに渡すとき、課題の文章の前に付ける言葉(空ならモデルのフォルダーの設定に従います)",
    )
    encoder_passage_prefix: str = Field(
        default="",
        description="文エンコーダーに渡すとき、団体の文章の前に付ける言葉(空ならモデルのフォルダーの設定に従います)",
    )
    reader_url: str = Field(
        default="",
        pattern=f"{ADDRESS}|^$",
        description="読み取り役(OpenAIのチャットの形式を話す言語モデル)のアドレス。/chat/completions の前まで。"
        "空なら使いません",
    )
    reader_model: str = Field(default="", description="読み取り役のモデルの名前(サーバーが決めているなら空)")
    reader_key: SecretStr = Field(default=SecretStr(""), description="読み取り役の鍵(要らなければ空)")
    reader_release: ReleaseLevel = Field(
        default=ReleaseLevel.PUBLIC,
        description="読み取り役に送ってよい課題のうち、公開の範囲がいちばん狭いもの(section 課内、centre センターまで、"
        "registered 登録団体まで、public 公開)",
    )
    reader_timeout: float = Field(default=60.0, gt=0, le=600, description="読み取り役の答えを待つ秒数の上限(600秒まで)")
    reader_daily_calls: int = Field(
        default=50, ge=0, description="読み取り役に1日に頼む回数の上限(0以上の整数。0なら頼みません)"
    )
    reader_max_characters: int = Field(
        default=30_000, ge=1, description="読み取り役に1回に送る文字数の上限(1以上の整数。団体の文章の方を切りつめます)"
    )
    read_memory_bytes: int = Field(
        default=1_500_000_000,
        ge=200_000_000,
        le=_MOST_BYTES,
        description="1つのファイルを読むのに使うメモリーの上限(バイト数。200000000以上の整数)",
    )
    read_seconds: int = Field(
        default=120, ge=1, le=86_400, description="1つのファイルを読むのに使う計算時間の上限(秒数。1以上の整数)"
    )
    read_output_bytes: int = Field(
        default=400_000_000,
        ge=1,
        le=_MOST_BYTES,
        description="1つのファイルから読み取った内容の大きさの上限(バイト数。1以上の整数。この数倍のメモリーをサービスが使います)",
    )
    hosts: Annotated[str, AfterValidator(_hosts)] = Field(
        default="",
        description="サービスの名前(ブラウザーで開くときのホスト名。ポート番号は書かない)をコンマで並べたもの。"
        "このコンピューターの名前(127.0.0.1 など)は、いつも使えます",
    )
    proxies: Annotated[str, AfterValidator(_proxies)] = Field(
        default="",
        description="前に立つ中継サーバーのアドレス(IPアドレスか範囲)をコンマで並べたもの。"
        "ここにあるものの X-Forwarded-For と X-Forwarded-Proto だけを信じます",
    )

    @property
    def named_hosts(self) -> frozenset[str]:
        """In small letters, without a dot at the end."""
        return frozenset(name.lower().rstrip(".") for name in _listed(self.hosts))

    @property
    def named_proxies(self) -> tuple[str, ...]:
        """Addresses and networks."""
        return _listed(self.proxies)

    @property
    def database_address(self) -> str:
        """The SQLAlchemy URL in use."""
        return self.database_url or f"sqlite:///{self.data / 'kyodo.sqlite3'}"


def read_settings() -> Settings:
    """The environment's settings. Raises Invalid, naming the variable, what it holds and what would be right."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        field = name.removeprefix(PREFIX.lower())
        if field in _UNSPOKEN:
            raise Invalid(_without_its_value(field)) from error
        wanted = Settings.model_fields[field].description
        raise Invalid(
            f"環境変数 {PREFIX}{field.upper()} の値「{first['input']}」は使えません。"
            f"ここには「{wanted}」を指定してください。"
        ) from error


def _without_its_value(field: str) -> str:
    return (
        f"環境変数 {PREFIX}{field.upper()} の値は使えません(値はここには示しません)。読み取り役のアドレスは"
        "「http://127.0.0.1:8080/v1」のように、利用者名・パスワード・「?」・空白を含めずに書き、"
        f"鍵は {PREFIX}READER_KEY に分けて指定してください。"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``; a name other than ``localhost`` is never taken for it."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
