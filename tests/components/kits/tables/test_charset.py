from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.kits.tables.charset import find_encoding
from components.kits.tables.encoding.reading import Reading
from components.kits.tables.read import read_table

LINES = {
    "de": "Name;Stadt\nMüller;Köln\nSchäfer;Düsseldorf\nWeiß;Köln\n",
    "fr": "Nom;Ville\nLefèvre;Besançon\nZoë;Nîmes\nÉtienne;Orléans\n",
    "es": "Nombre;Año\nMuñoz;sí\nPeña;no\n",
    "da": "Navn;Sted\nSøren;Ålborg\nBjørn;Århus\nKåre;Ærø\n",
    "pt": "Nome;Município\nJoão;São Paulo\nConceição;Brasília\n",
    "euro": "Preis €;Temp °C\n5;3\n",
    "zh": "姓名;城市\n王伟;北京\n李娜;上海\n张强;广州\n刘洋;深圳\n",
    "pl": "Imię;Miasto\nŁukasz;Łódź\nDąbrowski;Gdańsk\n",
    "cs": "Jméno;Město\nDvořák;Plzeň\nNováková;Kroměříž\n",
    "hu": "Név;Város\nKőszegi Győző;Győr\nSzűcs Ödön;Hódmezővásárhely\n",
    "tr": "Ad;Şehir\nÖğüt;İzmir\nÇağlar;Muğla\nYılmaz;Eskişehir\n",
    "ru": "Имя;Город\nИванов;Москва\n",
    "el": "Όνομα;Πόλη\nΓιώργος;Αθήνα\n",
    "ja": "名前;都市\n田中;東京\nさとう;おおさか\nスズキ;名古屋\n",
    "ko": "이름;도시\n김철수;서울\n이영희;부산\n박민수;대구\n",
    "tw": "姓名;城市\n王偉;臺北\n李娜;高雄\n張強;臺中\n",
}
ROMAN = ("de", "fr", "es", "da", "pt", "euro")


def found(tmp_path: Path, content: bytes, stated: str | None = None) -> str | None:
    """None where the bytes prove nothing."""
    file = tmp_path / "rows.csv"
    file.write_bytes(content)
    try:
        return find_encoding(file, file, stated)
    except CasebookError:
        return None


@pytest.mark.parametrize("language", LINES)
def test_marks_zeros_and_utf_8_tell_in_any_language(tmp_path: Path, language: str) -> None:
    text = LINES[language] + "1;2\n" * 9
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"):
        assert found(tmp_path, text.encode(encoding)) == encoding


@pytest.mark.parametrize(
    ("language", "encoding", "expected"),
    [
        *((language, "windows-1252", "windows-1252") for language in ROMAN),
        ("zh", "gbk", "gb18030"),
        *(("de", other, None) for other in ("cp850", "mac-roman")),
        *((language, "windows-1250", None) for language in ("pl", "cs", "hu")),
        ("tr", "windows-1254", None),
        ("ru", "windows-1251", None),
        ("ru", "koi8-r", None),
        ("el", "windows-1253", None),
        ("ja", "shift_jis", None),
        ("ja", "euc_jp", None),
        ("ko", "euc_kr", None),
        ("tw", "big5", None),
    ],
)
def test_others_are_read_where_their_bytes_prove_them(
    tmp_path: Path, language: str, encoding: str, expected: str | None
) -> None:
    content = LINES[language].encode(encoding)
    assert found(tmp_path, content) == expected
    assert found(tmp_path, b"a;b\n" * 500_000 + content) == expected  # as far into the file as they are
    assert found(tmp_path, content, encoding) == encoding


def test_utf_8_with_a_broken_character_is_nothing_else(tmp_path: Path) -> None:
    assert found(tmp_path, "Müller\nKöln\n".encode() + b"\xfc\n") is None


@pytest.mark.parametrize("encoding", ["utf-16", "windows-1252", "gb18030"])
def test_a_table_is_the_same_however_it_is_written(
    tmp_path: Path, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = LINES["zh" if encoding == "gb18030" else "de"]
    expected, file = tmp_path / "utf8.csv", tmp_path / "rows.csv"
    expected.write_text(text)
    file.write_bytes(text.encode(encoding))
    assert read_table(file).equals(read_table(expected))
    assert (f"rows.csv: not UTF-8, and read as {encoding}" in caplog.text) == (encoding != "utf-16")


def test_what_is_stated_must_fit_and_be_known(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes("이름;x\n김;1\n".encode("euc_kr"))
    assert list(read_table(file, Reading(encoding="euc_kr")).columns) == ["이름", "x"]
    with pytest.raises(CasebookError, match=r"rows\.csv: not ascii: a byte near offset 0 does not fit"):
        read_table(file, Reading(encoding="ascii"))
    with pytest.raises(ValueError, match="'latin-9000' is no encoding"):
        Reading(encoding="latin-9000")
