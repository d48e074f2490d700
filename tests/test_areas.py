"""Addresses, names of places and the words people use for where they are active."""

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.places.addresses import (
    AmbiguousPlace,
    UnknownPlace,
    area_of,
    by_postal_code,
    find_city,
    find_prefecture,
    split_address,
)
from corpus.places.areas import parse_areas
from corpus.places.gazetteer import gazetteer
from matcher.records import Area

OKAYAMA = Area("岡山県", "岡山市")
KITAKU = Area("岡山県", "岡山市", "北区")
PLACES = sorted({area for areas in gazetteer().places.values() for area in areas}, key=str)
DIRECTORY = Path(__file__).parents[2] / "shared" / "bench" / "kyodo-dev" / "organisations.jsonl"


@pytest.mark.parametrize(
    ("address", "area"),
    [
        ("岡山県岡山市北区大供1-1", KITAKU),
        ("岡山県岡山市北区本町3丁目5番　2号", KITAKU),
        ("〒７００－８５４４　岡山県　岡山市　北区　大供一丁目１番１号", KITAKU),
        ("三重県四日市市諏訪町1-5", Area("三重県", "四日市市")),
        ("広島県廿日市市下平良一丁目11番1号", Area("広島県", "廿日市市")),
        ("岐阜県郡上市八幡町島谷228", Area("岐阜県", "郡上市")),
        ("東京都東村山市本町1-2-3", Area("東京都", "東村山市")),
        ("神奈川県川崎市中原区小杉町3-245", Area("神奈川県", "川崎市", "中原区")),
        ("神奈川県川崎市川崎区宮本町1", Area("神奈川県", "川崎市", "川崎区")),
        ("千葉県市川市八幡1-1-1", Area("千葉県", "市川市")),
        ("千葉県市原市国分寺台中央1-1-1", Area("千葉県", "市原市")),
        ("奈良県大和郡山市北郡山町248-4", Area("奈良県", "大和郡山市")),
        ("神奈川県大和市下鶴間1-1-1", Area("神奈川県", "大和市")),
        ("北海道余市郡余市町朝日町26", Area("北海道", "余市町")),
        ("北海道余市町朝日町26", Area("北海道", "余市町")),
        ("愛知県蒲郡市旭町17-1", Area("愛知県", "蒲郡市")),
        ("東京都武蔵村山市本町1-1-1", Area("東京都", "武蔵村山市")),
        ("東京都町田市森野2-2-22", Area("東京都", "町田市")),
        ("新潟県村上市三之町1-1", Area("新潟県", "村上市")),
        ("新潟県十日町市千歳町3-3", Area("新潟県", "十日町市")),
        ("福島県田村市船引町", Area("福島県", "田村市")),
        ("福島県田村郡三春町大町", Area("福島県", "三春町")),
        ("福島県郡山市朝日1-23-7", Area("福島県", "郡山市")),
        ("福岡県小郡市小郡255-1", Area("福岡県", "小郡市")),
        ("兵庫県赤穂郡上郡町大持278", Area("兵庫県", "上郡町")),
        ("奈良県高市郡明日香村岡55", Area("奈良県", "明日香村")),
        ("栃木県芳賀郡市貝町市塙1280", Area("栃木県", "市貝町")),
        ("石川県野々市市三納1-1", Area("石川県", "野々市市")),
        ("群馬県佐波郡玉村町下新田201", Area("群馬県", "玉村町")),
        ("三重県津市西丸之内23-1", Area("三重県", "津市")),
        ("東京都府中市宮西町2-24", Area("東京都", "府中市")),
        ("広島県府中市府川町315", Area("広島県", "府中市")),
        ("東京都世田谷区世田谷4-21-27", Area("東京都", "世田谷区")),
        ("東京都北区王子本町1-15-22", Area("東京都", "北区")),
        ("東京都三宅島三宅村阿古497", Area("東京都", "三宅村")),
        ("東京都八丈町大賀郷2551-2", Area("東京都", "八丈町")),
        ("京都府京都市中京区寺町通御池上る", Area("京都府", "京都市", "中京区")),
    ],
)
def test_an_address_is_cut_into_prefecture_municipality_and_ward(address, area):
    assert split_address(address) == area


@pytest.mark.parametrize(
    ("address", "area"),
    [
        ("四日市市諏訪町1-5", Area("三重県", "四日市市")),
        ("廿日市市下平良", Area("広島県", "廿日市市")),
        ("川崎市中原区小杉町", Area("神奈川県", "川崎市", "中原区")),
        ("岡山市北区大供1-1", KITAKU),
        ("大阪市北区中之島1-3-20", Area("大阪府", "大阪市", "北区")),
        ("世田谷区世田谷4-21-27", Area("東京都", "世田谷区")),
        ("玉村町下新田201", Area("群馬県", "玉村町")),
    ],
)
def test_a_missing_prefecture_is_filled_in_where_only_one_place_has_the_name(address, area):
    assert split_address(address) == area


