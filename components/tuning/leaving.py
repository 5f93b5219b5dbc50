"""Studies of a case that gets another name, or is over."""

from pathlib import Path

import optuna
from optuna.storages import RDBStorage

from components.core.files import write_json
from components.tuning.shared import STUDY, noted_name
from components.tuning.study import SQLITE, drop_damaged

DATABASE = "study.db"  # in the state of a search, unless a team's database has the study


def rename_studies(search: Path, old: str, new: str) -> None:
    """Let the studies below `search`, whose names begin with the case's, go on as those of `new`.

    A study in a team's database keeps its name: the state says which it is, and others may be at it. Cut off, the
    same call goes on.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for database in sorted(search.glob(f"*/{DATABASE}")):
        url = f"{SQLITE}{database}"
        drop_damaged(url)
        if not database.exists():
            continue
        for name in optuna.get_all_study_names(url):
            if name == f"{old}-{database.parent.name}" or name.startswith(f"{old}-{database.parent.name}-"):
                _rename(database.parent, url, name, f"{new}{name.removeprefix(old)}")


def _rename(state: Path, url: str, name: str, renamed: str) -> None:
    """Optuna cannot rename a study; a copy has every trial, by number, value, curve, time and state."""
    if renamed in optuna.get_all_study_names(url):  # a copy that was cut off
        optuna.delete_study(study_name=renamed, storage=url)
    optuna.copy_study(from_study_name=name, from_storage=url, to_storage=url, to_study_name=renamed)
    if noted_name(state) == name:
        write_json(state / STUDY, {"name": renamed})
    optuna.delete_study(study_name=name, storage=url)


def delete_shared_study(state: Path, url: str) -> None:
    """Delete the study of a search that is over from a team's database, if this state's study is there."""
    name = noted_name(state)
    if name is None or (state / DATABASE).exists():
        return
    storage = RDBStorage(url, engine_kwargs={"pool_pre_ping": True})
    if name in optuna.get_all_study_names(storage):
        optuna.delete_study(study_name=name, storage=storage)
    storage.engine.dispose()
