"""Ids of messages: any number of processes and threads make them, none twice, with no word between them."""

from __future__ import annotations

import os
import random
import time


class _Chance:
    """Random bits for ids, drawn without a system call: each of those would let another thread run first.

    A generator of its own, made anew after a fork: no two processes may draw the same, whatever seeds they set.
    """

    _process = 0
    _generator: random.Random

    def bits(self, number: int) -> int:
        process = os.getpid()
        if process != self._process:
            self._generator = random.Random()  # noqa: S311 - an identity, no secret
            self._process = process
        return self._generator.getrandbits(number)


_CHANCE = _Chance()


def new_id() -> str:
    """Return a fresh UUID of version 7: its first 48 bits are the time in ms, so ids sort by age."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | _CHANCE.bits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
