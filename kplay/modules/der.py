"""DER, the encoding of ASN.1 in certificates (X.690): values read from their bytes."""

from typing import List, NamedTuple

from kplay.modules.api import ModuleFailure

INTEGER, BITS, OCTETS, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31


class Value(NamedTuple):
    """One value with its tag."""

    tag: int
    body: bytes
    whole: bytes
    """With its tag and length."""

    def parts(self) -> "List[Value]":
        """The values that a constructed one holds."""
        return values(self.body)

    def number(self) -> int:
        """An INTEGER."""
        return int.from_bytes(self.body, "big", signed=True)

    def name(self) -> str:
        """An OBJECT IDENTIFIER in dotted form."""
        return oid(self.body)

    def text(self) -> str:
        """Any of the kinds of text."""
        codec = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x14: "latin-1"}.get(self.tag, "utf-8")
        return self.body.decode(codec, "replace")


def values(data: bytes) -> List[Value]:
    """The values that stand one behind the other.

    Raises:
        ModuleFailure: it is not DER.
    """
    found, index = [], 0
    while index < len(data):
        start = index
        if index + 2 > len(data):
            raise ModuleFailure("the data is not DER: it ends within a value")
        tag, length = data[index], data[index + 1]
        index += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[index : index + size], "big")
            index += size
        end = index + length
        if end > len(data) or tag & 0x1F == 0x1F:
            raise ModuleFailure("the data is not DER: it ends within a value")
        found.append(Value(tag, data[index:end], data[start:end]))
        index = end
    return found


def oid(body: bytes) -> str:
    """The dotted form of an OBJECT IDENTIFIER."""
    numbers: List[int] = []
    value = 0
    for byte in body:
        value = (value << 7) | (byte & 0x7F)
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        return ""
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))
