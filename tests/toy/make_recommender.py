"""Write `recommender/{interactions,users,items}.csv`: 60 made-up users who watch 80 made-up films.

Nobody real is in them. Films belong to four series that are mostly watched in order, a user prefers
one or two of the series, and several events share a second, so that a sequence model has something to
find and ties have to be told apart by their place in the file. One film is never watched.

    python tests/toy/make_recommender.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

USERS, SERIES, LENGTH = 60, ("Comedy", "Drama", "Action", "Sci-Fi"), 20
START, DAY = 880_000_000, 86_400
OUT = Path(__file__).parent / "recommender"


def make_users(random: np.random.Generator) -> pd.DataFrame:
    """`favourite` is a series' number; it is not written, but the age tells something of it."""
    favourite = random.integers(0, len(SERIES), USERS)
    age = 15 + 12 * favourite + random.integers(0, 14, USERS)
    return pd.DataFrame(
        {
            "user_id": np.arange(1, USERS + 1),
            "age": age,
            "gender": random.choice(["F", "M"], USERS),
            "occupation": random.choice(["artist", "doctor", "student", "other"], USERS),
            "favourite": favourite,
        }
    )


def make_items(random: np.random.Generator) -> pd.DataFrame:
    number = np.arange(len(SERIES) * LENGTH)
    series = np.array(SERIES)[number // LENGTH]
    second = np.where(random.random(len(number)) < 0.3, "|Romance", "")
    return pd.DataFrame(
        {
            "item_id": number + 1,
            "title": [f"{name} {part}, The" for name, part in zip(series, number % LENGTH + 1, strict=True)],
            "genres": np.char.add(series.astype(str), second),
            "year": 1975 + number % LENGTH + random.integers(0, 3, len(number)),
        }
    )


def make_events(users: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Each user's walk through the films; the file mixes the users, as logs do."""
    rows = []
    for user, favourite in zip(users["user_id"], users["favourite"], strict=True):
        time = START + int(random.integers(0, 60 * DAY))
        for item in _walk(favourite, int(random.integers(8, 36)), random):
            rows.append((user, item + 1, int(random.integers(1, 6)), time))
            # Half of the events share their second with the one before, as ratings given from a list do.
            time += int(random.choice([0, 0, 0, 40, 600, DAY]))
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "timestamp"])
    # A user's own events keep their order.
    return events.iloc[np.argsort(events["timestamp"].to_numpy() // (7 * DAY), kind="stable")]


def _walk(favourite: int, length: int, random: np.random.Generator) -> list[int]:
    """Films of one user, none twice: the next of the series by 3 in 4, else one of the favourite series or of any."""
    never = len(SERIES) * LENGTH - 1
    seen: list[int] = []
    while len(seen) < length:
        following = seen[-1] + 1 if seen else favourite * LENGTH
        if random.random() > 0.75 or following in seen or following % LENGTH == 0:
            low, high = (favourite * LENGTH, (favourite + 1) * LENGTH) if random.random() < 0.6 else (0, never)
            following = int(random.integers(low, high))
        if following not in seen and following != never:
            seen.append(following)
    return seen


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    source = np.random.default_rng(4)
    people = make_users(source)
    make_items(source).to_csv(OUT / "items.csv", index=False)
    make_events(people, source).to_csv(OUT / "interactions.csv", index=False)
    people.drop(columns="favourite").to_csv(OUT / "users.csv", index=False)
