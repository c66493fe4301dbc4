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
  const state = { by: -1, down: false, words: "", states: [] };
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

  function ordered(all, stateAt) {
    const found = all.filter((row) => isWanted(row.cells, stateAt, state));
    if (state.by < 0) return found;
    const compare = (a, b) => String(a.cells[state.by]).localeCompare(String(b.cells[state.by]), undefined, { numeric: true });
    return found.sort((a, b) => (state.down ? compare(b, a) : compare(a, b)));
  }

  function show() {
    const { caption: said, columns, rows: all, state: stateAt } = model.get(trait);
    const actions = act !== null;
    if (headRow.children.length !== columns.length + (actions ? 1 : 0)) heads(columns, actions);
    const wanted = ordered(all, stateAt);
    caption.textContent = wanted.length < all.length ? `${wanted.length} of ${said}` : said;
    scroll.setAttribute("aria-label", said);
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
    filter: (wanted) => {
      Object.assign(state, wanted);
      show();
    },
  };
}

function rest(said) {
  return said.split(" ").slice(1).join(" ").replace(/^\((.*)\)$/, "$1");
}

/** Whether a row has all the words, and one of the states where some are asked for. */
export function isWanted(cells, stateAt, { words, states }) {
  const said = cells.join(" ").toLowerCase();
  const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
  return parts.every((part) => said.includes(part)) && (states.length === 0 || states.includes(cells[stateAt].split(" ")[0]));
}

const STATES = {
  "every state": [],
  unfinished: ["queued", "waiting", "running", "cancelling"],
  succeeded: ["succeeded"],
  failed: ["failed", "lost"],
  cancelled: ["cancelled"],
};

/** What narrows a table of jobs down: words that a row has to have, and its state. */
export function filterPart(root, act) {
  const tools = make("div", "queen-tools");
  const field = make("input");
  field.type = "search";
  field.placeholder = "filter";
  field.setAttribute("aria-label", "Filter the jobs by words");
  field.addEventListener("input", () => act({ words: field.value }));
  const choice = make("select");
  choice.setAttribute("aria-label", "Filter the jobs by state");
  choice.append(...Object.keys(STATES).map((name) => make("option", "", name)));
  choice.addEventListener("change", () => act({ states: STATES[choice.value] }));
  tools.append(field, choice);
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
