"""How each server is told what to do: writes its configuration, returns its command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from .layout import MOUNT, PASSWORD, USER, anonymous, base, certificate, folder, home, venv_python, write

if TYPE_CHECKING:
    from .catalogue import Server

OWN_DAEMONS = Path(__file__).with_name("daemons")


def _program(package: str, path: str) -> str:
    return str(base() / "packages" / package / path)


def _log(server: Server, kind: str) -> str:
    return str(folder("log") / f"{server.name}.{kind}")


def _yes(value: object) -> str:
    return "YES" if value else "NO"


def vsftpd(server: Server) -> list[str]:
    six = ":" in server.hosts[0]
    forced = _yes(server.tls == "forced")
    strict = _yes(server.name == "vsftpd-strict")
    # A space beside "=" makes vsftpd exit without a word.
    text = f"""\
background=NO
listen={_yes(not six)}
listen_ipv6={_yes(six)}
listen_address{"6" if six else ""}={server.hosts[0]}
listen_port={server.port}
pasv_min_port={server.passive}
pasv_max_port={server.last_passive}
# no limit: several test runs share the server (by default 50 sessions an address)
max_clients=0
max_per_ip=0
# a wrong password is answered at once
delay_failed_login=0
max_login_fails=100
anonymous_enable=YES
anon_root={MOUNT}/anon
local_enable=YES
write_enable=YES
local_umask=022
chroot_local_user=YES
# or "500 OOPS: vsftpd: refusing to run with writable root inside chroot()"
allow_writeable_chroot=YES
# sandboxes that need more of the kernel than a container may have, each its own "500 OOPS"
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
secure_chroot_dir={MOUNT}/empty
pam_service_name=vsftpd
# the default, YES, takes a privileged helper for active mode
connect_from_port_20=NO
# or ABOR is seen only when the transfer is over
async_abor_enable=YES
ascii_upload_enable=YES
ascii_download_enable=YES
xferlog_enable=YES
vsftpd_log_file={_log(server, "log")}
dual_log_enable=YES
xferlog_file={_log(server, "transfers")}
log_ftp_protocol=YES
ssl_enable=YES
implicit_ssl={_yes(server.tls == "implicit")}
require_ssl_reuse={_yes(server.reuse)}
strict_ssl_read_eof={strict}
strict_ssl_write_shutdown={strict}
force_local_logins_ssl={forced}
force_local_data_ssl={forced}
require_cert={_yes(server.client_certificate)}
validate_cert={_yes(server.client_certificate)}
ca_certs_file={certificate("ca.crt")}
ssl_tlsv1=YES
ssl_ciphers=HIGH
rsa_cert_file={certificate(server.certificate + ".crt")}
rsa_private_key_file={certificate(server.certificate + ".key")}
"""
    path = folder("conf") / f"{server.name}.conf"
    write(path, text)
    return [_program("vsftpd", "usr/sbin/vsftpd"), str(path)]


def proftpd(server: Server) -> list[str]:
    options = [] if server.reuse else ["NoSessionReuseRequired"]
    options += ["UseImplicitSSL"] if server.tls == "implicit" else []
    modules = folder("modules")
    for package in ("proftpd-core", "proftpd-mod-crypto"):  # one folder: ModulePath takes no list
        for module in (base() / "packages" / package / "usr/lib/proftpd").glob("*.so"):
            if not (modules / module.name).exists():
                (modules / module.name).symlink_to(module)
    digest = server.name == "proftpd-digest"
    accounts = base() / "accounts"
    text = f"""\
