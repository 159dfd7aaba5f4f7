// Rich text. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block

import { h } from "../dom.js";
import { slackDate } from "../text/dates.js";
import { emojiByName, emojiNode, withEmoji } from "../text/emoji.js";
import { broadcastMention, channelMention, groupMention, link, userMention } from "../text/links.js";

/** A rich_text block. */
export function richText(block, context) {
  return h("div", { class: "block-rich-text" }, ...richTextNodes(block, context));
}

/** The parts of a rich_text block, for task cards and table cells as well. */
export function richTextNodes(block, { names }) {
  return (block?.elements ?? []).flatMap((part) =>
    Object.hasOwn(PARTS, part.type) ? PARTS[part.type](part, names) : [],
  );
}

const PARTS = {
  rich_text_section: (part, names) => h("div", { class: "rt-section" }, ...leaves(part, names)),
  rich_text_preformatted: (part, names) => h("pre", { class: "code-block" }, ...leaves(part, names)),
  rich_text_quote: (part, names) => h("blockquote", {}, ...leaves(part, names)),
  rich_text_list: (part, names) => {
    const list = h(part.style === "ordered" ? "ol" : "ul", {
      class: `rt-list indent-${Math.min(part.indent ?? 0, 8)}`,
      start: part.offset ? part.offset + 1 : null,
    });
    list.append(...(part.elements ?? []).map((item) => h("li", {}, ...leaves(item, names))));
    return list;
  },
};

function leaves(part, names) {
  return (part.elements ?? []).flatMap((leaf) => {
    const nodes = Object.hasOwn(LEAVES, leaf.type) ? LEAVES[leaf.type](leaf, names) : [];
    return dressed([nodes].flat(), leaf.style);
  });
}

const LEAVES = {
  text: (leaf) => lines(leaf.text ?? ""),
  link: (leaf) => link(leaf.url ?? "", withEmoji(leaf.text || leaf.url || "")),
  emoji: (leaf) => emojiByName(leaf.name) ?? fromCodepoints(leaf),
  user: (leaf, names) => userMention(leaf.user_id, null, names),
  channel: (leaf, names) => channelMention(leaf.channel_id, null, names),
  usergroup: (leaf, names) => groupMention(leaf.usergroup_id, null, names),
  broadcast: (leaf) => broadcastMention(leaf.range),
  date: (leaf, names) => {
    const date = slackDate(leaf.timestamp, leaf.format ?? "{date}", leaf.fallback, leaf.timezone ?? names.tz);
    return leaf.url ? link(leaf.url, [date]) : date;
  },
  color: (leaf) => h("code", {}, leaf.value ?? ""),
};

function lines(text) {
  return text.split("\n").flatMap((row, index) => (index ? [h("br"), ...withEmoji(row)] : withEmoji(row)));
}

function fromCodepoints(leaf) {
  const points = (leaf.unicode ?? "").split("-").map((point) => Number.parseInt(point, 16));
  if (!leaf.unicode || points.some((point) => !(point > 0 && point <= 0x10ffff)))
    return document.createTextNode(`:${leaf.name}:`);
  return emojiNode(String.fromCodePoint(...points));
}

const TAGS = [
  ["code", "code"],
  ["bold", "strong"],
  ["italic", "em"],
  ["strike", "s"],
  ["underline", "u"],
  ["highlight", "mark"],
];

function dressed(nodes, style) {
  return TAGS.reduce((inner, [name, tag]) => (style?.[name] ? [h(tag, {}, ...inner)] : inner), nodes);
}
