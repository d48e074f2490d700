"""The JSON interface over a real SQLite file: its shapes, its failures, and what must never leave."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.context import Context, open_context
from api.routers import collection as json_issues
from api.settings import Settings
from api.usecases import collection, samples
from corpus.records.issues import TEXTS

ISSUE = {"title": "飼い主のいない猫の相談", "problem": "猫の捕獲と手術に付き添う人がいない", "department": "生活衛生課"}
REGISTER = """団体名,種別,目的,活動内容,代表者,連絡先
猫と暮らす会,任意団体,地域猫,猫の捕獲と手術の付き添い,連絡役その一,086-000-0000
"""


def client_of(ctx: Context, **options: Any) -> TestClient:
    return TestClient(create_app(ctx), base_url="http://127.0.0.1:8000/api/v1/", client=("127.0.0.1", 5), **options)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The samples, for tests that change nothing."""
    ctx = open_context(Settings(data=tmp_path_factory.mktemp("shown")))
    samples.load_if_empty(ctx)
    with client_of(ctx) as client:
        yield client


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """One organisation and one issue that are no samples."""
    with client_of(open_context(Settings(data=tmp_path))) as client:
        assert client.post("imports", files={"file": ("団体.csv", REGISTER.encode())}).json()["files"][0]["stored"]
        assert client.post("issues", json=ISSUE).status_code == 201
        yield client


def issue_id(client: TestClient) -> str:
    return str(client.get("issues").json()["items"][0]["id"])


def organisation_id(client: TestClient) -> str:
    return str(client.get("organisations").json()["items"][0]["id"])


# ---- suggestions


def test_suggestions_for_a_text_have_both_quotes_and_contributions_that_sum_to_the_score(shown: TestClient) -> None:
    asked = {"text": "子育て中の親子が気軽に集まれる居場所がほしい", "k": 3, "city": "岡山市"}
    found = shown.post("suggestions", json=asked).json()
    assert set(found) == {"query", "model", "good_match", "message", "suggestions"}
    assert [one["rank"] for one in found["suggestions"]] == [1, 2, 3]
    for one in found["suggestions"]:
        evidence = one["evidence"]
        assert sum(c["value"] for c in evidence["contributions"]) == pytest.approx(one["score"], rel=1e-6)
        assert set(evidence["quotes"]) == {"issue", "organisation"}
        assert one["band"] in {"strong", "some", "weak"}
        assert one["is_sample"]
        assert evidence["area"].endswith("。")


def test_every_direction_answers_in_the_same_shape(shown: TestClient) -> None:
    issue, organisation = issue_id(shown), organisation_id(shown)
    paths = [f"issues/{issue}/{what}" for what in ("suggestions", "similar-issues", "similar-cases")]
    for path in [*paths, f"organisations/{organisation}/suggestions"]:
        found = shown.get(path, params={"k": 2}).json()
        assert len(found["suggestions"]) == 2
        assert issue not in {one["id"] for one in found["suggestions"]}


def test_asking_twice_gives_the_same_answer(shown: TestClient) -> None:
    asked = {"text": "川の清掃"}
    assert shown.post("suggestions", json=asked).content == shown.post("suggestions", json=asked).content


# ---- the collection


def test_lists_come_in_pages_of_fifty_with_the_total(shown: TestClient) -> None:
    first = shown.get("organisations").json()
    second = shown.get("organisations", params={"page": 2}).json()
    assert len(first["items"]) == 50
    assert first["total"] == 50 + len(second["items"])
    assert (first["page"], first["pages"], second["page"]) == (1, 2, 2)


def test_an_issue_is_written_changed_and_closed_with_its_version(client: TestClient) -> None:
    issue = client.get(f"issues/{issue_id(client)}").json()
    assert (issue["title"], issue["release_level"], issue["status"]) == (ISSUE["title"], "section", "open")
    path = f"issues/{issue['id']}"
    changed = client.put(path, json={**ISSUE, "title": "猫の相談", "version": issue["version"]}).json()
    assert changed["title"] == "猫の相談"
    late = client.put(path, json={**ISSUE, "version": issue["version"]})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "conflict")
    closed = client.put(f"{path}/status", json={"version": changed["version"], "status": "closed"}).json()
    assert closed["status"] == "closed"
    assert client.get(f"{path}/suggestions").json()["suggestions"] == []


def test_cases_and_health_answer(shown: TestClient) -> None:
    case = shown.get("cases").json()["items"][0]
    assert shown.get(f"cases/{case['id']}").json() == case
    health = shown.get("health").json()
    assert health["status"] == "ok"
    assert health["organisations"] >= 60
    in_use = {one["kind"]: (one["whose"], one["fault"]) for one in health["in_use"]}
    shipped = ("shipped", "")
    assert in_use == {"synonyms": shipped, "vectors": shipped, "encoder": ("none", ""), "fields": shipped}


