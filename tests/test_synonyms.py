import json
import re
from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli import app
from api.settings import read_settings
from corpus.activity_fields import FIELDS
from corpus.synonyms import BrokenSynonyms, read_synonyms, shipped_synonyms
from matcher.synonyms import Group, Synonyms, doubts
from matcher.text import words

SHIPPED = files("corpus") / "data" / "synonyms.txt"


def table(*lines):
    """Groups as their lines say."""
    return Synonyms(
        tuple(
            Group(tuple(re.split(" [=~] ", line)), near="~" in line, line=number)
            for number, line in enumerate(lines, start=1)
        )
    )


def found(synonyms, text):
    """What is found, as written, with its group and member."""
    return [(text[one.start : one.end], one.group, one.member) for one in synonyms.occurrences(text, words(text))]


@pytest.fixture
def file(tmp_path):
    def write(*lines, encoding="utf-8"):
        path = tmp_path / "語.txt"
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write


def problems(path):
    with pytest.raises(BrokenSynonyms) as broken:
        read_synonyms(path)
    assert str(broken.value) == "\n".join(broken.value.problems)
    return broken.value.problems


def test_a_line_is_a_group_and_remarks_are_none(file):
    read = read_synonyms(file("# 表", "", "育児 = 子育て  # 注記", "  ", "買い物弱者 ~ 移動販売 ~ 買い物支援"))
    assert read.groups == (
        Group(("育児", "子育て"), near=False, line=3),
        Group(("買い物弱者", "移動販売", "買い物支援"), near=True, line=5),
    )


@pytest.mark.parametrize("line", ["育児 ＝ 子育て", "育児=子育て", "　育児 = 子育て　"])
def test_full_width_signs_and_missing_spaces_are_taken(file, line):
    assert read_synonyms(file(line)).groups == (Group(("育児", "子育て"), near=False, line=1),)


@pytest.mark.parametrize("sign", ["~", "～", "〜", "∼"])
def test_every_wave_is_a_near_sign(file, sign):
    assert read_synonyms(file(f"空き家 {sign} 古民家")).groups[0].near


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_mark_of_the_order_of_bytes_and_line_ends_of_windows_do_no_harm(file, encoding):
    path = file("育児 = 子育て\r", "空き家 ~ 古民家\r", encoding=encoding)
    assert [group.members for group in read_synonyms(path).groups] == [("育児", "子育て"), ("空き家", "古民家")]


def test_a_file_of_remarks_is_an_empty_table(file):
    assert read_synonyms(file("# まだ何もありません")).groups == ()


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("育児", "「育児」の1語しかありません"),
        ("育児 = ", "前か後ろに語がありません"),
        ("=", "前か後ろに語がありません"),
        ("育児 = = 子育て", "前か後ろに語がありません"),
        ("育児 = 子育て ~ 保育", "= と ~ が混ざっています"),
        ("育児 = 子育て = 育児", "「育児」が2度書かれています"),
        ("ＮＰＯ = NPO", "「NPO」が2度書かれています"),
        ("育児 = からの", "「からの」には、手がかりになる語がありません"),
        ("育児 = 事業", "「事業」には、手がかりになる語がありません"),
        ("育児 ~ 支援", "「支援」は、どの文章にも出る語です"),
        ("育児 ~ 地域課題", "「地域課題」は、どの文章にも出る語です"),
        ("育児 = " + "子" * 300, "1行が305文字あります。300文字までにしてください。"),
    ],
)
def test_a_wrong_line_is_told_with_its_number(file, line, part):
    (problem,) = problems(file("空き家 ~ 古民家", line))
    assert problem.startswith("2行目: ")
    assert part in problem
    assert problem.endswith("ください。")


def test_all_problems_are_told_at_once_in_the_order_of_the_lines(file):
    told = problems(file("育児", "空き家 ~ 古民家", "支援 ~ 活動 ~ 猫", "古民家 ~ 空き家"))
    assert [problem.split(":")[0] for problem in told] == ["1行目", "3行目", "3行目", "4行目"]
    assert told[-1] == "4行目: 2行目と同じ組です。どちらか一方を消してください。"


