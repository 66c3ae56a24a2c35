# SPDX-License-Identifier: MIT
"""Modules of Python's own test suite, the quick ones."""
import sys
import unittest

names = "test_bisect test_heapq test_struct test_contextlib"
result = unittest.TestResult()
for name in names.split():
    tests = unittest.defaultTestLoader.loadTestsFromName("test." + name)
    before = result.testsRun, len(result.failures) + len(result.errors), len(result.skipped)
    tests.run(result)
    after = result.testsRun, len(result.failures) + len(result.errors), len(result.skipped)
    print(name, *(b - a for a, b in zip(before, after)))
for test, trace in result.failures + result.errors:
    print(test, trace)
sys.exit(not result.wasSuccessful())
