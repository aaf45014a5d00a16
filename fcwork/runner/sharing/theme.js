
"use strict";
(() => {
  const root = document.documentElement, tools = document.querySelector(".tools");
  const theme = tools.querySelector("[data-tool=theme]");
  if (!(window.CSS && CSS.supports("color", "light-dark(#000, #fff)"))) return theme.remove();
  const recall = value => {
    try {
      if (value) localStorage.setItem("fcwork-theme", value);
      return localStorage.getItem("fcwork-theme");
    } catch { return null; }
  };
  const kept = recall();
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  const is = () => root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const told = () => { theme.textContent = is() === "dark" ? "Light" : "Dark"; };
  theme.addEventListener("click", () => {
    root.dataset.theme = is() === "dark" ? "light" : "dark";
    recall(root.dataset.theme);
    told();
  });
  told();
  tools.hidden = false;
})();
