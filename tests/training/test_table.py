"""A user's table becomes training data, or a refusal that says where, what and how to mend it."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_wine

from tcl_circuits.errors import InputError, Remark
from tcl_circuits.training.csv_file import LARGEST
from tcl_circuits.training.table import Table, as_classes, read_table, split_table
from tcl_circuits.training.table_task import from_table

GOOD = "a,b,y\n1,2,0.5\n2,1,1.5\n3,5,2.5\n4,4,0\n5,3,1\n6,0,9\n"
NAMED = "a,b,kind\n" + "".join(f"{k},{k * k % 7},{'xyz'[k % 3]}\n" for k in range(9))


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "data.csv"
    path.write_bytes(text.encode(encoding))
    return path


def refusal(folder: Path, text: str, target: str = "y") -> str:
    with pytest.raises(InputError) as caught:
        read_table(written(folder, text), target)
    message = str(caught.value)
    assert "data.csv" in message
    return message


def made(rows: int, classes: int | None = None, columns: int = 3) -> Table:
    generator = np.random.default_rng(0)
    target = generator.normal(size=rows) if classes is None else np.arange(rows, dtype=np.int64) % classes
    names = None if classes is None else tuple(f"c{k:02}" for k in range(classes))
    features = generator.normal(5.0, 3.0, (rows, columns))
    return Table(features, tuple("abcdefgh"[:columns]), target, names, "y", "made")


class TestReading:
    def test_numbers_mean_regression(self, tmp_path: Path) -> None:
        path = written(tmp_path, GOOD)
        table = read_table(str(path), "y")
        assert table.feature_names == ("a", "b")
        assert table.classes is None
        assert (table.target_name, table.source, table.dropped) == ("y", str(path), ())
        assert table.features.dtype == table.target.dtype == np.float64
        assert_array_equal(table.features, [[1, 2], [2, 1], [3, 5], [4, 4], [5, 3], [6, 0]])
        assert_array_equal(table.target, [0.5, 1.5, 2.5, 0, 1, 9])

    def test_text_means_classes_in_sorted_order(self, tmp_path: Path) -> None:
        table = read_table(written(tmp_path, NAMED), "kind")
        assert table.classes == ("x", "y", "z")
        assert table.target.dtype == np.int64
        assert_array_equal(table.target, np.arange(9) % 3)

    def test_the_target_may_be_any_column(self, tmp_path: Path) -> None:
        table = read_table(written(tmp_path, GOOD), "a")
        assert table.feature_names == ("b", "y")
        assert_array_equal(table.target, np.arange(1, 7))
        assert_array_equal(table.features[:, 1], [0.5, 1.5, 2.5, 0, 1, 9])

    def test_few_integers_are_still_a_regression(self, tmp_path: Path) -> None:
        text = "a,y\n" + "".join(f"{k},{k % 2}\n" for k in range(8))
        assert read_table(written(tmp_path, text), "y").classes is None

    def test_class_names_lose_spaces_around_them_only(self, tmp_path: Path) -> None:
        text = "a,y\n" + "".join(f"{k}, {('iris A', 'iris b ')[k % 2]} \n" for k in range(8))
        assert read_table(written(tmp_path, text), "y").classes == ("iris A", "iris b")

    @pytest.mark.parametrize("name", ["True", "1_000", "12 cm", "1-2", "Größe", "３", "0x10"])
    def test_what_may_look_like_a_number_is_a_name(self, tmp_path: Path, name: str) -> None:
        text = "a,y\n" + "".join(f"{k},{(name, 'other')[k % 2]}\n" for k in range(8))
        assert read_table(written(tmp_path, text), "y").classes == tuple(sorted([name, "other"]))

    @pytest.mark.parametrize("cell", ["+1", " 1 ", "1.", "01.0", "1e0", "1E+00", '"1"', ' "1"'])
    def test_ways_to_write_a_number(self, tmp_path: Path, cell: str) -> None:
        assert read_table(written(tmp_path, GOOD.replace("1,2,", f"{cell},2,")), "y").features[0, 0] == 1

    @pytest.mark.parametrize(
        "encoding",
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-16-le BOM", "utf-16-be BOM"],
    )
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_encodings_delimiters_line_ends(
        self, tmp_path: Path, encoding: str, delimiter: str, end: str
    ) -> None:
        codec, _, mark = encoding.partition(" ")
        text = ("\ufeff" if mark else "") + GOOD.replace("b", "Größe").replace(",", delimiter).replace(
            "\n", end
        )
        table = read_table(written(tmp_path, text, codec), "y")
        assert table.feature_names == ("a", "Größe")
        assert_array_equal(table.target, [0.5, 1.5, 2.5, 0, 1, 9])

    def test_quotes_hide_delimiters_line_ends_and_quotes(self, tmp_path: Path) -> None:
        text = '"a, b; c; d","two\nlines","y ""z"""\n' + "".join(f'"{k}",{k},"{k}.5"\n' for k in range(6))
        table = read_table(written(tmp_path, text), 'y "z"')
        assert table.feature_names == ("a, b; c; d", "two\nlines")
        assert_array_equal(table.target, np.arange(6) + 0.5)

    @pytest.mark.parametrize("end", ["", "\n", "\n\n\n", "\n,,\n , , \n ", "\n  \n"])
    def test_lines_without_content_are_skipped(self, tmp_path: Path, end: str) -> None:
        text = "\n\n" + GOOD.replace("\n2,", "\n\n,,\n2,").rstrip("\n") + end
        assert len(read_table(written(tmp_path, text), "y").target) == 6

    def test_a_constant_column_is_dropped_and_recorded(self, tmp_path: Path) -> None:
        text = "c,a,b,y\n" + "".join(f"0.1,{line}\n" for line in GOOD.splitlines()[1:])
        table = read_table(written(tmp_path, text), "y")
        assert table.dropped == ("c",)
        assert table.feature_names == ("a", "b")
        assert table.features.shape == (6, 2)

    def test_wine(self, tmp_path: Path) -> None:
        wine = load_wine()
        path = tmp_path / "wine.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow([*wine.feature_names, "cultivar"])
            for row, kind in zip(wine.data.tolist(), wine.target.tolist(), strict=True):
                writer.writerow([*row, wine.target_names[kind]])
        table = read_table(path, "cultivar")
        assert table.classes == ("class_0", "class_1", "class_2")
        assert_array_equal(table.features, wine.data)
        assert_array_equal(table.target, wine.target)
        split = split_table(table, seed=3)
        assert split.train_inputs.shape == (118, 13)
        assert split.test_inputs.shape == (60, 13)


