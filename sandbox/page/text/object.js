// Text objects of Block Kit: {type: "plain_text" | "mrkdwn", text}.

import { mrkdwn } from "./mrkdwn.js";
import { plainText } from "./emoji.js";

/** Nodes of a text object; a missing one has none. */
export function textNodes(object, names) {
  if (!object) return [];
  if (typeof object === "string") return plainText(object);
  return object.type === "mrkdwn" ? mrkdwn(object.text ?? "", names) : plainText(object.text ?? "");
}

/** The bare words of a text object, for labels and options. */
export function words(object) {
  return typeof object === "string" ? object : (object?.text ?? "");
}
