(() => {
  const body = document.querySelector(".runs tbody"), heads = [...document.querySelectorAll(".runs th")];
  const value = (row, at) => row.cells[at].dataset.order;
  const isNumber = at => heads[at].classList.contains("n");
  heads.forEach((head, at) => head.querySelector("button").addEventListener("click", () => {
    const was = head.getAttribute("aria-sort");
    const up = was === "descending" || (was === "none" && !isNumber(at));
    for (const other of heads) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const order = (a, b) => isNumber(at) ? value(a, at) - value(b, at) : value(a, at).localeCompare(value(b, at));
    body.append(...[...body.rows].sort((a, b) => up ? order(a, b) : order(b, a)));
  }));
  const find = document.querySelector(".find"), field = find.querySelector("input");
  find.hidden = body.rows.length < 2;
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of body.rows) row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word));
  });
})();