class TestRefusals:
    @pytest.mark.parametrize("cell", ["?", "-", "--", ".", "None", "none", "missing", "NaN", "NA", "n/a", ""])
    def test_a_missing_value_is_not_a_class(self, tmp_path: Path, cell: str) -> None:
        text = "a,y\n" + "".join(f"{k},{('p', 'q', cell)[k % 3]}\n" for k in range(12))
        assert f"row 4, column 'y': {cell!r} is no value" in refusal(tmp_path, text)

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"no\.csv does not exist; give"):
            read_table(tmp_path / "no.csv", "y")

    def test_a_directory(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="is a directory"):
            read_table(tmp_path, "y")

    def test_a_file_without_permission(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def denied(*arguments: object, **options: object) -> None:
            raise PermissionError(13, "Permission denied")

        path = written(tmp_path, GOOD)
        monkeypatch.setattr(Path, "open", denied)
        with pytest.raises(InputError, match=r"data\.csv can't be read: Permission denied"):
            read_table(path, "y")

    @pytest.mark.parametrize("text", ["", "\n \n\n", "\ufeff", "1,2,3\n4,5,6\n", "5\n"])
    def test_a_file_without_header(self, tmp_path: Path, text: str) -> None:
        assert "no header; name the columns" in refusal(tmp_path, text)

    @pytest.mark.parametrize(
        "content",
        [bytes(range(256)) * 20, b"PK\x03\x04\x14\x00\x06\x00" * 9, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
    )
    def test_a_binary_file(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "data.csv"
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"data\.csv is binary, not text; export"):
            read_table(path, "y")

    @pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
    def test_text_in_another_encoding(self, tmp_path: Path, encoding: str) -> None:
        with pytest.raises(InputError, match=r"data\.csv is not utf-8 text .*; save it as UTF-8"):
            read_table(written(tmp_path, GOOD.replace("b", "Größe"), encoding), "y")

    def test_truncated_utf_16(self, tmp_path: Path) -> None:
        path = tmp_path / "data.csv"
        path.write_bytes(GOOD.encode("utf-16")[:-1])
        with pytest.raises(InputError, match="is not utf-16"):
            read_table(path, "y")

    def test_a_target_that_is_not_there(self, tmp_path: Path) -> None:
        message = refusal(tmp_path, GOOD.replace("y", "quality"), "qualty")
        assert (
            "row 1: no column 'qualty' (did you mean 'quality'?); the columns are 'a', 'b', 'quality'"
            in message
        )
        assert "mean" not in refusal(tmp_path, GOOD, "something else")

    def test_columns_of_one_name(self, tmp_path: Path) -> None:
        assert "row 1: several columns are named 'a'; rename" in refusal(tmp_path, GOOD.replace("b", " a "))

    def test_a_column_without_name(self, tmp_path: Path) -> None:
        assert "column 2 has no name; name it or delete" in refusal(tmp_path, GOOD.replace("b", ""))

    def test_no_feature_columns(self, tmp_path: Path) -> None:
        assert "no column but the target; add" in refusal(tmp_path, "y\n1\n2\n3\n4\n5\n6\n")

    def test_an_unknown_delimiter(self, tmp_path: Path) -> None:
        assert "the columns are 'a:b:y'" in refusal(tmp_path, GOOD.replace(",", ":"))

    @pytest.mark.parametrize("cell", ["", " ", "NaN", "nan", "NA", "N/A", "null", "#N/A", "<NA>"])
    @pytest.mark.parametrize("column", ["a", "kind"])
    def test_no_value(self, tmp_path: Path, cell: str, column: str) -> None:
        old, new = ("3,2,x", f"{cell},2,x") if column == "a" else ("3,2,x", f"3,2,{cell}")
        message = refusal(tmp_path, NAMED.replace(old, new), "kind")
        assert f"row 5, column {column!r}: {cell.strip()!r} is no value; fill the cell" in message

    @pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999", "-1.7976931348623157e308"])
    @pytest.mark.parametrize("column", ["a", "y"])
    def test_not_finite(self, tmp_path: Path, cell: str, column: str) -> None:
        message = refusal(
            tmp_path, GOOD.replace("2,1,1.5", f"{cell},1,1" if column == "a" else f"2,1,{cell}")
        )
        assert f"row 3, column {column!r}: {cell!r} is infinite or beyond 1e+150; correct it" in message

    @pytest.mark.parametrize("cell", ["abc", "1_000", "１", "5 cm", "1e", "--1", "0x10"])
    @pytest.mark.parametrize("column", ["a", "y"])
    def test_text_among_numbers(self, tmp_path: Path, cell: str, column: str) -> None:
        message = refusal(
            tmp_path, GOOD.replace("2,1,1.5", f"{cell},1,1" if column == "a" else f"2,1,{cell}")
        )
        assert f"row 3, column {column!r}: {cell!r} is not a number; write it as one" in message

    def test_a_number_among_names(self, tmp_path: Path) -> None:
        message = refusal(tmp_path, NAMED.replace("3,2,x", "3,2,17"), "kind")
        assert "row 5, column 'kind': '17' is a number among names; write it as 'class 1'" in message

    def test_decimal_commas(self, tmp_path: Path) -> None:
        """Thousands or decimals: where both can be meant, neither is."""
        text = "a;y\n" + "".join(f"{k};{k},500\n" for k in range(1, 9))
        message = refusal(tmp_path, text)
        assert "row 2, column 'y': '1,500' has a comma; write a decimal point" in message
        assert "--drop" not in message
        assert message.count("\n") == 1
        for mixed in ("1,5", "1,234,567", "1.234,5"):
            assert f"{mixed!r} has a comma" in refusal(tmp_path, GOOD.replace(",", ";").replace("1.5", mixed))

    def test_a_column_of_text_is_one_fault(self, tmp_path: Path) -> None:
        lines = [f"n{k},{k},{'?' if k == 30 else k % 7},{k * k}" for k in range(40)]
        message = refusal(tmp_path, "\n".join(["who,a,b,y", *lines]))
        assert message.count("\n") == 2
        assert "row 2, column 'who': 'n0' is not a number" in message
        assert "no cell of this column is usable: --drop 'who'?" in message
        assert "row 32, column 'b': '?' is no value" in message

    def test_ten_faults_are_shown_and_the_others_counted(self, tmp_path: Path) -> None:
        text = "a,b,y\n" + "".join(f"{k},{'bad' if k % 2 else k},{k}\n" for k in range(50))
        message = refusal(tmp_path, text)
        assert message.count("column 'b': 'bad'") == 10
        assert message.endswith("and 15 more")

    def test_faults_of_several_kinds_come_in_the_order_of_the_file(self, tmp_path: Path) -> None:
        text = GOOD.replace("1,2,0.5", "1,,0.5").replace("3,5,2.5", "3,5").replace("6,0,9", "6,0,inf")
        lines = refusal(tmp_path, text).splitlines()
        assert [line.split(":")[0].strip(" -") for line in lines[1:]] == [
            "row 2, column 'b'",
            "row 4",
            "row 7, column 'y'",
        ]

    @pytest.mark.parametrize(("row", "cells"), [("2,1", 2), ("2,1,1.5,", 4), ("2,1,1.5,7,8", 5), ("2", 1)])
    def test_ragged_rows(self, tmp_path: Path, row: str, cells: int) -> None:
        message = refusal(tmp_path, GOOD.replace("2,1,1.5", row))
        assert f"row 3: {cells} cells where the header has 3; complete the row" in message

    def test_all_rows_ragged(self, tmp_path: Path) -> None:
        assert "row 2: 3 cells where the header has 2" in refusal(tmp_path, GOOD.replace("a,b,y", "a,y"))

    def test_rows_count_blank_lines_and_lines_within_quotes(self, tmp_path: Path) -> None:
        text = GOOD.replace("a,b", '"a\n\nc",b').replace("\n3,5", "\n\n\n3,bad")
        assert "row 8, column 'b': 'bad'" in refusal(tmp_path, text)

    @pytest.mark.parametrize("cell", ['"2', '"2"2'])
    def test_an_open_quote(self, tmp_path: Path, cell: str) -> None:
        message = refusal(tmp_path, GOOD.replace("1,2,0.5", f"1,{cell},0.5"))
        assert "row 2: " in message
        assert "close each quotation mark" in message

    def test_a_long_cell_is_cut(self, tmp_path: Path) -> None:
        assert f"'{'z' * 40}...' is not" in refusal(tmp_path, GOOD.replace("1.5", "z" * 500))

    @pytest.mark.parametrize("rows", [0, 1, 2, 5])
    def test_too_few_rows(self, tmp_path: Path, rows: int) -> None:
        text = "".join(GOOD.splitlines(keepends=True)[: rows + 1])
        assert f"{rows} rows below the header; give at least 6" in refusal(tmp_path, text)

    def test_one_class(self, tmp_path: Path) -> None:
        message = refusal(tmp_path, NAMED.replace("y\n", "x\n").replace("z\n", "x\n"), "kind")
        assert "'x' in every row of 'kind' leaves nothing to learn" in message

    def test_one_number(self, tmp_path: Path) -> None:
        message = refusal(tmp_path, "a,y\n" + "".join(f"{k},2.5\n" for k in range(8)))
        assert "2.5 in every row of 'y' leaves nothing to learn" in message

    def test_a_class_too_small(self, tmp_path: Path) -> None:
        message = refusal(tmp_path, NAMED + "9,9,rare\n10,10,rare\n", "kind")
        assert "fewer than 3 rows of 'kind' = 'rare' (2); add rows" in message

    def test_too_many_classes(self, tmp_path: Path) -> None:
        text = "a,kind\n" + "".join(f"{k},id {k}\n" for k in range(1000))
        assert "1000 classes in column 'kind', more than 50" in refusal(tmp_path, text, "kind")

    def test_constant_features_only(self, tmp_path: Path) -> None:
        text = "a,b,y\n" + "".join(f"1,0.1,{k}\n" for k in range(8))
        assert "every column but the target is constant" in refusal(tmp_path, text)


class TestMarks:
    """What stands for numbers, and what separates them, as programs of other countries write it."""

    def test_decimal_commas(self, tmp_path: Path) -> None:
        text = "a;b;y\n" + "".join(f"{k},5;1,23{k};-{k},{k}e1\n" for k in range(8))
        table = read_table(written(tmp_path, text), "y")
        assert_array_equal(table.features, [[k + 0.5, float(f"1.23{k}")] for k in range(8)])
        assert_array_equal(table.target, [-float(f"{k}.{k}e1") for k in range(8)])

    def test_decimal_commas_beside_names_with_commas(self, tmp_path: Path) -> None:
        text = "a,kind\n" + "".join(f'"{k},5","x, {"pq"[k % 2]}"\n' for k in range(8))
        table = read_table(written(tmp_path, text), "kind")
        assert table.classes == ("x, p", "x, q")
        assert_array_equal(table.features[:, 0], np.arange(8) + 0.5)

    def test_the_minus_sign(self, tmp_path: Path) -> None:
        table = read_table(written(tmp_path, GOOD.replace("3,5,", "−3,5e−1,")), "y")
        assert_array_equal(table.features[2], [-3, 0.5])

    @pytest.mark.parametrize("mark", [",", ";", "\t", "|", " ", "   "])
    def test_delimiters(self, tmp_path: Path, mark: str) -> None:
        table = read_table(
            written(tmp_path, GOOD.replace(",", mark).replace("\n", f"{' ' * (mark[0] == ' ')}\n")), "y"
        )
        assert_array_equal(table.target, [0.5, 1.5, 2.5, 0, 1, 9])

    def test_quoted_names_between_blanks(self, tmp_path: Path) -> None:
        table = read_table(written(tmp_path, GOOD.replace("a", '"the  a"').replace(",", "  ")), "y")
        assert table.feature_names == ("the  a", "b")

    def test_the_row_below_decides_between_two_delimiters(self, tmp_path: Path) -> None:
        text = "Height, in cm;y\n" + "".join(f"{k},5;{k % 3},25\n" for k in range(8))
        assert read_table(written(tmp_path, text), "y").feature_names == ("Height, in cm",)

    @pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
    def test_the_line_that_names_the_delimiter(self, tmp_path: Path, line: str) -> None:
        text = GOOD.replace(",", ";").replace("a", "a, b, c, d")
        assert read_table(written(tmp_path, f"{line}\r\n{text}"), "y").feature_names == ("a, b, c, d", "b")

    def test_a_delimiter_named_wrongly(self, tmp_path: Path) -> None:
        assert "row 2: no column 'y'; the columns are 'a,b,y'" in refusal(tmp_path, "sep=;\n" + GOOD)

    def test_comments(self, tmp_path: Path) -> None:
        text = '# by me, "today\n\n  # x\n' + GOOD.replace("3,5", "# not this row, 1, 2\n#\n3,5") + "##\n"
        assert len(read_table(written(tmp_path, text), "y").target) == 6

    def test_what_begins_as_a_comment_and_is_none(self, tmp_path: Path) -> None:
        text = "#,name,y\n" + "".join(f'{k % 2},"#{k}\n# more",{"pq"[k % 2]}\n' for k in range(8))
        table = read_table(written(tmp_path, text), "y", drop=["name"])
        assert (table.feature_names, len(table.target)) == (("#",), 8)
        message = refusal(tmp_path, "# a,b,y\n" + GOOD.split("\n", 1)[1])
        assert "row 2: no header" in message
        assert "row 1 begins with '#'" in message

    @pytest.mark.parametrize("words", [("true", "false"), ("TRUE", "FALSE"), ("True", "False")])
    def test_truth_is_one_and_falsehood_zero(self, tmp_path: Path, words: tuple[str, str]) -> None:
        text = "a,flag,kind\n" + "".join(f"{k},{words[k % 3 > 0]},{words[k % 2]}\n" for k in range(9))
        table = read_table(written(tmp_path, text), "kind")
        assert_array_equal(table.features[:, 1], [1, 0, 0] * 3)
        assert table.classes == tuple(sorted(words))

    def test_truth_among_numbers(self, tmp_path: Path) -> None:
        assert "'true' is not a number" in refusal(tmp_path, GOOD.replace("3,5", "true,5"))

    def test_codes_are_names_of_classes(self, tmp_path: Path) -> None:
        text = "a,zip\n" + "".join(f"{k},{('00123', '10115')[k % 2]}\n" for k in range(8))
        assert read_table(written(tmp_path, text), "zip").classes == ("00123", "10115")

    def test_codes_are_no_features(self, tmp_path: Path) -> None:
        message = refusal(tmp_path, GOOD.replace("3,5", "007,5"))
        assert "row 4, column 'a': '007' has a leading zero" in message
        assert "--drop" in message

    def test_arff(self, tmp_path: Path) -> None:
        text = "% of 1988\n@RELATION t\n@ATTRIBUTE a numeric\n@DATA\n1\n"
        assert "is an ARFF file; put the names of its attributes" in refusal(tmp_path, text)

    @pytest.mark.parametrize("above", ["Report\n\n", "Report of the day\nby; me; and; others\n\n"])
    def test_lines_above_the_header(self, tmp_path: Path, above: str) -> None:
        assert "no column 'y', but row" in refusal(tmp_path, above + GOOD)
        assert "delete the lines above" in refusal(tmp_path, above + GOOD)

    def test_capitals_of_a_name(self, tmp_path: Path) -> None:
        path = written(tmp_path, GOOD.replace("y", "Y"))
        assert read_table(path, "y", drop=["A"]).feature_names == ("b",)
        assert read_table(path, "y").target_name == "Y"


class TestChoice:
    """Which columns and rows are read."""

    TEXT = "id,a,b,y\n" + "".join(
        f"n{k},{k * k % 7},{'?' if k in (2, 5) else k},{k % 5 / 2}\n" for k in range(9)
    )

    @pytest.mark.parametrize("choice", [{"drop": ["id", "b"]}, {"features": ["a"]}])
    def test_columns_left_out_may_hold_anything(self, tmp_path: Path, choice: dict[str, Any]) -> None:
        table = read_table(written(tmp_path, self.TEXT), "y", **choice)
        assert (table.feature_names, len(table.target), table.left_out) == (("a",), 9, None)

    def test_rows_without_a_value_are_left_out_and_told(self, tmp_path: Path) -> None:
        path = written(tmp_path, self.TEXT.replace("n7,0,7,1.0", "n7,NA,,"))
        with pytest.warns(Remark, match=r"3 of 9 rows left out: missing value in a \(1\), b \(3\), y \(1\)"):
            table = read_table(path, "y", drop=["id"], missing="drop")
        assert_array_equal(table.features[:, 1], [0, 1, 3, 4, 6, 8])
        assert_array_equal(table.target, np.array([0, 1, 3, 4, 1, 3]) / 2)

    def test_rows_without_a_class_are_left_out(self, tmp_path: Path) -> None:
        path = written(tmp_path, NAMED + "10,3,?\n11,?,x\n")
        table = read_table(path, "kind", missing="drop")
        assert str(table.left_out) == "2 of 11 rows left out: missing value in b (1), kind (1)"
        assert_array_equal(table.target, np.arange(9) % 3)

    def test_other_faults_stay_faults(self, tmp_path: Path) -> None:
        path = written(tmp_path, self.TEXT.replace("n4,2,4", "n4,oops,4"))
        with pytest.raises(InputError) as caught:
            read_table(path, "y", drop=["id"], missing="drop")
        assert "row 6, column 'a': 'oops' is not a number" in str(caught.value)
        assert str(caught.value).count("\n") == 1

    def test_no_row_is_left(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"6 of 6 rows left out: missing value in c \(6\); fill"):
            read_table(
                written(tmp_path, GOOD.replace("\n", ",?\n").replace("y,?", "y,c")), "y", missing="drop"
            )

    @pytest.mark.parametrize(
        ("choice", "said"),
        [
            ({"drop": ["y"]}, "'y' is the target; take it out"),
            ({"features": ["a", "y"]}, "'y' is the target; take it out"),
            ({"features": ["a", "b"], "drop": ["b"]}, "'b' is in both --features and --drop"),
            ({"features": ["aa"]}, r"no column 'aa' \(did you mean 'a'\?\)"),
            ({"drop": ["c"]}, "no column 'c'; the columns are"),
            ({"drop": ["a", "b"]}, "no column but the target"),
            ({"missing": "skip"}, "missing = 'skip' is none of refuse, drop"),
        ],
    )
    def test_choices_that_mean_nothing(self, tmp_path: Path, choice: dict[str, Any], said: str) -> None:
        with pytest.raises(InputError, match=said):
            read_table(written(tmp_path, GOOD), "y", **choice)

    def test_what_is_left_out_unasked_is_told(self, tmp_path: Path) -> None:
        text = "c,number,a,y\n" + "".join(f"4,{7 * k},{k}.5,{k % 3}\n" for k in range(9))
        with pytest.warns(Remark) as told:
            read_table(written(tmp_path, text), "y")
        said = [str(one.message).split("data.csv: ")[1] for one in told]
        assert said == [
            "one value in every row of 'c', which is left out",
            "another whole number in each row of 'number'; if it numbers them, --drop 'number'",
        ]


class TestAsClasses:
    def table(self, values: list[float]) -> Table:
        table = made(len(values))
        return Table(table.features, table.feature_names, np.array(values), None, "y", "made.csv")

    def test_distinct_numbers_become_classes_in_ascending_order(self) -> None:
        table = as_classes(self.table([10, 2, -1.5, 10, 2, -1.5, 10, 2, -1.5]))
        assert table.classes == ("-1.5", "2", "10")
        assert table.target.dtype == np.int64
        assert_array_equal(table.target, [2, 1, 0] * 3)

    def test_zero_has_one_sign(self) -> None:
        assert as_classes(self.table([0.0, -0.0, 0.0, 1, 1, 1])).classes == ("0", "1")

    def test_close_numbers_keep_their_own_names(self) -> None:
        assert as_classes(self.table([0.1 + 0.2, 0.3, 1e20] * 3)).classes == (
            "0.3",
            "0.30000000000000004",
            "1e+20",
        )

    def test_classes_stay(self) -> None:
        table = made(12, classes=3)
        assert as_classes(table) is table

    @pytest.mark.parametrize("count", [50, 51])
    def test_at_most_fifty(self, count: int) -> None:
        table = self.table([float(k % count) for k in range(4 * count)])
        if count == 50:
            assert len(as_classes(table).classes or ()) == 50
        else:
            with pytest.raises(InputError, match="51 classes in column 'y', more than 50"):
                as_classes(table)

    def test_few_whole_numbers_may_be_classes_and_others_not(self) -> None:
        with pytest.warns(Remark, match="'y' holds 3 whole numbers, which are learned as values; --classes"):
            from_table(self.table([0, 1, 2] * 4))
        with pytest.warns(
            Remark, match="'y' holds 11 numbers, which are taken as classes; without --classes"
        ):
            as_classes(self.table([float(k) for k in range(11)] * 3))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            as_classes(self.table([0, 1, 2] * 4))
            from_table(self.table([0.5, 1, 2] * 4))

    def test_a_rare_number(self) -> None:
        with pytest.raises(InputError, match=r"made\.csv: fewer than 3 rows of 'y' = '7' \(1\)"):
            as_classes(self.table([0, 0, 0, 1, 1, 1, 7]))


class TestSplit:
    def test_training_rows_have_zero_mean_and_unit_deviation(self) -> None:
        table = made(100)
        split = split_table(table, seed=1)
        assert split.train_inputs.shape == (66, 3)
        assert split.test_inputs.shape == (34, 3)
        assert_allclose(split.train_inputs.mean(axis=0), 0, atol=1e-14)
        assert_allclose(split.train_inputs.std(axis=0), 1, rtol=1e-13)
        assert np.all(np.abs(split.test_inputs.mean(axis=0)) > 1e-6)

    def test_the_parts_are_the_rows_of_the_table(self) -> None:
        table = made(50)
        split = split_table(table, seed=2, test_fraction=0.2)
        inputs = np.concatenate([split.train_inputs, split.test_inputs]) * split.scale + split.mean
        target = np.concatenate([split.train_target, split.test_target])
        assert len(split.test_target) == 10
        order, expected = np.argsort(target), np.argsort(table.target)
        assert_array_equal(target[order], table.target[expected])
        assert_allclose(inputs[order], table.features[expected], rtol=1e-13, atol=1e-13)

    def test_the_seed_decides(self) -> None:
        table = made(60)
        one, same, other = (split_table(table, seed) for seed in (7, 7, 8))
        assert_array_equal(one.train_inputs, same.train_inputs)
        assert_array_equal(one.test_target, same.test_target)
        assert not np.array_equal(one.test_target, other.test_target)

    def test_classes_keep_their_shares(self) -> None:
        table = made(300)
        target = np.repeat(np.arange(3, dtype=np.int64), [30, 90, 180])
        table = Table(table.features, table.feature_names, target, ("a", "b", "c"), "y", "made")
        split = split_table(table, seed=0)
        assert split.train_target.dtype == split.test_target.dtype == np.int64
        assert_array_equal(np.bincount(split.train_target.astype(int)), [20, 60, 120])
        assert_array_equal(np.bincount(split.test_target.astype(int)), [10, 30, 60])

    @given(
        sizes=st.lists(st.integers(3, 40), min_size=2, max_size=12).filter(lambda sizes: sum(sizes) >= 6),
        seed=st.integers(0, 2**32 - 1),
    )
    def test_each_part_holds_every_class(self, sizes: list[int], seed: int) -> None:
        target = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
        names = tuple(f"{k:02}" for k in range(len(sizes)))
        table = Table(
            np.random.default_rng(0).normal(size=(len(target), 1)), ("a",), target, names, "y", "made"
        )
        split = split_table(table, seed)
        assert set(split.train_target.tolist()) == set(split.test_target.tolist()) == set(range(len(sizes)))

    def test_a_feature_constant_in_the_training_rows_has_scale_one(self) -> None:
        table = made(12)
        test_row = int(np.flatnonzero(table.target == split_table(table, seed=0).test_target[0])[0])
        table.features[:, 0] = 0.1
        table.features[test_row, 0] = 5.1
        split = split_table(table, seed=0)
        assert split.scale[0] == 1
        assert split.mean[0] == 0.1
        assert_array_equal(split.train_inputs[:, 0], 0)
        assert split.test_inputs[:, 0].max() == 5

    @pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 1.5, float("nan"), 0.01, 0.99])
    def test_a_fraction_that_leaves_too_little(self, fraction: float) -> None:
        with pytest.raises(
            InputError, match=r"test fraction .* of 12 rows leaves too few .* give one nearer"
        ):
            split_table(made(12), 0, fraction)

    def test_a_fraction_that_leaves_out_a_class(self) -> None:
        with pytest.raises(InputError, match="for 4 classes"):
            split_table(made(16, classes=4), 0, 0.1)
        target = np.repeat(np.arange(3, dtype=np.int64), [3, 60, 60])
        table = Table(made(123).features, ("a", "b", "c"), target, ("p", "q", "r"), "y", "made")
        with pytest.raises(InputError, match="for 3 classes"):
            split_table(table, 0, 0.05)

    @pytest.mark.parametrize("seed", [-1, 2**32])
    def test_a_seed_out_of_range(self, seed: int) -> None:
        with pytest.raises(InputError, match=f"seed {seed} is out of range"):
            split_table(made(12), seed)

    def test_a_table_made_by_hand_is_checked(self) -> None:
        with pytest.raises(InputError, match="fewer than 3 rows"):
            split_table(made(10, classes=8), 0)

    @given(
        st.lists(st.floats(-LARGEST, LARGEST), min_size=6, max_size=30).filter(lambda v: len(set(v)) > 1),
        st.integers(0, 5),
    )
    def test_never_a_warning_nor_a_number_that_is_not_finite(self, values: list[float], seed: int) -> None:
        features = np.array(values)[:, None]
        table = Table(features, ("a",), np.arange(len(values), dtype=float), None, "y", "made")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            split = split_table(table, seed)
        assert np.isfinite(split.train_inputs).all()
        assert np.isfinite(split.test_inputs).all()
        assert (split.scale > 0).all()
        if split.scale[0] > 1e-9 * np.abs(split.mean[0]) and split.train_inputs.std() > 0.5:
            assert_allclose(split.train_inputs.mean(axis=0), 0, atol=1e-6)
            assert_allclose(split.train_inputs.std(axis=0), 1, rtol=1e-6)


