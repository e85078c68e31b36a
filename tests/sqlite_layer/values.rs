//! Arguments and results, of every kind and size.

use crate::host::check;

#[test]
fn values_come_in_as_they_are() {
    check(&[
        (
            "SELECT describe(1, -2.5, NULL)",
            "Integer 1 1 '1' [49] | Real -2 -2.5 '-2.5' \
          [45, 50, 46, 53] | Null 0 0 '' []",
        ),
        (
            "SELECT describe('é', '', x'')",
            "Text 0 0 'é' [195, 169] | Text 0 0 '' [] | \
          Blob 0 0 '' []",
        ),
        (
            "SELECT describe('12a' || char(0) || 'b')",
            "Text 12 12 '12a\0b' [49, 50, 97, 0, 98]",
        ),
        (
            "SELECT describe(x'ff00')",
            "Blob 0 0 imap: cannot read an argument: it is not UTF-8 \
          text [255, 0]",
        ),
        (
            "SELECT describe(CAST(x'ff' AS TEXT))",
            "Text 0 0 imap: cannot read an argument: it is \
          not UTF-8 text [255]",
        ),
        (
            "SELECT describe(zeroblob(3))",
            "Blob 0 0 '\0\0\0' [0, 0, 0]",
        ),
    ]);
}

#[test]
fn values_go_out_as_they_are_and_large_ones_without_a_copy() {
    check(&[
        (
            "SELECT typeof(give(value, 3)), length(give(value, 3)), length(give(value, 5000))
          FROM json_each('[\"text\", \"text_owned\", \"blob\", \"blob_shared\"]')",
            "text|3|5000\ntext|3|5000\nblob|3|5000\nblob|3|5000",
        ),
        (
            "SELECT quote(give(value, 0)) FROM json_each('[\"text\", \"text_owned\", \"blob\", \
          \"blob_shared\", \"null\", \"nothing\", \"real\"]')",
            "''\n''\nX''\nX''\nNULL\nNULL\n0.5",
        ),
        (
            "SELECT json_array(give('json', 0), give('text', 1))",
            "[[1,2],\"é\"]",
        ),
        (
            "SELECT length(give('blob_shared', 2000000000))",
            "error 18: string or blob too big",
        ),
        (
            "SELECT address(data) = home, data = data, hex(substr(data, 1, 1)) FROM lent",
            "1|1|01\n1|1|02",
        ),
        (
            "SELECT length(max(data)), hex(substr(max(data), 1, 1)) FROM lent",
            "1000000|02",
        ),
        (
            "SELECT hex(substr(data, 1, 1)) FROM lent ORDER BY length(data), -rowid",
            "02\n01",
        ),
        ("CREATE TABLE kept AS SELECT data FROM lent", ""),
        (
            "SELECT length(data), hex(substr(data, -1)) FROM kept",
            "1000000|01\n1000000|02",
        ),
    ]);
}
