import { h } from "../dom.js";
import { textNodes, words } from "../text/object.js";

/** An image with its title. */
export function image(block, { names }) {
  return h("figure", { class: "block-image" },
    block.title ? h("figcaption", {}, ...textNodes(block.title, names)) : null,
    picture(block, "image"));
}

/**
 * The image itself. The page's policy lets it load from this server only; for any other address the
 * alternative text stands in its place.
 */
export function picture(element, className) {
  const alt = words(element.alt_text);
  const img = h("img", { class: className, alt, src: element.image_url ?? element.slack_file?.url ?? "", loading: "lazy" });
  img.addEventListener("error", () => img.replaceWith(h("span", { class: `${className} missing-image`, role: "img", "aria-label": alt }, alt || "image")));
  return img;
}
