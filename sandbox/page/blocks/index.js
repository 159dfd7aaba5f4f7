// One renderer per block type, in one table. A renderer takes (block, context) and answers a node.
//
// context: {names, surface: "message" | "modal" | "home", key, values, folds, press}
//   key     the message's ts or the view's id
//   values  what people entered: get(blockId, actionId), set(blockId, actionId, value)
//   folds   which details are open: get(key), set(key, open)
//   press   press(element, blockId, payload, node): sends an action to the bot

import { h } from "../dom.js";
import { actions } from "./actions.js";
import { alert } from "./alert.js";
import { context as contextBlock } from "./context.js";
import { dataVisualization } from "./data-visualization.js";
import { divider } from "./divider.js";
import { header } from "./header.js";
import { image } from "./image.js";
import { input } from "./input.js";
import { markdownBlock } from "./markdown.js";
import { plan } from "./plan.js";
import { richText } from "./rich-text.js";
import { section } from "./section.js";
import { table } from "./table.js";
import { taskCard } from "./task-card.js";

export const BLOCKS = {
  actions,
  alert,
  context: contextBlock,
  data_visualization: dataVisualization,
  divider,
  header,
  image,
  input,
  markdown: markdownBlock,
  plan,
  rich_text: richText,
  section,
  table,
  task_card: taskCard,
};

/** Nodes of a list of blocks. A type that this page does not know is named, with its JSON folded. */
export function renderBlocks(blocks, context) {
  return (blocks ?? []).map((block, index) => {
    const blockId = block.block_id ?? `b${index}`;
    const render = Object.hasOwn(BLOCKS, block.type) ? BLOCKS[block.type] : unknown;
    const node = render({ ...block, block_id: blockId }, context);
    node.dataset.block = block.type;
    node.dataset.blockId = blockId;
    node.classList.add("block");
    return node;
  });
}

function unknown(block) {
  return h(
    "details",
    { class: "block-unknown" },
    h("summary", {}, `The sandbox cannot draw a "${block.type}" block`),
    h("pre", { class: "code-block" }, JSON.stringify(block, null, 2)),
  );
}