@pytest.mark.parametrize(
    "address",
    ["府中市宮西町2-24", "北区王子本町1-15", "川崎町大字田原", "", "　", "所在地は非公開", "1-2-3", "Okayama"],
)
def test_an_address_that_could_lie_anywhere_is_unknown(address):
    assert split_address(address) is None


def test_a_postal_code_before_the_address_says_what_the_address_does_not():
    assert split_address("〒183-8703 府中市宮西町2-24") == Area("東京都", "府中市")
    assert split_address("〒726-8601 府中市府川町315") == Area("広島県", "府中市")
    assert split_address("〒669-2397 兵庫県篠山市北新町41") == Area("兵庫県", "丹波篠山市")  # its name until 2019
    assert split_address("〒183-8703 岡山県岡山市北区大供") == KITAKU  # the words win


def test_an_unknown_municipality_or_ward_leaves_what_is_known():
    assert split_address("兵庫県篠山市北新町41") == Area("兵庫県")
    assert split_address("静岡県浜松市中区元城町103-2") == Area("静岡県", "浜松市")  # a ward until 2023


@pytest.mark.parametrize(
    ("address", "city"),
    [
        ("茨城県龍ヶ崎市", "龍ケ崎市"),
        ("茨城県竜ケ崎市", "龍ケ崎市"),
        ("千葉県鎌ヶ谷市", "鎌ケ谷市"),
        ("埼玉県鶴ケ島市", "鶴ヶ島市"),
        ("宮城県塩釜市", "塩竈市"),
        ("岐阜県関ヶ原町", "関ケ原町"),
        ("東京都葛\U000e0100飾区", "葛飾区"),
        ("神奈川縣大和市", "大和市"),
    ],
)
def test_variant_characters_name_the_same_place(address, city):
    area = split_address(address)
    assert area is not None
    assert area.city == city


def test_no_two_places_of_a_prefecture_are_spelt_alike():
    for areas in gazetteer().places.values():
        assert len({area.prefecture for area in areas}) == len(areas)


def test_every_name_is_stored_in_nfkc_and_without_its_county():
    names = {name for place in PLACES for name in place.levels if name}
    assert all(unicodedata.normalize("NFKC", name) == name for name in names)
    assert {"余市町", "三宅村", "北区"} <= names
    assert not any(name.startswith(("余市郡", "三宅島")) for name in names)


@given(st.sampled_from(PLACES), st.sampled_from(["", " ", "　"]), st.sampled_from(["", "1-2-3", "本町１丁目"]))
def test_every_place_of_the_country_is_found_again_in_its_address(place, gap, rest):
    levels = gap.join(level for level in place.levels if level)
    assert split_address(f"{levels}{gap}{rest}") == place
    assert find_city((place.city or "") + (place.ward or ""), place.prefecture or "") == place
    assert parse_areas(levels) == (place,)
    assert parse_areas(str(place)) == (place,)


@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_two_places_in_a_row_are_both_found(first, second):
    assert parse_areas(f"{first}、{second}") == tuple(dict.fromkeys([first, second]))


@given(
    st.one_of(st.text(), st.text("岡山県市北区町村郡府中全国内外学校小と・、()〒0123456789 ", max_size=20)),
    st.sampled_from(["", "岡山県"]),
)
def test_any_text_is_read_without_an_error(text, prefecture):
    area = split_address(text)
    assert area is None or area.prefecture
    for found in parse_areas(text, prefecture, "岡山市" if prefecture else ""):
        assert found == Area() or found.prefecture
        assert found.city or not (found.ward or found.junior_high or found.elementary)


def test_a_city_is_found_by_name():
    assert find_city("岡山市") == find_city(" 岡山市 ") == find_city("岡山") == find_city("岡山県岡山市") == OKAYAMA
    assert find_city("岡山市北区") == find_city("北区", "岡山") == KITAKU
    assert find_city("府中市", "広島県") == find_city("広島県府中市") == Area("広島県", "府中市")
    assert find_city("余市郡余市町") == Area("北海道", "余市町")
    assert find_city("世田谷区") == Area("東京都", "世田谷区")


def test_a_city_of_two_prefectures_is_asked_for():
    with pytest.raises(AmbiguousPlace) as asked:
        find_city("府中市")
    assert asked.value.candidates == (Area("東京都", "府中市"), Area("広島県", "府中市"))
    assert str(asked.value) == (
        "府中市は東京都と広島県にあります。どちらの府中市か、「東京都府中市」のように都道府県から書いてください。"
    )


