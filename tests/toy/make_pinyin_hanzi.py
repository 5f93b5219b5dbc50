"""Write `pinyin_hanzi/sentences.txt`: 400 made-up Chinese sentences from a few templates, a plain text.

They say nothing of anybody. Homophones (他 她 它, 在 再, 做 坐) are told apart by the words around them, and
heteronyms (银行 and 行走, 长大 and 长江) are read by their words, so that a small model has something to find.

    python tests/toy/make_pinyin_hanzi.py
"""

import random
from pathlib import Path

SENTENCES = 400
WHO = ("我", "你", "他爸爸", "她妈妈", "老师", "学生", "医生", "朋友")
WHEN = ("今天", "明天", "昨天", "早上", "晚上", "星期六")
WHERE = ("学校", "银行", "公园", "北京", "上海", "西安", "图书馆", "火车站")
DOES = ("看书", "工作", "写字", "唱歌", "吃饭", "等人", "买票", "行走")
WHAT = ("天气", "音乐", "长江", "道路", "苹果", "绿色的衣服")
HOW = ("很好", "很长", "非常漂亮", "不太贵", "真有意思", "特别高兴")
TEMPLATES = (
    "{when}{who}在{where}{does}。",
    "{who}{when}再去{where}，那里的{what}{how}。",
    "{when}的{what}{how}，{who}想坐车去{where}。",
    "{who}在{where}长大，{when}回来{does}！",
    "{what}{how}吗？{who}说{how}。",
    "{who}{when} 9 点到{where}做饭、{does}。",
)
OUT = Path(__file__).parent / "pinyin_hanzi" / "sentences.txt"


def make_sentences(seed: int) -> list[str]:
    source = random.Random(seed)  # noqa: S311
    lists = {"who": WHO, "when": WHEN, "where": WHERE, "does": DOES, "what": WHAT, "how": HOW}
    return [
        source.choice(TEMPLATES).format(**{name: source.choice(words) for name, words in lists.items()})
        for _ in range(SENTENCES)
    ]


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("\n".join(make_sentences(seed=8)) + "\n", encoding="utf-8")
