// Links and mentions.

import { h } from "../dom.js";

const SAFE = /^(https?:\/\/|mailto:|tel:)/i; // never javascript:, data: and the like

/** A link that opens elsewhere; an address with another scheme stays plain text. */
export function link(address, children) {
  const label = children?.length ? children : [address];
  if (!SAFE.test(address)) return h("span", { title: address }, ...label);
  return h("a", { href: address, target: "_blank", rel: "noreferrer noopener" }, ...label);
}

/** @name of a person; highlighted if it is oneself. */
export function userMention(id, label, names) {
  const name = names.people.get(id)?.name ?? label ?? id;
  return h("span", { class: id === names.me ? "mention mention-me" : "mention", "data-user": id }, `@${name}`);
}

/** #name of a channel, which opens it. */
export function channelMention(id, label, names) {
  const name = names.channels.get(id)?.name ?? label ?? id;
  return names.channels.has(id)
    ? h("a", { class: "mention", href: "#", "data-open-channel": id }, `#${name}`)
    : h("span", { class: "mention" }, `#${name}`);
}

/** @handle of a user group. */
export function groupMention(id, label, names) {
  const group = names.usergroups.get(id);
  const mine = group?.users?.includes(names.me);
  return h(
    "span",
    { class: mine ? "mention mention-me" : "mention", title: group?.name ?? null },
    `@${group?.handle ?? label?.replace(/^@/, "") ?? id}`,
  );
}

/** @here, @channel, @everyone. */
export function broadcastMention(range) {
  return h("span", { class: "mention mention-me" }, `@${range}`);
}
