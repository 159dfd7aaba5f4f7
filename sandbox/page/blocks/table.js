// A table. https://docs.slack.dev/reference/block-kit/blocks/table-block

import { h } from "../dom.js";
import { withEmoji } from "../text/emoji.js";
import { richTextNodes } from "./rich-text.js";

/** Rows of raw_text, raw_number and rich_text cells; the first row is the heading, as Slack draws it. */
export function table(block, context) {
  const [head, ...body] = block.rows ?? [];
  const settings = block.column_settings ?? [];
  const row = (cells, tag) =>
    h(
      "tr",
      {},
      ...(cells ?? []).map((cell, column) =>
        h(
          tag,
          {
            class: columnClass(cell, settings[column]),
            scope: tag === "th" ? "col" : null,
          },
          ...cellNodes(cell, context),
        ),
      ),
    );
  return h(
    "div",
    { class: "table-scroll", role: "region", "aria-label": "Table", tabindex: "0" },
    h(
      "table",
      { class: "grid" },
      h("thead", {}, row(head, "th")),
      h("tbody", {}, ...body.map((cells) => row(cells, "td"))),
    ),
  );
}

function columnClass(cell, setting) {
  const align = ["center", "right"].includes(setting?.align) ? setting.align : "left";
  return [`align-${align}`, setting?.is_wrapped ? "wrapped" : "", cell.type === "raw_number" ? "number" : ""]
    .join(" ")
    .trim();
}

function cellNodes(cell, context) {
  if (cell.type === "rich_text") return richTextNodes(cell, context);
  if (cell.type === "raw_number") return [cell.text ?? Number(cell.value ?? cell.number).toLocaleString("en-US")];
  return withEmoji(cell.text ?? "");
}
