"""What the tests of log records share."""

import logging

import pytest


@pytest.fixture
def records():
    """All records of rftplib's loggers; their level is put back at the end."""
    seen = []

    class Keep(logging.Handler):
        def emit(self, record):
            seen.append((record.name, record.levelname, record.getMessage()))

    logger, handler = logging.getLogger("rftplib"), Keep()
    logger.addHandler(handler)
    before = logger.level
    yield seen
    logger.setLevel(before)
    logger.removeHandler(handler)
