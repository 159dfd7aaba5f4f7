// Slack's mrkdwn as nodes. https://docs.slack.dev/messaging/formatting-message-text
// Every piece of text ends in a text node; what is not recognised is shown as it was written.

import { h } from "../dom.js";
import { slackDate } from "./dates.js";
import { emojiByName, withEmoji } from "./emoji.js";
import { broadcastMention, channelMention, groupMention, link, userMention } from "./links.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };
const BARE_ADDRESS = /^https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)\]}'"]/;
const WORD = /[\p{L}\p{N}]/u;

/** Slack escapes exactly these three. */
export function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** What a person typed, as Slack's clients send it. */
export function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Nodes for a whole mrkdwn text: code blocks, quotes, lines. `names` as from `directory`. */
export function mrkdwn(text, names) {
  return text.split(/(```[\s\S]+?```)/).flatMap((part) => {
    if (!part) return [];
    if (part.startsWith("```") && part.length > 6) {
      return [h("pre", { class: "code-block" }, ...code(part.slice(3, -3).replace(/^\n|\n$/g, ""), names))];
    }
    return paragraphs(part.replace(/^\n|\n$/g, ""), names);
  });
}

function paragraphs(text, names) {
  const groups = [];
  for (const row of text.split("\n")) {
    const quoted = /^(?:&gt;|>) ?/.exec(row);
    const content = quoted ? row.slice(quoted[0].length) : row;
    const last = groups.at(-1);
    if (last && last.quote === Boolean(quoted)) last.rows.push(content);
    else groups.push({ quote: Boolean(quoted), rows: [content] });
  }
  return groups.flatMap(({ quote, rows }) => {
    const nodes = rows.flatMap((row, index) => (index ? [h("br"), ...inline(row, names)] : inline(row, names)));
    return quote ? [h("blockquote", {}, ...nodes)] : nodes;
  });
}

/** Nodes for one line. */
export function inline(text, names) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(...withEmoji(unescape(plain)));
    plain = "";
  };
  for (let at = 0; at < text.length;) {
    const piece = special(text, at, names);
    if (piece) {
      flush();
      nodes.push(piece.node);
      at += piece.length;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return nodes;
}

/** The recognised piece that starts at `at`: {node, length}, or null. */
function special(text, at, names) {
  const letter = text[at];
  if (letter === "<") return angled(text, at, names);
  if (letter === "`") return inlineCode(text, at, names);
  if (letter === ":") return emoji(text, at);
  if (letter === "h") return bareAddress(text, at);
  return Object.hasOwn(STYLES, letter) ? styled(text, at, names) : null;
}

function angled(text, at, names) {
  const end = text.indexOf(">", at);
  const node = end > at + 1 ? reference(text.slice(at + 1, end), names) : null;
  return node && { node, length: end - at + 1 };
}

/** What stands between < and >: a mention, a date or a link; null if none of them. */
function reference(body, names) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? null : unescape(body.slice(bar + 1));
  if (/^@[UW]/.test(target)) return userMention(target.slice(1), label, names);
  if (/^#C/.test(target)) return channelMention(target.slice(1), label, names);
  if (target.startsWith("!")) return command(target.slice(1), label, names);
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(target)) return null;
  return link(
    unescape(target),
    label ? inline(body.slice(bar + 1), names) : [unescape(target).replace(/^mailto:/, "")],
  );
}

function command(body, label, names) {
  const [name, ...rest] = body.split("^");
  if (name === "date") {
    const date = slackDate(rest[0], unescape(rest[1] ?? "{date}"), label, names.tz);
    return rest[2] ? link(unescape(rest[2]), [date]) : date;
  }
  if (name === "subteam") return groupMention(rest[0], label, names);
  if (["here", "channel", "everyone"].includes(name)) return broadcastMention(name);
  return label ? document.createTextNode(label) : null;
}

function inlineCode(text, at, names) {
  const end = text.indexOf("`", at + 1);
  if (end < at + 2 || text.slice(at, end).includes("\n")) return null;
  return { node: h("code", {}, ...code(text.slice(at + 1, end), names)), length: end - at + 1 };
}

/** Code: references are still resolved, nothing else is. */
function code(text, names) {
  return text.split(/(<[^<>\n]+>)/).map((part) => {
    const node = /^<[^<>\n]+>$/.test(part) ? reference(part.slice(1, -1), names) : null;
    return node ?? document.createTextNode(unescape(part));
  });
}

function emoji(text, at) {
  const found = /^:([a-z0-9_+-]+):/.exec(text.slice(at, at + 60));
  const node = found && emojiByName(found[1]);
  return node && { node, length: found[0].length };
}

function bareAddress(text, at) {
  const found = !(at && WORD.test(text[at - 1])) && BARE_ADDRESS.exec(text.slice(at));
  return found ? { node: link(unescape(found[0])), length: found[0].length } : null;
}

function styled(text, at, names) {
  const mark = text[at];
  const before = text[at - 1];
  if ((before && (WORD.test(before) || before === mark)) || /^(\s|$)/.test(text.slice(at + 1, at + 2))) return null;
  const end = closing(text, at, mark);
  if (end < 0) return null;
  return { node: h(STYLES[mark], {}, ...inline(text.slice(at + 1, end), names)), length: end - at + 1 };
}

/** Where the style that opens at `at` ends; code and references inside are skipped over. */
function closing(text, at, mark) {
  for (let end = at + 1; end < text.length; end += 1) {
    const skipTo = text[end] === "`" ? text.indexOf("`", end + 1) : text[end] === "<" ? text.indexOf(">", end + 1) : -1;
    if (skipTo > 0) end = skipTo;
    else if (text[end] === mark && end > at + 1 && !/\s/.test(text[end - 1]) && !WORD.test(text[end + 1] ?? " "))
      return end;
  }
  return -1;
}
