//! The same as in floor.rs on native-tls, whose reads give one record each.

use super::{BLOCK, Clock, Ftp, GIB, Job, Outcome, check, receive};
use native_tls::{TlsConnector, TlsStream};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;

/// Control connection in the clear, data connections in TLS: the data is what is measured.
struct Secure {
    ftp: Ftp,
    connector: TlsConnector,
}

impl Secure {
    fn login(job: &Job) -> Outcome<Self> {
        let mut builder = TlsConnector::builder();
        builder
            .danger_accept_invalid_certs(true)
            .danger_accept_invalid_hostnames(true);
        let mut ftp = Ftp::login(job.port)?;
        ftp.command("PROT P", b'2')?;
        Ok(Self {
            ftp,
            connector: builder.build()?,
        })
    }

    fn transfer(&mut self, line: &str) -> Outcome<TlsStream<TcpStream>> {
        let data = self.ftp.transfer("TYPE I", line)?;
        Ok(self.connector.connect("localhost", data)?)
    }
}

pub fn download(job: &Job, to_file: bool) -> Outcome {
    let (mut secure, size) = (Secure::login(job)?, job.amount(2 * GIB));
    let clock = Clock::start();
    let mut buffer = vec![0; BLOCK];
    let mut data = secure.transfer(&format!("RETR zero-{size}"))?;
    let total = if to_file {
        let mut file = File::create(job.target())?;
        receive(&mut data, &mut buffer, |block| Ok(file.write_all(block)?))?
    } else {
        receive(&mut data, &mut buffer, |_| Ok(()))?
    };
    data.shutdown()?;
    drop(data);
    secure.ftp.reply(b'2')?;
    clock.stop();
    if to_file {
        fs::remove_file(job.target())?;
    }
    check(total == size, "size")
}

pub fn upload(job: &Job) -> Outcome {
    let (mut secure, size) = (Secure::login(job)?, fs::metadata(job.source())?.len());
    let clock = Clock::start();
    let (mut file, mut buffer) = (File::open(job.source())?, vec![0; 64 * 1024]);
    let mut data = secure.transfer("STOR x")?;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        data.write_all(&buffer[..count])?;
    }
    data.shutdown()?;
    // the server's close_notify, too: closing before it would reset the connection
    let _ = data.read(&mut buffer);
    drop(data);
    let reply = secure.ftp.reply(b'2')?;
    clock.stop();
    check(reply == format!("226 done {size}"), &reply)
}
