//! ftplib's own algorithms, written out over characters, slow and plain: what the parsers must answer. The fuzz targets
//! use this file, too.

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn slice(text: &[char]) -> String {
    text.iter().collect()
}

/// `FTP.file.readline(limit)` until it gives '': newlines translated, then cut.
pub fn lines(text: &str, limit: Option<usize>) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let parts = chars(line);
        lines.extend(parts.chunks(limit.unwrap_or(usize::MAX)).map(slice));
    }
    lines
}

/// Why `FTP.getmultiline` gave no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    LineTooLong,
    ReplyTooLong,
    Closed,
}

/// `FTP.getmultiline()` again and again until the lines are used up; a fault is an answer and doesn't end it.
pub fn replies(lines: &[String], maxline: usize, max_reply: Option<usize>) -> Vec<Result<String, Fault>> {
    let mut lines = lines.iter();
    let mut getline = || match lines.next() {
        None => Err(Fault::Closed),
        Some(line) if line.chars().count() > maxline => Err(Fault::LineTooLong),
        Some(line) => Ok(line.trim_end_matches('\n').to_owned()),
    };
    let mut getmultiline = || {
        let mut text = getline()?;
        if chars(&text).get(3) != Some(&'-') {
            return Ok(text);
        }
        let code: String = text.chars().take(3).collect();
        loop {
            let next = getline()?;
            text = text + "\n" + &next;
            if max_reply.is_some_and(|most| text.chars().count() > most) {
                return Err(Fault::ReplyTooLong);
            }
            let next = chars(&next);
            if slice(&next[..next.len().min(3)]) == code && next.get(3) != Some(&'-') {
                return Ok(text);
            }
        }
    };
    let mut replies = Vec::new();
    while replies.last() != Some(&Err(Fault::Closed)) {
        replies.push(getmultiline());
    }
    replies
}

/// `re.match(r'150 .* \((\d+) bytes\)', reply, re.IGNORECASE | re.ASCII)`
pub fn size_150(reply: &str) -> Option<String> {
    let line = chars(reply.split('\n').next().unwrap_or_default());
    if !slice(&line).starts_with("150 ") {
        return None;
    }
    (4..line.len()).rev().find_map(|at| {
        let rest = slice(&line[at..]);
        let rest = rest.strip_prefix(" (")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let unit = rest[digits.len()..].to_ascii_lowercase();
        (!digits.is_empty() && unit.starts_with(" bytes)")).then_some(digits)
    })
}

/// `re.search(r'(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)', reply, re.ASCII)`
pub fn parse_227(reply: &str) -> Option<[String; 6]> {
    (0..reply.len()).find_map(|start| {
        let mut rest = reply.get(start..)?;
        let mut numbers: [String; 6] = Default::default();
        for (index, number) in numbers.iter_mut().enumerate() {
            if index > 0 {
                rest = rest.strip_prefix(',')?;
            }
            *number = rest.chars().take_while(char::is_ascii_digit).collect();
            rest = rest.get(number.len()..)?;
            if number.is_empty() {
                return None;
            }
        }
        Some(numbers)
    })
}

/// `parts[3]` of `parse229`.
pub fn parse_229(reply: &str) -> Option<String> {
    let reply = chars(reply);
    let left = reply.iter().position(|&char| char == '(')?;
    let right = left + 1 + reply[left + 1..].iter().position(|&char| char == ')')?;
    if reply[left + 1] != reply[right - 1] {
        return None;
    }
    let inner = slice(&reply[left + 1..right]);
    let parts: Vec<&str> = inner.split(reply[left + 1]).collect();
    (parts.len() == 5).then(|| parts[3].to_owned())
}

/// `parse257` without its look at the code.
pub fn parse_257(reply: &str) -> String {
    let reply = chars(reply);
    let mut name = String::new();
    if slice(&reply[reply.len().min(3)..reply.len().min(5)]) != " \"" {
        return name;
    }
    let mut at = 5;
    while at < reply.len() {
        let char = reply[at];
        at += 1;
        if char == '"' {
            if reply.get(at) != Some(&'"') {
                break;
            }
            at += 1;
        }
        name.push(char);
    }
    name
}

fn partition(text: &str, separator: char) -> (String, String) {
    let (before, after) = text.split_once(separator).unwrap_or((text, ""));
    (before.to_owned(), after.to_owned())
}

/// One line of `FTP.mlsd`: the facts in their order, and the name.
pub fn entry(line: &str) -> (Vec<(String, String)>, String) {
    let (facts, name) = partition(line.trim_end_matches(['\r', '\n']), ' ');
    let facts = chars(&facts);
    let facts = slice(&facts[..facts.len().saturating_sub(1)]);
    (facts.split(';').map(|fact| partition(fact, '=')).collect(), name)
}

/// `FTP.sanitize` without its `repr`.
pub fn sanitize(line: &str) -> String {
    let line = chars(line);
    if !matches!(slice(&line[..line.len().min(5)]).as_str(), "pass " | "PASS ") {
        return slice(&line);
    }
    let end = slice(&line).trim_end_matches(['\r', '\n']).chars().count();
    slice(&line[..5]) + &"*".repeat(end - 5) + &slice(&line[end..])
}
