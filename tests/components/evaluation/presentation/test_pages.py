import pytest
from jinja2 import UndefinedError

from components.evaluation.presentation.pages import html_page, markdown_page

TEXT = "{% if title %}\n# {{ title }}\n  {% endif %}\n{{ body }}\n"


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "page.j2"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_page_escapes_every_value_and_leaves_no_line_of_the_templates_own_words(template):
    assert html_page(template, title="a & b", body="<script>") == "# a &amp; b\n&lt;script&gt;"


def test_markdown_keeps_its_marks_and_ends_with_its_templates_last_line(template):
    assert markdown_page(template, {}, title="a & b", body="**1 < 2**") == "# a & b\n**1 < 2**\n"


def test_no_value_is_html_or_a_picture_of_another_host(template):
    page = markdown_page(template, {}, title="<script>", body="![x](https://evil.example/x.png) ![y](y.png)")
    assert page == "# &lt;script>\n!\\[x](https://evil.example/x.png) ![y](y.png)\n"


def test_a_template_may_make_plain_words_of_a_value(template):
    template.write_text("{{ body | escaped }}", encoding="utf-8")
    assert markdown_page(template, {}, body="**a**") == r"\*\*a\*\*"


def test_a_template_may_use_the_filters_it_is_given(template):
    template.write_text("{{ body | twice }}", encoding="utf-8")
    assert markdown_page(template, {"twice": lambda text: 2 * text}, body="ab") == "abab"


def test_a_value_that_is_not_given_is_an_error(template):
    with pytest.raises(UndefinedError, match="'body' is undefined"):
        html_page(template, title="a")
