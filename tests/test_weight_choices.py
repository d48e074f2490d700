"""Which weights are in force: chosen, taken back, broken; and learned from the judgements on record."""

import json
import logging

import numpy as np
import pytest
from requests_of import choose, done, matcher_of, seen
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner

from api.cli import app
from api.context import open_context
from api.errors import Conflict, Invalid, NotFound
from api.usecases import reviews, weights
from api.usecases.weight_training import train
from corpus import tables
from corpus.access import LOCAL
from corpus.records.cases import Case
from corpus.records.decisions import Grade, Judgement
from corpus.records.issues import Issue
from corpus.records.organisations import Organisation
from corpus.store import cases as case_rows
from corpus.store import issues as issue_rows
from corpus.store import meta, weight_choices
from corpus.store import organisations as organisation_rows
from corpus.store import reviews as review_rows
from matcher.matching import Matcher
from matcher.records import Part
from models.search import weight_sets
from models.weights import WeightsConfig, save_weights

ONE, OTHER = "0" * 12, "a" * 12


def current(ctx):
    with ctx.read(LOCAL) as s:
        found = ctx.ruling.of(s)
    return found.id, found.weights


@pytest.fixture
def ctx(ctx, monkeypatch):
    """Commands work on it too."""
    monkeypatch.setenv("KYODO_DATA", str(ctx.settings.data))
    monkeypatch.setenv("KYODO_DATABASE_URL", ctx.settings.database_url)
    return ctx


def learned(ctx, id=ONE, **changes):
    table = weight_sets.default_weights() | changes
    folder = weight_sets.weights_folder(ctx.settings.data) / id
    measures = {"queries": 20.0, "ndcg": 0.6, "ndcg_default": 0.5, "difference": 0.1, "low": -0.01, "high": 0.2}
    save_weights(folder, table, WeightsConfig(weight_sets.default_weights()), data="", measures=measures)
    return folder


def told(ctx):
    return [(choice.weights, choice.reason) for choice in seen(ctx, weights.overview, ctx.ruling).history]


# choosing


def test_the_weights_of_the_program_are_in_force_until_someone_chooses(ctx):
    assert current(ctx) == ("", weight_sets.default_weights())
    assert told(ctx) == []
    assert seen(ctx, weights.overview, ctx.ruling).before is None


def test_a_chosen_set_is_in_force_from_then_on_and_running_services_notice(ctx):
    learned(ctx, characters=0.75)
    with ctx.read(LOCAL) as s:
        before = meta.revision(s)
    choose(ctx, ONE, " 評価が20件そろったため ")
    assert current(ctx) == (ONE, weight_sets.default_weights() | {"characters": 0.75})
    assert told(ctx) == [(ONE, "評価が20件そろったため")]
    with ctx.read(LOCAL) as s:
        assert meta.revision(s) == before + 1


def test_the_same_choice_again_is_stored_once(ctx):
    learned(ctx)
    assert choose(ctx, ONE, "試す") == choose(ctx, ONE, "試す")
    assert len(told(ctx)) == 1


def test_a_rollback_puts_back_what_was_in_force_before_and_stays_on_record(ctx):
    learned(ctx, ONE)
    learned(ctx, OTHER, fields=0.4)
    choose(ctx, ONE, "一")
    choose(ctx, OTHER, "二")
    assert seen(ctx, weights.overview, ctx.ruling).before == ONE
    done(ctx, weights.roll_back, ctx.ruling)
    assert current(ctx)[0] == ONE
    assert [id for id, _ in told(ctx)] == [ONE, OTHER, ONE]


def test_a_rollback_of_the_first_choice_leads_to_the_weights_of_the_program(ctx):
    learned(ctx)
    choose(ctx, ONE, "試す")
    done(ctx, weights.roll_back, ctx.ruling)
    assert current(ctx)[0] == ""


def test_a_rollback_button_pressed_twice_rolls_back_once(ctx):
    learned(ctx)
    number = choose(ctx, ONE, "試す").id
    assert done(ctx, weights.roll_back, ctx.ruling, number) == done(ctx, weights.roll_back, ctx.ruling, number)
    assert current(ctx)[0] == ""


def test_a_rollback_of_something_that_is_no_longer_in_force_is_refused(ctx):
    learned(ctx)
    number = choose(ctx, ONE, "一").id
    choose(ctx, "", "二")
    with pytest.raises(Conflict, match="切り替えられました"):
        done(ctx, weights.roll_back, ctx.ruling, number)
    assert len(told(ctx)) == 2


