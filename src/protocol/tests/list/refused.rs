//! What isn't understood: never skipped.

use super::said;

const LINES: &[&str] = &[
    "ls: cannot access 'x': No such file or directory",
    "ls: x: No such file or directory",
    "/bin/ls: cannot open directory '.': Permission denied",
    "x: No such file or directory",
    "x not found",
    "total",
    "total 12 files",
    "total of 3",
    "total x",
    "name alone",
    "name",
    "-rw-r--r--",
    "-rw-r--r-- 1 root root 12 Jan 1 12:00",
    "-rw-r--r-- 1 root root 12 Jan 1 12:00 ",
    "-rw-r--r-- 1 root root 12 Jan 1",
    "-rw-r--r-- 1 root root twelve Jan 1 12:00 name",
    "-rw-r--r-- 1 root root 12 Foo 1 12:00 name",
    "-rw-r--r-- 1 root root 12 Jan 1 12:00 a/b",
    "-rw-r--r-- 1 root root 12 Jan 1 12:00 /etc/passwd",
    "drwxr-xr-x 1 root root 12 Jan 1 12:00 ../..",
    "drwxr-xr-x 1 root root 12 Jan 1 12:00 /",
    "-rw-r--r-- 1 root root 12 Jan 1 12:00 nul\0byte",
    "-rw-r--r-- 1 root root 12 Jan 1 12:00 cr\rin it",
    "-rw-r--r-- 1 root root 12 Jan 1 12:00 lf\nin it",
    "xrw-r--r-- 1 root root 12 Jan 1 12:00 name",
    "-rw-r--rz- 1 root root 12 Jan 1 12:00 name",
    "-rw-r--r-- 1 root root 12 13-13 12345 name",
    "- [Z] rhesus 214059 Oct 20 15:27 name",
    "?---------   ? ?        ?             ?            ?",
    "+i8388621.48594,m825718503,r,s280",
    "+r,\t",
    "+r,\ta/b",
    "04-27-00  12:09PM",
    "04-27-00  12:09PM       <DIR>",
    "04-27-00  12:09PM       <FOO>          name",
    "04-27-00  noon          <DIR>          name",
    "04-27-00  12:09PM                 12x3 name",
    "04-27  12:09PM                 123 name",
    "QSYS            77824 02/23/00 15:09:55 DIR       dir/",
    "QSYS            77824 02/23/00 *DIR       dir/",
    "QSYS            77824 02/23/00 15:09:55 *STMF     a/b",
    "README.TXT;x              213/216  29-JAN-1996 03:33:12",
    "README.TXT;1              213/216  29-FOO-1996 03:33:12",
    "README.TXT;1              213/216  yesterday",
    "size=12; no type",
    "type=file;size=12;",
    "type=file;size=12; ",
    "type=file;size=12; a/b",
    "; no facts",
    " name",
    "JOBNAME  JOBID    OWNER    STATUS CLASS",
    "IBMUSER1 JOB01906 IBMUSER  OUTPUT A        RC=0000 3 spool files",
    "226 Transfer complete.",
    "550 No such directory",
    "<html>",
    "\u{feff}total 12",
];

#[test]
fn none_is_understood() {
    for line in LINES {
        assert_eq!(said(line.as_bytes()), "unknown", "{line:?}");
    }
}
