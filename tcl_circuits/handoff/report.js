"use strict";
(function () {
  const table = document.getElementById("edges");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const count = document.getElementById("count");
  const box = document.getElementById("search");
  const key = (row, k) => row.cells[k].dataset.value ?? row.cells[k].textContent;

  function sort(k, head) {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const numeric = head.classList.contains("number");
    const order = (a, b) => numeric ? Number(key(a, k)) - Number(key(b, k))
      : key(a, k).localeCompare(key(b, k), "en", { numeric: true });
    rows.sort((a, b) => down ? order(b, a) : order(a, b));
    body.append(...rows);
  }
  Array.from(table.tHead.rows[0].cells).forEach((head, k) =>
    head.querySelector("button").addEventListener("click", () => sort(k, head)));

  function search() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    count.textContent = shown + " of " + rows.length + " edges";
  }
  box.addEventListener("input", search);
  document.getElementById("controls").hidden = false;
  search();

  function mark(event) {
    const from = event.target.closest("[data-edge]");
    for (const old of document.querySelectorAll(".marked")) old.classList.remove("marked");
    if (from) for (const same of document.querySelectorAll("[data-edge='" + from.dataset.edge + "']")) same.classList.add("marked");
  }
  document.addEventListener("pointerover", mark);
})();
