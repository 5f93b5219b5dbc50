"""Roles of the columns of events, by their names and by what stands in them: asked where two columns fit one."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from components.core.errors import CasebookError, nearest
from components.recipes.next_item.preparation.infer.content import Facts

ROLES = ("user", "item", "time", "rating", "weight")
NEEDED = ("user", "item", "time")
NONE = "none"  # as an option: no column has the role
TYPED = re.compile(r":(token|float|token_seq|float_seq)$")  # as RecBole's names end
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


WORDS: Mapping[str, Collection[str]] = {
    "user": _set(
        "user users customer cust client visitor member buyer shopper reader listener viewer reviewer person account "
        "subscriber player household uid usr guest kunde kunden nutzer benutzer utilisateur usuario cliente"
    ),
    "item": _set(
        "item items product article movie film book isbn asin sku song track artist stock game app video show course "
        "recipe restaurant business venue place poi news anime beer material iid prod artikel produkt produit producto "
        "articulo titel"
    ),
    "time": _set("time timestamp date datetime ts when at day epoch moment zeit datum uhrzeit fecha"),
    "rating": _set("rating ratings rate score stars star overall grade preference vote bewertung note nota"),
    "weight": _set(
        "weight quantity qty count counts plays playcount listens clicks views amount units duration minutes menge "
        "anzahl cantidad"
    ),
}
IDENTIFIES = {"id", "code", "key", "no", "nr", "number", "hash", "uuid"}
WEAK: Mapping[str, Collection[str]] = {"user": {"session", "cookie", "device", "ip"}, "item": {"title", "url", "page"}}
# A word that makes `item_category` a column about items, and none that names one.
ABOUT = _set(
    "name names description category categories brand genre genres type price age gender sex country city region "
    "text summary group class status state session agent zip occupation email mail phone language channel cat"
)
LEAST_FILLED = 0.5
AS_DATES = "as 2024-05-31 or 2024-05-31 18:30:00, or as counts since 1970 with a decimal point"
SCALE = 21  # steps of a rating, such as 0 to 10 by halves


def words_of(name: str) -> list[str]:
    """`visitorId`, `visitor_id:token` and `VISITORID` to `visitor`, `id`."""
    found: list[str] = []
    for word in (match.lower() for match in WORD.findall(TYPED.sub("", name))):
        stem = word.removesuffix("id")
        known = any(stem in words for words in (*WORDS.values(), *WEAK.values()))
        found += [stem, "id"] if stem != word and stem and known else [word]
    return found


def fit(name: str, role: str) -> int:
    """How well a name says that the column has the role: 3 an id of it, 2 its name, 1 perhaps, 0 not."""
    words = set(words_of(name))
    if not words & set(WORDS[role]):
        return 1 if words & set(WEAK.get(role, ())) and not words & ABOUT - {"session"} else 0
    if role in ("user", "item"):
        if words & ABOUT:
            return 1
        return 3 if words & IDENTIFIES or len(words) == 1 else 2
    return 3 if len(words) == 1 else 2


def can_be(facts: Facts, role: str) -> bool:
    """Whether what stands in a column allows the role, whatever it is called."""
    if facts.filled < LEAST_FILLED * facts.rows or facts.different < 1:
        return False
    if role == "time":
        return facts.is_date or facts.is_number
    if role in ("rating", "weight"):
        return facts.is_number and facts.unit is None
    return not facts.is_date and facts.different < facts.filled  # what differs in every row numbers the rows


def find_roles(path: Path, facts: Mapping[str, Facts], said: Mapping[str, str], *, named: bool) -> dict[str, str]:
    """The column of each role that has one. What a person has `said` counts; then names, where the file has a header
    and so is `named`; then what is left alone to fit.

    Raises:
        CasebookError: a column that was said is not there, or two fit one role, or none fits one that is needed.
    """
    roles = {role: _column(path, role, name, facts) for role, name in said.items() if name != NONE or NONE in facts}
    refused = {role for role, name in said.items() if role not in roles}
    asked: list[str] = []
    for role in _in_turn(facts, named=named):
        if role in roles or role in refused or (role == "weight" and "rating" in roles):
            continue
        free = {name: one for name, one in facts.items() if name not in roles.values() and can_be(one, role)}
        fitting = _best(free, role) if named else _by_content(free, role)
        rest = [] if fitting or role not in ("user", "item") else may_be_ids(free)
        if rest and (len(rest) > 1 or {"user", "item"}.isdisjoint(roles)):
            other = {"user": "item", "item": "user"}[role]
            both = other not in roles and other not in said and len(rest) == 2
            asked.append(_either_way(rest, facts) if both else _question(role, rest, facts))
        elif len(found := fitting or rest) == 1:
            roles[role] = found[0]
        elif found or role in NEEDED:
            asked.append(_question(role, found, facts))
    if asked:
        raise CasebookError(f"{path}: which columns are these?\n  " + "\n  ".join(dict.fromkeys(asked)))
    return roles


def _column(path: Path, role: str, name: str, facts: Mapping[str, Facts]) -> str:
    found = f"column_{name}" if name.isdigit() and name not in facts else name
    if found not in facts:
        raise CasebookError(
            f"{path}: --{role}: no column {name!r}{nearest(name, facts)}; there are: {', '.join(facts)}"
        )
    return found


def _in_turn(facts: Mapping[str, Facts], *, named: bool) -> tuple[str, ...]:
    """Of users and items first the one that a name tells: the other may then be what is left."""
    told = named and any(fit(name, "user") > 1 for name in facts)
    return ("time", "user", "item", "rating", "weight") if told else ("time", "item", "user", "rating", "weight")


def _best(free: Mapping[str, Facts], role: str) -> list[str]:
    """Those whose names fit best. Of times, one that reads as such goes before a number of any kind."""
    scores = {name: fit(name, role) for name in free}
    if role == "time":
        dated = {name for name, one in free.items() if one.unit is not None and not _is_other(name)}
        scores = {name: score + (2 if score and name in dated else 0) for name, score in scores.items()}
        if not any(scores.values()):
            return sorted(dated)
    best = max(scores.values(), default=0)
    return [name for name, score in scores.items() if score == best and best > 0]


def _by_content(free: Mapping[str, Facts], role: str) -> list[str]:
    """Those that look like it where no name tells: users and items do not."""
    if role == "time":
        return [name for name, one in free.items() if one.unit is not None]
    if role == "rating":
        return [name for name, one in free.items() if is_scale(one)]
    return []


def is_scale(facts: Facts) -> bool:
    """A few numbers from a small range, such as stars."""
    low, high = facts.low, facts.high
    few = facts.is_number and facts.different <= SCALE
    return few and low is not None and high is not None and -10 <= low <= high <= 10


def may_be_ids(free: Mapping[str, Facts]) -> list[str]:
    """Columns that may name users or items though they are not called so."""
    others = ("time", "rating", "weight")
    return [
        name
        for name, one in free.items()
        if one.unit is None and not is_scale(one) and not any(fit(name, role) > 1 for role in others)
    ]


def _is_other(name: str) -> bool:
    """Whether it names users or items, whose ids may be as large as times are."""
    return any(fit(name, role) > 1 for role in ("user", "item"))


def _either_way(pair: list[str], facts: Mapping[str, Facts]) -> str:
    first, second = pair
    return (
        f"one names the users, the other the items: {facts[first].shown}, {facts[second].shown}: say --user {first} "
        f"--item {second}, or --user {second} --item {first}"
    )


def _question(role: str, fitting: list[str], facts: Mapping[str, Facts]) -> str:
    if not fitting:
        called = [one for name, one in facts.items() if role == "time" and fit(name, "time") > 1 and one.filled]
        if called and not can_be(called[0], "time"):
            return f"{called[0].shown} is called like a time, and is none that can be read: write times {AS_DATES}"
        what = "holds times, dates or numbers since 1970" if role == "time" else f"names {role}s, several times each"
        return f"no column {what}: give a file with one, or say --{role} COLUMN; there are {', '.join(facts)}"
    options = "; ".join(f"--{role} {name}" for name in fitting[:6])
    shown = ", ".join(facts[name].shown for name in fitting[:6])
    return f"{len(fitting)} columns may be the {role}: {shown}: say {options}"
