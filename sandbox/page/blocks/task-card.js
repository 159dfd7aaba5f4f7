// One task of a plan, or alone. https://docs.slack.dev/reference/block-kit/blocks/task-card-block

import { h } from "../dom.js";
import { statusIcon } from "../icons.js";
import { withEmoji } from "../text/emoji.js";
import { link } from "../text/links.js";
import { words } from "../text/object.js";
import { richTextNodes } from "./rich-text.js";

const SAID = { pending: "pending", in_progress: "in progress", complete: "complete", error: "error" };

/** Status, title; details, output and sources fold away. */
export function taskCard(task, context) {
  const status = Object.hasOwn(SAID, task.status) ? task.status : "pending";
  const title = [statusIcon(status, SAID[status]), h("span", { class: "task-title" }, ...withEmoji(words(task.title)))];
  const body = taskBody(task, context);
  if (body.length === 0)
    return h(
      "div",
      { class: `task task-${status}`, "data-task-id": task.task_id },
      h("div", { class: "task-line" }, ...title),
    );
  const fold = `${context.key}/${task.task_id}`;
  const details = h(
    "details",
    { class: `task task-${status}`, "data-task-id": task.task_id, open: context.folds.get(fold) ?? status === "error" },
    h(
      "summary",
      { class: "task-line", "data-fold": fold, onclick: () => context.folds.set(fold, !details.open) },
      ...title,
    ),
    h("div", { class: "task-body" }, ...body),
  );
  return details;
}

function taskBody(task, context) {
  const details = richTextNodes(task.details, context);
  const output = richTextNodes(task.output, context);
  const sources = task.sources ?? [];
  return [
    details.length ? h("div", { class: "task-details" }, ...details) : null,
    output.length ? h("div", { class: "task-output" }, ...output) : null,
    sources.length
      ? h(
          "ul",
          { class: "task-sources", "aria-label": "Sources" },
          ...sources.map((source) =>
            h("li", {}, link(source.url ?? "", withEmoji(words(source.text) || source.url || ""))),
          ),
        )
      : null,
  ].filter(Boolean);
}
