"use strict";
(function () {
  var live = document.querySelector(".live[aria-live]"), map = document.getElementById("map"), onMap = null;

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
    if (chooseUnit()) { return; }
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    if (target.className === "statement") { target.querySelector("details").open = true; }
    for (var box = target; box; box = box.parentElement) {
      if (box.tagName === "DETAILS") { box.open = true; }
    }
    target.scrollIntoView();
  }

  function liveMap(map) {
    var data = JSON.parse(document.getElementById(map.id + "-data").textContent), shape = map.querySelector("svg.land");
    var paths = map.querySelectorAll(".units path"), circles = Array.prototype.slice.call(map.querySelectorAll(".zones circle"));
    var said = map.querySelector("output"), about = map.querySelector(".about");
    var slider = map.querySelector("input[type=range]"), find = map.querySelector("input[type=search]");
    var keys = map.querySelectorAll(".keys.layer"), chosen = -1, pointed = -1, layer = 0;

    // Only units that have zones at some time have a circle.
    data.units.forEach(function (unit) { if (unit.zones) { unit.circle = circles.shift(); } });

    function place() { return slider ? Number(slider.value) : Math.max(0, data.years.length - 1); }

    function key(unit, number) {
      // One digit for all years, or one a year; 0 where there is no figure.
      var digits = unit.codes[number];
      return data.layers[number].keys[Number(digits[Math.min(place(), digits.length - 1)]) - 1];
    }

    function onLists(unit) {
      // The row of the table of names says which lists, and what is named there.
      var row = unit.anchor && document.getElementById(unit.anchor), said;
      if (!row) { return unit.name + ": on none of the lists"; }
      said = Array.prototype.slice.call(row.cells, -3).map(function (cell) { return cell.textContent; });
      return unit.name + ": " + said[0] + (said[2] ? ". " + said[2] : "");
    }

    function words(unit) {
      if (data.lists) { return onLists(unit); }
      var income = unit.income[place()], zones = unit.zones && (unit.zones[place()] || 0);
      var parts = [income === null ? "no figure of " + data.what : income + "% of the average " + data.what];
      data.layers.forEach(function (one, number) {
        var own = key(unit, number);
        // Income is said already.
        if (own && one.name.indexOf("% of the average") < 0) { parts.push((one.name === "Club" ? "" : one.name.toLowerCase() + ": ") + own[1]); }
      });
      if (unit.zones) { parts.push(zones + (zones === 1 ? " zone" : " zones")); }
      return unit.name + ", " + data.years[place()] + ": " + parts.join("; ");
    }

    function tell(i) { about.textContent = i < 0 ? "" : words(data.units[i]); }

    function show() {
      var year = document.createElement("b");
      data.units.forEach(function (unit, i) {
        var own = key(unit, layer);
        paths[i].setAttribute("class", (own ? own[0] : "m0") + (i === chosen || i === pointed ? " chosen" : ""));
        if (data.lists) { paths[i].setAttribute("d", paths[i].getAttribute("d").match(/^M[^m]*/)[0] + data.marks[own[0]]); }
        paths[i].firstChild.textContent = words(unit);
        if (unit.zones) {
          unit.circle.setAttribute("r", (data.radius * Math.sqrt(unit.zones[place()] || 0)).toFixed(1));
          unit.circle.setAttribute("class", unit.listed[place()] ? "listed" : "");
        }
      });
      Array.prototype.forEach.call(keys, function (list, number) { list.hidden = number !== layer; });
      if (said) {
        year.textContent = data.years[place()];
        said.textContent = data.said.length ? " " + data.said[place()] : "";
        said.insertBefore(year, said.firstChild);
      }
      if (slider) { slider.setAttribute("aria-valuetext", data.years[place()]); }
      tell(pointed < 0 ? chosen : pointed);
    }

    function choose(i) {
      if (!data.lists) { goTo(data.units[i].anchor); return; }
      chosen = i;
      show();
    }

    function middle(path) {
      var box = path.getBBox();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    }

    function next(from, right, down) {
      // The nearest unit that lies in a direction, what lies aside counted twice.
      var start = middle(paths[from]), best = from, least = Infinity;
      Array.prototype.forEach.call(paths, function (path, i) {
        var end = middle(path), x = end.x - start.x, y = end.y - start.y;
        var ahead = x * right + y * down, far = ahead + 2 * Math.abs(x * down - y * right);
        if (ahead > 0 && far < least) { least = far; best = i; }
      });
      return best;
    }

    function step(event) {
      var to = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (event.key === "Enter" && pointed >= 0) { choose(pointed); }
      if (!to) { return; }
      event.preventDefault();
      pointed = next(pointed, to[0], to[1]);
      show();
    }

    function index(target) { return Array.prototype.indexOf.call(paths, target.closest("path")); }

    map.querySelector(".controls").hidden = false;
    // One stop of the Tab key; arrows lead from unit to unit.
    shape.tabIndex = 0;
    shape.addEventListener("focus", function () { pointed = chosen < 0 ? paths.length - 1 : chosen; show(); });
    shape.addEventListener("blur", function () { pointed = -1; show(); });
    shape.addEventListener("keydown", step);
    data.units.map(function (unit) { return unit.name; }).sort().forEach(function (name) {
      var option = document.createElement("option");
      option.value = name;
      document.getElementById(map.id + "-names").appendChild(option);
    });
    if (slider) { slider.addEventListener("input", show); }
    map.addEventListener("change", function (event) {
      if (event.target.closest(".layers")) { layer = Number(event.target.value); show(); }
    });
    find.addEventListener("input", function () {
      var found = data.units.findIndex(function (unit) { return unit.name === find.value; });
      if (found >= 0) { choose(found); } else { chosen = -1; show(); }
    });
    map.querySelector(".units").addEventListener("click", function (event) {
      var i = index(event.target);
      if (i >= 0) { choose(i); }
    });
    map.querySelector(".units").addEventListener("mouseover", function (event) { tell(index(event.target)); });
    map.querySelector(".units").addEventListener("mouseout", function () { tell(pointed < 0 ? chosen : pointed); });
    show();
    return function (anchor) {
      chosen = data.units.findIndex(function (unit) { return unit.anchor === anchor; });
      show();
      return chosen < 0 ? null : { years: data.years, path: data.units[chosen].income };
    };
  }

  function goTo(anchor) {
    // No jump: who clicks on the map stays at the map.
    history.replaceState(null, "", "#" + anchor);
    chooseUnit(true);
  }

  function ownPath(row) {
    var years = row.closest("table").dataset.years.split(",").map(Number);
    return { years: years, path: row.dataset.path.split(",").map(function (text) { return text === "" ? null : Number(text); }) };
  }

  function drawPath(name, own) {
    var space = "http://www.w3.org/2000/svg", svg = document.createElementNS(space, "svg");
    var points = own.years.map(function (year, i) { return [year, own.path[i]]; }).filter(function (point) { return point[1] !== null; });
    var values = points.map(function (point) { return point[1]; }).concat(100);
    var low = Math.min.apply(null, values), high = Math.max.apply(null, values);
    var first = points[0], last = points[points.length - 1];

    function x(year) { return 4 + 222 * (year - first[0]) / ((last[0] - first[0]) || 1); }
    function y(value) { return 82 - 66 * (value - low) / ((high - low) || 1); }
    function add(tag, attributes, text) {
      var node = svg.appendChild(document.createElementNS(space, tag));
      Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
      node.textContent = text || "";
    }

    svg.setAttribute("viewBox", "0 0 270 104");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", "Path of " + name + ", in percent of the average: " + first[1] + " in " + first[0] + ", " + last[1] + " in " + last[0]);
    add("line", { "class": "average", x1: 4, x2: 226, y1: y(100), y2: y(100) });
    add("polyline", { "class": "path", points: points.map(function (point) { return x(point[0]).toFixed(1) + "," + y(point[1]).toFixed(1); }).join(" ") });
    add("text", { x: 4, y: 100 }, String(first[0]));
    add("text", { x: 226, y: 100, "text-anchor": "end" }, String(last[0]));
    // Beside the path, not on it.
    add("text", { x: 4, y: y(first[1]) + (points.length > 1 && points[1][1] > first[1] ? 13 : -5) }, first[1] + "%");
    add("text", { x: 231, y: y(last[1]) + 4 }, last[1] + "%");
    if (Math.abs(y(100) - y(last[1])) > 12) { add("text", { x: 231, y: y(100) + 4 }, "100%"); }
    return svg;
  }

  function chooseUnit(stay) {
    // The unit that the address names: its row, its place on the map, its path.
    var anchor = location.hash.slice(1), card = document.getElementById("unit-card"), table = document.getElementById("units");
    var row = anchor.indexOf("unit=") === 0 && table && document.getElementById(anchor), own, head, list;
    if (table) { Array.prototype.forEach.call(table.querySelectorAll("tr.chosen"), function (other) { other.classList.remove("chosen"); }); }
    own = onMap ? onMap(anchor) : null;
    if (!card) { return Boolean(row); }
    card.hidden = !row;
    if (!row) { return false; }
    row.classList.add("chosen");
    if (!own && row.dataset.path) { own = ownPath(row); }
    head = document.createElement("b");
    head.textContent = row.cells[0].textContent;
    list = document.createElement("dl");
    Array.prototype.slice.call(row.cells, 1).forEach(function (cell, i) {
      if (!cell.textContent) { return; }
      list.appendChild(document.createElement("dt")).textContent = table.tHead.rows[0].cells[i + 1].textContent;
      list.appendChild(document.createElement("dd")).textContent = cell.textContent + (i < 2 ? " " + table.dataset.unit : "");
    });
    card.replaceChildren(head);
    if (own && own.path.some(function (value) { return value !== null; })) {
      card.append(" ", table.dataset.what + ", % of the average", drawPath(head.textContent, own));
    }
    card.append(list);
    if (stay) { return true; }
    if (map && map.offsetHeight < window.innerHeight) { map.scrollIntoView(); } else { card.scrollIntoView({ block: "center" }); }
    return true;
  }

  function explainCells(store) {
    // Each cell that prints an estimate becomes a button that opens its evidence.
    var data = JSON.parse(store.textContent), box = document.createElement("div");
    if (!box.showPopover) { return; }
    box.popover = "auto";
    box.className = "why";
    box.tabIndex = -1;
    box.setAttribute("role", "dialog");
    document.getElementById("main").appendChild(box);

    function add(parent, tag, text) {
      parent.appendChild(document.createElement(tag)).textContent = text;
      return parent.lastChild;
    }

    function open(button) {
      var id = button.parentElement.dataset.estimate, words = data.rows[id];
      var head = document.createElement("p"), list = document.createElement("dl"), close, more;
      box.setAttribute("aria-label", "Evidence of " + button.textContent);
      add(head, "b", button.textContent);
      close = add(head, "button", "Close");
      close.type = "button";
      close.addEventListener("click", function () { box.hidePopover(); });
      data.labels.forEach(function (label, i) {
        if (words[i]) { add(list, "dt", label); add(list, "dd", data.texts[words[i]]); }
      });
      add(list, "dt", "More");
      more = add(list, "dd", "");
      add(more, "code", data.command.replace("{}", id));
      more.append(" " + data.with);
      add(list, "dt", "In Python");
      add(add(list, "dd", ""), "pre", data.code[words[words.length - 1]].replaceAll("{}", id));
      makeCopies(list);
      box.replaceChildren(head, list);
      box.showPopover({ source: button });
      close.focus();
    }

    function makeButton(cell) {
      var button = document.createElement("button");
      if (!data.rows[cell.dataset.estimate]) { return; }
      button.type = "button";
      button.className = "n";
      while (cell.firstChild) { button.appendChild(cell.firstChild); }
      cell.appendChild(button);
      button.addEventListener("click", function () { open(button); });
    }

    function makeButtons(table) {
      var cells = table.querySelectorAll("td[data-estimate]"), first;
      Array.prototype.forEach.call(cells, makeButton);
      // One stop of the Tab key for a table; arrows move between its numbers.
      Array.prototype.forEach.call(table.querySelectorAll(".n"), function (button) { button.tabIndex = -1; });
      first = table.querySelector(".n");
      if (first) { first.tabIndex = 0; }
      table.addEventListener("keydown", move);
    }

    function move(event) {
      var step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], rows = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      var buttons = Array.prototype.slice.call(this.querySelectorAll(".n")), from = buttons.indexOf(event.target), to;
      if (from < 0 || !(step || rows)) { return; }
      to = step ? buttons[from + step] : buttons.filter(function (button) {
        var apart = button.closest("tr").rowIndex - event.target.closest("tr").rowIndex;
        return button.parentElement.cellIndex === event.target.parentElement.cellIndex && rows * apart > 0;
      })[rows > 0 ? "shift" : "pop"]();
      event.preventDefault();
      if (to) { event.target.tabIndex = -1; to.tabIndex = 0; to.focus(); }
    }

    function whenOpen(table) {
      var details = table.closest("details");
      if (!details || details.open) { makeButtons(table); return; }
      details.addEventListener("toggle", function () { makeButtons(table); }, { once: true });
    }

    Array.prototype.forEach.call(document.querySelectorAll("table.result"), whenOpen);
  }

  function makeCopies(list) {
    // A button beside each piece of code that puts it on the clipboard.
    Array.prototype.forEach.call(list.querySelectorAll("pre"), function (code) {
      var button = document.createElement("button");
      if (!navigator.clipboard) { return; }
      button.type = "button";
      button.textContent = "Copy";
      button.addEventListener("click", function () {
        navigator.clipboard.writeText(code.textContent).then(function () { button.textContent = "Copied"; });
      });
      code.parentElement.appendChild(button);
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll(".why dl"), makeCopies);
  var estimates = document.getElementById("estimates");
  if (estimates) { explainCells(estimates); }
  Array.prototype.forEach.call(document.querySelectorAll("table.result"), makeSortable);
  Array.prototype.forEach.call(document.querySelectorAll("figure.map"), function (one) {
    var choose = liveMap(one);
    if (one === map) { onMap = choose; }
  });
  window.addEventListener("hashchange", openTarget);
  openTarget();
  // A browser goes to the row of the address once all is loaded; the map is above it.
  window.addEventListener("load", function () { setTimeout(chooseUnit); });
  if (document.body.className !== "story") { return; }
  window.addEventListener("beforeprint", function () {
    Array.prototype.forEach.call(document.querySelectorAll("details"), function (box) { box.open = true; });
  });
})();
