//! Names that look like dates, times, sizes and links, behind each form of date and in lines with and without owners.

use super::said;

const NAMES: &[&str] = &[
    "09:14 notes.txt",
    "09:14:17 2026 notes",
    "2024 report",
    "Jan  1  2020 x",
    "12 Jan  1  2020 x",
    "12 2020-01-01 10:00 x",
    "2020-01-01 x",
    "1,024 x",
    "33.5k Jan  1 10:00 x",
    "a -> b",
    "root root 12 Jan  1  2020 x",
    " 09:14 two blanks",
    "  2024 three blanks",
];

/// What may stand before the size, and what it says.
const COLUMNS: &[(&str, &str)] = &[
    ("   1 root     other   ", " root:other"),
    ("   1 root             ", " root:"),
    ("     root     other   ", " root:other"),
    ("   1                  ", ""),
    ("                      ", ""),
];

const DATES: &[(&str, &str)] = &[
    ("Nov 28  2024", "2024-11-28T00:00:00 ±1d"),
    ("Nov 28 09:14", "2026-11-28T09:14:00 ±1m"),
    ("2024-11-28 09:14", "2024-11-28T09:14:00 ±1m"),
    ("11-28 09:14", "2026-11-28T09:14:00 ±1m"),
    ("2024-11-28 ", "2024-11-28T00:00:00 ±1d"),
    ("28 Nov  2024", "2024-11-28T00:00:00 ±1d"),
    ("Nov 28 09:14:17 2024", "2024-11-28T09:14:17 ±1s"),
    ("Nov 28, 2024 09:14", "2024-11-28T09:14:00 ±1m"),
];

#[test]
fn names_come_out_whole() {
    for name in NAMES {
        for (columns, owners) in COLUMNS {
            for (date, time) in DATES {
                let line = format!("-rw-r--r--{columns} 4096 {date} {name}");
                // the year may be a size, and the name begin with the date: see below
                let undecided = columns.trim().is_empty()
                    && ["Nov 28  2024", "28 Nov  2024"].contains(date)
                    && ["Jan  1  2020 x", "2020-01-01 x"].contains(name);
                let expected = format!("file {name:?} 4096 {time} 0644{owners}");
                assert_eq!(
                    said(line.as_bytes()),
                    if undecided { "unknown" } else { &expected },
                    "{line:?}"
                );
            }
        }
    }
}

#[test]
fn where_a_name_begins_is_known_or_the_line_is_not() {
    for (line, expected) in [
        (
            "-rw-r--r-- 1 jan 12 2024 Jan  1  2020 x",
            "file \"x\" 2024 2020-01-01T00:00:00 ±1d 0644 jan:12",
        ),
        // size, date and name, or links, owner, group, size, date and name
        ("-rw-r--r-- 4096 Nov 28  2024 Jan  1 12:00 x", "unknown"),
        ("-rw-r--r-- 1 Jan 12 2024 Jan  1 12:00 x", "unknown"),
        // the date is in no language that is known, and the second one is of the name
        ("-rw-r--r-- 1 root other 531 Xyz 28 09:14 12 Jan  1  2020 x", "unknown"),
        ("-rw-r--r-- 1 root other 531 Xyz 28  2024 12 Jan  1  2020 x", "unknown"),
        ("-rw-r--r-- 531 Xyz 28 09:14 12 Jan  1  2020 x", "unknown"),
        ("-rw-r--r-- 1 root other 531 2005-06-07  9:14 x", "unknown"),
        ("-rw-r--r-- 531 2005-06-07  9:14 12 Jan  1  2020 x", "unknown"),
        // a name may be a zone, if nothing else is there
        (
            "-rw-r--r-- 1 root other 531 2005-06-07 21:22:23 +0100",
            "file \"+0100\" 531 2005-06-07T21:22:23 ±1s 0644 root:other",
        ),
    ] {
        assert_eq!(said(line.as_bytes()), expected, "{line:?}");
    }
}
