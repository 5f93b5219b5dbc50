"""Every command that README and the docs show is run somewhere, and every link leads to something."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.core.yaml_files import read_yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))]

SHELL = "the shell's own"
CAUGHT_UP = "tests/pipelines/test_recommender.py::test_what_came_since_is_caught_up_with_and_is_no_news_to_dvc_or_git"
KINDS_OF_ROWS = (
    "tests/pipelines/test_kinds_of_rows.py::test_the_champion_answers_a_file_and_refuses_one_that_lacks_a_column"
)
MANIFESTS = "tests/repo/test_deploy.py::test_the_manifests_keep_to_kubernetes_schemas"
APPLICANT = (
    "curl -s localhost:8000/v1/finance_risk/predict -d "
    '\'{"rows": [{"Seniority": 1, "Home": "rent", "Time": 60, "Age": 24, "Marital": "single", "Records": "no", '
    '"Job": "partime", "Expenses": 45, "Income": 95, "Assets": 0, "Debt": 0, "Amount": 1100, "Price": 1250}]}\''
)
ALONE = "tests/pipelines/test_serving_alone.py::test_it_brings_nothing_that_trains_and_every_part_that_answers_is_whole"
SHOWN = "tests/components/serving/test_shown.py::test_a_request_that_is_shown_is_answered_in_the_form_that_is_shown"
IMAGES = "tests/components/serving/test_images.py::test_the_commands_of_the_docs_are_answered"
TRANSLATE = "tests/components/serving/test_translate.py::test_the_command_of_the_docs_is_answered"
RECOMMEND = "tests/components/serving/test_recommend.py::test_the_commands_of_the_docs_are_answered"
# Commands that another test runs for real, and where: the name of the test after `::`.
ELSEWHERE = {
    "casebook serve finance_risk": (
        "tests/pipelines/test_serving.py::test_swaps_a_lost_registry_and_the_end_fail_no_request"
    ),
    "casebook serve finance_risk --shadow candidate --canary 5": (
        "tests/pipelines/test_serving_beside.py::test_a_canary_and_a_shadow_cost_no_request_whatever_becomes_of_them"
    ),
    APPLICANT: SHOWN,
    "curl -s localhost:8000/v1/finance_risk/predict -d @examples/applicant.json": SHOWN,
    "curl -s localhost:8000/v1/medical_cells/predict -F image=@cells.png -F image=@more.tif -F threshold=0.5": IMAGES,
    "curl -s localhost:8000/v1/medical_cells/predict -F image=@cells.png -H 'accept: image/png' -o drawn.png": IMAGES,
    "curl -s localhost:8000/translate -H 'content-type: application/json' "
    '-d \'{"text": ["wo men qu beijing", "ni3 hao3"], "n_best": 2}\'': TRANSLATE,
    "curl -s localhost:8000/recommend -H 'content-type: application/json' "
    '-d \'{"user": 1, "top": 3, "explain": "always"}\'': RECOMMEND,
    "curl -s localhost:8000/recommend -H 'content-type: application/json' "
    '-d \'{"history": [10, 12], "top": 3, "deny": [13]}\'': RECOMMEND,
    "casebook run my_loans": "tests/pipelines/test_new_case.py::test_the_smoke_run_of_a_strange_file",
    "casebook predict finance_risk examples/applicants.csv --out answers.csv": (
        "tests/pipelines/test_cli.py::test_the_examples_applicants_are_answered"
    ),
    "casebook predict finance_risk rows.csv --out scores.parquet": (
        "tests/pipelines/test_cli.py::test_predict_answers_every_row"
    ),
    "casebook predict cluster_jobs jobs.csv --out classes.csv": KINDS_OF_ROWS,
    "casebook predict house_prices houses.csv --out values.csv": KINDS_OF_ROWS,
    "casebook predict medical_mortality people.csv --out causes.parquet": KINDS_OF_ROWS,
    "casebook predict recommender users.csv --top 10 --out recs.parquet": (
        "tests/pipelines/test_recommender.py::test_the_champion_recommends_to_a_file_of_users"
    ),
    "casebook predict pinyin_hanzi in.txt --out out.txt --n-best 5": (
        "tests/pipelines/test_pinyin.py::test_a_text_gets_n_best_answers"
    ),
    'echo "jin tian tian qi hen hao" | casebook predict pinyin_hanzi -': (
        "tests/pipelines/test_pinyin.py::test_what_is_typed_is_answered"
    ),
    "casebook predict medical_prognosis cohort.csv --out risks.parquet": (
        "tests/pipelines/test_prognosis.py::test_the_champion_answers_a_file_of_patients"
    ),
    "casebook predict medical_cells images/ --out boxes.json --draw drawn/": (
        "tests/pipelines/test_cells.py::test_the_champion_answers_a_folder_and_names_what_it_cannot_read"
    ),
    "casebook run medical_cells": "tests/pipelines/test_cells.py::test_images_become_a_champion",
    "casebook new my_cohort --csv patients.csv --time days --event relapsed": (
        "tests/pipelines/test_new_case.py::test_a_cohort_becomes_a_case_with_a_time_and_an_event"
    ),
    "casebook run my_cohort": (
        "tests/pipelines/test_new_case.py::test_the_smoke_run_of_a_users_cohort_ends_with_a_registered_model"
    ),
    "casebook new my_shop --recipe next_item --csv events.csv --users customers.csv --items products.csv": (
        "tests/pipelines/test_new_events.py::test_events_become_a_case_that_can_be_prepared"
    ),
    # The stages behind `prepare` are those of the whole run of a recommender.
    "casebook run my_shop": "tests/pipelines/test_recommender.py::test_events_become_a_champion_and_are_then_done",
    "casebook new blood_cells --from examples/blood_cells.yaml": (
        "tests/pipelines/test_new_images.py::test_a_ready_example_is_taken_as_it_is_written"
    ),
    # The same code on a folder of a test's own: the files of BCCD are not in the repository.
    "casebook run blood_cells": (
        "tests/pipelines/test_new_images.py::test_the_smoke_run_of_a_folder_of_images_ends_with_a_registered_model"
    ),
    "casebook new my_cells --images exported/": (
        "tests/pipelines/test_new_images.py::test_the_smoke_run_of_a_folder_of_images_ends_with_a_registered_model"
    ),
    "casebook run my_cells": (
        "tests/pipelines/test_new_images.py::test_the_smoke_run_of_a_folder_of_images_ends_with_a_registered_model"
    ),
    "cd exported && find . -type f | sed 's|^\\./||' | sort | xargs -d '\\n' sha256sum > ../mine.sha256": (
        "tests/components/sources/http/test_manifest.py::test_what_sha256sum_writes_is_read"
    ),
    "casebook run finance_risk --smoke": "tests/pipelines/test_new_case.py::test_the_smoke_run_of_a_strange_file",
    "casebook run finance_risk": "tests/pipelines/test_cli.py::test_stages_by_name_and_their_dry_runs",
    "casebook run --jobs 2": "tests/pipelines/test_casewise.py::test_side_by_side_give_the_same_bytes",
    # On a case that is small: the tests' own.
    "casebook run finance_risk -S fit.lr=0.003 -S evaluate.resamples=500": (
        "tests/pipelines/test_verbs.py::test_run_with_values_is_an_experiment"
    ),
    "dvc exp run -S cases.finance_risk.fit.lr=0.003 release@finance_risk": "tests/pipelines/test_verbs.py::tried",
    "dvc exp show --only-changed": "tests/pipelines/test_verbs.py::test_exp_show_has_a_dozen_columns",
    "dvc metrics diff": "tests/pipelines/test_verbs.py::test_metrics_and_params_are_compared",
    "dvc params diff": "tests/pipelines/test_verbs.py::test_metrics_and_params_are_compared",
    "dvc plots diff HEAD": "tests/pipelines/test_verbs.py::test_curves_are_drawn_and_compared",
    "casebook metrics": "tests/pipelines/test_verbs.py::test_a_case_that_never_ran_is_a_line_and_no_error",
    "dvc dag release@finance_risk": "tests/pipelines/test_verbs.py::test_the_dag_of_one_case",
    "dvc exp apply wider-net": (
        "tests/pipelines/test_verbs.py::test_a_plain_run_registers_what_an_experiment_has_scored"
    ),
    'git commit -am "Wider network"': "git's own",
    "casebook crossval finance_risk": "tests/pipelines/test_cli.py::test_cross_validation_gives_folds_mean_and_peers",
    "casebook history finance_risk": "tests/pipelines/test_cli.py::test_history_and_rollback",
    "casebook rollback finance_risk": "tests/pipelines/test_cli.py::test_history_and_rollback",
    "casebook champion finance_risk --json": "tests/pipelines/test_cli.py::test_the_champion_has_the_shape",
    "casebook trace finance_risk": "tests/pipelines/test_cli.py::test_trace_of_a_version_and_of_none",
    "casebook verify finance_risk": "tests/pipelines/test_cli.py::test_verify_ends_with_one",
    "python -m pipelines.develop finance_risk": "tests/pipelines/test_develop.py::test_the_flow_ends_where",
    "casebook push": "tests/pipelines/test_team_servers.py::test_artifacts_and_data_are_in_the_bucket",
    "casebook pull": "tests/pipelines/test_team_servers.py::test_artifacts_and_data_are_in_the_bucket",
    "casebook worker gpu": "tests/pipelines/servers.py::up",
    "casebook backup stores.tar": "tests/pipelines/test_team_servers.py::test_the_servers_come_back_from_a_backup",
    "casebook restore stores.tar": "tests/pipelines/test_team_servers.py::test_the_servers_come_back_from_a_backup",
    "casebook restore-registry": "tests/pipelines/test_damage.py::test_a_lost_store_is_told_by_who_needs_it",
    "casebook restore-registry --from FOLDER": (
        "tests/components/registry/test_restore.py::test_files_that_lie_elsewhere_are_copied"
    ),
    "casebook remove my_loans --dry-run": (
        "tests/pipelines/leaving/test_leaving.py::test_the_commands_say_what_they_did"
    ),
    "casebook remove my_loans": "tests/pipelines/leaving/test_leaving.py::test_the_commands_say_what_they_did",
    "casebook remove my_loans --registry": (
        "tests/pipelines/leaving/test_released.py::test_a_removed_case_keeps_its_registry_unless_it_is_told_to_go"
    ),
    "casebook rename my_loans loans": ("tests/pipelines/leaving/test_leaving.py::test_the_commands_say_what_they_did"),
    "casebook forget recommender --key 42": (
        "tests/pipelines/leaving/test_forget.py::test_a_person_goes_from_the_log_and_into_params"
    ),
    "casebook run recommender": "tests/pipelines/test_recommender.py::test_the_champion_recommends_to_a_file_of_users",
    "casebook catch-up recommender": CAUGHT_UP,
    "casebook catch-up recommender new.csv": CAUGHT_UP,
    "casebook gc --keep 5 --dry-run": (
        "tests/pipelines/leaving/test_released.py::test_what_is_finished_goes_and_the_champion_its_data_and_the_ledger"
    ),
    "casebook gc my_loans --keep 5": (
        "tests/pipelines/leaving/test_leaving.py::test_states_of_work_whose_result_the_lock_has_are_collected"
    ),
    "casebook new-recipe energy_use": (
        "tests/pipelines/test_newcomer.py::test_what_is_written_keeps_the_law_and_the_style"
    ),
    "casebook run energy_use": "tests/pipelines/test_newcomer.py::test_it_goes_through_every_stage_and_the_gate",
    "casebook predict energy_use tests/toy/energy_use/rows.csv --out answers.csv": (
        "tests/pipelines/test_newcomer.py::test_it_answers_a_file_and_is_watched"
    ),
    "casebook monitor energy_use --rows tests/toy/energy_use/rows.csv": (
        "tests/pipelines/test_newcomer.py::test_it_answers_a_file_and_is_watched"
    ),
    'git add -A && git commit -m "Recipe energy_use"': "git's own",
    "pip install --constraint constraints.txt '.[s3]'": "pip's own",
    "pip install --constraint constraints.txt '.[serve]'": ALONE,
    # There is no engine to run them on: what the file installs is installed, and its lines are looked at.
    "docker build --file deploy/Dockerfile.serve --tag casebook-serve .": ALONE,
    'docker run --publish 127.0.0.1:8000:8000 --env CASEBOOK_TOKEN --volume "$PWD:/casebook" casebook-serve': (
        "tests/repo/test_deploy.py::test_the_image_that_answers_has_no_more_than_that_takes"
    ),
    "export CASEBOOK_TOKEN=$(openssl rand -hex 24) CASEBOOK_ALLOWED_HOSTS=team.example": SHELL,
    "export MLFLOW_TRACKING_URI=http://team.example:5000 PREFECT_API_URL=http://team.example:4200/api": SHELL,
    "export LOANS_URL=postgresql+psycopg://reader:password@db.example/bank": SHELL,
    "export TEAM_WEBHOOK=https://chat.example/hooks/…": SHELL,
    "export TEAM_MAIL='smtps://USER:PASSWORD@mail.example:465/?from=casebook@team.example"
    "&to=ann@team.example,bo@team.example'": SHELL,
    'casebook promote my_loans --override --who "Ada Lovelace" --because "the board sees it on Friday" '
    "--until 2030-12-31": (
        "tests/pipelines/test_cli.py::test_the_gates_refusal_ends_with_three_and_its_reasons_and_a_person_may_override_it"
    ),
    "casebook notify": (
        "tests/pipelines/operating/test_notify.py::test_a_trial_is_sent_each_time_or_the_command_says_why_not"
    ),
    'casebook new my_loans --recipe binary --query "select * from closed_loans" --variable LOANS_URL '
    "--watermark closed_at --target defaulted": (
        "tests/pipelines/test_news.py::test_a_query_becomes_a_case_whose_rows_can_be_prepared"
    ),
    # There is no engine to run them on: the files are held to their schemas.
    "CASEBOOK_TOKEN=… CASEBOOK_DATABASE_PASSWORD=… docker compose up --build --detach": (
        "tests/repo/test_deploy.py::test_compose_keeps_to_its_specification"
    ),
    "kubectl apply --kustomize deploy/kubernetes": MANIFESTS,
    "kubectl create namespace casebook": MANIFESTS,
    "kubectl --namespace casebook create secret generic casebook --from-literal=token=… "
    "--from-literal=database-password=… "
    "--from-literal=database-url=postgresql+psycopg://casebook:…@database:5432/casebook": (
        "tests/repo/test_deploy.py::test_no_secret_stands_in_them"
    ),
    "kubectl --namespace casebook port-forward service/prefect 4200": MANIFESTS,
    'git commit -am "Case my_loans"': "git's own",
    'git commit -am "Case my_cohort"': "git's own",
    'git commit -am "Case my_shop"': "git's own",
    'git commit -am "Case blood_cells"': "git's own",
    'git commit -am "Case my_cells"': "git's own",
}
DRY = re.compile(r"^make \w")  # a dry run: make would set up, and run these very tests


def shown() -> dict[str, str]:
    """Each command of an sh block, without its comment, and the page it stands on."""
    found = {}
    for page in PAGES:
        for block in re.findall(
            r"^```sh\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        ):
            for line in block.splitlines():
                if command := line.split("  #")[0].strip():
                    found[command] = page
    return found


def run(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    """A command as the page has it, in `folder`, with the tools of this environment first on PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        shlex.split(command), cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What quick commands need of a checkout, and the file that README's user has."""
    for name in ("params.yaml", "constraints.txt"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    rows = (ROOT / "tests/toy/finance_risk/rows.csv").read_text(encoding="utf-8")
    (tmp_path / "loans.csv").write_text(rows.replace("Status", "defaulted", 1), encoding="utf-8")
    return tmp_path


def test_the_two_commands_come_first() -> None:
    assert list(shown())[:2] == ["make repro CASE=finance_risk", "make repro"]


@pytest.mark.slow
@pytest.mark.parametrize("command", shown())
def test_a_command_that_is_shown_is_run(command: str, folder: Path) -> None:
    if DRY.match(command):
        _, *target = shlex.split(command)
        done = run(ROOT, f"make --dry-run {shlex.join(target)}")
        assert done.returncode == 0, done.stderr
    elif command in QUICK:
        done = run(folder, command)
        assert "Traceback" not in done.stderr
        QUICK[command](folder, done)
    else:
        assert command in ELSEWHERE, f"no test runs {command!r}: write one, and say so in this file"
        path, _, name = ELSEWHERE[command].partition("::")
        if name:
            assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8"), f"{ELSEWHERE[command]} is gone"


def _is_help(_folder: Path, done: Any) -> None:
    assert done.returncode == 0
    assert "Usage: casebook" in done.stdout


def _is_new_case(folder: Path, done: Any) -> None:
    assert done.returncode == 0, done.stderr
    cases = read_yaml(folder / "params.yaml")["cases"]
    assert cases["my_loans"]["prepare"]["target"]["column"] == "defaulted"


def _is_doctor(_folder: Path, done: Any) -> None:
    assert done.returncode in (0, 1), done.stderr
    assert "params.yaml" in done.stdout


def _is_list(_folder: Path, done: Any) -> None:
    assert done.returncode == 0, done.stderr
    assert "finance_risk" in done.stdout


QUICK: dict[str, Callable[[Path, Any], None]] = {
    "casebook --help": _is_help,
    "casebook list": _is_list,
    "casebook new my_loans --csv loans.csv --target defaulted": _is_new_case,
    "casebook doctor": _is_doctor,
}


def test_commands_inside_sentences_exist() -> None:
    """`make ui`, `casebook x` and the like: the verb is one of the tool's."""
    verbs = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = set(re.findall(r"^  ([a-z-]+) ", run(ROOT, "casebook --help").stdout, re.MULTILINE))
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert set(re.findall(r"`make ([a-z-]+)", text)) <= verbs, page
        assert set(re.findall(r"`casebook ([a-z-]+)", text)) <= commands, page


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    for link in links:
        if not link.startswith(("http://", "https://")):
            target = (ROOT / page).parent / link.split("#")[0]
            assert target.exists(), f"{page}: {link}"


def test_paths_that_are_named_exist() -> None:
    """Code and configuration that the pages name by path, unless it is made by a run or a pattern."""
    for page in PAGES:
        for path in re.findall(
            r"`((?:components|pipelines|tests|docs|benchmarks)/[\w./-]+)`", (ROOT / page).read_text()
        ):
            assert (ROOT / path).exists(), f"{page}: {path}"


def test_the_pictures_are_light() -> None:
    for path in (ROOT / "docs" / "images").iterdir():
        assert path.stat().st_size < 300_000, path
