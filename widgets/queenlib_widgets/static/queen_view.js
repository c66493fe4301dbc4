// A whole queen: her hives, and her jobs.

function render({ model, el }) {
  const root = frame(el, "queen-queen", "Queen");
  const hives = tablePart(model, root, "hives");
  let jobs;
  filterPart(root, (wanted) => jobs.filter(wanted));
  jobs = tablePart(model, root, "jobs", (verb, name) => model.send({ [verb]: name }));
  const releaseDog = listWatchdog(model, root, ["hives", "jobs"]);
  return () => [hives.release, jobs.release, releaseDog].forEach((each) => each());
}

export default { render };
