"""What the backend depends on, seen from its health page."""

import ssot


class StagingRedisTest(ssot.SSotAsyncTestCase):
    async def test_redis_is_healthy(self) -> None:
        self.logger.info("asks %s/health for Redis", ssot.STAGING)


class StagingPostgresTest(ssot.SSotAsyncTestCase):
    async def test_postgres_is_healthy(self) -> None:
        self.logger.info("asks %s/health for PostgreSQL", ssot.STAGING)