def test_the_same_group_in_another_spelling_is_the_same(file):
    assert len(problems(file("障害者 ~ 作業所", "作業所 = 障がい者"))) == 1


def test_a_file_of_another_encoding_is_told_with_the_line(file):
    (problem,) = problems(file("a = b", "育児 = 子育て", encoding="cp932"))
    assert problem == "2行目: 語.txt は文字コードがUTF-8ではありません。UTF-8を選んで保存し直してください。"


def test_one_word_in_two_spellings_is_a_doubt_and_no_error(file):
    read = read_synonyms(file("障がい者 = 障害者 = ハンディキャップ"))
    assert doubts(read) == [
        "1行目: 「障がい者」と「障害者」は、プログラムにはもともと同じ語です。1つだけを残してください。"
    ]


def test_a_word_in_too_many_groups_and_a_group_of_too_many_words_are_doubts():
    others = ["犬", "鳥", "魚", "虫", "花"]
    told = doubts(table(*(f"猫 ~ {other}" for other in others)))
    assert told == ["5行目: 「猫」が5組(1、2、3、4、5行目)にあります。4組までにしてください。"]
    assert doubts(table("犬 ~ 鳥 ~ 魚 ~ 虫 ~ 花 ~ 草 ~ 木 ~ 山 ~ 川")) == [
        "1行目: 1組に9語あります。8語までに分けてください。"
    ]


