"""Two request hashes: CRC-32C, which HAProxy has as well, and FNV-1a, which runs on the data plane flask only."""

from balancer.core.request_hash import RequestHash


def _remainder(byte: int) -> int:
    """What a byte leaves behind when it is divided by Castagnoli's polynomial."""
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F6_3B78 if byte & 1 else 0)
    return byte


_REMAINDERS = tuple(_remainder(byte) for byte in range(256))


def crc32c(key: bytes) -> int:
    """Castagnoli's CRC of 32 bits, as HAProxy's converter `crc32c` computes it."""
    value = 0xFFFF_FFFF
    for byte in key:
        value = value >> 8 ^ _REMAINDERS[(value ^ byte) & 0xFF]
    return value ^ 0xFFFF_FFFF


def fnv1a(key: bytes) -> int:
    """Fowler, Noll and Vo's hash of 64 bits, without the highest one: a value is below 2⁶³."""
    value = 0xCBF2_9CE4_8422_2325
    for byte in key:
        value = (value ^ byte) * 0x100_0000_01B3 % (1 << 64)
    return value % (1 << 63)


CRC32C = RequestHash("crc32c", crc32c, "var(txn.key),crc32c")
FNV1A = RequestHash("fnv1a", fnv1a)
