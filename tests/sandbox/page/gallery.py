"""One of everything that Block Kit has for whybot. Two messages' worth: Slack allows one table each."""

from typing import Any

Block = dict[str, Any]


def plain(text: str) -> Block:
    """A plain_text object."""
    return {"type": "plain_text", "text": text, "emoji": True}


def mrkdwn(text: str) -> Block:
    """A mrkdwn object."""
    return {"type": "mrkdwn", "text": text}


def option(text: str, value: str) -> Block:
    """An option of a menu."""
    return {"text": plain(text), "value": value}


def rich(*leaves: Block) -> Block:
    """A rich_text of one section."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(leaves)}]}


def says(text: str, **style: bool) -> Block:
    """A text leaf."""
    return {"type": "text", "text": text, **({"style": style} if style else {})}


CARD: list[Block] = [
    {"type": "header", "text": plain(":red_circle: staging: Redis unreachable, PostgreSQL 10× over budget")},
    {
        "type": "table",
        "block_id": "checks",
        "column_settings": [{}, {}, {"align": "right"}, {"align": "right"}, {"is_wrapped": True}],
        "rows": [
            [{"type": "raw_text", "text": t} for t in ("check", "status", "time", "budget", "what is wrong")],
            [
                {"type": "raw_text", "text": "redis"},
                {"type": "raw_text", "text": "🔴 failing"},
                {"type": "raw_text", "text": "—"},
                {"type": "raw_text", "text": "100 ms"},
                rich(
                    says("no answer in 3 s at "),
                    says("10.166.204.83:6379", code=True),
                    says(" (connect timed out)"),
                ),
            ],
            [
                {"type": "raw_text", "text": "postgres"},
                {"type": "raw_text", "text": "🟠 over budget"},
                {"type": "raw_text", "text": "5,187 ms"},
                {"type": "raw_text", "text": "500 ms"},
                {"type": "raw_text", "text": "connected in 2.9 s, query took 2.3 s; budget 500 ms"},
            ],
            [
                {"type": "raw_text", "text": "backend"},
                {"type": "raw_text", "text": "🔴 failing"},
                {"type": "raw_text", "text": "4.1 s"},
                {"type": "raw_text", "text": "2 s"},
                {"type": "raw_text", "text": "HTTP 503 from /health"},
            ],
            [
                {"type": "raw_text", "text": "clickhouse"},
                {"type": "raw_text", "text": "🟢 ok"},
                {"type": "raw_text", "text": "109 ms"},
                {"type": "raw_text", "text": "500 ms"},
                {"type": "raw_text", "text": "–"},
            ],
        ],
    },
    {
        "type": "context",
        "block_id": "footer",
        "elements": [
            mrkdwn(
                "9 checks from *this machine* in 6.2 s · asked by <@UALICE> · <!date^1795442400^{ago}|now>"
            )
        ],
    },
    {
        "type": "actions",
        "block_id": "next",
        "elements": [
            {
                "type": "button",
                "action_id": "why",
                "style": "primary",
                "text": plain("Why?"),
                "value": "7f3a",
            },
            {"type": "button", "action_id": "details", "text": plain("Details"), "value": "7f3a"},
            {"type": "button", "action_id": "run_again", "text": plain("Run again"), "value": "7f3a"},
        ],
    },
]

TEXTS: list[Block] = [
    {
        "type": "section",
        "block_id": "intro",
        "text": mrkdwn(
            "*bold* _italic_ ~struck~ `code` <https://example.com/runbook|a runbook> :warning: and "
            "<@UALICE>, <@UBOB>, <#C0STAGING>, <!subteam^S0SRESTAGING>, <!here>\n"
            "&gt; quoted &amp; escaped\n"
            "```Error -3 connecting to 10.166.204.83:6379```\n"
            "seen <!date^1795442400^{date_short_pretty} at {time}|once>"
        ),
        "accessory": {
            "type": "overflow",
            "action_id": "more",
            "options": [option("Copy the evidence", "copy"), option("Mute for 1 h", "mute")],
        },
    },
    {
        "type": "section",
        "block_id": "facts",
        "fields": [mrkdwn("*Connector*\nstaging-connector"), mrkdwn("*Egress*\nall traffic")],
    },
    {"type": "divider", "block_id": "line"},
    {
        "type": "rich_text",
        "block_id": "rich",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    says("What "),
                    says("differs", bold=True),
                    says(": "),
                    {"type": "link", "url": "https://example.com", "text": "the revision"},
                    says(" by "),
                    {"type": "user", "user_id": "UBOB"},
                    says(" "),
                    {"type": "emoji", "name": "large_green_circle"},
                    {"type": "channel", "channel_id": "C0STAGING"},
                    {"type": "date", "timestamp": 1795442400, "format": "{date_num} {time}"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [
                    {"type": "rich_text_section", "elements": [says("first")]},
                    {"type": "rich_text_section", "elements": [says("second")]},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "indent": 1,
                "elements": [{"type": "rich_text_section", "elements": [says("below")]}],
            },
            {"type": "rich_text_preformatted", "elements": [says("gcloud run services describe")]},
            {"type": "rich_text_quote", "elements": [says("it worked yesterday", italic=True)]},
        ],
    },
    {
        "type": "image",
        "block_id": "picture",
        "image_url": "https://example.com/graph.png",
        "alt_text": "a graph of latencies",
        "title": plain("Latencies"),
    },
    {
        "type": "markdown",
        "block_id": "md",
        "text": "# For good\n\n1. require **whybot gate**\n2. see [docs](https://example.com)\n\n"
        "- [x] done\n- [ ] open\n\n> quoted\n\n```\nwhybot gate staging\n```\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
    },
    {
        "type": "actions",
        "block_id": "controls",
        "elements": [
            {
                "type": "button",
                "action_id": "roll_back",
                "style": "danger",
                "text": plain("Roll back"),
                "value": "41",
                "confirm": {
                    "title": plain("Roll back to 00041?"),
                    "text": mrkdwn("All traffic goes to *00041*."),
                    "confirm": plain("Roll back"),
                    "deny": plain("Keep 00042"),
                    "style": "danger",
                },
            },
            {
                "type": "button",
                "action_id": "open_docs",
                "text": plain("Docs"),
                "url": "https://example.com/docs",
            },
            {
                "type": "static_select",
                "action_id": "environment",
                "placeholder": plain("Environment"),
                "options": [option("staging", "staging"), option("production", "production")],
            },
            {"type": "users_select", "action_id": "owner", "placeholder": plain("Owner")},
            {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-23"},
        ],
    },
]

PLAN: Block = {
    "type": "plan",
    "block_id": "repair",
    "title": "Repair VPC access of backend",
    "tasks": [
        {
            "task_id": "t1",
            "title": "New revision at 0 %",
            "status": "complete",
            "details": rich(says("backend-00043 is ready")),
        },
        {
            "task_id": "t2",
            "title": "Redis, PostgreSQL and the backend checked through it",
            "status": "in_progress",
            "details": rich(says("2 of 3 checked")),
            "output": rich(says("redis answered in 3 ms")),
            "sources": [{"type": "url", "url": "https://example.com/log", "text": "log"}],
        },
        {"task_id": "t3", "title": "Traffic", "status": "pending"},
        {
            "task_id": "t4",
            "title": "Undo",
            "status": "error",
            "details": rich(says("the world had moved")),
        },
    ],
}
TASK: Block = {
    "type": "task_card",
    "block_id": "alone",
    "task_id": "alone",
    "title": "Reading Cloud Logging",
    "status": "in_progress",
    "details": rich(says("240 requests since 01:52")),
}


def chart(kind: str) -> Block:
    """A chart with two series; a pie has segments instead."""
    if kind == "pie":
        body: Block = {
            "type": "pie",
            "segments": [{"label": "503", "value": 212}, {"label": "200", "value": 28}],
        }
    else:
        hours = ["01:50", "01:55", "02:00", "02:05"]
        series = {"postgres": [120, 480, 2400, 5187], "clickhouse": [101, 99, 120, 109]}
        body = {
            "type": kind,
            "series": [
                {
                    "name": name,
                    "data": [{"label": h, "value": v} for h, v in zip(hours, values, strict=True)],
                }
                for name, values in series.items()
            ],
            "axis_config": {"categories": hours, "x_label": "time", "y_label": "ms"},
        }
    return {"type": "data_visualization", "block_id": f"chart-{kind}", "title": f"As a {kind}", "chart": body}


MODAL: Block = {
    "type": "modal",
    "callback_id": "note",
    "title": plain("Plan a repair"),
    "submit": plain("Propose"),
    "close": plain("Not now"),
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": plain("Reason"),
            "hint": plain("One sentence"),
            "element": {"type": "plain_text_input", "action_id": "typed", "placeholder": plain("Why now?")},
        },
        {
            "type": "input",
            "block_id": "notes",
            "optional": True,
            "label": plain("Notes"),
            "element": {"type": "plain_text_input", "action_id": "typed", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "target",
            "label": plain("Service"),
            "element": {
                "type": "static_select",
                "action_id": "picked",
                "options": [option("backend", "backend"), option("auth", "auth")],
            },
        },
        {
            "type": "input",
            "block_id": "checks",
            "label": plain("Checks"),
            "element": {
                "type": "multi_static_select",
                "action_id": "picked",
                "options": [option("redis", "redis"), option("postgres", "postgres")],
            },
        },
        {
            "type": "input",
            "block_id": "risk",
            "label": plain("Risk"),
            "element": {
                "type": "radio_buttons",
                "action_id": "picked",
                "initial_option": option("low", "low"),
                "options": [option("low", "low"), option("high", "high")],
            },
        },
        {
            "type": "input",
            "block_id": "tell",
            "optional": True,
            "label": plain("Tell"),
            "element": {
                "type": "checkboxes",
                "action_id": "picked",
                "options": [option("on-call", "oncall"), option("channel", "channel")],
            },
        },
        {
            "type": "input",
            "block_id": "day",
            "label": plain("Day"),
            "element": {"type": "datepicker", "action_id": "picked", "initial_date": "2026-11-23"},
        },
        {
            "type": "input",
            "block_id": "owner",
            "label": plain("Owner"),
            "element": {"type": "users_select", "action_id": "picked", "initial_user": "UBOB"},
        },
    ],
}

ALERT: Block = {
    "type": "alert",
    "block_id": "notice",
    "level": "warning",
    "text": mrkdwn("Nothing changes before *someone else* approves."),
}