def test_a_ward_of_many_cities_is_asked_for():
    with pytest.raises(AmbiguousPlace, match=r"北区は東京都、北海道札幌市、.*岡山県岡山市.*どの北区か") as asked:
        find_city("北区")
    assert KITAKU in asked.value.candidates
    with pytest.raises(AmbiguousPlace, match="神奈川県横浜市と神奈川県相模原市"):
        find_city("緑区", "神奈川県")


@pytest.mark.parametrize(
    ("name", "prefecture", "sentence"),
    [
        ("岡山死", "", "全国に「岡山死」という市区町村は見つかりません。"),
        ("", "", "市区町村の名前がありません。"),
        ("岡山県", "", "「岡山県」は都道府県の名前です。"),
        ("府中市", "岡山県", "岡山県に「府中市」は見つかりません。"),
        ("岡山市大供", "", "「岡山市大供」という市区町村は見つかりません。"),
        ("岡山市", "岡山死", "「岡山死」という都道府県はありません。"),
    ],
)
def test_an_unknown_name_is_answered_with_a_sentence(name, prefecture, sentence):
    with pytest.raises(UnknownPlace, match=sentence) as error:
        find_city(name, prefecture)
    assert str(error.value).endswith("。")


def test_a_prefecture_is_found_by_its_full_or_short_name():
    assert find_prefecture("岡山") == find_prefecture("岡山県") == Area("岡山県")
    assert find_prefecture("北海道") == Area("北海道")
    assert find_prefecture("京都") == Area("京都府")
    with pytest.raises(UnknownPlace, match="岡山県」のように"):
        find_prefecture("備前国")


def test_a_postal_code_names_what_all_its_places_share():
    assert by_postal_code("〒700-0824") == by_postal_code("７０００８２４") == KITAKU
    assert by_postal_code("183-8703") == Area("東京都", "府中市")  # a large office of its own
    assert by_postal_code("000-0000") is by_postal_code("700") is by_postal_code("") is None


@pytest.mark.parametrize(
    ("prefecture", "city", "area"),
    [
        ("岡山県", "岡山市", OKAYAMA),
        ("岡山", "岡山市北区", KITAKU),
        ("", "岡山市", OKAYAMA),
        ("", "岡山県岡山市", OKAYAMA),
        ("岡山県", "岡山県岡山市", OKAYAMA),
        ("岡山県", "真庭郡新庄村", Area("岡山県", "新庄村")),
        ("岡山県", "", Area("岡山県")),
        ("千葉県", "千葉県", Area("千葉県")),
        ("兵庫県", "篠山市", Area("兵庫県", "篠山市")),  # taken as typed
        ("", "府中市", None),
        ("", "", None),
    ],
)
def test_two_columns_name_one_place(prefecture, city, area):
    assert area_of(prefecture, city) == area


@pytest.mark.parametrize(
    ("text", "areas"),
    [
        ("岡山市、倉敷市", (OKAYAMA, Area("岡山県", "倉敷市"))),
        ("岡山市と倉敷市", (OKAYAMA, Area("岡山県", "倉敷市"))),
        ("岡山・倉敷市", (OKAYAMA, Area("岡山県", "倉敷市"))),
        ("岡山", (Area("岡山県"),)),  # the prefecture surely holds the city
        ("県内全域", (Area("岡山県"),)),
        ("県南部", (Area("岡山県"),)),
        ("全国", (Area(),)),
        ("岡山市ほか全国", (OKAYAMA, Area())),
        ("岡山市を中心に県内全域", (OKAYAMA, Area("岡山県"))),
        ("岡山市及び近隣市町村", (OKAYAMA,)),
        ("岡山市以外の県内", (Area("岡山県"),)),
        ("市内", (OKAYAMA,)),
        ("市内全小学校区", (OKAYAMA,)),
        ("北区", (KITAKU,)),
        ("北区・中区", (KITAKU, Area("岡山県", "岡山市", "中区"))),
        ("北・中区", (KITAKU, Area("岡山県", "岡山市", "中区"))),
        ("市内（北区・中区）", (KITAKU, Area("岡山県", "岡山市", "中区"))),
        ("市内（北区など）", (OKAYAMA,)),
        ("全国（主に岡山県）", (Area(),)),
        ("岡山県 岡山市 北区", (KITAKU,)),
        ("府中市", ()),
        ("和気郡", (Area("岡山県", "和気町"),)),
        ("広島県府中市", (Area("広島県", "府中市"),)),
        ("真庭郡", (Area("岡山県", "新庄村"),)),
        (
            "中国・四国地方",
            tuple(find_prefecture(n) for n in ("鳥取", "島根", "岡山", "広島", "山口", "徳島", "香川", "愛媛", "高知")),
        ),
        ("四国中央市", (Area("愛媛県", "四国中央市"),)),
        ("愛知県東海市", (Area("愛知県", "東海市"),)),
        ("御津地域", (OKAYAMA,)),  # several 大字 of the city begin so
        ("備前地域", (Area("岡山県"),)),  # wider than 備前市
        ("駅前商店街", (OKAYAMA,)),
        ("池田町", (OKAYAMA,)),  # of some other prefecture only if it said so
        ("津市", (Area("三重県", "津市"),)),
    ],
)
def test_areas_are_read_in_the_light_of_where_the_writer_sits(text, areas):
    assert parse_areas(text, "岡山県", "岡山市") == areas


