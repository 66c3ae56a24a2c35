# SPDX-License-Identifier: MIT
"""python-suite.py RESULTS MODULE: run a module of Python's own test suite; a line for each test and subtest in RESULTS,
written when it has ended: its name and ok, failed, error, skipped, expected or unexpected. What is said goes to
standard output."""
import faulthandler
import sys
import unittest
from test import support

faulthandler.enable()
# No network, nothing that takes very long.
support.use_resources = {}
support.verbose = 0
results = open(sys.argv[1], "w", buffering=1)


class Result(unittest.TextTestResult):
    def tell(self, test, outcome):
        print(test.id().replace("\n", " "), outcome, file=results)

    def startTest(self, test):
        super().startTest(test)
        self.tell(test, "begins")

    def addSuccess(self, test):
        super().addSuccess(test)
        self.tell(test, "ok")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.tell(test, "failed")

    def addError(self, test, err):
        super().addError(test, err)
        self.tell(test, "error")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.tell(test, "skipped")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.tell(test, "expected")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.tell(test, "unexpected")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.tell(subtest, "failed")


tests = unittest.defaultTestLoader.loadTestsFromName("test." + sys.argv[2])
runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=1, resultclass=Result)
sys.exit(not runner.run(tests).wasSuccessful())