def test_without_a_choice_there_is_nothing_to_roll_back(ctx):
    with pytest.raises(Invalid, match="戻すものがありません"):
        done(ctx, weights.roll_back, ctx.ruling)


@pytest.mark.parametrize("reason", ["", "  ", "あ" * 501])
def test_a_choice_needs_a_reason_of_some_length(ctx, reason):
    learned(ctx)
    with pytest.raises(Invalid):
        choose(ctx, ONE, reason)
    assert told(ctx) == []


@pytest.mark.parametrize("id", ["b" * 12, "..", "../../index", "x"])
def test_only_a_learned_set_can_be_chosen(ctx, id):
    with pytest.raises(NotFound):
        choose(ctx, id, "試す")


def test_the_default_that_nobody_has_left_yet_is_no_choice_and_leaves_nothing_to_roll_back(ctx):
    assert choose(ctx, "", "念のため") is None
    assert told(ctx) == []
    with pytest.raises(Invalid, match="戻すものがありません"):
        done(ctx, weights.roll_back, ctx.ruling)


@pytest.mark.parametrize("name", ["rows changed", "rows deleted"])
def test_the_database_itself_refuses_to_change_a_choice(ctx, name):
    learned(ctx)
    choose(ctx, ONE, "はじめに")
    table = tables.models.weight_choices
    statement = update(table).values(reason="x") if name == "rows changed" else delete(table)
    with ctx.write(LOCAL) as s, pytest.raises(DatabaseError, match="append-only"), s.conn.begin_nested():
        s.conn.execute(statement)
    with ctx.read(LOCAL) as s:
        assert weight_choices.newest(s).reason == "はじめに"


# broken sets


def change_a_byte(folder):
    (folder / "weights.json").write_text('{"words": 5}')


def remove_a_file(folder):
    (folder / "weights.json").unlink()


def remove_the_manifest(folder):
    (folder / "manifest.json").unlink()


@pytest.mark.parametrize("damage", [change_a_byte, remove_a_file, remove_the_manifest])
def test_a_broken_set_in_force_gives_way_to_the_default_and_the_log_names_it_by_its_number(ctx, caplog, damage):
    folder = learned(ctx, characters=0.75)
    choose(ctx, ONE, "試す")
    damage(folder)
    caplog.set_level(logging.WARNING)
    assert current(ctx) == ("", weight_sets.default_weights())
    assert ONE in caplog.text
    found = seen(ctx, weights.overview, ctx.ruling).in_force
    assert (found.id, found.chosen, bool(found.fault)) == ("", ONE, True)


def test_a_broken_set_cannot_be_chosen_nor_returned_to(ctx):
    folder = learned(ctx)
    choose(ctx, ONE, "一")
    choose(ctx, "", "二")
    change_a_byte(folder)
    with pytest.raises(Invalid, match=r"この重みは使えません。.*変わっています"):
        choose(ctx, ONE, "三")
    with pytest.raises(Invalid, match=r"この重みは使えません。"):
        done(ctx, weights.roll_back, ctx.ruling)


def test_a_set_with_other_parts_than_the_program_has_is_broken(ctx):
    learned(ctx, magic=0.3)
    assert "違う手がかり" in seen(ctx, weights.overview, ctx.ruling).learned[0].fault


# learning from the judgements


CATS = frozenset({7})  # a field of activity


def judge(ctx, issues, good="o-2", bad="o-1"):
    """The organisation o-1 has the words of the issues, o-2 their field of activity."""
    with ctx.write(LOCAL) as s:
        organisation_rows.upsert(
            s,
            [
                Organisation(id="o-1", key="o-1", name="団体o-1", activities="猫の世話"),
                Organisation(id="o-2", key="o-2", name="団体o-2", activities="猫と暮らす", fields=CATS),
                Organisation(id="o-3", key="o-3", name="団体o-3"),
            ],
        )
        asked = [
            Issue(id=f"i-{n:02d}", key=f"k{n}", title="業務", problem="猫の世話", fields=CATS) for n in range(issues)
        ]
        issue_rows.upsert(s, asked)
        for n in range(issues):
            review_rows.add(s, Judgement(issue=f"i-{n:02d}", organisation=good, grade=Grade.POSSIBLE))
            review_rows.add(s, Judgement(issue=f"i-{n:02d}", organisation=bad, grade=Grade.UNSUITABLE))


