//! Listings of which one line isn't enough.

use super::{CLOCK, describe, listing};
use crate::protocol::list::{Clock, Format, Listing, mdtm};

/// What each line says, with those that say nothing left out.
fn whole(lines: &[&str]) -> Vec<String> {
    let mut listing = listing();
    for line in lines {
        listing.look_ahead(line.as_bytes());
    }
    let said = lines.iter().map(|line| describe(&listing.line(line.as_bytes())));
    let said = said.filter(|said| said != "nothing").collect();
    assert_eq!(listing.unfinished(), None);
    said
}

#[test]
fn data_sets() {
    let lines = [
        "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
        "WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS   48-MVS.FILE",
        "WPTA01 3290   2004/03/04  1    3  FB      80  3125  PO   48-MVS.PDS",
        "TSO005 3390   2005/06/06 213000 U 0 27998 PO-E 'USER.LIB'",
        "NRP004 3390   **NONE**    1   15  NONE     0     0  VS   VSAM.DATA",
        "MIGRAT                                                   OLD.DATA",
        "Migrated                                                 OLD.DATA2",
        "ARCIVE Not Direct Access Device                          KJ.IOP998.ERROR",
        "Pseudo Directory                                         USER",
    ];
    let expected = [
        "file \"48-MVS.FILE\"",
        "dir \"48-MVS.PDS\"",
        "dir \"USER.LIB\"",
        "file \"VSAM.DATA\"",
        "other \"OLD.DATA\"",
        "other \"OLD.DATA2\"",
        "other \"KJ.IOP998.ERROR\"",
        "dir \"USER\"",
    ];
    assert_eq!(whole(&lines), expected);
    for odd in ["ALONE", "x not found", "", "WYOSPT 3420 PS a/b"] {
        assert_eq!(
            whole(&[lines[0], odd]),
            if odd.is_empty() { vec![] } else { vec!["unknown"] }
        );
    }
}

#[test]
fn members() {
    let lines = [
        " Name     VV.MM   Created       Changed      Size  Init   Mod   Id",
        "MEMBER1   01.01 2004/06/22 2004/06/22 16:32   128   128     0 BOBY12",
        "MEMBER2",
        "$A#B@C",
    ];
    let expected = [
        "file \"MEMBER1\" 2004-06-22T16:32:00 ±1m",
        "file \"MEMBER2\"",
        "file \"$A#B@C\"",
    ];
    assert_eq!(whole(&lines), expected);
    let modules = [
        " Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode",
        "EZASMTP   0000A8   000012          00 FO             RN RU            31    ANY",
    ];
    assert_eq!(whole(&modules), ["file \"EZASMTP\""]);
    assert_eq!(whole(&[lines[0], "ls: cannot access"]), ["unknown"]);
}

#[test]
fn a_long_name_has_a_line_of_its_own() {
    let lines = [
        "Directory SYS$SYSDEVICE:[USER]",
        "",
        "A_NAME_THAT_IS_TOO_LONG_FOR_ONE_LINE.TXT;1",
        "                                 155   2-JUL-2003 10:30:13.64",
        "SUB.DIR;1                         1  19-NOV-2001 21:41  [SYSTEM]  (RWE,RE,RE,)",
        "ANOTHER.TXT;1",
        "            %RMS-E-PRV, insufficient privilege or file protection violation",
        "",
        "Total of 3 files, 156 blocks.",
    ];
    let expected = [
        "file \"A_NAME_THAT_IS_TOO_LONG_FOR_ONE_LINE.TXT;1\" 2003-07-02T10:30:13 ±1s",
        "dir \"SUB\" 2001-11-19T21:41:00 ±1m SYSTEM:",
        "file \"ANOTHER.TXT;1\"",
    ];
    assert_eq!(whole(&lines), expected);
    for next in ["OTHER.TXT;1", "", "  nonsense", "Total of 3 files, 156 blocks."] {
        assert_eq!(whole(&["A.TXT;1", next]), ["unknown"], "{next:?}");
    }
    let mut listing = listing();
    listing.line(b"A.TXT;1");
    assert_eq!(listing.unfinished(), Some(&b"A.TXT;1"[..]));
}

