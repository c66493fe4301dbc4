// Jobs as they come and go.

function render({ model, el }) {
  const root = frame(el, "queen-jobs", "Jobs");
  let table;
  filterPart(root, (wanted) => table.filter(wanted));
  table = tablePart(model, root, "jobs", (verb, name) => model.send({ [verb]: name }));
  const releaseDog = listWatchdog(model, root, ["jobs"]);
  return () => [table.release, releaseDog].forEach((each) => each());
}

export default { render };
