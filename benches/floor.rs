//! What the same work takes with a plain loop and no Python: the floor that compare.py measures against.
//!
//!     floor WORK PORT SCALE FOLDER          prints {"cpu": ..., "wall": ..., "peak": ...}
//!
//! The works and amounts are those of works.py.

#[cfg(feature = "tls")]
#[path = "floor_tls.rs"]
mod tls;

use std::error::Error;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const BLOCK: usize = 1 << 20;
const GIB: u64 = 1 << 30;
const LINE: &[u8] = b"a line of text that is neither long nor short\n";

struct Ftp {
    control: TcpStream,
    received: Vec<u8>,
}

impl Ftp {
    fn login(port: u16) -> Outcome<Self> {
        let control = TcpStream::connect(("127.0.0.1", port))?;
        control.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut ftp = Self {
            control,
            received: Vec::new(),
        };
        ftp.reply(b'2')?;
        ftp.command("USER u", b'3')?;
        ftp.command("PASS p", b'2')?;
        Ok(ftp)
    }

    /// One reply of one line; the next may have come with it.
    fn reply(&mut self, class: u8) -> Outcome<String> {
        let end = loop {
            if let Some(end) = memchr::memchr(b'\n', &self.received) {
                break end;
            }
            let mut buffer = [0; 4096];
            let count = self.control.read(&mut buffer)?;
            check(count > 0, "the server has closed")?;
            self.received.extend_from_slice(&buffer[..count]);
        };
        let line: Vec<u8> = self.received.drain(..=end).collect();
        let line = String::from_utf8(line)?;
        check(line.as_bytes().first() == Some(&class), &line)?;
        Ok(line.trim_end().to_owned())
    }

    fn command(&mut self, line: &str, class: u8) -> Outcome<String> {
        self.control.write_all(format!("{line}\r\n").as_bytes())?;
        self.reply(class)
    }

    fn transfer(&mut self, kind: &str, line: &str) -> Outcome<TcpStream> {
        self.command(kind, b'2')?;
        let reply = self.command("PASV", b'2')?;
        let fields: Vec<&str> = reply.trim_end_matches(')').split(',').collect();
        let [.., high, low] = fields[..] else {
            return Err("no port".into());
        };
        let port = high.parse::<u16>()? * 256 + low.parse::<u16>()?;
        let data = TcpStream::connect(("127.0.0.1", port))?;
        self.command(line, b'1')?;
        Ok(data)
    }

    /// All of a listing.
    fn list(&mut self, line: &str) -> Outcome<Vec<u8>> {
        let mut data = self.transfer("TYPE A", line)?;
        let (mut all, mut buffer) = (Vec::new(), vec![0; BLOCK]);
        receive(&mut data, &mut buffer, |block| {
            all.extend_from_slice(block);
            Ok(())
        })?;
        self.reply(b'2')?;
        Ok(all)
    }
}

/// Receives until the end and tells how much it was.
fn receive(from: &mut impl Read, buffer: &mut [u8], mut sink: impl FnMut(&[u8]) -> Outcome) -> Outcome<u64> {
    let mut total = 0;
    loop {
        match from.read(buffer)? {
            0 => return Ok(total),
            count => {
                total += count as u64;
                sink(&buffer[..count])?;
            }
        }
    }
}

fn check(fact: bool, note: &str) -> Outcome {
    if fact {
        Ok(())
    } else {
        Err(format!("the work was not done: {note}").into())
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest)?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    })
}

fn partition(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match memchr::memchr(separator, text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}

/// Sends a text with CRLF at the end of each line.
fn send_lines(mut source: impl Read, data: &mut TcpStream) -> Outcome {
    let (mut buffer, mut wire) = (vec![0; 64 * 1024], Vec::new());
    loop {
        let count = source.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        wire.clear();
        for line in buffer[..count].split_inclusive(|&byte| byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(body) => {
                    wire.extend_from_slice(body);
                    wire.extend_from_slice(b"\r\n");
                }
                None => wire.extend_from_slice(line),
            }
        }
        data.write_all(&wire)?;
    }
}

fn send_file(data: &TcpStream, file: &File, size: u64) -> Outcome {
    let mut offset = 0;
    while (offset as u64) < size {
        // SAFETY: both descriptors are open, their owners are borrowed; `offset` is one valid off_t.
        let sent = unsafe { libc::sendfile(data.as_raw_fd(), file.as_raw_fd(), &raw mut offset, 4 * BLOCK) };
        if sent <= 0 {
            return Err(std::io::Error::last_os_error().into());
        }
    }
    Ok(())
}

