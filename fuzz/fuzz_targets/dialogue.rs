//! Invariant: what a client learns from a server, replies, addresses, sizes, directories and faults, doesn't depend on how
//! the bytes were cut, is what ftplib learns, and takes no more memory than the limits allow.
#![no_main]

use _rftplib::protocol::reply::kind;
use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::{Client, Event, charset, chop, decode, model, settings};

/// What ftplib makes of the whole text.
fn expected(text: &str, maxline: usize, max_reply: Option<usize>) -> Vec<Event> {
    let lines = model::lines(text, Some(maxline + 1));
    let mut events = Vec::new();
    for reply in model::replies(&lines, maxline, max_reply) {
        let text = match reply {
            Ok(text) => text,
            Err(fault) => {
                events.push(Event::Fault(fault));
                continue;
            }
        };
        let code: String = text.chars().take(3).collect();
        events.push(Event::Reply {
            kind: kind(text.as_bytes()),
            text: text.clone(),
        });
        match code.as_str() {
            "150" => events.extend(model::size_150(&text).map(Event::Size)),
            "227" => events.extend(model::parse_227(&text).map(Event::Address)),
            "229" => events.extend(model::parse_229(&text).map(Event::Port)),
            "257" => events.push(Event::Directory(model::parse_257(&text))),
            _ => {}
        }
    }
    events
}

fuzz_target!(|input: &[u8]| {
    let Some(([choice, maxline, max_reply, sizes @ ..], bytes)) = settings::<6>(input) else {
        return;
    };
    let charset = charset(choice);
    let maxline = usize::from(maxline) + 1;
    let max_reply = (max_reply > 0).then_some(usize::from(max_reply));
    let mut client = Client::new(charset, maxline, max_reply);
    let mut fine = true;
    for piece in chop(bytes, &sizes) {
        fine &= client.receive(piece);
    }
    fine &= client.end();
    let text = decode(charset, bytes);
    assert_eq!(fine, text.is_some());
    if let Some(text) = text {
        assert_eq!(client.events, expected(&text, maxline, max_reply));
    }
});
