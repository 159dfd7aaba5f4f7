// Light and dark: the system's wish, unless a person chose.

const KEY = "whybot-theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** "light" or "dark", as shown now. */
export function shownTheme() {
  return document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
}

/** Applies what was chosen earlier; without a choice the style sheet follows the system. */
export function restoreTheme() {
  const chosen = window.localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}

/** The other theme, kept for the next visit. Answers its name. */
export function toggleTheme() {
  const next = shownTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  window.localStorage.setItem(KEY, next);
  return next;
}
