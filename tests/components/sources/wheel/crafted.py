"""Pickles that name nothing but the parts of a DataFrame, and are made to crash or to mislead who reads them."""

import pickle
import pickletools


def encoded(value: object) -> bytes:
    """The opcodes that put a plain value, or a tuple of such, on the stack."""
    if isinstance(value, Code):
        return value.code
    if isinstance(value, bytes):
        return b"B" + len(value).to_bytes(4, "little") + value
    if isinstance(value, tuple):
        return b"(" + b"".join(map(encoded, value)) + b"t"
    return pickletools.optimize(pickle.dumps(value, 2))[2:-1]


class Code:
    """Opcodes."""

    def __init__(self, code: bytes) -> None:
        self.code = code

    def built(self, *state: object) -> "Code":
        return Code(self.code + encoded(state) + b"b")

    def whole(self) -> bytes:
        return b"\x80\x04" + self.code + b"."


def name(module: str, of: str) -> Code:
    return Code(b"c" + f"{module}\n{of}\n".encode())


def call(module: str, of: str, *arguments: object) -> Code:
    return Code(name(module, of).code + encoded(arguments) + b"R")


def dtype(letters: str) -> Code:
    return call("numpy", "dtype", letters, False, True)


def buffer(size: int) -> Code:
    return call("builtins", "bytearray", b"A" * size)


def array(*arguments: object) -> Code:
    return call("numpy", "ndarray", *arguments)


def frame(values: Code) -> bytes:
    return call("pandas", "DataFrame", values).whole()


def structure(letters: str, offset: int) -> Code:
    """A type of eight bytes with one field of another type, wherever that is said to lie."""
    return structured(dtype("V8"), letters, offset)


def structured(base: Code, letters: str, offset: int) -> Code:
    field = b"}(" + encoded("a") + b"(" + dtype(letters).code + encoded(offset) + b"tu"
    return base.built(3, "|", None, ("a",), Code(field), 8, 1, 0)


def from_buffer(size: int, of: Code) -> Code:
    return call("numpy._core.numeric", "_frombuffer", buffer(size), of, (size // 8,), "C")


def arrow(kind: str, length: int, buffers: list[None]) -> bytes:
    data = (call("pyarrow.lib", "type_for_alias", kind), length, 0, 0, buffers, [], None)
    return call("pyarrow.lib", "_restore_array", data).whole()


CRAFTED: dict[str, bytes] = {
    "object_buffer": array((1,), "O", buffer(8)).whole(),
    "frame_object_buffer": frame(array((1,), "O", buffer(8))),
    "frame_object_field": frame(array((1,), structure("O", 0), buffer(8))),
    "frame_field_elsewhere": frame(array((2,), structure("f8", 1 << 30), buffer(16))),
    "frame_from_buffer_elsewhere": frame(from_buffer(16, structure("f8", 1 << 30))),
    "frame_from_buffer_number": frame(from_buffer(16, structured(dtype("f8"), "O", 1 << 30))),
    "frame_before_its_buffer": frame(array((64,), "u1", buffer(8), -64)),
    "frame_beyond_its_buffer": frame(array((1000,), "u1", buffer(8), 0, (4096,))),
    "arrow_few_buffers": arrow("string", 5, [None]),
    "arrow_short_buffer": arrow("int64", 1 << 40, [None, None]),
    "arrow_negative": arrow("int64", -5, [None, None]),
    "large_bytes": call("builtins", "bytearray", 20_000_000_000).whole(),
    "large_array": array((1 << 60,), "u1").whole(),
    "large_range": frame(call("pandas", "RangeIndex", 0, 1 << 40)),
    "deep_tuples": b"\x80\x04" + b"(" * 200_000 + b"t" * 200_000 + b".",
    "deep_lists": b"\x80\x04" + b"]" * 300_000 + b"a" * 299_999 + b".",
    "tz_file": call("pandas", "DatetimeTZDtype", "ns", "dateutil//dev/zero").whole(),
    "extension": b"\x80\x02\x82\x01.",
    "persistent": b"Pabc\n.",
}
