//! EPLF, OS/400, OpenVMS, and lines that are no entries.

use super::{Row, check};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("+i8388621.48594,m825718503,r,s280,up644,\teplf file", "file \"eplf file\" 280 1996-03-01T22:15:03 ±1s 0644 #8388621.48594"),
    ("+i8388621.50690,m824255907,/,\teplf dir", "dir \"eplf dir\" 1996-02-13T23:58:27 ±1s #8388621.50690"),
    ("+,\tnothing known", "other \"nothing known\""),
    ("+r,s99999999999999999999,\ttoo large", "file \"too large\""),
    ("+r,s12,m99999999999999999,\tno such time", "file \"no such time\" 12 never ±1s"),
    ("+r,s12,upsomething,\tno mode", "file \"no mode\" 12"),
    ("+r,s12,up7777777,\ttoo much", "file \"too much\" 12"),
    ("+up4755,r,\tsuid", "file \"suid\" 04755"),
    ("QSYS            77824 02/23/00 15:09:55 *DIR       dir/", "dir \"dir\" 2000-02-23T15:09:55 ±1s QSYS:"),
    ("QSYS            77824 23/02/00 15:09:55 *STMF      file", "file \"file\" 77824 2000-02-23T15:09:55 ±1s QSYS:"),
    ("QSYS            77824 00/02/23 15:09:55 *STMF      ambiguous", "file \"ambiguous\" 77824 2000-02-23T15:09:55 ±1s QSYS:"),
    ("QSYS            77824 99/02/23 15:09:55 *STMF      year first", "file \"year first\" 77824 1999-02-23T15:09:55 ±1s QSYS:"),
    ("QSYS            77824 23.02.13 15:09:55 *STMF      dots", "file \"dots\" 77824 2013-02-23T15:09:55 ±1s QSYS:"),
    ("QSYS            77824 31/01/04 15:09:55 *STMF      day 31", "file \"day 31\" 77824 2004-01-31T15:09:55 ±1s QSYS:"),
    ("QSYS            77824 02/23/00 15:09:55 *STMF      marked/", "dir \"marked\" 2000-02-23T15:09:55 ±1s QSYS:"),
    ("QPGMR          135168 22.06.13 13:18:19 *FILE", "nothing"),
    ("QPGMR          135168 22.06.13 13:18:19 *FILE      RPGUNITC1.FILE", "dir \"RPGUNITC1.FILE\" 2013-06-22T13:18:19 ±1s QPGMR:"),
    ("QPGMR        16347136 29.06.13 15:45:09 *FILE      RPGUNIT.SAVF", "file \"RPGUNIT.SAVF\" 16347136 2013-06-29T15:45:09 ±1s QPGMR:"),
    ("QPGMR                                   *MEM       MKCMD.MBR", "file \"MKCMD.MBR\" QPGMR:"),
    ("QPGMR                                   *MEM       RPGUNITC1.FILE/MKCMD.MBR", "nothing"),
    ("QSYS            77824 02/23/00 15:09:55 *LIB       QGPL.LIB", "dir \"QGPL.LIB\" 2000-02-23T15:09:55 ±1s QSYS:"),
    ("QSYS            77824 02/23/00 15:09:55 *STMF      name with blanks", "file \"name with blanks\" 77824 2000-02-23T15:09:55 ±1s QSYS:"),
    ("QSYS            77824 02/23/00 99:09:55 *STMF      no such time", "file \"no such time\" 77824 never ±1s QSYS:"),
    ("CII-MANUAL.TEX;1              213/216  29-JAN-1996 03:33:12  [ANONYMOU,ANONYMOUS]   (RWED,RWED,,)", "file \"CII-MANUAL.TEX;1\" 1996-01-29T03:33:12 ±1s ANONYMOUS:ANONYMOU"),
    ("HLP.DIR;1                         1  1-JUL-2003 12:30 [SYSTEM] (RWE,RE,,)", "dir \"HLP\" 2003-07-01T12:30:00 ±1m SYSTEM:"),
    ("vms_file;3       155   2-JUL-2003 10:30:13.64", "file \"vms_file;3\" 2003-07-02T10:30:13 ±1s"),
    ("NOBLOCKS.TXT;12       2-JUL-2003 10:30:13.64", "file \"NOBLOCKS.TXT;12\" 2003-07-02T10:30:13 ±1s"),
    ("AFTER.TXT;1   8-NOV-2000 12:34 512 [USER] (RWED,RWED,,)", "file \"AFTER.TXT;1\" 2000-11-08T12:34:00 ±1m USER:"),
    ("NOBODY.TXT;1   8-NOV-2000 12:34 [] (RWED,RWED,,)", "file \"NOBODY.TXT;1\" 2000-11-08T12:34:00 ±1m"),
    ("DAY.TXT;1   8-NOV-2000", "file \"DAY.TXT;1\" 2000-11-08T00:00:00 ±1d"),
    ("README.TXT;1   %RMS-E-PRV, insufficient privilege or file protection violation", "file \"README.TXT;1\""),
    ("SECRET.DIR;1   %RMS-E-PRV, insufficient privilege or file protection violation", "dir \"SECRET\""),
    ("BAD.TXT;1   1  31-FEB-2000 12:34", "file \"BAD.TXT;1\" never ±1m"),
    ("Directory SYS$SYSDEVICE:[USER]", "nothing"),
    ("Total of 11 files, 2333 blocks.", "nothing"),
    ("Grand total of 2 directories, 24 files, 2444 blocks.", "nothing"),
    ("", "nothing"),
    ("total 12", "nothing"),
    ("total 12K", "nothing"),
    ("Total 0", "nothing"),
];

#[test]
fn the_table() {
    check(ROWS);
}
