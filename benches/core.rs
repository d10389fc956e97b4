//! The sans-IO core: `cargo bench --no-default-features --bench core`.

use std::hint::black_box;

use _rftplib::protocol::received_lines::{Charset, TextReader};
use _rftplib::protocol::reply::{self, Assembly};
use _rftplib::protocol::sent_lines::SentLines;
use _rftplib::protocol::{address, facts, path};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// What io.TextIOWrapper asks for, and our readers feed.
const CHUNK: usize = 8192;
const LIMIT: usize = 8193;
const COUNTS: [usize; 3] = [1_000, 10_000, 100_000];

fn listing(entries: usize, name: &str) -> Vec<u8> {
    let rows = (0..entries).map(|i| {
        let size = i * 37;
        format!(
            "type=file;size={size};modify=20260101101112;perm=adfrw;unix.mode=0644;unique=fd00g{i:x}; {name}-{i}\r\n"
        )
    });
    rows.collect::<String>().into_bytes()
}

/// All lines of a text, as retrlines takes them.
fn read(text: &[u8], charset: Charset) -> usize {
    let (mut reader, mut lines) = (TextReader::new(charset), 0);
    for chunk in text.chunks(CHUNK) {
        if reader.feed(chunk).is_err() {
            return lines;
        }
        while let Some(line) = reader.line(Some(LIMIT)) {
            lines += usize::from(black_box(line).ended);
        }
    }
    lines
}

/// Linear in the entries: the throughput is the same for each count.
fn lines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lines received");
    for (label, charset, name) in [
        ("utf-8, all ASCII", Charset::Utf8, "name"),
        ("utf-8", Charset::Utf8, "näme-€"),
        ("latin-1", Charset::Latin1, "name"),
    ] {
        for count in COUNTS {
            let text = listing(count, name);
            assert_eq!(read(&text, charset), count);
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_with_input(BenchmarkId::new(label, count), &text, |bencher, text| {
                bencher.iter(|| read(black_box(text), charset));
            });
        }
    }
    group.finish();
}

fn entries(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("facts");
    for count in COUNTS {
        let text = listing(count, "name");
        let rows: Vec<&[u8]> = text
            .split(|&byte| byte == b'\n')
            .filter(|row| !row.is_empty())
            .collect();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(BenchmarkId::from_parameter(count), &rows, |bencher, rows| {
            bencher.iter(|| {
                let mut seen = 0;
                for row in rows {
                    let (found, name) = facts::split_entry(black_box(row));
                    seen += found.count() + name.len();
                }
                seen
            });
        });
    }
    group.finish();
}

fn outgoing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lines sent");
    for (label, line) in [
        ("LF", &b"a line of text that is neither long nor short\n"[..]),
        ("CRLF", &b"a line of text that is neither long nor short\r\n"[..]),
        ("short", &b"a\n"[..]),
    ] {
        let text = line.repeat(100_000);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(label), &text, |bencher, text| {
            bencher.iter(|| {
                let (mut lines, mut total) = (SentLines::new(8192), 0);
                for block in black_box(text).chunks(64 * 1024) {
                    let fed = lines.feed(block);
                    assert!(fed.is_ok());
                    total += lines.ready().len();
                    lines.sent();
                }
                total
            });
        });
    }
    group.finish();
}

fn replies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replies");
    group.bench_function("200", |bencher| {
        bencher.iter(|| {
            let mut reader = TextReader::new(Charset::Utf8);
            let fed = reader.feed(black_box(b"200 Command okay.\r\n"));
            assert!(fed.is_ok());
            reader.line(Some(LIMIT)).map(|line| reply::kind(line.body))
        });
    });
    let rows: Vec<String> = (0..1000).map(|i| format!(" line {i} of a long reply")).collect();
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function("of 1,000 lines", |bencher| {
        bencher.iter(|| {
            let mut assembly = Assembly::begin(b"211-Status:")?;
            for row in &rows {
                let ended = assembly.add(black_box(row.as_bytes()), Some(1 << 24));
                assert_eq!(ended, Ok(false));
            }
            Some(assembly.into_text().len())
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("parsers");
    group.bench_function("150", |bencher| {
        bencher.iter(|| {
            let reply = b"150 Opening BINARY mode data connection for file.dat (2147483648 bytes).";
            reply::size_150(black_box(reply)).map(<[u8]>::len)
        });
    });
    group.bench_function("227", |bencher| {
        let reply = b"227 Entering Passive Mode (192,168,100,200,217,44).";
        bencher.iter(|| address::parse_227(black_box(reply)).is_ok());
    });
    group.bench_function("229", |bencher| {
        let reply = b"229 Entering Extended Passive Mode (|||55596|)";
        bencher.iter(|| address::parse_229(black_box(reply)).is_ok());
    });
    group.bench_function("257", |bencher| {
        let reply = br#"257 "/home/somebody/a ""quoted"" directory" is the current directory."#;
        bencher.iter(|| path::parse_257(black_box(reply)).len());
    });
    group.finish();
}

criterion_group!(core, lines, entries, outgoing, replies);
criterion_main!(core);
