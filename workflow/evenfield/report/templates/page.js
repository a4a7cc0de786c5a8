"use strict";
(function () {
  var live = document.querySelector(".live[aria-live]");

  function bundles(body) {
    // A row whose heading is blank belongs to the row above it.
    var out = [];
    Array.prototype.forEach.call(body.rows, function (row) {
      if (row.classList.contains("group")) { return; }
      var head = row.cells[0];
      if (out.length && head && head.textContent.trim() === "") { out[out.length - 1].push(row); } else { out.push([row]); }
    });
    return out;
  }

  function key(bundle, column) {
    var cell = bundle[0].cells[column];
    if (!cell) { return ""; }
    var value = cell.getAttribute("data-value");
    return (value === null ? cell.textContent : value).trim();
  }

  function compare(a, b, numeric) {
    if (numeric) { return parseFloat(a) - parseFloat(b); }
    return a.localeCompare(b, "en", { numeric: true, sensitivity: "base" });
  }

  function sortBody(body, column, sign) {
    var rows = bundles(body).map(function (bundle, place) {
      return { rows: bundle, key: key(bundle, column), place: place };
    });
    var filled = rows.filter(function (row) { return row.key !== ""; });
    var numeric = filled.every(function (row) { return row.key !== "" && isFinite(row.key); });
    rows.sort(function (a, b) {
      if ((a.key === "") !== (b.key === "")) { return a.key === "" ? 1 : -1; }
      return (a.key === "" ? 0 : sign * compare(a.key, b.key, numeric)) || a.place - b.place;
    });
    rows.forEach(function (row) { row.rows.forEach(function (line) { body.appendChild(line); }); });
  }

  function makeSortable(table) {
    if (!table.tHead || table.tHead.rows.length !== 1) { return; }
    var heads = table.tHead.rows[0].cells;
    Array.prototype.forEach.call(heads, function (head, column) {
      if (head.colSpan > 1) { return; }
      var button = document.createElement("button");
      button.type = "button";
      button.title = "Sort by this column";
      while (head.firstChild) { button.appendChild(head.firstChild); }
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        Array.prototype.forEach.call(heads, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        Array.prototype.forEach.call(table.tBodies, function (body) { sortBody(body, column, down ? -1 : 1); });
        live.textContent = "Sorted by " + button.textContent.trim() + (down ? ", descending" : ", ascending");
      });
    });
  }

  function followReading(links) {
    var shown = {};
    var watch = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) { shown[entry.target.id] = entry.isIntersecting; });
      var current = links.filter(function (link) { return shown[link.hash.slice(1)]; })[0];
      if (!current) { return; }
      links.forEach(function (link) { link.removeAttribute("aria-current"); });
      current.setAttribute("aria-current", "true");
    }, { rootMargin: "-8% 0px -70% 0px" });
    links.forEach(function (link) {
      var target = document.getElementById(link.hash.slice(1));
      if (target) { watch.observe(target); }
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll("table.result"), makeSortable);
  if ("IntersectionObserver" in window) {
    followReading(Array.prototype.slice.call(document.querySelectorAll("nav.toc a")));
  }
  window.addEventListener("beforeprint", function () {
    Array.prototype.forEach.call(document.querySelectorAll("details"), function (box) { box.open = true; });
  });
})();
