"""Which column is the user, the item, the time: by names as shops and services write them, asked where two fit."""

from dataclasses import replace
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.recipes.next_item.preparation.infer.content import Facts
from components.recipes.next_item.preparation.infer.roles import find_roles, fit, words_of

FILE = Path("events.csv")
IDS = Facts("", 1000, 1000, 50, 0.0, 0.0, None, None, None, ("a", "b"))
NUMBERS = replace(IDS, numbers=1.0, median=20.0, low=1.0, high=50.0)
SCALE = replace(NUMBERS, different=5, median=3.0, high=5.0)
EPOCH = replace(NUMBERS, different=999, median=1.6e9, low=1.5e9, high=1.7e9)
DATES = replace(IDS, different=999, dates=1.0)


def facts(**columns: Facts) -> dict[str, Facts]:
    return {name: replace(one, name=name) for name, one in columns.items()}


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        (
            {"user_id:token": IDS, "item_id:token": IDS, "rating:float": SCALE, "timestamp:float": EPOCH},
            {"user": "user_id:token", "item": "item_id:token", "time": "timestamp:float", "rating": "rating:float"},
        ),
        (
            {"InvoiceNo": IDS, "StockCode": IDS, "Quantity": NUMBERS, "InvoiceDate": DATES, "CustomerID": NUMBERS},
            {"user": "CustomerID", "item": "StockCode", "time": "InvoiceDate", "weight": "Quantity"},
        ),
        (
            {"event_time": DATES, "product_id": IDS, "category_id": IDS, "price": NUMBERS, "user_id": EPOCH,
             "user_session": IDS},
            {"user": "user_id", "item": "product_id", "time": "event_time"},
        ),
        (
            {"reviewerID": IDS, "reviewerName": IDS, "asin": IDS, "overall": SCALE, "unixReviewTime": EPOCH,
             "reviewTime": IDS},
            {"user": "reviewerID", "item": "asin", "time": "unixReviewTime", "rating": "overall"},
        ),
        ({"visitorid": IDS, "thing": IDS, "ts": EPOCH}, {"user": "visitorid", "item": "thing", "time": "ts"}),
        ({"Kunde": IDS, "Artikel": IDS, "Datum": DATES}, {"user": "Kunde", "item": "Artikel", "time": "Datum"}),
        # Numbers that count the steps are a time where they are called so.
        ({"user": IDS, "item": IDS, "time": NUMBERS}, {"user": "user", "item": "item", "time": "time"}),
    ],
)  # fmt: skip
def test_roles_by_name(columns: dict[str, Facts], roles: dict[str, str]) -> None:
    assert find_roles(FILE, facts(**columns), {}, named=True) == roles


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"user": IDS, "item": IDS, "created_at": EPOCH, "updated_at": EPOCH}, "--time created_at; --time updated_at"),
        ({"user": IDS, "movie_id": IDS, "book_id": IDS, "ts": EPOCH}, "--item movie_id; --item book_id"),
        ({"a": IDS, "b": IDS, "c": EPOCH}, "say --user a --item b, or --user b --item a"),
        ({"user": IDS, "item": IDS, "weight": NUMBERS}, "no column holds times, dates or numbers since 1970"),
    ],
)
def test_what_two_columns_fit_is_asked(columns: dict[str, Facts], told: str) -> None:
    with pytest.raises(CasebookError) as caught:
        find_roles(FILE, facts(**columns), {}, named=True)
    assert told in str(caught.value)


def test_what_is_said_counts() -> None:
    columns = facts(user=IDS, movie_id=IDS, book_id=IDS, created_at=EPOCH, updated_at=EPOCH, stars=SCALE)
    said = {"item": "book_id", "time": "updated_at", "rating": "none"}
    found = find_roles(FILE, columns, said, named=True)
    assert found == {"user": "user", "item": "book_id", "time": "updated_at"}
    with pytest.raises(CasebookError, match="--item: no column 'bookid'; did you mean 'book_id'"):
        find_roles(FILE, columns, {"item": "bookid"}, named=True)


def test_without_a_header_what_stands_in_columns_tells_times_and_ratings() -> None:
    columns = facts(column_1=NUMBERS, column_2=NUMBERS, column_3=SCALE, column_4=EPOCH)
    with pytest.raises(CasebookError, match="--user column_1 --item column_2, or --user column_2 --item column_1"):
        find_roles(FILE, columns, {}, named=False)
    found = find_roles(FILE, columns, {"user": "1", "item": "column_2"}, named=False)
    assert found == {"user": "column_1", "item": "column_2", "rating": "column_3", "time": "column_4"}


@pytest.mark.parametrize(
    ("name", "words"),
    [("visitorid", ["visitor", "id"]), ("unixReviewTime", ["unix", "review", "time"]), ("USER_ID", ["user", "id"])],
)
def test_words_of_names(name: str, words: list[str]) -> None:
    assert words_of(name) == words


def test_an_id_fits_better_than_a_name_and_that_than_what_is_about_it() -> None:
    assert [fit(name, "item") for name in ("product_id", "product_ref", "product_name", "shop")] == [3, 2, 1, 0]