CELL = st.floats(-LARGEST, LARGEST, allow_nan=False)
NAME = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=8).map(
    lambda text: f"n{text}z"
)
CLASS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=6).map(lambda text: f"k{text}z")


class TestRoundTrip:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        data=st.data(),
        names=st.lists(NAME, min_size=2, max_size=5, unique=True),
        rows=st.integers(6, 15),
        delimiter=st.sampled_from(",;\t"),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
        end=st.sampled_from(["\n", "\r\n"]),
    )
    def test_numbers(
        self,
        tmp_path: Path,
        data: st.DataObject,
        names: list[str],
        rows: int,
        delimiter: str,
        encoding: str,
        end: str,
    ) -> None:
        column = st.lists(CELL, min_size=rows, max_size=rows).filter(lambda cells: len(set(cells)) > 1)
        values = np.array([data.draw(column) for _ in names]).T
        path = tmp_path / "data.csv"
        with path.open("w", newline="", encoding=encoding) as stream:
            writer = csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_NONNUMERIC)
            writer.writerows([names, *values.tolist()])
        table = read_table(path, names[-1])
        assert table.feature_names == tuple(names[:-1])
        assert_array_equal(table.features, values[:, :-1])
        assert_array_equal(table.target, values[:, -1])

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        classes=st.lists(CLASS, min_size=2, max_size=5, unique=True),
        repeats=st.integers(3, 5),
        delimiter=st.sampled_from(",;\t"),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    )
    def test_classes(
        self, tmp_path: Path, classes: list[str], repeats: int, delimiter: str, encoding: str
    ) -> None:
        path = tmp_path / "data.csv"
        with path.open("w", newline="", encoding=encoding) as stream:
            writer = csv.writer(stream, delimiter=delimiter)
            writer.writerow(["a", "kind"])
            writer.writerows([k, name] for k, name in enumerate(classes * repeats))
        table = read_table(path, "kind")
        assert table.classes == tuple(sorted(classes))
        assert [table.classes[k] for k in table.target.tolist()] == classes * repeats

    @given(st.binary(max_size=200))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    def test_any_bytes_are_read_or_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "data.csv"
        path.write_bytes(content)
        with pytest.raises(InputError):
            read_table(path, "a target that is not there")

    @given(st.text(",;\t\n\r\" 'ay01.e-_\0", max_size=200))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    def test_any_text_is_read_or_refused(self, tmp_path: Path, text: str) -> None:
        try:
            table = read_table(written(tmp_path, f"a,y\n{text}"), "y")
        except InputError:
            return
        assert np.isfinite(table.features).all()