#[test]
fn the_order_of_a_date_is_that_of_the_other_lines() {
    let dos = |date: &str, name: &str| format!("{date}  09:30AM                   1 {name}");
    let (ambiguous, day, month) = (dos("04-05-24", "a"), dos("23-05-24", "b"), dos("05-23-24", "c"));
    assert_eq!(whole(&[&ambiguous]), ["file \"a\" 1 2024-04-05T09:30:00 ±1m"]);
    assert_eq!(whole(&[&ambiguous, &day])[0], "file \"a\" 1 2024-05-04T09:30:00 ±1m");
    assert_eq!(whole(&[&ambiguous, &month])[0], "file \"a\" 1 2024-04-05T09:30:00 ±1m");
    // neither: as if it were alone
    let both = whole(&[&ambiguous, &day, &month]);
    assert_eq!(
        both,
        [
            "file \"a\" 1 2024-04-05T09:30:00 ±1m",
            "file \"b\" 1 2024-05-23T09:30:00 ±1m",
            "file \"c\" 1 2024-05-23T09:30:00 ±1m"
        ]
    );
    let ibm = |date: &str| format!("QSYS            77824 {date} 15:09:55 *STMF      a");
    assert_eq!(
        whole(&[&ibm("02/03/04"), &ibm("99/03/04")])[0],
        "file \"a\" 77824 2002-03-04T15:09:55 ±1s QSYS:"
    );
}

#[test]
fn years_are_guessed_by_the_servers_clock() {
    let year = |now, offset, date: &str| {
        let line = format!("-rw-r--r--   1 root     other        531 {date} name");
        let mut listing = Listing::new(Format::Any, Clock { now, offset });
        describe(&listing.line(line.as_bytes()))[16..36].to_string()
    };
    let new_year = 1_767_225_600; // 2026 begins
    assert_eq!(year(new_year, 0, "Dec 31 23:59"), "2025-12-31T23:59:00 ");
    assert_eq!(year(new_year, 0, "Jan  1 00:00"), "2026-01-01T00:00:00 ");
    assert_eq!(year(new_year, 0, "Jan  2 00:00"), "2026-01-02T00:00:00 ");
    assert_eq!(year(new_year, 0, "Jan  2 00:01"), "2025-01-02T00:01:00 ");
    // years begin early in a century or late, by its leap years
    assert_eq!(year(63_072_000, 0, "Jan  1 00:00"), "1972-01-01T00:00:00 ");
    assert_eq!(year(4_007_750_400, 0, "Dec 31 00:00"), "2096-12-31T00:00:00 ");
    // it is still 2025 here; less than a day later by the server's clock it isn't
    assert_eq!(
        year(new_year - 60, 0, "Jan  1 00:00"),
        "2026-01-01T00:00:00 ".replace("2026", "2025")
    );
    assert_eq!(year(new_year - 60, 3600, "Jan  1 00:30"), "2025-12-31T23:30:00 ");
    assert_eq!(year(new_year, -3600, "Dec 31 23:00"), "2026-01-01T00:00:00 ");
}

#[test]
fn times_of_mdtm() {
    let micros = |text: &str| mdtm(text.as_bytes()).map(|time| (time.micros, time.resolution));
    assert_eq!(micros("19700101000000"), Some((Some(0), 1_000_000)));
    assert_eq!(micros("20261128091417"), Some((Some(CLOCK.now * 1_000_000), 1_000_000)));
    assert_eq!(micros("19700101000000.5"), Some((Some(500_000), 100_000)));
    assert_eq!(micros("19700101000000.000001"), Some((Some(1), 1)));
    assert_eq!(micros("19691231235959"), Some((Some(-1_000_000), 1_000_000)));
    assert_eq!(micros("00000101000000"), Some((None, 1_000_000)));
    assert_eq!(micros("99991231235960"), Some((None, 1_000_000)));
    for text in [
        "",
        "2026112809141",
        "202611280914170",
        "2026112809141x",
        "20261128091417.",
        "20261128091417.x",
        "+2026112809141",
    ] {
        let expected = (text == "20261128091417.").then_some((Some(CLOCK.now * 1_000_000), 1_000_000));
        assert_eq!(micros(text), expected, "{text}");
    }
}

#[test]
fn only_a_listing_of_any_format_is_worth_a_look_ahead() {
    for (format, worth) in [(Format::Any, true), (Format::Mlsd, false), (Format::Mlst, false)] {
        assert_eq!(Listing::new(format, CLOCK).wants_look_ahead(), worth, "{format:?}");
    }
}
