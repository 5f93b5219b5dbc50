"""Files as a database engine reads them."""

import gzip
from pathlib import Path

from components.kits.tables.encoding.reading import AS_IT_IS
from components.kits.tables.plain import plain_file

TEXT = "user,item\nü,1\n"


def test_a_plain_file_is_read_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(TEXT, encoding="utf-8")
    assert plain_file(tmp_path / "rows.csv", AS_IT_IS, tmp_path / "work") == tmp_path / "rows.csv"
    assert not (tmp_path / "work").exists()


def test_what_is_packed_or_in_another_encoding_gets_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(TEXT.encode("utf-16")))
    made = [plain_file(tmp_path / "rows.csv.gz", AS_IT_IS, tmp_path / "work") for _ in range(2)]
    assert [path.name for path in made] == ["0-rows.csv.gz", "1-rows.csv.gz"]
    assert {path.read_text(encoding="utf-8") for path in made} == {TEXT}