def test_a_better_set_is_kept_with_its_measures_and_nobody_is_switched_to_it(ctx):
    judge(ctx, 20)
    trained = train(ctx, LOCAL)
    # By default the words put o-1 first; the judgements say that the field tells more.
    assert trained.measures["ndcg_default"] == pytest.approx(1 / np.log2(3))
    assert trained.measures["ndcg"] == 1.0
    assert trained.weights["fields"] > 5 * weight_sets.default_weights()["fields"]
    kept = seen(ctx, weights.overview, ctx.ruling).learned
    assert [(one.id, one.weights, one.measures) for one in kept] == [(trained.id, trained.weights, trained.measures)]
    assert current(ctx)[0] == ""
    assert train(ctx, LOCAL).id == trained.id


def test_past_cases_are_learned_from_but_for_those_of_the_very_issue(ctx, monkeypatch):
    judge(ctx, 20)
    text = "飼い主のいない猫が増えて困っている。世話をする人もいない。"
    asked = []
    features = Matcher.features

    def overheard(self, query, bridges):
        asked.append({bridge.case for bridge in bridges})
        return features(self, query, bridges)

    monkeypatch.setattr(Matcher, "features", overheard)
    with ctx.write(LOCAL) as s:
        issue_rows.upsert(s, [Issue(id=f"i-{n:02d}", key=f"k{n}", title="業務", problem=text) for n in range(20)])
        past = [
            ("itself", text),
            ("more", text + "苦情も多い。"),
            ("less", text.removesuffix("世話をする人もいない。")),
            ("short", "猫"),
            ("alike", "猫が増え、飼い主のいない猫に困っている。"),
        ]
        case_rows.upsert(s, [Case(id=id, key=id, title=id, issue=issue, partners=("団体o-3",)) for id, issue in past])
    train(ctx, LOCAL)
    assert asked == [{"alike", "short"}] * 20


def test_what_lies_in_the_place_of_a_learned_set_is_not_written_over(ctx):
    judge(ctx, 20)
    folder = weight_sets.weights_folder(ctx.settings.data) / train(ctx, LOCAL).id
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(Invalid, match="ほかのファイルがあります"):
        train(ctx, LOCAL)
    assert (folder / "notes.txt").exists()


def test_a_set_that_is_no_better_is_not_kept(ctx):
    judge(ctx, 20, good="o-1", bad="o-2")  # as the default has it
    trained = train(ctx, LOCAL)
    assert trained.measures["difference"] == 0.0
    assert trained.id == ""
    assert seen(ctx, weights.overview, ctx.ruling).learned == ()


def test_with_too_few_judged_issues_the_sentence_says_how_many_there_are(ctx):
    judge(ctx, 14)
    with pytest.raises(Invalid, match=r"15件以上要ります。いまは14件"):
        train(ctx, LOCAL)


def test_only_the_judgement_that_counts_is_learned_from(ctx):
    judge(ctx, 15)
    done(ctx, reviews.take_back, "i-00", "o-2")
    with pytest.raises(Invalid, match="いまは14件"):
        train(ctx, LOCAL)


def test_an_organisation_that_is_no_candidate_any_more_is_not_learned_from(ctx):
    judge(ctx, 15)
    with ctx.write(LOCAL) as s:
        organisation_rows.upsert(s, [Organisation(id="o-2", key="o-2", name="団体o-2", active=False)])
    with pytest.raises(Invalid, match="いまは0件"):
        train(ctx, LOCAL)


def test_judgements_about_samples_are_not_learned_from(ctx):
    with ctx.write(LOCAL) as s:
        organisation_rows.upsert(s, [Organisation(id="o-1", key="o-1", name="見本", is_sample=True)])
        issue_rows.upsert(s, [Issue(id="i-1", key="k1", title="業務")])
        review_rows.add(s, Judgement(issue="i-1", organisation="o-1", grade=Grade.SUITABLE))
        assert review_rows.graded(s) == {}


# the commands


def run(*arguments):
    return CliRunner().invoke(app, ["models", *arguments])


def test_the_commands_list_switch_and_switch_back(ctx):
    learned(ctx, characters=0.75)
    assert "いま使っている重み: 付属の重み(" in run("weights").stdout
    assert run("use-weights", ONE, "--reason", "試す").stdout.startswith(f"学習した重み {ONE} を使います。")
    listed = json.loads(run("weights", "--json").stdout)
    assert (listed["in_force"]["id"], listed["learned"][0]["measures"]["ndcg"]) == (ONE, 0.6)
    assert [choice["reason"] for choice in listed["history"]] == ["試す"]
    assert run("roll-back").stdout.startswith("付属の重みに戻しました。")
    assert json.loads(run("use-weights", "default", "--reason", "念のため", "--json").stdout)["weights"] == ""