def test_what_cannot_be_used_is_told_to_programs(tmp_path: Path) -> None:
    own_vectors, own_fields = (tmp_path / "models" / name for name in ("vectors", "fields"))
    for folder in (own_vectors, own_fields):
        folder.mkdir(parents=True)
    settings = Settings(data=tmp_path, synonyms=tmp_path / "none.txt", encoder=tmp_path / "model")
    in_use = client_of(open_context(settings)).get("health").json()["in_use"]
    assert [(one["kind"], one["whose"]) for one in in_use] == [
        ("synonyms", "shipped"), ("vectors", "shipped"), ("encoder", "none"), ("fields", "shipped")
    ]  # fmt: skip
    assert [one["fault"].split("。")[0] for one in in_use] == [
        "設定した言いかえの表は使えません",
        "市で作った単語ベクトルは使えません",
        "設定した文エンコーダーは使えません",
        "市で作った活動分野のモデルを読み込めません",
    ]
    assert all(one["fault"].endswith("。") and str(tmp_path) not in one["fault"] for one in in_use)


# ---- what people decide, and the figures


def test_a_judgement_is_kept_counted_and_taken_back(client: TestClient) -> None:
    path, organisation = f"issues/{issue_id(client)}/reviews", organisation_id(client)
    review = client.post(path, json={"organisation": organisation, "grade": "possible", "comment": "まず電話で"}).json()
    assert (review["grade"], review["comment"], review["missed"]) == ("possible", "まず電話で", False)
    assert client.get(path).json()["latest"] == {organisation: review}
    assert client.post(path, json={"organisation": organisation, "grade": None}).json() is None
    after = client.get(path).json()
    assert after["latest"] == {}
    assert len(after["history"]) == 2


def test_a_missed_partner_is_noted(client: TestClient) -> None:
    said = {"organisation": organisation_id(client), "comment": "よく知られた会"}
    review = client.post(f"issues/{issue_id(client)}/missed", json=said).json()
    assert review["missed"]
    assert review["rank"] is None


def test_events_after_an_introduction_make_the_figures_and_a_voided_one_unmakes_them(client: TestClient) -> None:
    issue, organisation = issue_id(client), organisation_id(client)
    made = {"organisation": organisation, "introduced_on": "2026-04-01"}
    introduction = client.post(f"issues/{issue}/introductions", json=made).json()
    events = f"introductions/{introduction['id']}/events"
    client.post(events, json={"stage": "agreed", "happened_on": "2026-04-10"})
    started = client.post(events, json={"stage": "started", "happened_on": "2026-05-01"}).json()
    (track,) = client.get(f"issues/{issue}/introductions").json()
    assert [event["stage"] for event in track["events"]] == ["agreed", "started"]
    assert figures(client) == [(1, 26), (1, 9)]
    assert client.post(f"events/{started['id']}/void").status_code == 204
    assert figures(client) == [(1, 26), (0, 9)]
    for _ in range(2):
        assert client.post(f"introductions/{introduction['id']}/void").json() == introduction | {"voided": True}
    assert figures(client) == [(0, 26), (0, 9)]
    (track,) = client.get(f"issues/{issue}/introductions").json()
    assert track["introduction"]["voided"]
    assert client.post("introductions/999/void").status_code == 404


def figures(client: TestClient) -> list[tuple[int, int]]:
    counted = client.get("indicators", params={"year": 2026}).json()["indicators"]
    assert all(one["value"] == len(one["events"]) and one["definition"] for one in counted)
    return [(one["value"], one["baseline"]) for one in counted]


# ---- files


def test_a_dry_run_reports_and_stores_nothing_and_the_second_import_changes_nothing(client: TestClient) -> None:
    sheet = "業務名,課題\n川の清掃,人が減った\n".encode("cp932")

    def send(**options: str) -> dict[str, Any]:
        answer = client.post("imports", files={"file": ("棚卸.csv", sheet)}, data=options).json()
        assert isinstance(answer["files"][0], dict)
        return dict(answer["files"][0])

    dry = send(dry_run="true", kind="inventory")
    assert (dry["stored"], dry["accepted"], dry["added"], dry["kind"]) == (False, 1, 1, "inventory")
    assert client.get("issues").json()["total"] == 1
    assert send()["added"] == 1
    assert (send()["added"], send()["unchanged"]) == (0, 1)
    assert [entry["name"] for entry in client.get("imports").json()][:1] == ["棚卸.csv"]


def test_problems_name_sheet_row_and_column_and_nothing_is_stored(client: TestClient) -> None:
    sheet = "業務名,課題\n川の清掃,人が減った\n,業務名のない行\n".encode()
    report = client.post("imports", files={"file": ("棚卸.csv", sheet)}).json()["files"][0]
    (problem,) = report["problems"]
    assert (report["stored"], problem["row"], problem["severity"]) == (False, 3, "error")
    assert problem["column"] == "A 業務名"
    skipped = client.post("imports", files={"file": ("棚卸.csv", sheet)}, data={"skip_bad_rows": "true"}).json()
    assert (skipped["files"][0]["stored"], skipped["files"][0]["skipped"]) == (True, 1)


