// A batch, row by row.

function render({ model, el }) {
  const root = frame(el, "queen-batch", `Batch ${model.get("head").id}`);
  const { facts, release: releaseHead } = headPart(model, root, [], ["Cancel, keep done", "Cancel this batch, and keep the rows that are done"]);
  const bar = root.appendChild(make("progress", "queen-done"));
  bar.setAttribute("aria-label", "rows done");
  bar.max = 1;
  const { release: releaseSteps } = stepsPart(model, root, false);
  const failures = rowsPart(root, "failures", ["error", "rows", "newest"]);
  const latest = rowsPart(root, "latest rows", ["row", "answer", "took"]);
  const releaseError = errorPart(model, root);
  const dog = watchdog(root, () => !model.get("head").ended, () => advice(model));
  const releaseRows = onChange(model, ["failures", "latest"], () => {
    failures(model.get("failures").map(([kind, count, said]) => ({ cells: [kind, count.toLocaleString("en"), said], failed: true })));
    latest(model.get("latest").map(({ row, said, took, failed }) => ({ cells: [String(row), said, took], failed })));
  });
  const releaseHeard = onChange(model, ["head", "counts", "progress", "lines"], () => {
    dog.heard();
    bar.value = model.get("share");
    bar.hidden = model.get("head").ended;
    facts.textContent = model.get("counts").join(" · ");
  });
  model.on("msg:custom", dog.heard);
  return () => {
    model.off("msg:custom", dog.heard);
    for (const release of [releaseHead, releaseSteps, releaseError, releaseRows, releaseHeard, dog.end]) release();
  };
}

/** A small table. Returns what shows other rows in it: in the first cell a sign says whether one failed. */
function rowsPart(root, title, columns) {
  const table = make("table", "queen-table");
  table.appendChild(make("caption", "", title));
  const head = table.appendChild(make("thead")).appendChild(make("tr"));
  head.append(...columns.map((name) => Object.assign(make("th", "", name), { scope: "col" })));
  const body = table.appendChild(make("tbody"));
  root.appendChild(table);
  return (rows) => {
    table.hidden = rows.length === 0;
    body.replaceChildren(...rows.map(line));
  };
}

function line({ cells: [first, ...more], failed }) {
  const made = make("tr");
  const name = Object.assign(make("th", "", `${failed ? "✗ " : ""}${first}`), { scope: "row" });
  made.append(name, ...more.map((said) => make("td", "", said)));
  return made;
}

export default { render };
