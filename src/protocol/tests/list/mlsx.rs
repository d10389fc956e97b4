use super::{CLOCK, Row, check_names_at_the_end, describe};
use crate::protocol::list::{Format, Line, Listing};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("type=file;size=12;modify=20200101000000; name", "file \"name\" 12 2020-01-01T00:00:00 ±1s"),
    ("Type=File;Size=12;Modify=20200101000000.123;  leading blank", "file \" leading blank\" 12 2020-01-01T00:00:00.123000 ±1000us"),
    ("type=file;size=12;modify=20200101000000.1234567; trailing blank ", "file \"trailing blank \" 12 2020-01-01T00:00:00.123456 ±1us"),
    ("type=dir;sizd=4096;modify=20200101000000;UNIX.mode=0755;UNIX.owner=0;UNIX.group=0;unique=801g2; proftpd", "dir \"proftpd\" 2020-01-01T00:00:00 ±1s 0755 0:0 #801g2"),
    ("type=file;size=1;UNIX.mode=0644;UNIX.uid=500;UNIX.gid=501;UNIX.ownername=joe;UNIX.groupname=staff;unique=801U2; names", "file \"names\" 1 0644 joe:staff #801U2"),
    ("type=cdir;modify=20200101000000; .", "itself"),
    ("type=cdir;modify=20200101000000; /a/b", "itself"),
    ("type=pdir;modify=20200101000000; ..", "nothing"),
    ("type=pdir; /a", "nothing"),
    ("type=dir; ..", "nothing"),
    ("type=OS.unix=slink:/a/b;size=3; link", "link \"link\" -> \"/a/b\""),
    ("type=OS.unix=symlink;size=3; link", "link \"link\""),
    ("type=OS.unix=chr-1/3;size=3; device", "other \"device\""),
    ("type=file;size=18446744073709551616; 2^64", "file \"2^64\""),
    ("type=file;size=-1; negative", "file \"negative\""),
    ("type=file;size=12;modify=20201301000000; month 13", "file \"month 13\" 12 never ±1s"),
    ("type=file;size=12;modify=2020; too short", "file \"too short\" 12"),
    ("type=file;size=12;modify=191201010000001; too long", "file \"too long\" 12"),
    ("type=file;;size=12;flag;x=y=z; odd facts", "file \"odd facts\" 12"),
    ("type=file;size=12 no semicolon", "file \"no semicolon\" 12"),
    ("type=file one fact", "file \"one fact\""),
    ("size=12;type=file; type behind", "file \"type behind\" 12"),
    ("type=file;size=12; type=dir; a name like facts", "file \"type=dir; a name like facts\" 12"),
    ("type=file;perm=r;lang=en;media-type=text/plain; more facts", "file \"more facts\""),
];

#[test]
fn the_table() {
    check_names_at_the_end(ROWS);
}

fn read(format: Format, line: &str) -> String {
    describe(&Listing::new(format, CLOCK).line(line.as_bytes()))
}

#[test]
fn a_target_ends_where_a_fact_does() {
    for (line, expected) in [
        ("type=OS.unix=slink:/a b;size=3; link", "link \"link\" -> \"/a b\""),
        ("size=3;type=OS.unix=slink:/a b; link", "link \"link\" -> \"/a b\""),
        ("type=OS.unix=slink:/a b;size=3;  link", "link \" link\" -> \"/a b\""),
        // which of the two ends the facts?
        ("type=OS.unix=slink:/a b; c;size=3; link", "unknown"),
        ("type=OS.unix=slink:/a b", "unknown"),
    ] {
        assert_eq!(read(Format::Mlsd, line), expected, "{line}");
    }
}

#[test]
fn what_mlsd_doesnt_take() {
    for line in [
        "",
        "type=file;size=1; .",
        "type=file;size=1; ..",
        "type=cdir; ",
        "; no facts",
        "total 12",
        "-rw-r--r--   1 root     other        531 Jan 29 03:26 README",
    ] {
        assert_eq!(read(Format::Mlsd, line), "unknown", "{line}");
    }
}

#[test]
fn mlst_has_a_path() {
    for (line, expected) in [
        (" type=file;size=3; /a/b c", "file \"/a/b c\" 3"),
        ("type=file;size=3; /a/b c", "file \"/a/b c\" 3"),
        (" type=cdir; /", "dir \"/\""),
        (" type=dir; .", "dir \".\""),
        (" type=dir;", "unknown"),
        (" type=dir; ", "unknown"),
        (" size=3; a", "unknown"),
    ] {
        assert_eq!(read(Format::Mlst, line), expected, "{line}");
    }
}

#[test]
fn facts_are_kept_as_they_are() {
    let mut listing = Listing::new(Format::Mlsd, CLOCK);
    let Line::Facts(found) = listing.line(b"Type=file;;x=y=z;size=3; a; b") else {
        panic!()
    };
    assert_eq!(
        (found.facts, found.name),
        (&b"Type=file;;x=y=z;size=3"[..], &b"a; b"[..])
    );
}
