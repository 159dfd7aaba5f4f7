// The `markdown` block: standard Markdown, the part of it that Slack draws.
// https://docs.slack.dev/reference/block-kit/blocks/markdown-block

import { h } from "../dom.js";
import { emojiByName, withEmoji } from "./emoji.js";
import { link } from "./links.js";

const FENCE = /^```/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** Nodes for a Markdown text. */
export function markdown(text) {
  const rows = text.replaceAll("\r\n", "\n").split("\n");
  const nodes = [];
  for (let at = 0; at < rows.length;) {
    const [node, used] = block(rows, at);
    if (node) nodes.push(node);
    at += used;
  }
  return nodes;
}

/** The block that starts at row `at`: [node or null, rows used]. */
function block(rows, at) {
  const row = rows[at];
  if (!row.trim()) return [null, 1];
  if (FENCE.test(row)) return fence(rows, at);
  if (RULE.test(row)) return [h("hr"), 1];
  const heading = HEADING.exec(row);
  if (heading)
    return [
      h(`h${Math.min(6, heading[1].length + 2)}`, { class: `md-h${heading[1].length}` }, ...spans(heading[2])),
      1,
    ];
  if (/^\s*>/.test(row)) return quote(rows, at);
  if (ITEM.test(row)) return list(rows, at);
  if (row.includes("|") && TABLE_RULE.test(rows[at + 1] ?? "")) return table(rows, at);
  return paragraph(rows, at);
}

function run(rows, at, holds) {
  let end = at;
  while (end < rows.length && holds(rows[end])) end += 1;
  return rows.slice(at, end);
}

function fence(rows, at) {
  const body = run(rows, at + 1, (row) => !FENCE.test(row));
  return [h("pre", { class: "code-block" }, body.join("\n")), body.length + 2];
}

function quote(rows, at) {
  const body = run(rows, at, (row) => /^\s*>/.test(row));
  return [h("blockquote", {}, ...markdown(body.map((row) => row.replace(/^\s*> ?/, "")).join("\n"))), body.length];
}

function list(rows, at) {
  const body = run(rows, at, (row) => ITEM.test(row));
  const depth = ITEM.exec(body[0])[1].length;
  const ordered = /^\d/.test(ITEM.exec(body[0])[2]);
  const items = [];
  for (let index = 0; index < body.length; index += 1) {
    const [, indent, , text] = ITEM.exec(body[index]);
    if (indent.length > depth && items.length) {
      const [nested, used] = list(
        run(body, index, (row) => ITEM.exec(row)[1].length > depth),
        0,
      );
      items.at(-1).append(nested);
      index += used - 1;
    } else items.push(h("li", {}, ...task(text)));
  }
  return [h(ordered ? "ol" : "ul", {}, ...items), body.length];
}

function task(text) {
  const box = /^\[([ xX])\]\s+(.*)$/.exec(text);
  if (!box) return spans(text);
  return [
    h("input", {
      type: "checkbox",
      disabled: true,
      checked: box[1] !== " ",
      "aria-label": box[1] === " " ? "open" : "done",
    }),
    " ",
    ...spans(box[2]),
  ];
}

function cells(row) {
  return row
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}

function table(rows, at) {
  const body = run(rows, at + 2, (row) => row.includes("|"));
  const head = h("tr", {}, ...cells(rows[at]).map((cell) => h("th", { scope: "col" }, ...spans(cell))));
  const lines = body.map((row) => h("tr", {}, ...cells(row).map((cell) => h("td", {}, ...spans(cell)))));
  return [
    h(
      "div",
      { class: "table-scroll", tabindex: "0" },
      h("table", { class: "grid" }, h("thead", {}, head), h("tbody", {}, ...lines)),
    ),
    body.length + 2,
  ];
}

function paragraph(rows, at) {
  const starts = (row) =>
    !row.trim() || FENCE.test(row) || HEADING.test(row) || RULE.test(row) || ITEM.test(row) || /^\s*>/.test(row);
  const body = [rows[at], ...run(rows, at + 1, (row) => !starts(row))];
  return [h("p", {}, ...body.flatMap((row, index) => (index ? [h("br"), ...spans(row)] : spans(row)))), body.length];
}

const SPANS = [
  [/^`([^`]+)`/, (found) => h("code", {}, found[1])],
  [/^\[([^\]]+)\]\(([^()\s]+)\)/, (found) => link(found[2], spans(found[1]))],
  [/^\*\*(?=\S)(.+?)\*\*/, (found) => h("strong", {}, ...spans(found[1]))],
  [/^__(?=\S)(.+?)__/, (found) => h("strong", {}, ...spans(found[1]))],
  [/^~~(?=\S)(.+?)~~/, (found) => h("s", {}, ...spans(found[1]))],
  [/^\*(?=[^\s*])(.+?)\*(?!\*)/, (found) => h("em", {}, ...spans(found[1]))],
  [/^_(?=[^\s_])(.+?)_(?![\p{L}\p{N}])/u, (found) => h("em", {}, ...spans(found[1]))],
  [/^https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)\]}'"]/, (found) => link(found[0])],
  [/^:([a-z0-9_+-]+):/, (found) => emojiByName(found[1])],
  [/^\\([\\`*_{}[\]()#+\-.!~|>])/, (found) => document.createTextNode(found[1])],
];

function spans(text) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const [node, length] = span(text.slice(at), text[at - 1]);
    if (node) {
      nodes.push(...withEmoji(plain), node);
      plain = "";
    } else plain += text.slice(at, at + length);
    at += length;
  }
  return [...nodes, ...withEmoji(plain)];
}

function span(rest, before) {
  if (!/[`[*_~h:\\]/.test(rest[0]) || (rest[0] === "_" && /[\p{L}\p{N}]/u.test(before ?? ""))) return [null, 1];
  for (const [pattern, build] of SPANS) {
    const found = pattern.exec(rest);
    const node = found && build(found);
    if (node) return [node, found[0].length];
  }
  return [null, 1];
}
