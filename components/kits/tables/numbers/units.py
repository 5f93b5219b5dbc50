"""Units and magnitudes that stand beside numbers: `12 kg`, `€5`, `1.2k`."""

from unicodedata import normalize

_SIGNS = (
    "$ € £ ¥ ￥ ₹ ₽ ₩ ₺ ₴ 元 円 US$ A$ C$ HK$ R$ zł kr Kč Ft Rs USD EUR GBP CNY RMB CHF JPY INR SEK NOK DKK PLN CZK "
    "HUF AUD CAD NZD HKD SGD KRW TRY BRL MXN ZAR RUB ILS"
)
_MEASURES = (
    "% ‰ ° mm cm dm m km in inch ft yd mi ng µg ug mcg mg g kg t lb lbs oz st ml dl cl l gal ms s sec min h hr hrs d "
    "day days week weeks month months year years yr yrs °C °F kPa Pa bar mbar psi mmHg W kW kWh MW MWh V A Hz kHz MHz "
    "GHz mmol mol mmol/l mmol/mol mol/l umol/l µmol/l mg/dl mg/l g/dl g/l ng/ml IU U/l IU/l km/h kmh mph m/s kB KB MB "
    "GB TB m2 km2 cm2 m3 cm3 ha px pt pp bps bpm kcal kJ Tage Tag Jahre Jahr Monate Monat Std "
    "岁 年 月 天 米 公里 千克 公斤 克 斤 小时 分钟"
)
CURRENCIES, MEASURES = frozenset(_SIGNS.split()), frozenset(_MEASURES.split())
KNOWN = {normalize("NFKC", unit).casefold() for unit in CURRENCIES | MEASURES}
MONEY = {normalize("NFKC", unit).casefold() for unit in CURRENCIES}
# What a number is times, by the family that a column writes: one that says k may say M tomorrow.
FAMILIES = (
    {"k": 1e3, "K": 1e3, "M": 1e6},
    {"Tsd": 1e3, "Mio": 1e6, "Mrd": 1e9},
    {"万": 1e4, "亿": 1e8},
)
MAGNITUDES = {sign: factor for family in FAMILIES for sign, factor in family.items()}


def is_known(unit: str) -> bool:
    return unit.casefold() in KNOWN


def is_money(unit: str) -> bool:
    return unit.casefold() in MONEY


def same_unit(one: str, other: str) -> bool:
    """`KG` and `kg`, `year` and `years`, `Monat` and `Monate`."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return short == long or (len(short) > 1 and long in (f"{short}s", f"{short}e"))


def family_of(signs: set[str]) -> dict[str, float]:
    """Every magnitude of the families that the signs are of."""
    return {sign: factor for family in FAMILIES if signs & family.keys() for sign, factor in family.items()}
