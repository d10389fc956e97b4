use super::{Row, check_names_at_the_end};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("04-27-00  12:09PM       <DIR>          noon", "dir \"noon\" 2000-04-27T12:09:00 ±1m"),
    ("04-27-00  12:09AM       <DIR>          midnight", "dir \"midnight\" 2000-04-27T00:09:00 ±1m"),
    ("04-14-00  03:47PM                  589 afternoon", "file \"afternoon\" 589 2000-04-14T15:47:00 ±1m"),
    ("04-14-00  03:47p                   589 windows ce", "file \"windows ce\" 589 2000-04-14T15:47:00 ±1m"),
    ("04-14-00  03:47 PM                 589 with a blank", "file \"with a blank\" 589 2000-04-14T15:47:00 ±1m"),
    ("04-14-00  03:47:05 PM              589 seconds", "file \"seconds\" 589 2000-04-14T15:47:05 ±1s"),
    ("04-27-2000  12:09PM       <DIR>          four digits", "dir \"four digits\" 2000-04-27T12:09:00 ±1m"),
    ("2002-09-02  18:48       <DIR>          iso", "dir \"iso\" 2002-09-02T18:48:00 ±1m"),
    ("2002-09-02  19:06                9,730 commas", "file \"commas\" 9730 2002-09-02T19:06:00 ±1m"),
    ("2002/09/02  19:06                 9730 slashes", "file \"slashes\" 9730 2002-09-02T19:06:00 ±1m"),
    ("23-04-00  18:48                   1234 day first", "file \"day first\" 1234 2000-04-23T18:48:00 ±1m"),
    ("23.04.2000  18:48                 1234 dots", "file \"dots\" 1234 2000-04-23T18:48:00 ±1m"),
    ("04/27/2000  12:09 PM    <JUNCTION>     link [C:\\target]", "link \"link\" 2000-04-27T12:09:00 ±1m -> \"C:\\\\target\""),
    ("04/27/2000  12:09 PM    <SYMLINKD>     dir [..\\up]", "link \"dir\" 2000-04-27T12:09:00 ±1m -> \"..\\\\up\""),
    ("04/27/2000  12:09 PM    <SYMLINK>      bare", "link \"bare\" 2000-04-27T12:09:00 ±1m"),
    ("12-31-69  11:59PM                    1 2069", "file \"2069\" 1 2069-12-31T23:59:00 ±1m"),
    ("01-01-70  12:00AM                    1 1970", "file \"1970\" 1 1970-01-01T00:00:00 ±1m"),
    ("01-01-103  12:00AM                    1 three digits", "file \"three digits\" 1 2003-01-01T00:00:00 ±1m"),
    ("13-13-00  12:00AM                    1 no such day", "file \"no such day\" 1 never ±1m"),
    ("04-27-00  12:09PM       <DIR>           leading blank", "dir \" leading blank\" 2000-04-27T12:09:00 ±1m"),
    ("04-27-00  12:09PM                    1  leading blank", "file \" leading blank\" 1 2000-04-27T12:09:00 ±1m"),
    ("04-27-00  12:09PM       <DIR> short", "dir \"short\" 2000-04-27T12:09:00 ±1m"),
    ("04-27-00  12:09PM            18446744073709551616 2^64", "file \"2^64\" 2000-04-27T12:09:00 ±1m"),
    ("04-27-00  12:09PM       <DIR>          .", "itself"),
    ("04-27-00  12:09PM       <DIR>          ..", "nothing"),
];

#[test]
fn the_table() {
    check_names_at_the_end(ROWS);
}