/// CPU seconds of this process so far.
fn cpu() -> f64 {
    // SAFETY: all zeroes is a valid rusage, and getrusage fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

fn memory(what: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    line.and_then(|line| line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

/// From preparation to the end of the work: what is between is measured.
struct Clock {
    cpu: f64,
    began: Instant,
    idle: u64,
}

impl Clock {
    fn start() -> Self {
        Self {
            idle: memory("VmRSS:"),
            cpu: cpu(),
            began: Instant::now(),
        }
    }

    fn stop(self) {
        let (wall, cpu) = (self.began.elapsed().as_secs_f64(), cpu() - self.cpu);
        let peak = memory("VmHWM:").saturating_sub(self.idle);
        println!("{{\"cpu\": {cpu}, \"wall\": {wall}, \"peak\": {peak}}}");
    }
}

struct Job {
    port: u16,
    scale: u64,
    folder: String,
}

impl Job {
    fn amount(&self, full: u64) -> u64 {
        (full / self.scale).max(1)
    }

    fn target(&self) -> String {
        format!("{}/download-{}", self.folder, std::process::id())
    }

    fn source(&self) -> String {
        format!("{}/upload", self.folder)
    }

    fn download(&self, to_file: bool) -> Outcome {
        let (mut ftp, size) = (Ftp::login(self.port)?, self.amount(2 * GIB));
        let clock = Clock::start();
        let mut buffer = vec![0; BLOCK];
        let mut data = ftp.transfer("TYPE I", &format!("RETR zero-{size}"))?;
        let total = if to_file {
            let mut file = File::create(self.target())?;
            receive(&mut data, &mut buffer, |block| Ok(file.write_all(block)?))?
        } else {
            receive(&mut data, &mut buffer, |_| Ok(()))?
        };
        ftp.reply(b'2')?;
        clock.stop();
        if to_file {
            fs::remove_file(self.target())?;
        }
        check(total == size, "size")
    }

    fn to_memory(&self) -> Outcome {
        let (mut ftp, size) = (Ftp::login(self.port)?, self.amount(GIB / 2));
        let clock = Clock::start();
        let (mut all, mut buffer) = (Vec::new(), vec![0; BLOCK]);
        let mut data = ftp.transfer("TYPE I", &format!("RETR zero-{size}"))?;
        receive(&mut data, &mut buffer, |block| {
            all.extend_from_slice(block);
            Ok(())
        })?;
        ftp.reply(b'2')?;
        clock.stop();
        check(all.len() as u64 == size, "size")
    }

    fn upload(&self) -> Outcome {
        let (mut ftp, size) = (Ftp::login(self.port)?, fs::metadata(self.source())?.len());
        let clock = Clock::start();
        let data = ftp.transfer("TYPE I", "STOR x")?;
        send_file(&data, &File::open(self.source())?, size)?;
        drop(data);
        let reply = ftp.reply(b'2')?;
        clock.stop();
        check(reply == format!("226 done {size}"), &reply)
    }

    fn noop(&self) -> Outcome {
        let mut ftp = Ftp::login(self.port)?;
        let clock = Clock::start();
        for _ in 0..self.amount(20_000) {
            ftp.command("NOOP", b'2')?;
        }
        clock.stop();
        Ok(())
    }

    fn small(&self) -> Outcome {
        let mut ftp = Ftp::login(self.port)?;
        let clock = Clock::start();
        let mut buffer = vec![0; 8192];
        for _ in 0..self.amount(2000) {
            let mut data = ftp.transfer("TYPE I", "RETR zero-1000")?;
            let total = receive(&mut data, &mut buffer, |_| Ok(()))?;
            ftp.reply(b'2')?;
            check(total == 1000, "size")?;
        }
        clock.stop();
        Ok(())
    }

    fn mlsd(&self) -> Outcome {
        let (mut ftp, count) = (Ftp::login(self.port)?, self.amount(100_000));
        let clock = Clock::start();
        for _ in 0..3 {
            let text = ftp.list(&format!("MLSD n-{count}"))?;
            let entries: Vec<(&[u8], Vec<_>)> = lines(&text)
                .map(|line| {
                    let (facts, name) = partition(line, b' ');
                    let facts = facts.strip_suffix(b";").unwrap_or(facts);
                    (
                        name,
                        facts
                            .split(|&byte| byte == b';')
                            .map(|fact| partition(fact, b'='))
                            .collect(),
                    )
                })
                .collect();
            check(entries.len() as u64 == count && entries[5].1[1].1 == b"185", "entries")?;
        }
        clock.stop();
        Ok(())
    }

    fn lines(&self, verb: &str) -> Outcome {
        let (mut ftp, count) = (Ftp::login(self.port)?, self.amount(100_000));
        let clock = Clock::start();
        for _ in 0..5 {
            let text = ftp.list(&format!("{verb} n-{count}"))?;
            let rows = lines(&text)
                .map(std::str::from_utf8)
                .collect::<Result<Vec<&str>, _>>()?;
            check(
                rows.len() as u64 == count && rows[5].ends_with("file-0000005.dat"),
                "rows",
            )?;
        }
        clock.stop();
        Ok(())
    }

    fn storlines(&self, from_file: bool) -> Outcome {
        let count = self.amount(1_000_000);
        let text = LINE.repeat(count as usize);
        if from_file {
            fs::write(self.target(), &text)?;
        }
        let mut ftp = Ftp::login(self.port)?;
        let clock = Clock::start();
        let mut data = ftp.transfer("TYPE A", "STOR x")?;
        if from_file {
            send_lines(File::open(self.target())?, &mut data)?;
        } else {
            send_lines(&text[..], &mut data)?;
        }
        drop(data);
        let reply = ftp.reply(b'2')?;
        clock.stop();
        if from_file {
            fs::remove_file(self.target())?;
        }
        check(reply == format!("226 done {}", (LINE.len() as u64 + 1) * count), &reply)
    }
}

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [work, port, scale, folder] = &args[..] else {
        return Err("usage: floor WORK PORT SCALE FOLDER".into());
    };
    let job = Job {
        port: port.parse()?,
        scale: scale.parse()?,
        folder: folder.clone(),
    };
    match work.as_str() {
        "callback" => job.download(false),
        "file" => job.download(true),
        "bytesio" => job.to_memory(),
        "upload" => job.upload(),
        "mlsd" => job.mlsd(),
        "nlst" => job.lines("NLST"),
        "lines" => job.lines("LIST"),
        "storlines" => job.storlines(false),
        "storlines_file" => job.storlines(true),
        "noop" => job.noop(),
        "small" => job.small(),
        #[cfg(feature = "tls")]
        "tls_callback" => tls::download(&job, false),
        #[cfg(feature = "tls")]
        "tls_file" => tls::download(&job, true),
        #[cfg(feature = "tls")]
        "tls_upload" => tls::upload(&job),
        _ => Err(format!("no work {work}").into()),
    }
}
