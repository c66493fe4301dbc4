// Lists that change: rows are patched in place, so that focus and selection stay where they are.

/** A table of a list that changes. */
export function tablePart(model, root, trait, act = null) {
  const table = make("table", "queen-table");
  const caption = table.appendChild(make("caption"));
  const headRow = table.appendChild(make("thead")).appendChild(make("tr"));
  const body = table.appendChild(make("tbody"));
  const scroll = make("div", "queen-scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.appendChild(table);
  root.appendChild(scroll);
  const state = { by: -1, down: false, wanted: "" };
  const rows = new Map();

  function heads(columns, actions) {
    headRow.replaceChildren(
      ...columns.map((name, at) => {
        const cell = make("th");
        cell.scope = "col";
        cell.appendChild(button(name, `Sort by ${name}`, () => sortBy(at)));
        return cell;
      }),
    );
    if (actions) {
      const cell = make("th", "", "actions");
      cell.scope = "col";
      headRow.appendChild(cell);
    }
  }

  function sortBy(at) {
    state.down = state.by === at && !state.down;
    state.by = at;
    [...headRow.children].forEach((cell, each) => {
      if (each === at) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    show();
  }

  function ordered(all) {
    const words = state.wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((row) => words.every((word) => row.cells.join(" ").toLowerCase().includes(word)));
    if (state.by < 0) return found;
    const compare = (a, b) => String(a.cells[state.by]).localeCompare(String(b.cells[state.by]), undefined, { numeric: true });
    return found.sort((a, b) => (state.down ? compare(b, a) : compare(a, b)));
  }

  function show() {
    const { caption: said, columns, rows: all, state: stateAt } = model.get(trait);
    caption.textContent = said;
    scroll.setAttribute("aria-label", said);
    const actions = act !== null;
    if (headRow.children.length !== columns.length + (actions ? 1 : 0)) heads(columns, actions);
    const wanted = ordered([...all]);
    const names = new Set(wanted.map((row) => row.name));
    for (const [name, line] of rows) {
      if (names.has(name)) continue;
      line.remove();
      rows.delete(name);
    }
    wanted.forEach((row, at) => {
      const line = rows.get(row.name) ?? newLine(row, columns, actions);
      patch(line, row, stateAt);
      if (body.children[at] !== line) body.insertBefore(line, body.children[at] ?? null);
    });
  }

  function newLine(row, columns, actions) {
    const line = make("tr");
    columns.forEach((_, at) => {
      const cell = make(at === 0 ? "th" : "td");
      if (at === 0) cell.scope = "row";
      line.appendChild(cell);
    });
    if (actions) line.appendChild(make("td", "queen-buttons"));
    rows.set(row.name, line);
    return line;
  }

  function patch(line, row, stateAt) {
    row.cells.forEach((said, at) => {
      const cell = line.children[at];
      if (at === stateAt) {
        if (cell.dataset.said !== said) showState(cell, said.split(" ")[0], rest(said));
        cell.dataset.said = said;
      } else if (cell.textContent !== said) cell.textContent = said;
    });
    const place = line.children[row.cells.length];
    const key = row.actions.join();
    if (!place || place.dataset.key === key) return;
    place.dataset.key = key;
    place.replaceChildren(...row.actions.map((verb) => action(verb, row.name)));
  }

  function action(verb, name) {
    let sure = verb !== "Cancel"; // what ends something is asked for twice, and never by a dialog
    const made = button(verb, `${verb} ${name}`, () => {
      if (sure) return act(verb, name);
      sure = true;
      made.textContent = "Sure?";
      setTimeout(() => {
        sure = false;
        made.textContent = verb;
      }, 3000);
    });
    return made;
  }

  const release = onChange(model, [trait], show);
  return {
    release,
    filter: (text) => {
      state.wanted = text;
      show();
    },
  };
}

function rest(said) {
  return said.split(" ").slice(1).join(" ").replace(/^\((.*)\)$/, "$1");
}

/** A field that narrows a table down to the rows that have all its words. */
export function filterPart(root, label, act) {
  const tools = make("div", "queen-tools");
  const field = make("input");
  field.type = "search";
  field.placeholder = "filter";
  field.setAttribute("aria-label", label);
  field.addEventListener("input", () => act(field.value));
  tools.appendChild(field);
  root.appendChild(tools);
}

/** What a view of lists says when its kernel is gone. */
export function listWatchdog(model, root, traits) {
  const dog = watchdog(root, () => true, () => "Run the cell again to go on.");
  const release = onChange(model, traits, dog.heard);
  model.on("msg:custom", dog.heard);
  return () => {
    model.off("msg:custom", dog.heard);
    release();
    dog.end();
  };
}
