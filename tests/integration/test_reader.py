# SPDX-License-Identifier: Apache-2.0
"""Tests of the strict reader of expositions: it refuses malformed texts."""
import unittest

from case import main
from exposition import Exposition, Malformed

HEAD = "# HELP a_bytes What it is\n# TYPE a_bytes gauge\n"
WRONG = {
    "no type": "# HELP a x\na 1\n",
    "no help": "# TYPE a gauge\na 1\n",
    "empty help": "# HELP a \n# TYPE a gauge\na 1\n",
    "help twice": "# HELP a x\n# HELP a x\n# TYPE a gauge\na 1\n",
    "type after a sample": "# HELP a x\na 1\n# TYPE a gauge\n",
    "a family in two parts": HEAD + "a_bytes 1\n# HELP b x\n# TYPE b gauge\nb 1\n" + HEAD + "a_bytes 2\n",
    "a sample of another family": HEAD + "b 1\n",
    "a series twice": HEAD + 'a_bytes{x="1",y="2"} 1\na_bytes{y="2",x="1"} 1\n',
    "a label twice": HEAD + 'a_bytes{x="1",x="2"} 1\n',
    "an empty label": HEAD + 'a_bytes{x=""} 1\n',
    "a bad escape": HEAD + 'a_bytes{x="\\t"} 1\n',
    "a bare quote": HEAD + 'a_bytes{x="a"b"} 1\n',
    "a bare newline": HEAD + 'a_bytes{x="a\nb"} 1\n',
    "a trailing comma": HEAD + 'a_bytes{x="a",} 1\n',
    "two spaces": HEAD + "a_bytes  1\n",
    "a timestamp": HEAD + "a_bytes 1 1700000000\n",
    "an exponent": HEAD + "a_bytes 1e+06\n",
    "no value": HEAD + "a_bytes\n",
    "not a number": HEAD + "a_bytes NaN\n",
    "an empty line": HEAD + "\na_bytes 1\n",
    "a cut line": HEAD + "a_bytes 1",
    "a misnamed counter": "# HELP a x\n# TYPE a counter\na 1\n",
    "an unknown type": "# HELP a x\n# TYPE a histogram\na 1\n",
}
WRONG_OPENMETRICS = {
    "no end": HEAD + "a_bytes 1\n",
    "something after the end": HEAD + "a_bytes 1\n# EOF\n\n",
    "a counter's family with its suffix": "# TYPE a_total counter\n# HELP a_total x\na_total 1\n# EOF\n",
    "a wrong unit": "# TYPE a_bytes gauge\n# UNIT a_bytes seconds\n# HELP a_bytes x\n# EOF\n",
}


class Reader(unittest.TestCase):
    def test_wrong_text(self) -> None:
        for what, text in WRONG.items():
            with self.subTest(what), self.assertRaises(Malformed):
                Exposition(text.encode())

    def test_wrong_openmetrics(self) -> None:
        for what, text in WRONG_OPENMETRICS.items():
            with self.subTest(what), self.assertRaises(Malformed):
                Exposition(text.encode(), openmetrics=True)

    def test_not_utf8(self) -> None:
        with self.assertRaises(UnicodeDecodeError):
            Exposition(HEAD.encode() + b'a_bytes{x="\xff"} 1\n')

    def test_right_text(self) -> None:
        got = Exposition((HEAD + 'a_bytes{x="a\\"}\\\\\\n,é "} 1.5\na_bytes{x="b"} 2\na_bytes 0\n').encode())
        self.assertEqual(got.sum_by("a_bytes", "x"), {('a"}\\\n,é ',): 1.5, ("b",): 2})
        self.assertEqual(got.value("a_bytes"), 0)

    def test_right_openmetrics(self) -> None:
        text = "# TYPE a counter\n# HELP a x\na_total 3\n# TYPE b info\n# HELP b x\nb_info 1\n# EOF\n"
        got = Exposition(text.encode(), openmetrics=True)
        self.assertEqual((got.value("a_total"), got.value("b_info")), (3, 1))


if __name__ == "__main__":
    main()