ModulePath {modules}
LoadModule mod_tls.c
{"LoadModule mod_digest.c" if digest else ""}
# Standalone it sleeps 0.2 s before it greets a client that comes as another session ends; under inetd it doesn't.
ServerType inetd
ServerName rftplib
DefaultAddress {" ".join(server.hosts)}
SocketBindTight on
UseIPv6 on
Port {server.port}
ScoreboardFile {folder("run") / (server.name + ".score")}
# writes below /run and holds logins up
DelayEngine off
ControlsEngine off
WtmpLog off
UseReverseDNS off
MaxInstances none
User nobody
Group nogroup
SystemLog {_log(server, "log")}
TransferLog {_log(server, "transfers")}
AuthUserFile {accounts}/proftpd.passwd
AuthGroupFile {accounts}/proftpd.group
AuthOrder mod_auth_file.c mod_auth_unix.c
RequireValidShell off
DefaultRoot ~
Umask 022
AllowOverwrite on
# off by default: REST before STOR, and APPE, would be refused
AllowStoreRestart on
AllowRetrieveRestart on
<Anonymous {MOUNT}/anon>
  User ftp
  Group ftp
  UserAlias anonymous ftp
  <Limit WRITE>
    DenyAll
  </Limit>
</Anonymous>
TLSEngine on
TLSRequired {"on" if server.tls == "forced" else "off"}
TLSLog {_log(server, "tls")}
TLSProtocol TLSv1.2 TLSv1.3
TLSRSACertificateFile {certificate(server.certificate + ".crt")}
TLSRSACertificateKeyFile {certificate(server.certificate + ".key")}
TLSVerifyClient {"on" if server.client_certificate else "off"}
TLSCACertificateFile {certificate("ca.crt")}
{"TLSOptions " + " ".join(options) if options else ""}
"""
    path = folder("conf") / f"{server.name}.conf"
    write(path, text)
    return _inetd(server, _program("proftpd-core", "usr/sbin/proftpd"), "proftpd", "--config", str(path))


def pureftpd(server: Server) -> list[str]:
    options = {
        "-S": f"{server.hosts[0]},{server.port}",
        "-p": f"{server.passive}:{server.last_passive}",
        "-l": f"puredb:{base() / 'accounts' / 'pureftpd.pdb'}",
        "-Y": "3" if server.tls == "forced" else "1",  # 2 demands it of logins only
        "-2": str(certificate(server.certificate + ".pem")),  # key and certificate in one file
        "-u": "1000",  # the least uid that may log in
        "-c": "500",  # sessions in all; but it allows only half as many as it has passive ports
        "-C": "500",  # and from one address
        "-g": str(folder("run") / (server.name + ".pid")),
        "-O": "clf:" + _log(server, "transfers"),
        "-U": "133:022",
        "-L": "100000:8",  # listings: this many names, this deep
    }
    switches = ["-A", "-H", "-D", "-6" if ":" in server.hosts[0] else "-4"]  # chroot all; no DNS; show dot files
    return [
        _program("pure-ftpd", "usr/sbin/pure-ftpd"),
        *(word for item in options.items() for word in item),
        *switches,
    ]


def inetutils(server: Server) -> list[str]:
    return _inetd(server, _program("inetutils-ftpd", "usr/sbin/ftpd"), "ftpd", "-l")


def netkit(server: Server) -> list[str]:
    return _inetd(server, _program("ftpd-ssl", "usr/sbin/in.ftpd"), "in.ftpd", "-l")


def _inetd(server: Server, program: str, *argv: str) -> list[str]:
    script = str(OWN_DAEMONS / "inetd.py")
    return [str(venv_python()), script, ",".join(server.hosts), str(server.port), program, *argv]


def _in_python(server: Server, script: str) -> list[str]:
    settings = dict(
        hosts=server.hosts,
        port=server.port,
        passive=[server.passive, server.last_passive],
        user=USER,
        password=PASSWORD,
        home=str(home()),
        anonymous=str(anonymous()),
        certificate=str(certificate(server.certificate + ".crt")),
        key=str(certificate(server.certificate + ".key")),
        implicit=server.tls == "implicit",
    )
    return [str(venv_python()), str(OWN_DAEMONS / script), json.dumps(settings)]


def pyftpdlib(server: Server) -> list[str]:
    return _in_python(server, "pyftpdlib_server.py")


def aioftp(server: Server) -> list[str]:
    return _in_python(server, "aioftp_server.py")
