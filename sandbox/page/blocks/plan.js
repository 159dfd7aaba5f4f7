// A plan: tasks step by step. https://docs.slack.dev/reference/block-kit/blocks/plan-block

import { h } from "../dom.js";
import { statusIcon } from "../icons.js";
import { withEmoji } from "../text/emoji.js";
import { words } from "../text/object.js";
import { taskCard } from "./task-card.js";

/** The title with how far the plan is, and its tasks. */
export function plan(block, context) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((task) => task.status === "complete" || task.status === "error").length;
  const fold = `${context.key}/plan/${block.block_id}`;
  const details = h(
    "details",
    { class: "block-plan", open: context.folds.get(fold) ?? true },
    h(
      "summary",
      { class: "plan-title", "data-fold": fold, onclick: () => context.folds.set(fold, !details.open) },
      statusIcon(overall(tasks), "plan"),
      h("span", {}, ...withEmoji(words(block.title))),
      h("span", { class: "plan-count" }, `${done} of ${tasks.length}`),
    ),
    h("ol", { class: "plan-tasks" }, ...tasks.map((task) => h("li", {}, taskCard(task, context)))),
  );
  return details;
}

function overall(tasks) {
  const has = (status) => tasks.some((task) => task.status === status);
  if (has("in_progress")) return "in_progress";
  if (has("error")) return "error";
  return tasks.length > 0 && tasks.every((task) => task.status === "complete") ? "complete" : "pending";
}
