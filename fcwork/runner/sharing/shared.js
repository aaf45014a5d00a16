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

  const links = [...document.querySelectorAll(".contents a")];
  const places = links.map(a => document.getElementById(a.hash.slice(1)));
  let waits = false;
  const follow = () => {
    waits = false;
    const at = places.findLastIndex(place => place.getBoundingClientRect().top < innerHeight / 4);
    links.forEach((a, index) => index === at ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current"));
  };
  if (links.length && places.findLastIndex) {
    addEventListener("scroll", () => { if (!waits) waits = requestAnimationFrame(follow); }, { passive: true });
    follow();
  }
})();
