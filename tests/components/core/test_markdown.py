"""Words of data in Markdown do nothing, whoever wrote them: held against a real parser."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from components.core.markdown import code, escaped, escaped_cell, inert

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=https://evil.example/x.png>",
    "<img src=x onerror=alert(1)>",
    "<!-- a comment",
    "<https://evil.example>",
    "![x](https://evil.example/x.png)",
    "![x](//evil.example/x.png)",
    "![x](<https://evil.example/x.png>)",
    "![x](\\/\\/evil.example/x.png)",
    "![x](HTTPS://evil.example/x.png)",
    "![x](data:image/png;base64,AAAA)",
    "![x][evil]\n\n[evil]: https://evil.example/x.png",
    "![[a]](https://evil.example/x.png)",
    "![a\\]](https://evil.example/x.png)",
    "![x](\n  https://evil.example/x.png)",
    "![x]( https://evil.example/x.png 'title')",
    "![x](&#104;ttps://evil.example/x.png)",
    "![x](https&colon;//evil.example/x.png)",
    "![x](&#47;/evil.example/x.png)",
    "![x](a.png) ![y](https://evil.example/y.png)",
    "[x](javascript:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x]( javascript:alert(1))",
    "[x](java&#115;cript&colon;alert(1))",
    "[x]\n\n[x]: javascript:alert(1)",
    "![x]\n\n[x]:\nhttps://evil.example/x.png",
    "` <img src=https://evil.example/x.png> `",
    "`\n` <img src=https://evil.example/x.png> `",
    "a | b\n--- | ---\n` | <img src=https://evil.example/x.png> `",
    "~~~\n</pre><script>alert(1)</script>",
    "&lt;script&gt;",
]
ORDINARY = ["Monthly_Income", "a < b", "price (€)", "50% off", "x*y", "_id", "5 - 3", "C:\\rows", "A&B", "# 7", "1. of"]


def rendered(markdown: str) -> str:
    """With everything allowed that a careless page would allow."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.validateLink = lambda _: True  # type: ignore[method-assign]
    return str(parser.render(markdown))


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(markdown: str) -> Seen:
    found = Seen()
    found.feed(rendered(markdown))
    return found


def harmless(found: Seen) -> bool:
    for tag, attributes in found.tags:
        source, link = attributes.get("src"), attributes.get("href") or ""
        if tag == "script" or any(name.startswith("on") for name in attributes):
            return False
        if source is not None and re.match(r"\s*(?:[^/]*:|[/\\]{2})", source):
            return False
        if re.match(r"\s*(?!https?:|mailto:)[^/?#]*:", link, re.IGNORECASE):
            return False
    return True


@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_with_it_loads_and_runs_nothing(text: str) -> None:
    for page in (text, f"# {text}", f"| a |\n| --- |\n| {text} |", f"words {text} words"):
        assert harmless(seen(inert(page))), inert(page)


@pytest.mark.parametrize("text", HOSTILE + ORDINARY)
def test_escaped_it_is_read_as_it_was_written(text: str) -> None:
    found = seen(f"- {escaped(text)}")
    assert [tag for tag, _ in found.tags] == ["ul", "li"]
    assert " ".join(found.text.split()) == " ".join(text.split())


@given(st.text(alphabet="<>![]()`|\\&#:/ hatps.=_*\n'\"x", max_size=40))
def test_no_text_does_anything(text: str) -> None:
    assert harmless(seen(inert(text))), inert(text)
    line = f"a {escaped(text)} z"
    assert {tag for tag, _ in seen(line).tags} <= {"p"}, line


def test_a_pages_own_marks_stay() -> None:
    page = "# A\n\n| a | b |\n| --- | --- |\n| **1** | `x<y` |\n\n![roc](plots/roc.png) [run](https://mlflow.example/#/1)\n"
    assert inert(page).replace("&lt;", "<") == page
    assert inert("1 < 2, <= 3") == "1 < 2, <= 3"


@pytest.mark.parametrize(
    "text", [*HOSTILE, *ORDINARY, "[0.2, 0.3]", "**bold**", "a `b` ``c``", "[x](https://evil.example)"]
)
def test_a_cell_of_a_table_is_read_as_it_was_written(text: str) -> None:
    cell = escaped_cell(text).replace("|", "\\|")
    found = seen(inert(f"| name |\n| --- |\n| {cell} |"))
    assert [tag for tag, _ in found.tags] == ["table", "thead", "tr", "th", "tbody", "tr", "td"]
    assert " ".join(found.text.removeprefix("name").split()).removeprefix("name ") == " ".join(text.split())


@pytest.mark.parametrize("text", ["plain", "a`b", "``", "`x", "x`", "a  b"])
def test_a_span_of_code_holds_its_backticks(text: str) -> None:
    found = seen(code(text))
    assert [tag for tag, _ in found.tags] == ["p", "code"]
    assert found.text.strip() == " ".join(text.split())
