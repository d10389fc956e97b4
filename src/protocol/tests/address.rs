use super::SURROGATE;
use crate::protocol::address::{HostPort, Malformed, Place, find, parse_227, parse_229};

fn numbers(reply: &str) -> Option<String> {
    let HostPort { host, port } = parse_227(reply.as_bytes()).ok()?;
    let all: Vec<_> = host
        .iter()
        .chain(&port)
        .map(|number| String::from_utf8_lossy(number))
        .collect();
    Some(all.join(" "))
}

#[test]
fn finds_six_numbers_anywhere() {
    for (reply, expected) in [
        ("227 Entering Passive Mode (127,0,0,1,19,136).", "127 0 0 1 19 136"),
        ("227 Entering Passive Mode. 127,0,0,1,19,136", "127 0 0 1 19 136"),
        ("227 =127,0,0,1,19,136", "127 0 0 1 19 136"),
        ("227 1,2,3,4,5,6,7", "1 2 3 4 5 6"),
        ("227 1,2,3,4,5,67x", "1 2 3 4 5 67"),
        ("227 1,2,3 4,5,6,7,8,9", "4 5 6 7 8 9"),
        ("227 1,2,3,,4,5,6,7,8,9", "4 5 6 7 8 9"),
        ("227,0,0,1,19,136", "227 0 0 1 19 136"),
        ("227 (999,0,00,1,70000,1)", "999 0 00 1 70000 1"),
        ("227 a\n1,2,3,4,5,6", "1 2 3 4 5 6"),
        ("227 \u{e9}1,2,3,4,5,6\u{e9}", "1 2 3 4 5 6"),
    ] {
        assert_eq!(numbers(reply).as_deref(), Some(expected), "{reply}");
    }
}

#[test]
fn less_than_six_numbers_in_a_row_is_malformed() {
    for reply in [
        "",
        "227 ok",
        "227 (1,2,3,4,5)",
        "227 (1,2,3,4,5,)",
        "227 (1, 2, 3, 4, 5, 6)",
        "227 (1.2.3.4,5,6)",
        "227 1,2,3,4,5,-6",
        "227 1,2,3,4,5\n,6",
        "227 1,2,3,4,5,\u{666}",
        "227 1,2,3,\u{664},5,6",
    ] {
        assert_eq!(numbers(reply), None, "{reply}");
    }
}

#[test]
fn takes_the_fourth_field_of_five() {
    for (reply, expected) in [
        ("229 Entering Extended Passive Mode (|||6446|)", "6446"),
        ("229 ok (|||6446|) bye (|||1|)", "6446"),
        ("229 (!!!21!)", "21"),
        ("229 (|1|10.0.0.1|21|)", "21"),
        ("229 (\u{1f600}\u{1f600}\u{1f600}21\u{1f600})", "21"),
        ("229 (|||x|)", "x"),
        ("229 (||||)", ""),
        ("229 (((((21()", "Malformed"),
        ("229 ((((21()", "21"),
        ("229 )(|||21|)", "21"),
    ] {
        let port = parse_229(reply.as_bytes()).unwrap_or(b"Malformed");
        assert_eq!(port, expected.as_bytes(), "{reply}");
    }
    let odd = [b"229 (", SURROGATE, SURROGATE, SURROGATE, b"7", SURROGATE, b")"].concat();
    assert_eq!(parse_229(&odd), Ok(&b"7"[..]));
}

#[test]
fn anything_but_five_fields_is_malformed() {
    for reply in [
        "",
        "229 ok",
        "229 (|||6446|",
        "229 |||6446|)",
        "229 )|||6446|(",
        "229 ()",
        "229 (|)",
        "229 (||)",
        "229 (|||)",
        "229 (|||6446|||)",
        "229 (|||6446)",
        "229 (||6446|)",
        "229 (6446)",
        "229 ( |||6446|)",
        "229 (|||6446| )",
        "229 (\u{e9}\u{e9}\u{e9}21\u{ea})",
        "229 (",
        "229 x(",
    ] {
        assert_eq!(parse_229(reply.as_bytes()), Err(Malformed), "{reply}");
    }
}

fn place(reply: &str) -> Option<(Option<[u8; 4]>, u16)> {
    find(reply.as_bytes()).map(|Place { host, port }| (host, port))
}

#[test]
fn finds_addresses_in_other_forms() {
    let local = Some([127, 0, 0, 1]);
    for (reply, expected) in [
        ("227 Entering Passive Mode (127, 0, 0, 1, 19, 136).", (local, 5000)),
        ("227 Entering Passive Mode (127 ,0\t,0,  1,19,136)", (local, 5000)),
        ("227 Entering Passive Mode. 127, 0, 0, 1, 19, 136", (local, 5000)),
        ("227 (127,0,0,1,19,136)", (local, 5000)),
        ("227-ready\n227 (127, 0, 0, 1, 19, 136)", (local, 5000)),
        ("229 Entering Extended Passive Mode (|||6446|)", (None, 6446)),
        ("229 (!!!21!)", (None, 21)),
        ("229 Entering Extended Passive Mode |||6446|", (None, 6446)),
        ("229 ok ( |||6446| )", (None, 6446)),
        ("229 ok (soon) (|||6446|)", (None, 6446)),
    ] {
        assert_eq!(place(reply), Some(expected), "{reply}");
    }
}

#[test]
fn guesses_no_address() {
    for reply in [
        "",
        "227",
        "227 ok",
        "227,0,0,1,19,136",
        "227 (127 0 0 1 19 136)",
        "227 (127.0.0.1:5000)",
        "227 (256, 0, 0, 1, 19, 136)",
        "227 (127, 0, 0, 1, 19, 256)",
        "227 (127, 0, 0, 1, 0, 0)",
        "227 (127, 0, 0, 1\n19, 136)",
        "227 (|||6446|)",
        "228 (127,0,0,1,19,136)",
        "229",
        "229 (127,0,0,1,19,136)",
        "229 (|||0|)",
        "229 (|||65536|)",
        "229 (|||+21|)",
        "229 (||||)",
        "229 |||6446x|",
        "500 |||6446|",
    ] {
        assert_eq!(place(reply), None, "{reply}");
    }
}
