"""`casebook --help`: the commands in the order in which a newcomer needs them, by what they are for. Of a command with
many options those, too.
"""

from typing import Any

from typer.core import TyperCommand, TyperGroup

GROUPS: dict[str, tuple[str, ...]] = {
    "Run a case": ("run", "params", "doctor"),
    "Look at results": ("list", "metrics", "ui", "champion", "history", "trace", "verify"),
    "Use a model": ("predict", "serve", "catch-up", "monitor", "rollback"),
    "Make your own": ("new", "new-recipe", "rename", "remove"),
    "Run one stage": ("search", "fit", "evaluate", "compress", "promote", "crossval"),
    "Operate": (
        "up",
        "down",
        "deploy",
        "worker",
        "retrain",
        "notify",
        "search-worker",
        "backup",
        "restore",
        "push",
        "pull",
    ),
    "Look after the checkout": ("gc", "forget", "migrate", "restore-registry"),
}
OTHERS = "More"
LONGEST = 200  # characters of a command's first sentence, which are wrapped and not cut


class GroupedCommands(TyperGroup):
    """The tool as a whole; what `GROUPS` does not name comes last."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        named = {name for names in GROUPS.values() for name in names}
        rest = tuple(name for name in self.list_commands(ctx) if name not in named)
        width = max(map(len, self.commands))
        for title, names in {**GROUPS, OTHERS: rest}.items():
            rows = [(name, self.commands[name]) for name in names if name in self.commands]
            if rows:
                with formatter.section(title):
                    formatter.write_dl([(f"{name:<{width}}", one.get_short_help_str(LONGEST)) for name, one in rows])


class GroupedOptions(TyperCommand):
    """A command whose help has its options below the titles of their `rich_help_panel`, those without one first."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for param in self.get_params(ctx):
            kind = "Arguments" if param.param_type_name == "argument" else "Options"
            if (shown := param.get_help_record(ctx)) is not None:
                sections.setdefault(getattr(param, "rich_help_panel", None) or kind, []).append(shown)
        width = max(len(name) for rows in sections.values() for name, _ in rows)
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl([(f"{name:<{width}}", text) for name, text in rows])
