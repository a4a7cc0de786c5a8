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

  function openTarget() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    for (var box = target; box; box = box.parentElement) {
      if (box.tagName === "DETAILS") { box.open = true; }
    }
    target.scrollIntoView();
  }

  function followYears(slider) {
    var data = JSON.parse(document.getElementById("map-data").textContent);
    var paths = document.querySelectorAll("#map .units path"), circles = document.querySelectorAll("#map .zones circle");
    var said = document.getElementById("map-said");

    function show() {
      var place = Number(slider.value), year = document.createElement("b");
      data.units.forEach(function (unit, i) {
        var income = unit.income[place], zones = unit.zones[place] || 0;
        var shade = income === null ? 0 : 1 + data.breaks.filter(function (end) { return income >= end; }).length;
        paths[i].setAttribute("class", "m" + shade);
        paths[i].firstChild.textContent = unit.name + ": " + (income === null ? "no figure" : income + "% of the nation’s income") +
          ", " + zones + (zones === 1 ? " zone" : " zones");
        circles[i].setAttribute("r", (data.radius * Math.sqrt(zones)).toFixed(1));
        circles[i].setAttribute("class", unit.listed[place] ? "listed" : "");
      });
      year.textContent = data.years[place];
      said.textContent = " " + data.said[place];
      said.insertBefore(year, said.firstChild);
      slider.setAttribute("aria-valuetext", data.years[place]);
    }

    slider.parentElement.hidden = false;
    slider.addEventListener("input", show);
    show();
  }

  Array.prototype.forEach.call(document.querySelectorAll("table.result"), makeSortable);
  var slider = document.getElementById("year");
  if (slider) { followYears(slider); }
  window.addEventListener("hashchange", openTarget);
  openTarget();
  if (document.body.className !== "story") { return; }
  window.addEventListener("beforeprint", function () {
    Array.prototype.forEach.call(document.querySelectorAll("details"), function (box) { box.open = true; });
  });
})();