def test_the_command_says_when_the_set_is_in_force_already_and_records_nothing(ctx):
    learned(ctx)
    assert run("use-weights", "default", "--reason", "念のため").stdout == "すでに付属の重みを使っています。\n"
    answer = json.loads(run("use-weights", "default", "--reason", "念のため", "--json").stdout)
    assert answer == {"weights": "", "reason": "", "changed": False}
    answer = json.loads(run("use-weights", ONE, "--reason", "試す", "--json").stdout)
    assert answer == {"weights": ONE, "reason": "試す", "changed": True}
    assert run("use-weights", ONE, "--reason", "もう一度").stdout == f"すでに学習した重み {ONE} を使っています。\n"
    assert told(ctx) == [(ONE, "試す")]
    assert run("use-weights", "default", "--reason", "やめる").stdout.startswith("付属の重みを使います。")


def test_the_command_that_cannot_go_back_names_the_way_out(ctx):
    folder = learned(ctx)
    choose(ctx, ONE, "一")
    choose(ctx, "", "二")
    change_a_byte(folder)
    refused = CliRunner().invoke(app, ["models", "roll-back"])
    assert refused.exit_code == 2
    assert "この重みは使えません。" in refused.stderr
    assert "kyodo models use-weights default --reason 理由" in refused.stderr


def test_the_list_tells_the_measures_and_a_broken_set_beside_it(ctx):
    folder = learned(ctx, characters=0.75)
    assert "文字 0.75" in run("weights").stdout
    assert "差は+0.100(95%信頼区間 -0.010〜+0.200)" in run("weights").stdout
    choose(ctx, ONE, "試す")
    change_a_byte(folder)
    answer = run("weights")
    assert "変わっています" in answer.stdout
    assert f"選ばれている重み {ONE} は使えないため" in answer.stderr


def test_learning_without_judgements_says_what_is_needed(ctx):
    answer = run("train-weights")
    assert answer.exit_code == 2
    assert "いまは0件です。" in answer.stderr


# a set that breaks


def ranked(ctx):
    matcher = matcher_of(ctx.indexes.organisations)
    return matcher.name, matcher.config.weights.of(Part.CHARACTERS)


def test_lists_follow_a_choice_at_once_and_under_another_name(ctx):
    before = ranked(ctx)
    learned(ctx, characters=0.75)
    choose(ctx, ONE, "試す")
    assert ranked(ctx)[1] == 0.75
    assert ranked(ctx)[0] != before[0]
    done(ctx, weights.roll_back, ctx.ruling)
    assert ranked(ctx) == before


def test_a_set_that_breaks_while_the_service_runs_goes_on_and_the_page_says_the_same(ctx):
    folder = learned(ctx, characters=0.75)
    choose(ctx, ONE, "試す")
    assert ranked(ctx)[1] == 0.75
    (folder / "weights.json").write_text("{", encoding="utf-8")
    with ctx.write(LOCAL) as s:
        issue_rows.upsert(s, [Issue(id="i9", key="9", title="猫の苦情")])
    assert ranked(ctx)[1] == 0.75
    assert seen(ctx, weights.overview, ctx.ruling).in_force.weights["characters"] == 0.75


def test_a_set_found_broken_at_the_start_is_told_once_and_can_be_chosen_again_when_mended(ctx, caplog):
    folder = learned(ctx, characters=0.75)
    choose(ctx, ONE, "試す")
    whole = (folder / "weights.json").read_bytes()
    (folder / "weights.json").write_bytes(b"{")
    again = open_context(ctx.settings)
    with caplog.at_level(logging.WARNING):
        assert ranked(again)[1] == weight_sets.default_weights()["characters"]
        matcher_of(again.indexes.issues)
        assert seen(again, weights.overview, again.ruling).in_force.fault
    assert len([record for record in caplog.records if ONE in record.getMessage()]) == 1
    (folder / "weights.json").write_bytes(whole)
    choose(again, ONE, "直したため")
    assert ranked(again)[1] == 0.75
    again.db.close()


@pytest.mark.parametrize("measures", [{"difference": 0.1}, {"queries": "many"}, [1], None])
def test_measures_that_are_none_leave_the_set_usable(ctx, measures):
    folder = learned(ctx)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["about"]["measures"] = measures
    del manifest["seal"]  # as before there were seals
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (found,) = seen(ctx, weights.overview, ctx.ruling).learned
    assert (found.fault, found.measures) == ("", {})
