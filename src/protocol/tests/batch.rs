use proptest::prelude::*;

use crate::protocol::batch::{Batch, Error};
use crate::protocol::reply::MAX_STRAYS;

fn commands(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|number| format!("SIZE {number}\r\n").into_bytes())
        .collect()
}

fn batch(count: usize, window: usize) -> Batch {
    Batch::new(&commands(count), window, 0, Some(1000))
}

#[test]
fn no_more_than_the_window_goes_out() {
    let mut batch = batch(3, 2);
    assert_eq!(batch.outgoing(), b"SIZE 0\r\nSIZE 1\r\n");
    batch.sent(3);
    assert_eq!((batch.unanswered(), batch.is_torn()), (0, true));
    assert_eq!(batch.outgoing(), b"E 0\r\nSIZE 1\r\n");
    batch.sent(13);
    assert_eq!(
        (batch.outgoing(), batch.unanswered(), batch.is_torn()),
        (&b""[..], 2, false)
    );
    batch.take(b"213 5").unwrap();
    assert_eq!((batch.outgoing(), batch.unanswered()), (&b"SIZE 2\r\n"[..], 1));
}

#[test]
fn late_replies_are_left() {
    let mut batch = Batch::new(&commands(2), 1, 1, None);
    assert_eq!(batch.outgoing(), b"SIZE 0\r\n");
    assert!(!batch.awaits());
    batch.sent(8);
    assert!(batch.awaits());
    batch.take(b"213 5").unwrap();
    assert!(!batch.is_done() && !batch.awaits());
    assert_eq!(batch.outgoing(), b"SIZE 1\r\n");
    batch.sent(8);
    assert!(batch.is_done() && !batch.awaits());
    assert_eq!(batch.unanswered(), 1);
}

#[test]
fn lines_become_replies() {
    let mut batch = batch(3, 64);
    batch.sent(24);
    for line in ["213 5", "550-no", "550 such file", "150 wait", "211 at last"] {
        assert!(!batch.is_done());
        batch.take(line.as_bytes()).unwrap();
    }
    assert!(batch.is_done());
    assert_eq!(
        batch.replies(),
        [&b"213 5"[..], b"550-no\n550 such file", b"211 at last"]
    );
}

#[test]
fn so_many_remnants_are_passed_over_and_no_more() {
    let mut batch = batch(2, 64);
    batch.sent(16);
    for _ in 0..2 {
        for _ in 0..MAX_STRAYS {
            assert_eq!(batch.take(b""), Ok(()));
        }
        if batch.replies().is_empty() {
            assert_eq!(batch.take(b"213 5"), Ok(())); // then as many again
        }
    }
    assert_eq!(batch.take(b""), Err(Error::Malformed(Vec::new())));
}

#[test]
fn remnants_of_line_ends_are_passed_over() {
    let mut batch = batch(2, 64);
    batch.sent(16);
    for line in ["", "213 5", "\0", "", "\x00213 6"] {
        batch.take(line.as_bytes()).unwrap();
    }
    assert_eq!(batch.replies(), [b"213 5", b"213 6"]);
    let mut endless = self::batch(1, 64);
    endless.sent(8);
    assert_eq!(
        (0..200).find_map(|_| endless.take(b"").err()),
        Some(Error::Malformed(Vec::new()))
    );
}

#[test]
fn what_ends_a_batch() {
    for (lines, error) in [
        (vec!["what?"], Error::Malformed(b"what?".to_vec())),
        (vec!["120 soon", "120 soon"], Error::Unexpected(b"120 soon".to_vec())),
        (vec!["421 bye"], Error::Closing(b"421 bye".to_vec())),
        (
            vec!["421-good", "421 bye"],
            Error::Closing(b"421-good\n421 bye".to_vec()),
        ),
    ] {
        let mut batch = batch(2, 64);
        batch.sent(16);
        let (last, before) = lines.split_last().unwrap();
        before.iter().for_each(|line| batch.take(line.as_bytes()).unwrap());
        assert_eq!(batch.take(last.as_bytes()), Err(error));
        assert_eq!(batch.unanswered(), 2);
    }
}

#[test]
fn the_multi_line_replies_are_limited_together() {
    let mut batch = batch(3, 64);
    batch.sent(24);
    for line in ["211-x", &"y".repeat(600), "211 end", "211-x"] {
        batch.take(line.as_bytes()).unwrap();
    }
    assert_eq!(batch.take("y".repeat(600).as_bytes()), Err(Error::TooLong));
}

#[test]
fn nothing_to_do() {
    let batch = batch(0, 1);
    assert!(batch.is_done());
    assert!(!batch.is_torn());
    assert_eq!(batch.outgoing(), b"");
}

proptest! {
    /// However the network cuts it: all is sent, in order, and each command gets its own reply.
    #[test]
    fn each_command_gets_its_reply(count in 0usize..60, window in 1usize..80, cuts in prop::collection::vec(1usize..40, 1..20)) {
        let mut batch = batch(count, window);
        let (mut wire, mut answered, mut cuts) = (Vec::new(), 0, cuts.into_iter().cycle());
        while !batch.is_done() {
            let size = cuts.next().unwrap().min(batch.outgoing().len());
            wire.extend_from_slice(&batch.outgoing()[..size]);
            batch.sent(size);
            prop_assert!(batch.unanswered() <= window);
            if batch.unanswered() > 0 && (size == 0 || cuts.next().unwrap() % 2 == 0) {
                batch.take(format!("213 {answered}").as_bytes()).unwrap();
                answered += 1;
            }
        }
        prop_assert_eq!(wire, commands(count).concat());
        for (number, reply) in batch.replies().iter().enumerate() {
            let expected = format!("213 {number}");
            prop_assert_eq!(reply, expected.as_bytes());
        }
    }
}
