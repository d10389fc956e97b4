"""The options of docs/options.md, for suites that know nothing of them.

RFTPLIB_TEST_OPTIONS names those to turn on, with commas in between; "all" stands for all. Where a test is about what
an option changes, it is expected to fail, for the reason that stands here and in the documentation.
"""

from __future__ import annotations

import ftplib
import os
import socket

import pytest
import rftplib
from support.scripted_server import LIMIT

ON = {
    "errors": "surrogateescape",
    "socket_factory": staticmethod(socket.create_connection),
    # as long as `timeout` in the tests that compare: others are seen in test_options_timeouts
    "connect_timeout": LIMIT,
    "data_timeout": LIMIT,
    "prefer_epsv": True,
    "tcp_keepalive": 30,
    "noop_interval": 0.5,
}


def wanted():
    """The names of those that are on."""
    names = os.environ.get("RFTPLIB_TEST_OPTIONS", "")
    return list(ON) if names == "all" else [name for name in names.split(",") if name]


def turn_on():
    """For all clients of this process. ftplib, which they are compared with, asks by EPSV as well then."""
    for name in wanted():
        setattr(rftplib.FTP, name, ON[name])
    if "prefer_epsv" in wanted():
        by_pasv = ftplib.FTP.makepasv

        def makepasv(self):
            if self.af != socket.AF_INET:
                return by_pasv(self)
            return ftplib.parse229(self.sendcmd("EPSV"), self.sock.getpeername())

        ftplib.FTP.makepasv = makepasv


