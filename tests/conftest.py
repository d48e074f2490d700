from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from service import INVENTORY, REGISTER, Service, client_of, upload

from api.settings import Settings
from api.usecases import samples
from api.usecases.context import open_context

# Machines that run the tests are shared and noisy: how long one example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes give a test no name: a packed file carries the second it was packed in, and two workers that pack it in
    different seconds would collect different tests."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have settings of their own."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"KYODO_{name.upper()}", raising=False)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with the samples, for tests that change nothing."""
    ctx = open_context(Settings(data=tmp_path_factory.mktemp("shown")))
    samples.load_if_empty(ctx)
    with client_of(ctx) as client:
        yield client, ctx


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Service]:
    """The service with nothing in it."""
    ctx = open_context(Settings(data=tmp_path))
    with client_of(ctx) as client:
        yield client, ctx


@pytest.fixture
def real(empty: Service) -> Service:
    """The service with two organisations and two issues that are no samples, brought in through the pages."""
    client, ctx = empty
    for name, text in [("団体.csv", REGISTER), ("棚卸.csv", INVENTORY)]:
        preview = upload(client, name, text.encode())
        assert client.post(f"{preview}/confirm", follow_redirects=False).status_code == 303
    return client, ctx