@given(st.text(st.sampled_from("育児子育て支援=＝~～〜#＃ 　\n\r、のａ8\x00"), max_size=80))
def test_any_text_is_read_or_refused_in_sentences_with_lines(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(text.encode())
    told = ()
    try:
        groups = read_synonyms(path).groups
    except BrokenSynonyms as broken:
        groups, told = (), broken.problems
    assert all(re.match(r"\d+行目: .+。$", problem, re.DOTALL) for problem in told)
    for group in groups:
        alone = Synonyms((group,))
        for position, member in enumerate(group.members):
            assert (member, 0, position) in found(alone, member)


def test_a_member_is_found_where_its_words_are_neighbours():
    synonyms = table("買い物弱者 ~ 移動販売", "育児 = 子育て")
    assert found(synonyms, "買い物弱者に移動式の販売を。移動販売と、こどもの育児") == [
        ("買い物弱者", 0, 0),
        ("移動販売", 0, 1),
        ("育児", 1, 0),
    ]


def test_a_particle_is_passed_over_only_where_the_member_holds_it():
    synonyms = table("飼い主のいない猫 = 野良猫", "災害弱者 ~ 避難行動")
    assert found(synonyms, "飼い主のいない猫、飼い主の猫、災害の弱者") == [("飼い主のいない猫", 0, 0)]
    assert found(table("ワーク・ライフ・バランス = 両立"), "ワークライフバランス") == [("ワークライフバランス", 0, 0)]


def test_what_is_no_word_is_compared_as_written():
    synonyms = table("8050問題 ~ ひきこもり", "見守り ~ 安否確認")
    assert found(synonyms, "８０５０問題、7040問題。高齢者の見守りを。お守り。") == [
        ("８０５０問題", 0, 0),
        ("見守り", 1, 0),
    ]


def test_the_longest_member_is_taken_for_all_of_its_groups():
    synonyms = table("病院 ~ 診療所", "動物病院 = 獣医", "動物病院 ~ ペット", "障害者 ~ 作業所", "者 ~ 人")
    assert found(synonyms, "動物病院と病院") == [("動物病院", 1, 0), ("動物病院", 2, 0), ("病院", 0, 0)]
    assert found(synonyms, "障がい者") == [("障がい者", 3, 0)]


def test_members_that_overlap_are_both_found():
    assert found(table("福祉施設 ~ 慰問", "施設見学 ~ 体験"), "福祉施設見学") == [
        ("福祉施設", 0, 0),
        ("施設見学", 1, 0),
    ]


def test_nothing_is_found_in_nothing():
    assert table("育児 = 子育て").occurrences("", []) == []
    assert Synonyms(()).occurrences("育児", words("育児")) == []


@given(st.text(st.sampled_from("買い物弱者支援障がい者病院動物のと、育児 ＮＰＯ\n"), max_size=60))
def test_what_is_found_lies_in_the_text_in_order_and_is_the_same_again(text):
    shipped = shipped_synonyms()
    once = shipped.occurrences(text, words(text))
    assert once == shipped.occurrences(text, words(text))
    assert all(0 <= one.start < one.end <= len(text) for one in once)
    assert [one.start for one in once] == sorted(one.start for one in once)


def test_the_name_tells_tables_apart_and_ignores_remarks(file):
    first = read_synonyms(file("育児 = 子育て")).name
    assert read_synonyms(file("# 注記", "育児 = 子育て")).name == first
    assert len({first, table("育児 ~ 子育て").name, table("子育て = 育児").name, Synonyms(()).name}) == 4


def test_the_shipped_table_is_large_and_without_a_doubt():
    shipped = shipped_synonyms()
    assert len(shipped.groups) >= 330
    assert doubts(shipped) == []
    assert all(2 <= len(group.members) <= 8 for group in shipped.groups)


def test_the_shipped_table_has_ten_groups_in_each_of_the_twenty_fields():
    headings, heading = {}, 0
    for number, line in enumerate(SHIPPED.read_text(encoding="utf-8").split("\n"), start=1):
        if line.startswith("## "):
            told = re.match(r"## (\d+) (\S+)", line)
            heading = int(told[1]) if told else 0
            assert not told or told[2][:6] in FIELDS[heading].name
        headings[number] = heading
    counted = Counter(headings[group.line] for group in shipped_synonyms().groups)
    assert set(counted) == {0, *FIELDS}
    assert min(counted.values()) >= 10


@pytest.mark.parametrize(
    ("issue", "profile"),
    [
        ("ひきこもりの若者への支援", "社会的孤立をなくす活動"),
        ("買い物弱者が増えている", "移動販売車を走らせます"),
        ("空き家の活用", "古民家再生に取り組む"),
        ("不登校の児童", "フリースクールの運営"),
        ("フレイルを防ぐ", "介護予防の体操"),
        ("飼い主のいない猫", "TNRで地域猫に"),
        ("鳥獣被害に困っている", "ジビエの普及"),
        ("外国人住民とやさしい日本語", "多文化共生の教室"),
        ("引っ越しの手続き", "転入届の案内"),
    ],
)
def test_the_words_of_an_issue_meet_those_of_a_helper(issue, profile):
    shipped = shipped_synonyms()
    groups = [{one.group for one in shipped.occurrences(text, words(text))} for text in (issue, profile)]
    assert groups[0] & groups[1]


def checked(*arguments):
    return CliRunner().invoke(app, ["models", "check-synonyms", *map(str, arguments)])


def test_a_good_table_is_counted_on_the_command_line(file):
    result = checked(file("障がい者 = 障害者", "空き家 ~ 古民家"))
    assert (result.exit_code, result.stdout.split("\n")[0]) == (0, "同じ意味の語が1組、近い意味の語が1組あります。")
    assert "[注意] 1行目: 「障がい者」と「障害者」は" in result.stdout
    counted = json.loads(checked("--json", file("空き家 ~ 古民家")).stdout)
    assert (counted["same"], counted["near"], counted["warnings"]) == (0, 1, [])


def test_all_problems_are_shown_on_the_command_line(file):
    path = file("育児", "支援 ~ 猫")
    result = checked(path)
    assert result.exit_code == 1
    assert "直すところが2か所あります。" in result.stderr
    assert "1行目: " in result.stderr
    assert "2行目: " in result.stderr
    assert len(json.loads(checked("--json", path).stdout)["error"]["details"]) == 2


def test_the_setting_is_a_path_or_nothing(monkeypatch, tmp_path):
    monkeypatch.delenv("KYODO_SYNONYMS", raising=False)
    assert read_settings().synonyms is None
    monkeypatch.setenv("KYODO_SYNONYMS", "")
    assert read_settings().synonyms is None
    monkeypatch.setenv("KYODO_SYNONYMS", str(tmp_path / "語.txt"))
    assert read_settings().synonyms == tmp_path / "語.txt"