# ---- what must never leave


def test_no_answer_holds_a_contact_person(client: TestClient) -> None:
    issue, organisation = issue_id(client), organisation_id(client)
    paths = ["organisations", f"organisations/{organisation}", f"issues/{issue}/suggestions", "imports"]
    bodies = [client.get(path).text for path in paths]
    bodies.append(client.post("suggestions", json={"text": "猫"}).text)
    bodies.append(client.post("imports", files={"file": ("団体.csv", REGISTER.encode())}).text)
    assert any("猫と暮らす会" in body for body in bodies)
    assert not re.search("連絡役その一|086-000-0000", "".join(bodies))


def test_the_described_interface_has_every_route_one_error_shape_and_no_contact_field(shown: TestClient) -> None:
    described = shown.get("openapi.json").json()
    expected = ["suggestions", "issues", "organisations", "cases", "imports", "indicators", "health"]
    assert {f"/api/v1/{noun}" for noun in expected} <= set(described["paths"])
    assert all(path.startswith("/api/v1/") for path in described["paths"])
    schemas = described["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    fields = {field for schema in schemas.values() for field in schema.get("properties", {})}
    assert not {field for field in fields if "contact" in field or "representative" in field or field == "key"}
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["description"]
            assert operation["responses"]["404"]["content"]["application/json"]["schema"]["$ref"].endswith("/Failure")


# ---- failures


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "nothing", None, 404, "not_found"),
        ("GET", "issues/none", None, 404, "not_found"),
        ("GET", "organisations/none/suggestions", None, 404, "not_found"),
        ("POST", "issues/none/reviews", {"organisation": "none", "grade": "suitable"}, 404, "not_found"),
        ("POST", "events/999/void", None, 404, "not_found"),
        ("DELETE", "issues", None, 405, "method_not_allowed"),
        ("POST", "suggestions", {}, 422, "invalid"),
        ("POST", "suggestions", {"text": "猫", "k": 0}, 422, "invalid"),
        ("POST", "suggestions", {"text": "猫", "city": "府中市"}, 422, "ambiguous_place"),
        ("POST", "suggestions", {"text": "猫", "city": "なし市"}, 422, "invalid"),
        ("POST", "issues", {"title": ""}, 422, "invalid"),
        ("POST", "issues", {**ISSUE, "seeks": "x"}, 422, "invalid"),
        ("GET", "issues?fiscal_year=R6", None, 422, "invalid"),
        ("POST", "suggestions", {"text": "あ" * 400_000}, 413, "too_large"),
    ],
)
def test_every_failure_has_one_shape_and_a_japanese_sentence(
    shown: TestClient, method: str, path: str, body: Any, status: int, code: str
) -> None:
    answer = shown.request(method, path, json=body)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    error = answer.json()["error"]
    assert list(error) == ["code", "message", "details"]
    assert error["code"] == code
    assert re.search(r"[ぁ-ん].*。$", error["message"])
    assert all(set(detail) == {"field", "message"} and detail["message"] for detail in error["details"])


def test_what_is_wrong_with_an_input_is_said_by_its_name(shown: TestClient) -> None:
    details = shown.post("suggestions", json={"k": 500}).json()["error"]["details"]
    assert details == [
        {"field": "text", "message": "「text」がありません。"},
        {"field": "k", "message": "「k」は 100 以下にしてください。"},
    ]


def test_a_body_that_is_no_json_is_said_so(shown: TestClient) -> None:
    answer = shown.post("suggestions", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


def test_an_unexpected_failure_has_the_same_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "cases", lambda *_: 1 / 0)
    client = client_of(open_context(Settings(data=tmp_path)), raise_server_exceptions=False)
    answer = client.get("cases")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "ZeroDivision" not in answer.text


def test_a_foreign_address_is_refused_in_the_same_shape(tmp_path: Path) -> None:
    app = create_app(open_context(Settings(data=tmp_path)))
    answer = TestClient(app, base_url="http://127.0.0.1", client=("192.0.2.7", 5)).get("/api/v1/health")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "refused")


def test_a_column_that_is_no_text_enters_the_interface_only_by_decision() -> None:
    """Texts follow the record. What else is told of an issue, or may be sent, is written here by whoever decides it."""
    sent = {"title", "department", "fiscal_year", "prefecture", "city", "area", "fields", "seeks_partner"}
    sent |= {"release_level"}
    kept = {"id", "origin", "status", "posted_on", "source_name", "source_url", "partners", "is_sample", "version"}
    assert json_issues.IssueDraft.model_fields.keys() - TEXTS.keys() == sent
    assert json_issues.Issue.model_fields.keys() - TEXTS.keys() == sent | kept
