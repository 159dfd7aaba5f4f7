// What stateful elements share.

/** What was entered before, else `initial`; kept at once, so that a submit without a touch carries it. */
export function remembered(element, block, context, initial) {
  const kept = context.values.get(block.block_id, element.action_id);
  if (kept !== undefined) return kept;
  const value = { type: element.type, ...initial };
  context.values.set(block.block_id, element.action_id, value);
  return value;
}

/** Keeps a new value, and tells the bot where Slack would: everywhere but in an input block that does not dispatch. */
export async function changed(element, block, context, payload, node) {
  context.values.set(block.block_id, element.action_id, { type: element.type, ...payload });
  if (block.type === "input" && !block.dispatches) return;
  await context.press(element, block.block_id, payload, node);
}

/** Attributes that tie a control to the label, hint and error of its input block. */
export function ties(labelled, fallback) {
  return {
    "aria-labelledby": labelled.labelId ?? null,
    "aria-describedby": labelled.describedBy ?? null,
    "aria-label": labelled.labelId ? null : fallback || null,
  };
}
