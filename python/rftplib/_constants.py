"""The constants that scripts know from ftplib."""

# Flag of send() for urgent data, which tells the server to look at ABOR at once
MSG_OOB = 0x1

# Where FTP servers listen (RFC 959)
FTP_PORT = 21

# The longest line that is taken from a server, in characters with its end
MAXLINE = 8192

# What ends a line on the wire; a lone CR or LF is taken, too
CRLF = "\r\n"
B_CRLF = b"\r\n"
