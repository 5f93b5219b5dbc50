"""Pages made of templates: what a template asks for must be there, and HTML escapes all of it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from components.core.markdown import escaped, inert


def html_page(template: Path, **values: Any) -> str:
    """A page in which every word of the values is escaped.

    Raises:
        jinja2.UndefinedError: the template names a value that was not given.
    """
    return _environment(template, html=True).get_template(template.name).render(**values)


def markdown_page(template: Path, filters: Mapping[str, Callable[..., str]], **values: Any) -> str:
    """A page of Markdown, which ends as its template does. What the `filters` do not see to is at least inert: no word
    of the values is HTML, and none has a picture of another host loaded. The filter `escaped` makes plain words of one.

    Raises:
        jinja2.UndefinedError: as in `html_page`.
    """
    environment = _environment(template, html=False)
    environment.filters.update({"escaped": escaped, **filters})
    return inert(environment.get_template(template.name).render(**values))


def _environment(template: Path, *, html: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=html,  # noqa: S701 - Markdown is no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=not html,
    )
