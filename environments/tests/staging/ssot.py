"""What the end-to-end tests of staging share: a user, a logger, the addresses."""

import logging
import unittest
import uuid

STAGING = "https://staging.netrasystems.ai"


class SSotAsyncTestCase(unittest.IsolatedAsyncioTestCase):
    """The one base of these tests. Each gets a user of its own, and a logger that names the test."""

    def setUp(self) -> None:
        self.test_user = self.create_test_user()
        self.logger = self.get_ssot_logger()

    def create_test_user(self) -> str:
        return f"e2e-{uuid.uuid4().hex[:8]}@netrasystems.ai"

    def get_ssot_logger(self) -> logging.Logger:
        return logging.getLogger(f"staging.{self.id()}")


class StagingChatTestCase(SSotAsyncTestCase):
    """A test of the chat."""

    def thread_of(self, user: str) -> str:
        return f"thread-{user}"
