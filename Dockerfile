# whybot as a service: `docker build -t whybot .`, then run it with SLACK_BOT_TOKEN, SLACK_APP_TOKEN and
# WHYBOT_DATABASE_URL (docs/architecture.md has every variable). The sandbox and all tools stay outside.

FROM python:3.12-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/whybot
COPY requirements/serve.txt /tmp/serve.txt
RUN /opt/whybot/bin/pip install --require-hashes --only-binary :all: -r /tmp/serve.txt \
 && /opt/whybot/bin/pip uninstall --yes pip \
 && printf '#!/opt/whybot/bin/python\nfrom bot.cli import main\n\nmain()\n' > /opt/whybot/bin/whybot \
 && chmod 755 /opt/whybot/bin/whybot

FROM python:3.12-slim
ENV PATH=/opt/whybot/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    WHYBOT_DATA_DIR=/data \
    WHYBOT_HTTP_HOST=0.0.0.0 \
    WHYBOT_HTTP_PORT=8080 \
    WHYBOT_LOG_FORMAT=json
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin whybot
COPY --from=packages /opt/whybot /opt/whybot
WORKDIR /app
COPY LICENSE ./
COPY environments ./environments
COPY checks ./checks
COPY runbooks ./runbooks
COPY bot ./bot
USER 10001
VOLUME /data
EXPOSE 8080
# python:slim has no curl; urllib raises, and so exits with 1, unless the answer is a success.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['WHYBOT_HTTP_PORT']}/healthz\", timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["whybot"]
CMD ["serve"]
