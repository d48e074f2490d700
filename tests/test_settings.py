from pathlib import Path

import pytest

from api.errors import Invalid
from api.settings import Settings, is_loopback, read_settings


def test_without_any_variable_the_service_is_local_and_keeps_its_data_in_data():
    settings = read_settings()
    assert (settings.host, settings.port, settings.allow_remote) == ("127.0.0.1", 8000, False)
    assert settings.database_address == "sqlite:///data/kyodo.sqlite3"
    assert settings.max_rows == 200_000


def test_every_setting_is_read_from_its_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("KYODO_HOST", "::1")
    monkeypatch.setenv("KYODO_PORT", "8123")
    monkeypatch.setenv("KYODO_DATA", str(tmp_path))
    monkeypatch.setenv("KYODO_AREA_WEIGHT", "0.5")
    settings = read_settings()
    assert (settings.host, settings.port, settings.data, settings.area_weight) == ("::1", 8123, tmp_path, 0.5)
    assert settings.database_address == f"sqlite:///{tmp_path}/kyodo.sqlite3"


def test_a_database_url_wins_over_the_folder(monkeypatch):
    monkeypatch.setenv("KYODO_DATABASE_URL", "postgresql+psycopg://city/kyodo")
    assert read_settings().database_address == "postgresql+psycopg://city/kyodo"


def test_an_empty_encoder_is_none_and_a_prefix_keeps_its_blank(monkeypatch):
    monkeypatch.setenv("KYODO_ENCODER", "")
    monkeypatch.setenv("KYODO_ENCODER_QUERY_PREFIX", "query: ")
    assert (read_settings().encoder, read_settings().encoder_query_prefix) == (None, "query: ")
    monkeypatch.setenv("KYODO_ENCODER", "models/encoder")
    assert read_settings().encoder == Path("models/encoder")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("ALLOW_REMOTE", "perhaps"),
        ("AREA_WEIGHT", "-1"),
        ("HOST", ""),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(monkeypatch, name, value):
    monkeypatch.setenv(f"KYODO_{name}", value)
    with pytest.raises(Invalid) as failure:
        read_settings()
    assert f"KYODO_{name} の値「{value}」は使えません。" in failure.value.message
    assert str(Settings.model_fields[name.lower()].description) in failure.value.message


def test_every_setting_says_in_japanese_what_it_is():
    for field in Settings.model_fields.values():
        assert any("ぁ" <= letter <= "ん" for letter in field.description or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1", "[::1]"])
def test_only_this_machine_reaches_a_loopback_address(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.2", "kyodo.example.jp", "localhost.example.jp", ""])
def test_other_addresses_are_not_taken_for_loopback(host):
    assert not is_loopback(host)
