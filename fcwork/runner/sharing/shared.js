(() => {
  const root = document.documentElement, tools = document.querySelector(".tools");
  const code = tools.querySelector("[data-tool=code]"), folded = [...document.querySelectorAll("details.code")];
  if (code && folded.length) {
    code.addEventListener("click", () => {
      const open = code.getAttribute("aria-pressed") !== "true";
      code.setAttribute("aria-pressed", open);
      code.textContent = open ? "Hide code" : "Show code";
      root.classList.toggle("with-code", open);
      for (const one of folded) one.open = open;
    });
    tools.hidden = false;
  } else if (code) code.remove();

  const links = new Map([...document.querySelectorAll(".contents a")].map(a => [a.hash.slice(1), a]));
  if (links.size && window.IntersectionObserver) {
    const seen = new IntersectionObserver(entries => {
      for (const entry of entries) if (entry.isIntersecting) {
        for (const a of links.values()) a.removeAttribute("aria-current");
        links.get(entry.target.id).setAttribute("aria-current", "true");
      }
    }, { rootMargin: "0px 0px -75% 0px" });
    for (const id of links.keys()) seen.observe(document.getElementById(id));
  }
})();
