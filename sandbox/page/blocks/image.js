import { h } from "../dom.js";
import { textNodes, words } from "../text/object.js";

/** An image with its title. */
export function image(block, { names }) {
  return h(
    "figure",
    { class: "block-image" },
    block.title ? h("figcaption", {}, ...textNodes(block.title, names)) : null,
    picture(block, "image"),
  );
}

/** The image itself. It is loaded from this server only; for any other address its alternative text stands there. */
export function picture(element, className) {
  const alt = words(element.alt_text);
  const file = element.slack_file;
  const address = element.image_url ?? file?.url ?? (file?.id ? `/files/${encodeURIComponent(file.id)}` : "");
  const instead = () =>
    h(
      "span",
      { class: `${className} missing-image`, role: "img", "aria-label": alt || "image", title: address },
      alt || "image",
    );
  if (!isOwn(address)) return instead();
  const img = h("img", { class: className, alt, src: address, loading: "lazy" });
  img.addEventListener("error", () => img.replaceWith(instead()));
  return img;
}

function isOwn(address) {
  return (
    URL.canParse(address, window.location.href) &&
    new URL(address, window.location.href).origin === window.location.origin
  );
}
