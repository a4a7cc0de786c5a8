"""Names in Latin letters, for figures and paper, whose fonts lack those of other scripts.

The page, the tables as CSV and all ids keep the letters of the data; the page's table of
units has both.
"""

import re
from collections import Counter
from collections.abc import Sequence

from anyascii import anyascii

from evenfield.study.errors import counted, first_examples

# From Armenian to Mongolian, and from Chinese radicals on: scripts that DejaVu Sans and
# the fonts of Typst lack, or that need shaping; without ligatures of Latin letters.
OTHER_SCRIPTS = re.compile(
    "[\u0530-\u1c7f\u2e80-\ud7ff\uf900-\ufaff\ufb07-\ufffc\U00020000-\U0003ffff]+"
)
CHINESE = re.compile("[\u4e00-\u9fff]+")
# Province, city, prefecture and autonomous region, as of Guangxi's Zhuang.
KIND_OF_PLACE = re.compile("(?<=..)((壮族|回族|维吾尔)?自治区|[省市県府]|(?<=東京)都)$")
# Places that are not spelt as their letters are read one by one.
SPELT = {
    "陕西": "Shaanxi",
    "陝西": "Shaanxi",
    "重庆": "Chongqing",
    "重慶": "Chongqing",
    "西藏": "Xizang",
    "内蒙古": "Inner Mongolia",
    "长春": "Changchun",
    "长沙": "Changsha",
    "长治": "Changzhi",
    "厦门": "Xiamen",
    "蚌埠": "Bengbu",
    "佛山": "Foshan",
    "成都": "Chengdu",
    "哈尔滨": "Harbin",
    "齐齐哈尔": "Qiqihar",
    "鄂尔多斯": "Ordos",
    "呼和浩特": "Hohhot",
    "乌鲁木齐": "Urumqi",
}

# Prefectures of Japan, whose letters are not read as those of China.
PREFECTURES = (
    "北海道 Hokkaido 青森 Aomori 岩手 Iwate 宮城 Miyagi 秋田 Akita 山形 Yamagata 福島 Fukushima"
    " 茨城 Ibaraki 栃木 Tochigi 群馬 Gunma 埼玉 Saitama 千葉 Chiba 東京 Tokyo 神奈川 Kanagawa"
    " 新潟 Niigata 富山 Toyama 石川 Ishikawa 福井 Fukui 山梨 Yamanashi 長野 Nagano 岐阜 Gifu"
    " 静岡 Shizuoka 愛知 Aichi 三重 Mie 滋賀 Shiga 京都 Kyoto 大阪 Osaka 兵庫 Hyogo 奈良 Nara"
    " 和歌山 Wakayama 鳥取 Tottori 島根 Shimane 岡山 Okayama 広島 Hiroshima 山口 Yamaguchi"
    " 徳島 Tokushima 香川 Kagawa 愛媛 Ehime 高知 Kochi 福岡 Fukuoka 佐賀 Saga 長崎 Nagasaki"
    " 熊本 Kumamoto 大分 Oita 宮崎 Miyazaki 鹿児島 Kagoshima 沖縄 Okinawa"
).split()
SPELT |= dict(zip(PREFECTURES[::2], PREFECTURES[1::2], strict=True))


def in_latin(text: str) -> str:
    """Return a text with Latin letters for those of scripts that our fonts lack."""
    if text.isascii():
        return text
    return OTHER_SCRIPTS.sub(lambda run: _in_latin(run[0]), text)


def _in_latin(run: str) -> str:
    if not CHINESE.fullmatch(run):
        return anyascii(run)
    place = KIND_OF_PLACE.sub("", run)
    return SPELT.get(place) or anyascii(place).capitalize()


def latin_sentences(names: Sequence[str]) -> list[str]:
    """Say that names of units are written in Latin letters, and which are alike then."""
    written = {name: in_latin(name) for name in dict.fromkeys(names)}
    changed = [name for name, latin in written.items() if name != latin]
    if not changed:
        return []
    count = Counter(written.values())
    alike = sorted(latin for latin, number in count.items() if number > 1)
    same = f"; alike there: {first_examples(alike)}" if alike else ""
    return [
        f"Figures and paper write {counted(len(changed), 'name')} in Latin letters,"
        f" since their fonts lack others{same}; the page's table of all has both."
    ]