# Tests that are about what an option changes, as far as their ids begin like that: the options, and what changes. Each
# is in docs/options.md. Those of which nothing but a long wait would come aren't run.
DECODED = ("errors", "what raised UnicodeDecodeError or UnicodeEncodeError is text")
FACTORY = ("socket_factory", "rftplib.socket.create_connection() isn't called")
ACCOMPANIED = ("noop_interval", "NOOP is sent, perhaps PWD, and voidresp() is called for each reply")
BY_EPSV = ("prefer_epsv", "EPSV is sent where PASV was")
LIMITS = ("connect_timeout data_timeout", "the sockets have these timeouts, whatever `timeout` is")
DEVIATIONS = {
    "compat/test_call_traces.py::test_attributes_are_read_from_the_object": LIMITS,
    "compat/test_call_traces.py::test_sockets_and_files": (
        "errors socket_factory prefer_epsv",
        f"{DECODED[1]}; {FACTORY[1]}; {BY_EPSV[1]}",
    ),
    "compat/test_introspection.py::test_method_names_and_documentation": ("prefer_epsv", "ftplib.FTP.makepasv is ours"),
    "compat/test_objects.py::test_the_file_has_what_makefiles_has": ("errors", "makefile() gets the argument `errors`"),
    "compat/test_patches.py::test_create_connection_patched": FACTORY,
    "compat/test_patches.py::test_module_functions_are_looked_up_at_each_call": BY_EPSV,
    "compat/test_patches.py::test_socket_module_replaced": FACTORY,
    "compat/test_subclasses.py::test_pret_before_pasv_and_replies_of_another_kind": BY_EPSV,
    "compat/test_subclasses_tls.py::test_tls_by_hand": FACTORY,
    "control/test_addresses.py::test_strangers_do_not_prolong_the_timeout": LIMITS,
    "control/test_addresses.py::test_unless_it_is_trusted": BY_EPSV,
    "control/test_arguments.py::test_odd_argument": DECODED,
    "control/test_arguments.py::test_odd_timeout": LIMITS,
    "control/test_encoding.py::test_encoding_changed_after_connect": DECODED,
    "control/test_encoding.py::test_name": DECODED,
    "control/test_encoding.py::test_reply_and_data_in_an_encoding": DECODED,
    "control/test_encoding.py::test_wide_encoding_of_data": DECODED,
    "control/test_injection.py::test_no_argument_is_forgotten": FACTORY,
    "control/test_lenient_addresses.py::test_": BY_EPSV,
    "control/test_options_errors.py::test_": DECODED,
    "control/test_options_passive.py::test_as_in_ftplib_unless_it_is_set": BY_EPSV,
    "control/test_options_passive.py::test_it_is_not_unless_it_is_set": (
        "tcp_keepalive",
        "setsockopt() is called on the control connection",
    ),
    "control/test_options_proxy.py::test_what_it_is_called_with": LIMITS,
    "control/test_options_proxy.py::test_where_data_connections_go": BY_EPSV,
    "control/test_options_timeouts.py::test_the_timeouts_of_the_sockets": LIMITS,
    "control/test_parsers.py::test_mlsd_entry": DECODED,
    "control/test_replies.py::test_greeting": DECODED,
    "control/test_replies.py::test_method_and_reply": ("errors prefer_epsv", f"{DECODED[1]}; {BY_EPSV[1]}"),
    "control/test_replies.py::test_reply": DECODED,
    "control/test_timeouts.py": LIMITS,
    "control/test_wire.py::test_clear_command_channel": BY_EPSV,
    "control/test_wire.py::test_every_method": BY_EPSV,
    "download/test_lines.py::test_what_cannot_be_decoded": DECODED,
    "listing/test_mlsd.py::test_a_bad_line_spoils_the_listing_before_its_first_entry": DECODED,
    "listing/test_mlsd.py::test_other_encodings": DECODED,
    "listing/test_scandir.py::test_a_name_that_is_not_of_the_encoding_is_an_error": DECODED,
    "session/test_batch.py::test_what_ends_a_batch_says_how_far_it_came": DECODED,
    "session/test_site.py::test_what_a_client_is_like": BY_EPSV,
    "tls/test_dialogue.py::test_protected_download": DECODED,
    "tls/test_dialogue.py::test_ssl_socket_of_the_module_decides_on_unwrap": BY_EPSV,
    "tls/test_early_handshake.py::test_a_certificate_that_doesnt_fit_is_an_error_after_the_reply": (
        "socket_factory",
        "data connections go to the name that connect() was given",
    ),
    "tls/test_early_handshake.py::test_an_own_sendcmd_has_ftplibs_order": BY_EPSV,
    "tls/test_control.py::test_somebodys_own_makefile_is_called": ("errors", "makefile() gets the argument `errors`"),
    "tls/test_handshake.py::test_control_handshake_that_stalls_times_out": LIMITS,
    "tls/test_handshake.py::test_data_handshake_that_stalls_times_out": LIMITS,
    "tls/test_handshake.py::test_data_connection_with_another_name": (
        "socket_factory",
        "data connections go to the name that connect() was given",
    ),
    "tls/test_hints.py::test_no_connection_at_all_is_told_as_it_is": FACTORY,
    "tls/test_loops.py::test_what_came_before_a_timeout_is_delivered": LIMITS,
    "tls/test_loops.py::test_the_timeout_of_the_connection_is_what_it_was": LIMITS,
    "transfer/test_data_connection.py::test_download": DECODED,
    "transfer/test_data_connection.py::test_retrlines_debug_levels": (
        "errors prefer_epsv",
        f"{DECODED[1]}; {BY_EPSV[1]}",
    ),
    "transfer/test_faults.py::test_fault": (
        "errors connect_timeout data_timeout prefer_epsv noop_interval",
        "; ".join(reason for _, reason in (DECODED, LIMITS, BY_EPSV, ACCOMPANIED)),
    ),
    "transfer/test_noop_troubles.py::test_there_is_none_where_nobody_asks_for_it": ACCOMPANIED,
    "transfer/test_refusals.py::test_data_that_comes_after_the_reply": DECODED,
    "transfer/test_refusals.py::test_the_reply_is_read_by_the_clients_own_methods": ACCOMPANIED,
    "transfer/test_reuse.py::test_connected_again": DECODED,
    "waiting/test_timeouts.py": LIMITS,
}
NOT_RUN = ("control/test_timeouts.py", "waiting/test_timeouts.py")


def expect_deviations(items):
    """Mark the tests that DEVIATIONS names, if one of the options is on."""
    on = set(wanted())
    for item in items if on else ():
        for begin, (options, reason) in DEVIATIONS.items():
            if on & set(options.split()) and f"tests/{begin}" in item.nodeid:
                run = not begin.startswith(NOT_RUN)
                item.add_marker(pytest.mark.xfail(reason=f"{options}: {reason}", run=run, strict=False))
