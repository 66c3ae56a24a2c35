# SPDX-License-Identifier: MIT
"""Numbers and text: integers of any size, floating point, decimals, sorting, hashing, compression."""
import decimal
import fractions
import hashlib
import json
import math
import random
import re
import zlib

print(2**2000 % 1000000007, math.factorial(300) % 10**30)
decimal.getcontext().prec = 60
print(decimal.Decimal(2).sqrt(), sum(fractions.Fraction(1, n) for n in range(1, 40)))
print(sum(math.sin(n) / n for n in range(1, 20000)).hex())
generator = random.Random(42)
values = [generator.random() for _ in range(20000)]
print(sorted(values)[::2500], generator.choices(range(100), k=5))
data = json.dumps({str(n): values[n] for n in range(2000)}, sort_keys=True).encode()
print(hashlib.sha256(data).hexdigest(), hashlib.blake2b(data).hexdigest()[:32])
packed = zlib.compress(data, 6)
print(len(packed), zlib.crc32(packed), zlib.decompress(packed) == data)
print(len(re.findall(rb"0\.(\d)\1", data)))