@pytest.mark.parametrize(
    ("text", "areas"),
    [
        ("岡山市北区 岡北中学校区", (Area("岡山県", "岡山市", "北区", "岡北中学校区"),)),
        ("岡山市北区岡北中学校区御野小学校区", (Area("岡山県", "岡山市", "北区", "岡北中学校区", "御野小学校区"),)),
        ("岡北中学校区 御野小学校区", (Area("岡山県", "岡山市", None, "岡北中学校区", "御野小学校区"),)),
        ("御野小学校区", (Area("岡山県", "岡山市", elementary="御野小学校区"),)),
        ("御野学区", (Area("岡山県", "岡山市", elementary="御野小学校区"),)),
        ("御野小学区連合町内会", (Area("岡山県", "岡山市", elementary="御野小学校区"),)),
        (
            "岡北・岡輝中学校区",
            (Area("岡山県", "岡山市", None, "岡北中学校区"), Area("岡山県", "岡山市", None, "岡輝中学校区")),
        ),
        ("竹中校区", (OKAYAMA,)),  # a 中学校, or the 小学校 of 竹中?
        ("高等学校区", (OKAYAMA,)),
        ("福山市加茂町広瀬学区", (Area("広島県", "福山市", elementary="広瀬小学校区"),)),
        ("みやこ小学校区", (Area("岡山県", "岡山市", elementary="みやこ小学校区"),)),
    ],
)
def test_school_districts_are_levels_of_their_own(text, areas):
    assert parse_areas(text, "岡山県", "岡山市") == areas


@pytest.mark.parametrize("text", ["", "要相談", "特になし", "未定", "世界", "県外", "海外"])
def test_what_names_no_place_is_unknown(text):
    assert parse_areas(text, "岡山県", "岡山市") == ()


@pytest.mark.parametrize("text", ["県内全域", "市内", "北区", "御野小学校区", "駅前商店街"])
def test_without_a_place_to_start_from_relative_words_say_nothing(text):
    assert parse_areas(text) == ()


def test_the_ward_counts_only_in_words_that_mean_it():
    assert parse_areas("区内", "神奈川県", "川崎市中原区") == (Area("神奈川県", "川崎市", "中原区"),)
    assert parse_areas("市内", "神奈川県", "川崎市中原区") == (Area("神奈川県", "川崎市"),)
    assert parse_areas("区内", "東京都", "新宿区") == (Area("東京都", "新宿区"),)
    assert parse_areas("都内", "東京都", "新宿区") == (Area("東京都"),)


def test_a_region_is_not_the_municipality_of_its_name():
    assert parse_areas("多摩地域", "東京都", "国分寺市") == (Area("東京都"),)
    assert parse_areas("徳之島", "鹿児島県", "伊仙町") == (Area("鹿児島県"),)
    assert parse_areas("津山地域", "岡山県", "津山市") == (Area("岡山県", "津山市"),)


def test_every_area_of_a_real_directory_is_understood():
    if not DIRECTORY.exists():
        pytest.skip(f"no shared benchmark beside the repository: {DIRECTORY.parent.name}")
    rows = [json.loads(line) for line in DIRECTORY.read_text(encoding="utf-8").splitlines()]
    written = [(row["area"], row["prefecture"], row["city"]) for row in rows if row["area"]]
    assert [row for row in written if not parse_areas(*row)] == []


def test_importing_reads_no_data_and_the_answers_read_it_once():
    code = (
        "import corpus.places.addresses as a, corpus.places.gazetteer as g\n"
        "assert g.gazetteer.cache_info().currsize == 0\n"
        "for place in ('岡山県岡山市', '倉敷市', 'どこか'): a.split_address(place)\n"
        "assert g.gazetteer.cache_info().misses == 1\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_places_are_read_where_no_file_can_be_written():
    """As where the folder for temporary files is full."""
    script = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from corpus.places.areas import parse_areas
from corpus.places.gazetteer import neighbourhoods
assert str(parse_areas("岡山市北区", "岡山県", "岡山市")[0]) == "岡山県岡山市北区"
assert len(neighbourhoods("岡山県", "岡山市")) > 100
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
