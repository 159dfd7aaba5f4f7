"""The golden path: a user signs in, asks, and gets an answer."""

from ssot import STAGING, SSotAsyncTestCase, StagingChatTestCase


class StagingLoginTest(SSotAsyncTestCase):
    async def test_a_user_can_sign_in(self) -> None:
        self.logger.info("%s signs in at %s", self.test_user, STAGING)


class StagingAgentAnswersTest(StagingChatTestCase):
    async def test_an_agent_answers(self) -> None:
        self.logger.info("asks in %s", self.thread_of(self.test_user))
