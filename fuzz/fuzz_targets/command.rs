//! Invariant: no line with a CR or LF in it may be sent, and no password after PASS or ACCT is shown, whatever its
//! spelling in the log, and exactly as by ftplib in debug output.
#![no_main]

use _rftplib::protocol::command::{has_line_break, mask, mask_for_log};
use libfuzzer_sys::fuzz_target;
use rftplib_fuzz::{model, text};

fuzz_target!(|line: &[u8]| {
    assert_eq!(has_line_break(line), line.contains(&b'\r') || line.contains(&b'\n'));
    let logged = mask_for_log(line);
    let word = line.trim_ascii_start();
    let verb: Vec<u8> = word.iter().take(4).map(u8::to_ascii_uppercase).collect();
    let ends = word.get(4).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    if (verb == b"PASS" || verb == b"ACCT") && ends {
        let hidden = [&word[..4], b" ****"].concat();
        assert!(
            logged.as_ref() == hidden || word[4..].trim_ascii().is_empty(),
            "{logged:?}"
        );
    } else {
        assert_eq!(logged, line);
    }
    let shown = mask(line);
    let Ok(line) = std::str::from_utf8(line) else {
        return;
    };
    assert_eq!(text(&shown), model::sanitize(line));
});
