import { freshId, h } from "../dom.js";
import { confirmed } from "../confirm.js";
import { words } from "../text/object.js";
import { checklist } from "./choices.js";
import { changed, remembered, ties } from "./field.js";

/** A menu of options, in groups or not. */
export function staticSelect(element, block, context, labelled) {
  const groups = element.option_groups ?? [{ label: null, options: element.options ?? [] }];
  const options = groups.flatMap((group) => group.options);
  return menu(element, block, context, labelled, {
    initial: element.initial_option ?? null,
    field: "selected_option",
    idOf: (option) => option?.value,
    find: (id) => options.find((option) => option.value === id),
    entries: groups.map((group) => ({
      label: words(group.label),
      options: group.options.map((option) => [option.value, words(option.text)]),
    })),
  });
}

/** A menu of the workspace's people. */
export function usersSelect(element, block, context, labelled) {
  return idMenu(
    element,
    block,
    context,
    labelled,
    "selected_user",
    element.initial_user,
    people(context).map((user) => [user.id, `@${user.name}`]),
  );
}

/** A menu of the workspace's channels. */
export function channelsSelect(element, block, context, labelled) {
  const field = element.type === "channels_select" ? "selected_channel" : "selected_conversation";
  const channels = [...context.names.channels.values()].map((channel) => [channel.id, `#${channel.name}`]);
  return idMenu(
    element,
    block,
    context,
    labelled,
    field,
    element.initial_channel ?? element.initial_conversation,
    channels,
  );
}

/** Several options. */
export function multiStaticSelect(element, block, context, labelled) {
  const options = element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
  return checklist(element, block, context, labelled, {
    options,
    initial: element.initial_options ?? [],
    field: "selected_options",
    idOf: (option) => option.value,
    keep: (option) => option,
  });
}

/** Several people. */
export function multiUsersSelect(element, block, context, labelled) {
  const options = people(context).map((user) => ({ value: user.id, text: `@${user.name}`, description: user.role }));
  return checklist(element, block, context, labelled, {
    options,
    initial: element.initial_users ?? [],
    field: "selected_users",
    idOf: (option) => option.value,
    keep: (option) => option.value,
  });
}

function people(context) {
  return [...context.names.people.values()].filter((user) => !user.is_bot);
}

function idMenu(element, block, context, labelled, field, initial, options) {
  return menu(element, block, context, labelled, {
    initial: initial ?? null,
    field,
    idOf: (id) => id,
    find: (id) => id,
    entries: [{ label: "", options }],
  });
}

function menu(element, block, context, labelled, { initial, field, idOf, find, entries }) {
  const kept = remembered(element, block, context, { [field]: initial });
  const placeholder = words(element.placeholder) || "Choose";
  const at = idOf(kept[field]) ?? "";
  const option = ([value, text]) => h("option", { value, selected: value === at }, text);
  const node = h(
    "select",
    {
      id: freshId("field"),
      class: "select",
      "data-action-id": element.action_id,
      ...ties(labelled, placeholder),
      onchange: () => pick(),
    },
    h("option", { value: "", disabled: true, selected: at === "" }, placeholder),
    ...entries.flatMap((group) =>
      group.label ? [h("optgroup", { label: group.label }, ...group.options.map(option))] : group.options.map(option),
    ),
  );
  const pick = async () => {
    if (element.confirm && !(await confirmed(element.confirm, context.names))) {
      node.value = idOf(context.values.get(block.block_id, element.action_id)?.[field]) ?? "";
      return;
    }
    await changed(element, block, context, { [field]: find(node.value) }, node);
  };
  return node;
}