READ_AND_REPORT = """
import sys
import time
from tcl_circuits.training.table import read_table
start = time.process_time()
table = read_table(sys.argv[1], sys.argv[2])
# Not ru_maxrss, which a new program takes over from the process that started it.
status = open("/proc/self/status").read()
peak = int(status.split("VmHWM:")[1].split()[0])
print(table.features.shape[0], time.process_time() - start, peak * 1024)
"""


@pytest.mark.parametrize("target", ["number", "kind"])
def test_a_million_rows(tmp_path: Path, target: str) -> None:
    generator = np.random.default_rng(0)
    lines = [f"{a!r},{b!r},{c!r}" for a, b, c in generator.normal(size=(1000, 3)).tolist()]
    block = "".join(f"{line},{'name' if target == 'kind' else ''}{k % 5}\n" for k, line in enumerate(lines))
    path = written(tmp_path, f"a,b,c,{target}\n" + block * 1000)
    start = time.process_time()
    with path.open(newline="", encoding="utf-8") as stream:
        cells = sum(len(row) for row in csv.reader(stream))
    floor = time.process_time() - start
    command = [sys.executable, "-c", READ_AND_REPORT, str(path), target]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rows, seconds, peak = map(float, done.stdout.split())
    assert cells == 4 * (rows + 1) == 4_000_004
    assert seconds < 60 * floor + 5
    assert peak < 0.5e9
