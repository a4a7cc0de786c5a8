"use strict";
(function () {
  // Effects between units: choose weights, model and regressor; every number stands in the data block as published.
  var box = document.getElementById("spread");
  var block = document.getElementById("spread-data");
  if (!box || !block) { return; }
  var data = JSON.parse(block.textContent);
  var names = ["weights", "model", "regressor", "way"];
  var pick = {};
  names.forEach(function (name) { pick[name] = document.getElementById("spread-" + name); });
  var body = document.querySelector("#spread-effects tbody");
  var map = document.getElementById("spread-map");
  var note = document.getElementById("spread-note");
  var said = document.getElementById("spread-said");
  var chosen = -1;
  var SVG = "http://www.w3.org/2000/svg";

  function shown(value, digits) {
    if (value === null || value === undefined) { return ""; }
    return Number(value.toPrecision(digits)).toString().replace("-", "\u2212");
  }

  function rounded(value, decimals) {
    var text = value.toFixed(decimals);
    return Number(text) === 0 ? "0" : text.replace("-", "\u2212");
  }

  function view() {
    return data.views[[pick.regressor.value, pick.model.value, pick.weights.value].join("|")] || {};
  }

  function add(parent, tag, text, attributes) {
    var element = document.createElement(tag);
    element.textContent = text;
    Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    parent.appendChild(element);
    return element;
  }

  function bar(parent, effect, low, high) {
    var svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 200 14");
    svg.setAttribute("aria-hidden", "true");
    function x(value) { return 4 + 192 * (value - low) / (high - low); }
    function part(tag, attributes) {
      var element = document.createElementNS(SVG, tag);
      Object.keys(attributes).forEach(function (name) { element.setAttribute(name, attributes[name]); });
      svg.appendChild(element);
    }
    part("line", { x1: x(0), x2: x(0), y1: 0, y2: 14, "class": "zero" });
    if (effect[1] !== null) { part("line", { x1: x(effect[1]), x2: x(effect[2]), y1: 7, y2: 7, "class": "span" }); }
    part("circle", { cx: x(effect[0]), cy: 7, r: 3.2, "class": "dot" });
    parent.appendChild(svg);
  }

  function drawEffects(now) {
    body.textContent = "";
    if (!now.effects) { return; }
    var ends = [0];
    ["direct", "indirect", "total"].forEach(function (name) {
      now.effects[name].slice(0, 3).forEach(function (value) { if (value !== null) { ends.push(value); } });
    });
    var low = Math.min.apply(null, ends), high = Math.max.apply(null, ends);
    ["direct", "indirect", "total"].forEach(function (name) {
      var effect = now.effects[name], row = body.insertRow();
      add(row, "th", name, { scope: "row" });
      add(row, "td", shown(effect[0], 3), { "class": "right" });
      add(row, "td", effect[1] === null ? "" : shown(effect[1], 3) + " to " + shown(effect[2], 3), { "class": "right" });
      add(row, "td", shown(effect[3], 2), { "class": "right" });
      bar(row.insertCell(), effect, low, high);
    });
  }

  function values(now) {
    if (chosen < 0 || !now.links || !now.links.length) { return now[pick.way.value] || []; }
    if (pick.way.value === "received") { return now.links[chosen]; }
    return now.links.map(function (row) { return row[chosen]; });
  }

  function drawMap(now) {
    var found = values(now), top = 0;
    found.forEach(function (value, i) { if (i !== chosen && value !== null) { top = Math.max(top, Math.abs(value)); } });
    var decimals = top ? Math.min(7, Math.max(0, 1 - Math.floor(Math.log10(top)))) : 2;
    Array.prototype.forEach.call(map.children, function (tile, i) {
      var value = found[i] === undefined ? null : found[i], unit = data.units[i];
      tile.disabled = !now.links || !now.links.length;
      tile.setAttribute("aria-pressed", i === chosen ? "true" : "false");
      tile.lastChild.textContent = value === null ? "\u2013" : rounded(value, decimals);
      tile.setAttribute("aria-label", unit.name + ": " + (value === null ? "no effect estimated" : shown(value, 3)));
      var share = value === null || !top ? 0 : Math.min(1, Math.abs(value) / top);
      var ink = value < 0 ? "140, 59, 22, " : "28, 90, 112, ";
      tile.style.backgroundColor = "rgba(" + ink + (0.5 * share).toFixed(3) + ")";
    });
  }

  function tell(now) {
    if (!now.effects) {
      note.textContent = "Nothing to show: with these weights the spatial parameter is at the edge of its range. Choose other weights.";
      said.textContent = "";
      return;
    }
    note.textContent = "In " + now.unit + "; " + 100 * now.level + "% intervals by unit. " + now.warning;
    if (chosen < 0) {
      said.textContent = (now.links.length ? "" : "Pairs are kept for the main specification only. ") +
        "Each tile: " + pick.way.options[pick.way.selectedIndex].text + ".";
      return;
    }
    said.textContent = data.units[chosen].name + ": each tile shows " +
      (pick.way.value === "sent" ? "the effect on that unit of the regressor here." : "the effect here of the regressor in that unit.");
  }

  function draw() {
    var now = view();
    if (!now.links || !now.links.length) { chosen = -1; }
    drawEffects(now);
    drawMap(now);
    tell(now);
  }

  function makeTile(unit, i) {
    var tile = document.createElement("button");
    tile.type = "button";
    add(tile, "b", unit.short);
    add(tile, "span", "");
    if (unit.row !== null && unit.col !== null) {
      tile.style.gridRow = unit.row - firstRow + 1;
      tile.style.gridColumn = unit.col - firstColumn + 1;
    }
    tile.addEventListener("click", function () { chosen = chosen === i ? -1 : i; draw(); });
    map.appendChild(tile);
  }

  function least(name) {
    return Math.min.apply(null, data.units.map(function (unit) { return unit[name] === null ? 1 : Number(unit[name]); }));
  }
  var firstRow = least("row"), firstColumn = least("col");
  data.units.forEach(makeTile);
  names.forEach(function (name) { pick[name].addEventListener("change", draw); });
  box.hidden = false;
  draw();
})();
